"""`python -m eval run`: ask a question set, write a report, and stop what makes the answers worse; `fit` and
`from-feedback`: see there.

Exit status: 0 good, 1 stopped by the gate, 2 an error.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from answer.feedback import Feedback
from errors import QuestionFileError, SettingsError, StorageError, one_line_errors
from eval import gate
from eval.from_feedback import question_lines
from eval.markdown import columns, number
from eval.questions import QuestionCase, half, read_questions
from eval.report import Report, write_report
from eval.run import GROUPS, evaluate, summarize, summarize_halves
from eval.score import Result
from settings import READERS, ROOT, Settings

QUESTIONS = ROOT / "eval" / "questions" / "go-cluster.jsonl"
REPORT = ROOT / "var" / "eval"
SHOWN = (
    "success@3", "containment", "wrong_rate", "false_answer_rate", "false_refusal_rate", "citation_precision",
    "language_accuracy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Set:
    """A question file: the cases of it to ask, which of them are of the fit half, what they are held to."""

    path: Path
    half: str
    cases: Sequence[QuestionCase]
    fit: frozenset[str]
    bounds: gate.Bounds
    folder: Path


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    settings = Settings.from_environment()
    return int(options.command(options, settings))


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.index:
        settings = dataclasses.replace(settings, index=options.index)
    folders = _folders(options.questions or [QUESTIONS], options.report)
    # All are read before the first is asked: a mistake in the last file should not cost the run over the others.
    sets = [_read(path, options.half, folder) for path, folder in folders.items()]

    from app import open_assistant  # not above: `--help` and a mistake in a file need no model

    assistant = open_assistant(settings)
    reports = []
    for questions in sets:
        results = evaluate(assistant, questions.cases, progress=True)
        reports.append(_report(questions, results, settings, options))
    return 1 if any(report.failures for report in reports) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description="How good are the answers?")
    verbs = parser.add_subparsers(required=True, metavar="run|fit|from-feedback")
    run = verbs.add_parser(
        "run",
        help="ask a question set and write a report",
        description="Ask every question of a set and write report.json, report.md, junit.xml and plot.png. "
        "Exit status: 0 good, 1 stopped by the gate, 2 an error.",
    )
    add = run.add_argument
    add("--questions", nargs="+", action="extend", type=Path, metavar="F", help=f"default: {QUESTIONS}")
    add("--index", type=Path, metavar="D", help="where indexes are published; default: the settings' own")
    add("--report", type=Path, default=REPORT, metavar="DIR", help="default: %(default)s; several files: a folder each")
    add("--half", choices=("fit", "held", "all"), default="all", help="ask only this half of each file")
    add("--record", action="store_true", help=f"make the rates the new baseline, eval/{gate.BASELINE.name}")
    add("--no-gate", action="store_true", help="measure only: exit 0 however bad the answers are")
    run.set_defaults(command=_run)

    fit = verbs.add_parser(
        "fit",
        help="fit a reader's confidence and the threshold of refusal",
        description="Fit on question sets and write the reader's calibration in answer/. Report on others.",
    )
    add = fit.add_argument
    add("--reader", choices=READERS, default=READERS[0], help="whose confidence (default: %(default)s)")
    add("--set", nargs=2, action="append", type=Path, metavar=("QUESTIONS", "INDEX"), default=[], dest="sets",
        help="a question file and the index to ask it of; once for each set")  # fmt: skip
    add("--half-set", nargs=2, action="append", type=Path, metavar=("QUESTIONS", "INDEX"), default=[], dest="halves",
        help="the same, but only the first half is fitted on; `run` reports both")  # fmt: skip
    fit.set_defaults(command=_fit)

    told = verbs.add_parser(
        "from-feedback",
        help="readers' thumbs down as lines of a question file",
        description="Print a line for each question whose answer got a thumb down. Complete `answers` (or set "
        "`answerable` to false) and append it to a file in eval/questions/.",
    )
    told.add_argument("--feedback", type=Path, metavar="FILE", help="default: the settings' own")
    told.add_argument("--out", type=Path, metavar="FILE", help="a new file; default: standard output")
    told.set_defaults(command=_from_feedback)
    return parser


def _from_feedback(options: argparse.Namespace, settings: Settings) -> int:
    path = options.feedback or settings.feedback
    if not path.is_file():
        raise StorageError(
            f"{path} is not there: nobody has given a thumb yet, or it lies elsewhere (--feedback FILE)."
        )
    lines = list(question_lines(Feedback(path).entries()))
    if not options.out:
        print("".join(f"{line}\n" for line in lines), end="")
        return 0
    with options.out.open("x", encoding="utf-8") as file:  # an editor's work must not be written over
        file.write("".join(f"{line}\n" for line in lines))
    print(f"{len(lines)} questions: {options.out}")
    return 0


def _fit(options: argparse.Namespace, settings: Settings) -> int:
    sets = [(path, read_questions(path), index) for path, index in options.sets]
    sets += [(path, half(read_questions(path))[0], index) for path, index in options.halves]
    if not sets:
        raise SettingsError("Nothing to fit on: name a question file and its index with --set or --half-set.")

    for path, cases, _ in sets:
        if not any(case.fittable for case in cases):
            raise QuestionFileError(path, "none of its questions can be fitted on: all have turns, or no known answer.")
    from index.encoding.weights import BUNDLED

    if options.reader == "trained" and settings.model != BUNDLED:
        raise SettingsError(f"The trained reader reads {BUNDLED} only; fit `--reader sentences` for {settings.model}.")

    from answer import sentence_reader, span_reader
    from answer.export import weights_sha256
    from app import open_encoder, open_letters, open_span_model
    from eval.fit import ask, fit_sentence_reader, fit_span_reader, save
    from index.versions.store import open_index

    encoder = open_encoder(settings)
    letters = open_letters(settings)
    asked = [ask(cases, open_index(index, encoder.id), encoder, letters) for _, cases, index in sets]
    names = [path.stem for path, _, _ in sets]
    if options.reader == "trained":
        path = span_reader.CALIBRATION
        save(fit_span_reader(asked, open_span_model(settings)), names, path, weights_sha256())
    else:
        path = sentence_reader.CALIBRATION
        save(fit_sentence_reader(asked), names, path)
    print(path.read_text(encoding="utf-8"), end="")
    return 0


def _folders(paths: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Where each file's report goes: one file's into `folder` itself, several files' into folders named after them."""
    if len(paths) == 1:
        return {paths[0]: folder}
    names = [path.stem for path in paths]
    for path in paths:
        if names.count(path.stem) > 1:
            raise QuestionFileError(path, f"two question files are called {path.stem}; run them one at a time.")
    return {path: folder / path.stem for path in paths}


