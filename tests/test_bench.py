"""Public sets as bulletins, and the time table of asking."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from answer.ask import Assistant
from bench.__main__ import main
from bench.ask import measure
from bench.build import table_row
from bench.peer_plot import plot
from bench.peer_rounds import Built, System, Task, Worker, index_parts, ours, recall, shared_task
from bench.peer_sizes import closure, imported, installed_bytes
from bench.peers import Comparison, compare, times
from errors import BulletinError, QuestionFileError, SettingsError
from eval.questions import QuestionCase
from records import Passage
from settings import ROOT, Settings

CASE = QuestionCase(id="q", lang="fr", question="Combien de clusters ?", answerable=True)


def test_the_table_has_the_four_stages_and_their_shares(assistant: Assistant) -> None:
    table = measure(assistant, [CASE, CASE], 2)
    first, _, head, _, *rows = table.splitlines()
    assert first.startswith("2 questions × 2 rounds, 8 passages; ")
    assert head == "| stage | p50 ms | p95 ms | share of the time | p50 by round |"
    assert [row.split("|")[1].strip() for row in rows] == ["encode", "search", "read", "total"]
    shares = [int(re.findall(r"(\d+)%", row)[0]) for row in rows]
    assert shares[3] == 100
    assert 95 <= sum(shares[:3]) <= 101
    for row in rows:
        p50, p95 = (float(cell) for cell in row.split("|")[2:4])
        assert 0 < p50 <= p95


def test_asking_is_timed_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], assistant: Assistant, tmp_path: Path
) -> None:
    opened: list[Path] = []

    def open_assistant(settings: Settings) -> Assistant:
        opened.append(settings.index)
        return assistant

    monkeypatch.setattr("app.open_assistant", open_assistant)
    questions = (ROOT / "eval" / "questions" / "go-cluster.jsonl").read_text("utf-8").splitlines()[:3]
    (tmp_path / "three.jsonl").write_text("\n".join(questions), "utf-8")
    options = ["--questions", str(tmp_path / "three.jsonl"), "--index", str(tmp_path / "index"), "--rounds", "1"]
    assert main(["ask", *options]) == 0
    assert opened == [tmp_path / "index"]
    assert capsys.readouterr().out.startswith("3 questions × 1 rounds, 8 passages; ")


OWN = System("ours", "Ours", Path(sys.executable), ("numpy",), "does it all.", answers=True)
PEER = System("langchain", "Theirs", Path(sys.executable), ("numpy",), "finds.")
COMPARISON = Comparison(
    (OWN, PEER),
    {
        "ours": [{"encode": v, "answer": v, "recall@1": 0.75} for v in (10.0, 20.0, 40.0)],
        "langchain": [{"encode": v, "recall@1": 0.5} for v in (50.0, 60.0, 40.0)],
    },
    {"ours": {"numpy": "2"}, "langchain": {"numpy": "1"}},
    "a machine",
    passages=8,
    questions=3,
)


def test_the_table_of_peers_has_medians_spreads_and_ratios_within_each_round() -> None:
    head, _, columns, _, *rows = COMPARISON.table().splitlines()
    assert head.startswith("8 passages, 3 questions, 3 rounds in turn; a machine. ")
    assert columns == "| | Ours | Theirs |"
    # 50/10, 60/20 and 40/40, not 50/20
    assert rows[0] == "| question to vector, ms | 20.0 (10.0 – 40.0) | 50.0 (40.0 – 60.0) · ×3.0 |"
    assert rows[1] == "| question to the first 5 passages, ms | — | — |"
    assert rows[2] == "| question to cited answer, ms | 20.0 (10.0 – 40.0) | — |"
    assert rows[11] == "| recall@1 of a passage with the answer | 0.75 | 0.50 |"
    assert rows[-2:] == ["- Ours: does it all.", "- Theirs (numpy 1): finds."]


def test_the_json_of_peers_holds_the_rounds_and_their_summary() -> None:
    record = json.loads(json.dumps(COMPARISON.to_json()))
    assert record["rounds"]["langchain"][1] == {"encode": 60.0, "recall@1": 0.5}
    assert record["summary"]["langchain"]["encode"] == {
        "value": {"median": 50.0, "low": 40.0, "high": 60.0},
        "ratio": {"median": 3.0, "low": 1.0, "high": 5.0},
    }
    assert record["summary"]["langchain"]["answer"] == {"value": None, "ratio": None}
    assert record["summary"]["langchain"]["recall@1"]["ratio"] is None


def test_the_ratios_are_drawn() -> None:
    assert plot(COMPARISON).startswith(b"\x89PNG")


@pytest.mark.parametrize(("ratio", "text"), [(0.456, "×0.46"), (1, "×1.0"), (3.21, "×3.2"), (1234.5, "×1234")])
def test_a_ratio_is_written_short(ratio: float, text: str) -> None:
    assert times(ratio) == text


def test_a_build_is_passages_a_second_and_kilobytes_a_passage() -> None:
    own = [Built(1.0, 300_000_000, {"a": 1_000}), Built(2.0, 300_000_000, {"a": 1_000})]
    theirs = [Built(3.0, 500_000_000, {}), Built(2.0, 400_000_000, {"b": 30_000, "c": 10_000, "d": 1})]
    assert table_row("Ours", own, own, 10) == "| Ours | 7.5 (5.0 – 10.0) | ×1.0 | 300 | 0.1: a 0.1 |"
    # Three times ours in one round, as long as ours in the other.
    assert table_row("T", theirs, own, 10) == "| T | 4.2 (3.3 – 5.0) | ×2.0 | 450 | 4.0: b 3.0, c 1.0 |"


def test_recall_counts_a_scorable_question_when_a_passage_of_its_article_holds_the_answer() -> None:
    texts = {"a:0": "rien", "a:5": "des 91 clusters", "b:0": "91 aussi", "b:9": "fin"}
    passages = {name: Passage(name[0], 0, len(text), text, "body", ()) for name, text in texts.items()}

    def case(*answers: str, articles: tuple[str, ...] = ()) -> QuestionCase:
        return QuestionCase("q", "fr", "?", bool(answers), articles=articles, answers=answers)

    first, second, never = case("91"), case("91", articles=("a",)), case("92")
    found = [["a:5", "a:0"], ["b:0", "a:5"], ["a:0", "b:9"], ["a:0"]]
    assert recall([first, second, never, case()], found, passages) == pytest.approx((1 / 3, 2 / 3))


def test_the_parts_of_an_index_are_its_files_and_folders_without_the_version(tmp_path: Path) -> None:
    for name, size in {"CURRENT": 1, "v-1/words/a": 2, "v-1/words/b": 3, "v-1/vectors.faiss": 9}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert list(index_parts(tmp_path).items()) == [("vectors.faiss", 9), ("words", 5), ("CURRENT", 1)]


def install(folder: Path, name: str, size: int, requires: list[str]) -> None:
    """A distribution of one module of `size` bytes, as pip leaves it."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    (folder / f"{name}.py").write_text("#" * size)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {r}" for r in requires)]
    (info / "METADATA").write_text("\n".join(lines) + "\n\n")
    (info / "RECORD").write_text(f"{name}.py,,\n{name}_gone.py,,\n")


