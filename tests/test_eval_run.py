from __future__ import annotations

import dataclasses
import json
import re
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest

from errors import QuestionError
from eval import gate
from eval.__main__ import main
from eval.files import write_atomically
from eval.plot import plot
from eval.questions import QuestionCase, half
from eval.run import claims, evaluate, summarize, summarize_halves
from eval.score import Result
from records import Answer, Article, Citation, Hit, Lang, Passage
from settings import Settings

if TYPE_CHECKING:
    from answer.ask import Assistant

ARTICLES = {
    "clusters": "Le programme compte 91 clusters.\n\nLe congrès a réuni 200 participants à Berlin.",
    "suisse": "La Suisse était le pays invité.",
}


class ByWords:
    """Ranks paragraphs by the share of the question's words in them, answers from a half on, cites from 0.3 on.

    The words it marks are the paragraph's first number, or its last word. It knows a language by one word.
    """

    def __init__(self, bodies: Mapping[str, str] = ARTICLES, shift: int = 0) -> None:
        self.articles = {id: Article(id, id.title(), "fr", body) for id, body in bodies.items()}
        self.shift = shift

    def ask(self, question: str, *, turns: Sequence[str] = (), lang: Lang | None = None) -> Answer:
        if not question.strip():
            raise QuestionError("empty", "Nothing was asked.")
        asked = _words(" ".join((question, *turns)))
        hits = sorted((self._hit(p, asked) for p in self._passages()), key=lambda hit: -hit.score)
        answered = hits[0].score >= 0.5
        cited = tuple(self._cite(hit) for hit in hits if answered and hit.score >= 0.3)
        words = cited[0].quote if cited else "Je ne sais pas."
        refused = Answer(
            question, _lang(_words(question)), "refused", words, hits[0].score, cited, "v1",
            {"total": 10.0 * len(asked)}, tuple(hits),
        )  # fmt: skip
        return replace(refused, status="answered") if answered else refused

    def _passages(self) -> list[Passage]:
        return [
            Passage(id, match.start(), match.end(), match[0], "body", (match.span(),))
            for id, article in self.articles.items()
            for match in re.finditer(r"[^\n]+", article.body)
        ]

    def _hit(self, passage: Passage, asked: set[str]) -> Hit:
        score = len(asked & _words(passage.text)) / len(asked)
        nothing = np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int32), np.zeros((0, 0), np.float32)
        return Hit(self.articles[passage.article_id], passage, score, score, score, score, *nothing, (score,))

    def _cite(self, hit: Hit) -> Citation:
        start, end = hit.passage.start + self.shift, hit.passage.end + self.shift
        marked = re.search(r"\d+|\w+(?=\W*$)", hit.passage.text)
        assert marked
        span = start + marked.start(), start + marked.end()
        return Citation(hit.article.id, hit.article.title, "", None, "", start, end, hit.passage.text, *span, "")


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _lang(words: set[str]) -> Lang:
    return "fr" if words & {"le", "quel"} else "de" if "wie" in words else "en"


CASES = [
    # 4 of 6 words in the right paragraph, the marked 91 is the answer
    QuestionCase("1", "fr", "Combien de clusters compte le programme ?", True, (), ("clusters",), ("91",), ("number",)),
    # 3 of 4 words; the quote is right, the marked word ("invité") is not
    QuestionCase("2", "fr", "Quel pays était invité ?", True, (), ("suisse",), ("la Suisse", "Schweiz")),
    # 2 of 5 words: refused, though the right paragraph is first
    QuestionCase("3", "de", "Wie viele participants zu Berlin?", True, (), ("clusters",), ("200",), ("number",)),
    QuestionCase("4", "de", "Wie viele Kantone?", False),
    # 3 of 3 words, and taken for French
    QuestionCase("5", "en", "Le programme compte ?", False),
    # 2 of 3 words in the wrong paragraph, 1 of 3 in the right one, which is cited second
    QuestionCase("6", "en", "clusters programme 200", True, (), ("clusters",), ("200",)),
    QuestionCase("7", "en", " ", True, (), ("clusters",), ("91",)),
    # with the turn's words 4 of 5, without them 1 of 2
    QuestionCase("8", "en", "and 91", True, ("programme clusters compte",)),
]