def _read(path: Path, chosen: str, folder: Path) -> _Set:
    everything = read_questions(path)
    fit, held = half(everything)
    cases = {"fit": fit, "held": held, "all": everything}[chosen]
    if not cases:
        raise QuestionFileError(path, f"its half {chosen!r} holds no question; run it with `--half all`.")
    ids = frozenset(case.id for case in fit)
    return _Set(path, chosen, cases, ids, gate.read_bounds(path.stem, chosen), folder)


def _report(questions: _Set, results: Sequence[Result], settings: Settings, options: argparse.Namespace) -> Report:
    """Hold the results against their bounds, write the report, the baseline if asked, and show the short of it."""
    summary = summarize(results)
    bounds = gate.Bounds(questions.bounds.thresholds, {}) if options.record else questions.bounds
    failures = None if options.no_gate else gate.failures(summary, bounds)
    halves = summarize_halves(results, questions.fit)
    shortfalls = gate.shortfalls(summary, questions.path.stem)
    report = Report(questions.path, questions.half, settings, results, summary, halves, failures, shortfalls)
    write_report(report, questions.folder)
    if options.record:
        gate.record(gate.baseline_key(questions.path.stem, questions.half), summary)
    _show(report, questions.folder)
    return report


def _show(report: Report, folder: Path) -> None:
    rows = [[name, *(number(report.summary[group]["rates"][name]["value"]) for group in GROUPS)] for name in SHOWN]
    counts = ["questions", *(str(report.summary[group]["questions"]) for group in GROUPS)]
    print(f"{report.questions.stem}, index {report.index_version}")
    print(columns([["", *GROUPS], counts, *rows]))
    print(f"report: {folder / 'report.md'}")
    for line in report.shortfalls:
        print(f"target not reached: {line}")
    for line in report.failures or ():
        print(f"gate: {report.questions.stem}: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(None))
