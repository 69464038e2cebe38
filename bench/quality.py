"""How good the answers are on articles that no reader was trained, fitted or chosen on, with the trained reader and
without it.

Three questions to each set (`bench.sets`): given the paragraph, which words answer; over the whole bulletin, which
passage and which words; and where the article is not in the bulletin, is that said.
"""

from __future__ import annotations

import dataclasses
import io
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tqdm import tqdm

from answer.ask import Assistant
from app import open_assistant, open_builder
from bench.sets import ABOUT, SETS, SUFFIXES, AskedSet, convert
from corpus.articles import read_articles
from eval.files import write_json
from eval.metrics import exact_match, expected_calibration_error, f1
from eval.questions import QuestionCase, read_questions
from eval.run import evaluate, summarize
from eval.score import Result
from index.question import prepare
from index.search import search_within
from index.versions.build import build
from records import Question, Reading
from settings import READERS, Settings

COLUMNS = {
    "given: EM": "given_em", "given: F1": "given_f1", "near misses refused, given": "near_miss_refused",
    "refused although there, given": "given_refused", "another topic answered, given": "elsewhere_answered",
    "recall@1": "recall@1", "recall@5": "recall@5", "EM": "em", "F1": "f1", "quote holds the answer": "containment",
    "refused although there": "false_refusals", "answered although absent": "absent_answered",
    "calibration error": "ece", "near misses answered": "near_miss_answered",
}  # fmt: skip


def prepare_sets(data: Path, out: Path, most: int, settings: Settings) -> list[AskedSet]:
    """The sets as bulletins under `out`, each with an index beside its articles; what is there is not built again."""
    made = [asked for source in SETS for asked in convert(source, data, out, most)]
    builder = open_builder(settings)
    for source in SETS:
        whole = out / source.bulletin / "index"
        for suffix in SUFFIXES:
            folder = out / f"{source.bulletin}{suffix}"
            if suffix and not (folder / "index").exists():  # most of its passages are in the whole one, encoded
                shutil.copytree(whole, folder / "index")
            build(read_articles(folder / "articles"), builder, folder / "index", progress=True)
    return made


def measure(sets: Sequence[AskedSet], settings: Settings) -> dict[str, Any]:
    """Scores by set and reader; `claims` holds what `_claim` makes of each question."""
    named = {asked.name: asked for asked in sets}
    scores: dict[str, Any] = {}
    for source in SETS:
        for reader in READERS:
            whole, given, absent = (
                _open(named[f"{source.name}{suffix}-test"], settings, reader) for suffix in ("", "-given", "-absent")
            )
            results = [*_asked(*whole), *_asked(*absent)]
            scores.setdefault(source.name, {})[reader] = {
                **given_rates(*given),
                **_rates(results[: len(whole[1])], results[len(whole[1]) :]),
                "threshold": whole[0].threshold,
                "claims": [_claim(result) for result in results],
            }
    return scores


def table(scores: Mapping[str, Any]) -> str:
    """Markdown, a line for each set and reader."""
    lines = [f"| set | reader | {' | '.join(COLUMNS)} |", f"| --- | --- |{' --- |' * len(COLUMNS)}"]
    for name, by_reader in scores.items():
        for reader, row in by_reader.items():
            cells = ("–" if row[key] is None else f"{row[key]:.3f}" for key in COLUMNS.values())
            lines.append(f"| {name} ({row['questions']}) | {reader} | {' | '.join(cells)} |")
    for reader in READERS:
        claims = [claim for by_reader in scores.values() for claim in by_reader[reader]["claims"] if claim[3]]
        error = expected_calibration_error([claim[0] for claim in claims], [claim[4] for claim in claims])
        lines += ["", f"Calibration error over all {len(claims)} answers, reader {reader}: {error or 0:.3f}"]
    return "\n".join(lines)


def _claim(result: Result) -> tuple[float, bool, str, bool, bool]:
    """(confidence, answerable, kind, answered, right)"""
    answer, case = result.answer, result.case
    return answer.confidence, case.answerable, case.tags[0], result.answered, bool(result.right)


def save(scores: Mapping[str, Any], path: Path) -> None:
    write_json(path, scores)