def run(cases: Sequence[QuestionCase] = CASES, shift: int = 0) -> list[Result]:
    return evaluate(cast("Assistant", ByWords(shift=shift)), cases)


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return run()


def test_what_became_of_each_question(results: list[Result]) -> None:
    found = [(r.case.id, r.status, r.miss, r.first_relevant, round(r.answer.confidence, 3)) for r in results]
    assert found == [
        ("1", "answered", "", 1, 0.667),
        ("2", "answered", "", 1, 0.75),
        ("3", "refused", "false refusal", 1, 0.4),
        ("4", "refused", "", None, 0.0),
        ("5", "answered", "false answer", None, 1.0),
        ("6", "answered", "wrong answer", 2, 0.667),
        ("7", "error", "error", None, 0.0),
        ("8", "answered", "", None, 0.8),
    ]
    assert results[6].error == "empty: Nothing was asked."
    assert results[1].ranking == ("suisse", "clusters")
    assert [r.right for r in results] == [True, True, False, True, False, False, False, None]


def test_hits_are_let_go(results: list[Result]) -> None:
    assert all(result.answer.hits == () for result in results)


def test_summary_of_all_by_hand(results: list[Result]) -> None:
    everyone = summarize(results)["all"]
    counts = {name: everyone[name] for name in ("questions", "answerable", "unanswerable", "unscored", "errors")}
    assert counts == {"questions": 8, "answerable": 6, "unanswerable": 2, "unscored": 1, "errors": 1}
    rates = {name: (rate["value"], rate["n"]) for name, rate in everyone["rates"].items()}
    assert rates == {
        "success@3": (4 / 5, 5),
        "containment": (2 / 5, 5),
        "exact_match": (1 / 5, 5),
        "f1": (1 / 5, 5),
        "wrong_rate": (1 / 5, 5),
        "false_answer_rate": (1 / 2, 2),
        "false_refusal_rate": (2 / 6, 6),
        "citation_precision": (3 / 4, 4),
        "first_citation_precision": (2 / 3, 3),
        "citation_true": (1.0, 8),
        "gold_article_cited": (1.0, 3),
        "language_accuracy": (6 / 7, 7),
        "article_R@1": (4 / 5, 5),
        "article_R@5": (4 / 5, 5),
        "article_R@10": (4 / 5, 5),
        "article_RR@10": (4 / 5, 5),
        "article_nDCG@10": (4 / 5, 5),
        "passage_R@1": (3 / 5, 5),
        "passage_R@5": (4 / 5, 5),
        "passage_R@10": (4 / 5, 5),
        "passage_RR@10": (3.5 / 5, 5),
        "passage_nDCG@10": (pytest.approx((3 + 1 / np.log2(3)) / 5), 5),
    }


def test_calibration_by_hand(results: list[Result]) -> None:
    everyone = summarize(results)["all"]
    # answered: two at 2/3 of which one is right, 0.75 right, 1.0 not; question 8 cannot be scored
    assert everyone["ece_answered"] == {"value": pytest.approx((2 * (2 / 3 - 1 / 2) + 0.25 + 1.0) / 4), "n": 4}
    # refused: 0.4 for one that is answerable, 0 for one that is not; question 7 claimed nothing
    assert everyone["ece_all"] == {"value": pytest.approx((2 * (2 / 3 - 1 / 2) + 0.25 + 1.0 + 0.6) / 6), "n": 6}
    assert claims(results, refused_too=True)[1] == [True, True, False, False, True, False]