def test_the_size_of_what_is_installed_is_that_of_all_that_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "bench_alpha", 10, ["Bench.Beta[fast]>=1", 'absent; python_version < "3"', 'no; extra == "x"'])
    install(tmp_path, "bench_beta", 200, ['bench-gamma; extra == "fast"', "bench_alpha"])
    install(tmp_path, "bench_gamma", 3000, [])
    monkeypatch.syspath_prepend(tmp_path)
    assert closure(["bench-alpha==1"]) == {"bench-alpha", "bench-beta", "bench-gamma"}
    assert closure(["bench_beta"]) == {"bench-alpha", "bench-beta", "bench-gamma"}  # through alpha, who asks for fast
    assert installed_bytes(closure(["bench_alpha"])) == 3210
    assert imported(["numpy==2", "bench-alpha"]) == ["numpy==2"]


def test_the_closure_of_a_real_distribution() -> None:
    assert closure(["Jinja2"]) == {"jinja2", "markupsafe"}
    assert 100_000 < installed_bytes(["jinja2"]) < 10_000_000


def two_questions(folder: Path) -> Path:
    lines = (ROOT / "eval" / "questions" / "go-cluster.jsonl").read_text("utf-8").splitlines()
    (folder / "two.jsonl").write_text(
        "\n".join([line for line in lines if json.loads(line)["answerable"]][:2]), "utf-8"
    )
    return folder / "two.jsonl"


def test_we_are_built_started_and_asked_in_processes_of_our_own(tmp_path: Path) -> None:
    comparison = compare([ours()], Settings(), two_questions(tmp_path), 1)
    (numbers,) = comparison.rounds["ours"]
    assert (comparison.passages, comparison.questions) == (8, 2)
    assert numbers["recall@5"] == 1
    assert all(0 < numbers[name] < 1e3 * numbers["cold"] for name in ("encode", "retrieve"))  # milliseconds, seconds
    assert 0 < numbers["rss"] <= numbers["peak"]
    assert 0 < numbers["used"] < numbers["installed"]
    assert all(numbers[name] > 0 for name in ("answer", "build", "index", "build_peak"))
    assert "—" not in comparison.table()


def test_a_system_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    nobody = System("nobody", "Nobody", Path(sys.executable), (), "")
    with (
        pytest.raises(BulletinError, match="^Nobody could not load: KeyError: 'nobody'$"),
        Worker(nobody, Task(tmp_path, tmp_path, {}, tmp_path, 1)) as worker,
    ):
        worker.call("load")


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    refusal = {"id": "q", "lang": "fr", "question": "Qui ?", "answerable": False}
    (tmp_path / "none.jsonl").write_text(json.dumps(refusal))
    with pytest.raises(QuestionFileError, match="no answerable question"):
        compare([ours()], Settings(), tmp_path / "none.jsonl", 1)
    with pytest.raises(SettingsError, match="Unset it"), shared_task(Settings(model="another")):
        pass


def test_the_peers_are_measured_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = subprocess.run([ROOT / "scripts" / "peers", sys.executable, "--if-there"], stdout=subprocess.DEVNULL)
    if there.returncode:
        pytest.skip("the peers' environment (1.6 GB) is not there; `scripts/peers` makes it")
    files = ["--json", str(tmp_path / "peers.json"), "--plot", str(tmp_path / "peers.png")]
    assert main(["peers", "--questions", str(two_questions(tmp_path)), "--rounds", "1", *files]) == 0
    assert "| | Ask the Bulletin | LangChain + FAISS | txtai |" in capsys.readouterr().out
    summary = json.loads((tmp_path / "peers.json").read_text())["summary"]
    for system in ("langchain", "txtai"):
        assert summary[system]["recall@5"]["value"]["median"] == 1
        assert all(summary[system][name]["ratio"]["median"] > 0 for name in ("encode", "cold", "rss", "build", "used"))
    assert (tmp_path / "peers.png").read_bytes().startswith(b"\x89PNG")
    assert main(["build", "--rounds", "1"]) == 0
    assert re.search(r"^\| LangChain \+ FAISS \| .*index\.faiss 1\.5", capsys.readouterr().out, re.MULTILINE)