def trade_off(scores: Mapping[str, Any]) -> bytes:
    """A PNG: what the threshold buys, for each kind of question that the bulletin, or the paragraph given, does not
    answer."""
    figure = Figure(figsize=(9, 3.8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    curves = (
        ("near-miss", "claims", "near-miss", "#D55E00"),
        ("absent", "claims", "absent", "#0072B2"),
        ("near-miss, given", "given_claims", "near-miss", "#009E73"),
    )
    for axes, reader in zip(figure.subplots(1, len(READERS), sharey=True), READERS, strict=True):
        threshold = next(iter(scores.values()))[reader]["threshold"]
        for name, asked, kind, colour in curves:
            claims = [claim for by_reader in scores.values() for claim in by_reader[reader][asked]]
            label = f"{name} ({sum(claim[2] == kind for claim in claims)})"
            points = [_point(claims, kind, t) for t in np.linspace(0, 1, 201)]
            axes.plot(*zip(*points, strict=True), color=colour, label=label)
            axes.plot(*_point(claims, kind, threshold), "o", color=colour)
        axes.set(title=f"reader: {reader}", xlabel="answerable questions refused", xlim=(0, 1), ylim=(0, 1))
        axes.grid(alpha=0.3)
        axes.legend(title=f"answered all the same; dot: {threshold:.2f}", fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _point(claims: Sequence[Sequence[Any]], kind: str, threshold: float) -> tuple[float, float]:
    """(false refusals, false answers) at a threshold."""
    there = np.array([confidence for confidence, answerable, *_ in claims if answerable])
    missing = np.array([confidence for confidence, _, its, *_ in claims if its == kind])
    return float((there < threshold).mean()), float((missing >= threshold).mean()) if len(missing) else 0.0


def _open(asked: AskedSet, settings: Settings, reader: str) -> tuple[Assistant, list[QuestionCase]]:
    chosen = dataclasses.replace(settings, index=asked.index, reader=reader)
    return open_assistant(chosen), read_questions(asked.questions)


def _asked(assistant: Assistant, cases: Sequence[QuestionCase]) -> list[Result]:
    return evaluate(assistant, cases, progress=True)


def given_rates(assistant: Assistant, cases: Sequence[QuestionCase]) -> dict[str, Any]:
    """Each paragraph read alone: its best words are believed, and refusal is judged apart; and so is a paragraph of
    another topic, which is to be refused. `given_claims` holds (confidence, answerable, kind) of each question."""
    hits, overlaps, elsewhere = [], [], []
    claims: list[tuple[float, bool, str]] = []
    for case in tqdm(cases, desc="given the paragraph", unit="question"):
        about = next(tag.removeprefix(ABOUT) for tag in case.tags if tag.startswith(ABOUT))
        question = prepare(case.question, assistant.encoder, lang=case.lang)
        best = _read_alone(assistant, question, about)
        claims.append((best.confidence if best else 0.0, case.answerable, case.tags[0]))
        if case.answerable:
            words = best.hit.article.body[slice(*best.answer)] if best else ""
            langs = [best.hit.article.lang] if best else [case.lang]
            hits.append(exact_match(words, case.answers, langs))
            overlaps.append(f1(words, case.answers, langs))
        if other := _elsewhere(assistant, case, about):
            reading = _read_alone(assistant, question, other)
            elsewhere.append(reading is not None and reading.confidence >= assistant.threshold)
    refused = {kind: [c < assistant.threshold for c, there, _ in claims if there == kind] for kind in (True, False)}
    return {
        "given_em": _mean(hits), "given_f1": _mean(overlaps), "near_miss_refused": _mean(refused[False]),
        "given_refused": _mean(refused[True]), "elsewhere_answered": _mean(elsewhere), "given_claims": claims,
    }  # fmt: skip


def _read_alone(assistant: Assistant, question: Question, article_id: str) -> Reading | None:
    return next(iter(assistant.reader.read(question, search_within(assistant.index, question, article_id))), None)


def _elsewhere(assistant: Assistant, case: QuestionCase, about: str) -> str | None:
    """An article with another title than `about`, drawn by the question's id: the same in every run."""
    title = assistant.articles[about].title
    others = sorted(article.id for article in assistant.articles.values() if article.title != title)
    return random.Random(case.id).choice(others) if others else None


def _rates(whole: Sequence[Result], absent: Sequence[Result]) -> dict[str, float | None]:
    summary, without = (summarize(results)["all"] for results in (whole, absent))
    rates = {name: rate["value"] for name, rate in summary["rates"].items()}
    return {
        "questions": len(whole), "recall@1": rates["passage_R@1"], "recall@5": rates["passage_R@5"],
        "em": rates["exact_match"], "f1": rates["f1"], "containment": rates["containment"],
        "false_refusals": rates["false_refusal_rate"], "near_miss_answered": rates["false_answer_rate"],
        "ece": summary["ece_answered"]["value"], "p50_ms": summary["latency_ms"]["p50"],
        "p95_ms": summary["latency_ms"]["p95"], "absent_answered": without["rates"]["false_answer_rate"]["value"],
    }  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