def test_latency_is_the_answers_own(results: list[Result]) -> None:
    french = summarize(results)["fr"]["latency_ms"]  # 60 and 40 ms
    assert french == {"p50": 50.0, "p95": 59.0}


def test_summary_by_language_tag_and_of_nothing(results: list[Result]) -> None:
    summary = summarize(results)
    assert summary["fr"]["rates"]["containment"] == {"value": 1.0, "n": 2, "low": 1.0, "high": 1.0}
    assert summary["de"]["rates"]["false_refusal_rate"]["value"] == 1.0
    assert list(summary["tags"]) == ["number"]
    assert summary["tags"]["number"]["rates"]["containment"]["value"] == 0.5
    empty = summarize([])["all"]
    assert empty["rates"]["containment"] == {"value": None, "n": 0, "low": None, "high": None}
    assert empty["ece_answered"] == {"value": None, "n": 0}
    assert empty["latency_ms"] == {"p50": None, "p95": None}


def test_intervals_hold_their_value(results: list[Result]) -> None:
    for rate in summarize(results)["all"]["rates"].values():
        assert 0.0 <= rate["low"] <= rate["value"] + 1e-12 <= rate["high"] + 2e-12 <= 1.0 + 3e-12


def test_halves(results: list[Result]) -> None:
    fit = {case.id for case in half(CASES)[0]}
    assert fit == {"1", "3", "4", "5", "6", "8"}
    halves = summarize_halves(results, fit)
    assert halves["fit"]["all"]["rates"]["false_refusal_rate"]["value"] == 1 / 4
    assert halves["held"]["all"]["rates"]["false_refusal_rate"]["value"] == 1 / 2
    assert halves["held"]["en"]["questions"] == 1
    assert halves["held"]["all"]["rates"]["false_answer_rate"]["value"] is None


def test_an_untrue_citation_is_a_miss_under_a_right_answer() -> None:
    moved = run(CASES[:1], shift=1)
    assert moved[0].miss == "untrue citation"
    rates = summarize(moved)["all"]["rates"]
    assert [rates[name]["value"] for name in ("citation_true", "citation_precision", "containment")] == [0.0, 0.0, 1.0]
    assert run(CASES[4:5], shift=1)[0].miss == "false answer, untrue citation"


def test_an_article_that_is_not_indexed_scores_zero() -> None:
    case = replace(CASES[0], articles=("gone",))
    rates = summarize(run([case]))["all"]["rates"]
    assert [rates[name]["value"] for name in ("article_R@10", "passage_RR@10", "success@3")] == [0.0, 0.0, 0.0]
    assert rates["gold_article_cited"]["value"] == 0.0


@pytest.mark.parametrize("count", [0, len(CASES)])
def test_plot_is_a_picture_even_of_nothing(results: list[Result], count: int) -> None:
    picture = plot(summarize(results[:count]), results[:count])
    assert picture.startswith(b"\x89PNG") and picture.endswith(b"IEND\xaeB\x60\x82")


# The command


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `set.jsonl`, an app that opens the fake above, thresholds and baseline of its own."""
    opened: list[Settings] = []

    def open_assistant(settings: Settings) -> ByWords:
        opened.append(settings)
        return ByWords()

    app = types.ModuleType("app")
    vars(app).update(open_assistant=open_assistant, opened=opened)
    monkeypatch.setitem(sys.modules, "app", app)
    monkeypatch.setattr(gate, "THRESHOLDS", tmp_path / "thresholds.json")
    monkeypatch.setattr(gate, "BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr("eval.report.plot", lambda summary, results: b"a plot")  # drawing takes seconds: once, below
    _write_cases(tmp_path / "set.jsonl", CASES)
    return tmp_path


def _write_cases(path: Path, cases: Sequence[QuestionCase]) -> None:
    keys = QuestionCase.__dataclass_fields__
    lines = (json.dumps({key: getattr(case, key) for key in keys}) for case in cases)
    path.write_text("\n".join(lines))


def _run(folder: Path, *options: str) -> int:
    return main(["run", "--questions", str(folder / "set.jsonl"), "--report", str(folder / "out"), *options])


def _report(folder: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads((folder / "out" / "report.json").read_text("utf-8")))


def test_writes_the_report(bench: Path, capsys: pytest.CaptureFixture[str], results: list[Result]) -> None:
    assert _run(bench, "--index", str(bench / "index")) == 0
    assert sorted(p.name for p in (bench / "out").iterdir()) == ["junit.xml", "plot.png", "report.json", "report.md"]
    report = _report(bench)
    assert report["settings"]["index"] == str(bench / "index") == str(sys.modules["app"].opened[0].index)
    assert report["settings"].keys() == {field.name for field in dataclasses.fields(Settings)} - {"milvus_token"}
    assert (report["index_version"], report["questions"], report["half"]) == ("v1", str(bench / "set.jsonl"), "all")
    assert set(report["machine"]) == {"cpus", "python"}
    assert report["gate"] == []
    assert report["summary"]["all"]["rates"] == summarize(results)["all"]["rates"]
    assert [miss["id"] for miss in report["misses"]] == ["3", "5", "6", "7"]
    first = report["results"][0]
    assert first["answer"] == json.loads(json.dumps(results[0].answer.to_json()))
    assert (first["id"], first["hits"], first["status"]) == ("1", ["clusters", "suisse"], "answered")
    assert (first["scores"]["containment"], first["scores"]["passage_RR@10"]) == (1.0, 1.0)
    assert report["results"][5]["scores"]["citation_precision"] == 0.5
    assert (report["results"][6]["status"], report["results"][6]["answer"]["status"]) == ("error", "refused")
    assert (bench / "out" / "plot.png").read_bytes() == b"a plot"
    printed = capsys.readouterr().out
    assert "set, index v1" in printed and f"report: {bench / 'out' / 'report.md'}" in printed
    assert re.search(r"^containment +1\.000 +0\.000 +0\.000 +0\.400$", printed, re.M)


def test_every_miss_is_told(bench: Path) -> None:
    _run(bench)
    text = (bench / "out" / "report.md").read_text("utf-8")
    assert (
        "### 6 (en): wrong answer\n\n- question: clusters programme 200\n- expected: 200\n"
        "- found: answered, confidence 0.67, first relevant passage at rank 2, "
        "“Le programme compte 91 clusters.” (clusters)" in text
    )
    assert "### 3 (de): false refusal" in text and "refused, confidence 0.40, first relevant passage at rank 1" in text
    assert "### 5 (en): false answer\n\n- question: Le programme compte ?\n- expected: a refusal\n" in text
    assert "error, confidence 0.00, no relevant passage retrieved, empty: Nothing was asked." in text
    assert len(re.findall("^### ", text, re.M)) == 4
    assert "containment cannot be scored: 8." in text
    assert "counted as refusals: 7." in text
    assert "Taken for another language: 5." in text
    assert "| false_refusal_rate, all | 0.250 [" in text


def test_junit(bench: Path) -> None:
    _run(bench)
    suite = ElementTree.parse(bench / "out" / "junit.xml").getroot()[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "set", "tests": "8", "failures": "4", "errors": "0", "skipped": "1",
    }  # fmt: skip
    assert [case.get("classname") for case in suite][:4] == ["set.fr", "set.fr", "set.de", "set.de"]
    assert suite[0].get("name") == "1: Combien de clusters compte le programme ?"
    assert suite[0].get("time") == "0.060" and len(suite[0]) == 0
    failure = suite[4][0]
    assert (failure.tag, failure.get("type")) == ("failure", "false answer")
    assert failure.get("message", "").startswith("answered, confidence 1.00, “Le programme compte 91 clusters.”")
    assert suite[7][0].tag == "skipped"


def test_junit_of_characters_that_xml_has_not(bench: Path) -> None:
    _write_cases(bench / "set.jsonl", [QuestionCase("\x00<&>", "fr", "\x0b wie \ufffe", False)])
    assert _run(bench) == 0
    suite = ElementTree.parse(bench / "out" / "junit.xml").getroot()[0]
    assert suite[0].get("name") == "\ufffd<&>: \ufffd wie \ufffd"


def test_reports_of_equal_answers_are_equal(bench: Path) -> None:
    _write_cases(bench / "set.jsonl", [case for case in CASES if case.id != "7"])  # the one timed by the clock
    _run(bench)
    before = {path.name: path.read_bytes() for path in (bench / "out").iterdir()}
    _run(bench)
    assert before == {path.name: path.read_bytes() for path in (bench / "out").iterdir()}


def test_one_half(bench: Path) -> None:
    assert _run(bench, "--half", "held") == 0
    report = _report(bench)
    assert [result["id"] for result in report["results"]] == ["2", "7"]
    assert report["halves"]["held"]["all"]["questions"] == 2 and report["halves"]["fit"]["all"]["questions"] == 0


def test_the_gate_stops_and_can_be_left_open(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate.THRESHOLDS.write_text('{"set": {"de": {"containment": 0.75}}, "other": {"fr": {"containment": 2}}}')
    assert _run(bench) == 1
    line = "de: containment is 0.000 (n=1), below the threshold 0.75"
    assert f"gate: set: {line}\n" in capsys.readouterr().err
    assert _report(bench)["gate"] == [line]
    assert f"## Gate\n\n- {line}" in (bench / "out" / "report.md").read_text("utf-8")
    assert _run(bench, "--no-gate") == 0
    assert _report(bench)["gate"] is None


def test_the_baseline_is_recorded_and_held_to(bench: Path) -> None:
    gate.BASELINE.write_text('{"other": {"fr": {"containment": {"value": 1.0, "n": 4}}}}')
    assert _run(bench, "--record") == 0
    baseline = json.loads(gate.BASELINE.read_text())
    assert list(baseline) == ["other", "set"]
    assert baseline["set"]["fr"]["containment"] == {"value": 1.0, "n": 2}
    assert "false_answer_rate" not in baseline["set"]["fr"]
    assert _run(bench) == 0
    _write_cases(bench / "set.jsonl", [replace(case, answers=("nowhere",)) for case in CASES])
    assert _run(bench) == 1
    reason = "fr: containment fell from 1.000 (n=2) to 0.000 (n=2), by 1.000; noise is up to 0.000"
    assert reason in _report(bench)["gate"]
    assert _run(bench, "--record", "--half", "fit") == 0
    assert list(json.loads(gate.BASELINE.read_text())) == ["other", "set", "set:fit"]


def test_several_files_get_a_folder_each(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write_cases(bench / "more.jsonl", CASES[:2])
    assert _run(bench, "--questions", str(bench / "more.jsonl")) == 0
    assert sorted(path.name for path in (bench / "out").iterdir()) == ["more", "set"]
    (bench / "sub").mkdir()
    _write_cases(bench / "sub" / "set.jsonl", CASES[:2])
    assert _run(bench, "--questions", str(bench / "sub" / "set.jsonl")) == 2
    assert "two question files are called set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("{", (), "set.jsonl:1: not JSON"),
        ('{"id": 1, "lang": "fr", "question": "?", "answerable": true}', ("--half", "held"), "half 'held' holds no"),
    ],
)
def test_errors_are_one_line_and_status_two(
    bench: Path, capsys: pytest.CaptureFixture[str], text: str, options: tuple[str, ...], message: str
) -> None:
    (bench / "set.jsonl").write_text(text)
    assert _run(bench, *options) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (bench / "out").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "report.json"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert [(p.name, p.read_bytes()) for p in path.parent.iterdir()] == [("report.json", b"old")]
