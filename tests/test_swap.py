"""The running server takes what is published or gone back to: without a restart, without a failed question, and not
when it cannot be served."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from answer.ask import Assistant
from answer.calibration import Calibration
from answer.sentence_reader import CALIBRATION, SentenceReader
from corpus.articles import read_articles
from index.encoding.encoder import SentenceEncoder
from index.versions.build import build
from index.versions.publish import roll_back
from index.versions.store import live_name, open_index, open_version
from records import Article, Hit, Question, Reading
from settings import Settings
from tests.test_index_build import BULLETIN, CLUSTERS, JENA, YORK
from tests.test_index_fake_encoder import WordEncoder
from tests.test_load import Server, post
from web.desk import Desk
from web.metrics import Metrics
from web.readiness import Readiness
from web.swap import Watch


class WaitingReader(SentenceReader):
    """Begins to read, says so, and goes on when it may."""

    def __init__(self) -> None:
        super().__init__(Calibration.load(CALIBRATION))
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]:
        self.begun.set()
        assert self.may_go_on.wait(60)
        return super().read(question, hits)


@dataclasses.dataclass
class Served:
    """A desk over the index in `directory`, and its watch, who looks when the test says so."""

    directory: Path
    reader: WaitingReader

    def __post_init__(self) -> None:
        assistant = Assistant(open_index(self.directory), WordEncoder(), self.reader, threshold=0)
        version = assistant.index.version
        self.desk = Desk(assistant, Metrics(version), Readiness(self.directory, version), waiting=10)
        self.watch = Watch(self.desk, self.directory, self.reopen)
        self.opened: list[str] = []

    def reopen(self, assistant: Assistant, name: str) -> Assistant:
        self.opened.append(name)
        index = open_version(self.directory / name, assistant.encoder.id)
        return dataclasses.replace(assistant, index=index)

    @property
    def version(self) -> str:
        return self.desk.assistant.index.version

    def told(self) -> str:
        return self.desk.metrics.exposition().decode()

    def swaps(self, outcome: str) -> float:
        lines = (line.split() for line in self.told().splitlines())
        return sum(float(line[1]) for line in lines if line[0] == f'bulletin_index_swaps_total{{outcome="{outcome}"}}')


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(logging.getLogger("bulletin.versions"), "propagate", True)  # a server sends it to stderr alone
    build([CLUSTERS, JENA], WordEncoder(), tmp_path)
    served = Served(tmp_path, WaitingReader())
    served.watch.look()
    assert served.opened == []
    return served


def test_what_is_published_is_taken(served: Served) -> None:
    before = served.version
    assert "york" not in served.desk.articles
    version = build(BULLETIN, WordEncoder(), served.directory).version
    assert served.desk.ask("api", "York").index_version == before  # nobody has looked yet
    served.watch.look()
    answer = served.desk.ask("api", "Researchers from York")
    assert (answer.index_version, answer.citations[0].article_id) == (version, "york")
    assert served.desk.articles["york"] == YORK
    assert served.desk.readiness.version == version
    assert f'bulletin_index{{version="{version}"}} 1.0' in served.told()
    assert before not in served.told()
    assert (served.swaps("taken"), served.swaps("refused")) == (1, 0)


def test_what_is_gone_back_to_is_taken(served: Served) -> None:
    before = served.version
    build(BULLETIN, WordEncoder(), served.directory)
    served.watch.look()
    roll_back(served.directory, "words")
    served.watch.look()
    assert served.version == before
    assert "york" not in served.desk.articles


def test_nothing_is_opened_until_the_pointer_is_replaced(served: Served) -> None:
    for _ in range(3):
        served.watch.look()
    build([CLUSTERS, JENA], WordEncoder(), served.directory)  # up to date
    served.watch.look()
    assert served.opened == []


def test_a_question_under_way_ends_with_the_version_it_began_with(served: Served) -> None:
    before = served.version
    served.reader.may_go_on.clear()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(served.desk.ask("api", "clusters du programme")))
    asking.start()
    assert served.reader.begun.wait(60)
    withdrawn = build([JENA, YORK], WordEncoder(), served.directory).version
    served.watch.look()
    assert served.version == withdrawn
    served.reader.may_go_on.set()
    asking.join()
    assert answers[0].index_version == before
    assert answers[0].citations[0].article_id == "clusters"
    assert "clusters" not in served.desk.articles
    assert served.desk.ask("api", "clusters du programme").index_version == withdrawn


def test_the_version_before_is_let_go_of(served: Served) -> None:
    parts = [weakref.ref(part) for part in (served.desk.assistant.index.vectors, served.desk.assistant.index.lexical)]
    served.desk.ask("api", "clusters")
    build(BULLETIN, WordEncoder(), served.directory)
    served.watch.look()
    gc.collect()
    assert [part() for part in parts] == [None, None]


def test_a_damaged_version_is_counted_and_left_alone_until_it_is_mended(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    before = served.version
    damaged = build(BULLETIN, WordEncoder(), served.directory).version
    path = served.directory / damaged / "vectors.faiss"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for _ in range(3):
        served.watch.look()
    assert served.desk.ask("api", "clusters").index_version == before
    assert (served.swaps("taken"), served.swaps("refused")) == (0, 1)
    assert caplog.text.count("vectors.faiss") == 1 and damaged in caplog.text
    assert served.desk.readiness.problem(at_once=True) == ""
    mended = build(BULLETIN, WordEncoder(), served.directory).version
    served.watch.look()
    assert served.version == mended


def test_a_version_of_another_encoder_is_left_alone(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    before = served.version
    build(BULLETIN, WordEncoder("other"), served.directory)
    served.watch.look()
    assert served.desk.ask("api", "clusters").index_version == before
    assert served.swaps("refused") == 1
    assert "built with 'other'" in caplog.text


@pytest.mark.parametrize("data", [b"", b"v-0123456789abcdef\n", b"\xff\xfe", None])
def test_a_pointer_to_nothing_changes_nothing(served: Served, data: bytes | None) -> None:
    before = served.version
    pointer = served.directory / "CURRENT"
    pointer.unlink() if data is None else pointer.write_bytes(data)
    for _ in range(3):
        served.watch.look()
    assert served.desk.ask("api", "clusters").index_version == before


def test_a_disk_that_fails_for_a_moment_is_asked_again(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    version = build(BULLETIN, WordEncoder(), served.directory).version
    failing = [OSError(5, "Input/output error"), OSError(5, "Input/output error")]

    def reopen(assistant: Assistant, name: str) -> Assistant:
        if failing:
            raise failing.pop()
        return served.reopen(assistant, name)

    watch = Watch(served.desk, served.directory, reopen)
    for _ in range(3):
        watch.look()
    assert served.version == version
    assert (served.swaps("taken"), served.swaps("refused")) == (1, 1)  # told once, tried again


def test_the_watch_looks_by_itself(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.swap.EVERY_S", 0.01)
    with served.watch:
        version = build(BULLETIN, WordEncoder(), served.directory).version
        until(lambda: served.version == version)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# The real server, in a process of its own


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, builder: SentenceEncoder) -> Settings:
    folder = tmp_path_factory.mktemp("swap")
    settings = dataclasses.replace(Settings(), index=folder / "index", feedback=folder / "feedback.sqlite")
    build(read_articles(settings.articles), builder, settings.index)
    return settings


@pytest.fixture(scope="module")
def server(own: Settings) -> Iterator[Server]:
    server = Server(
        own, own.index.parent / "log", BULLETIN_RATE="100000/minute", BULLETIN_READER="sentences",
        BULLETIN_FEEDBACK=str(own.feedback), BULLETIN_FEEDBACK_DAYS="1",
    )  # fmt: skip
    yield server
    server.stop()


def call(server: Server, path: str, body: Any = None) -> tuple[int, str]:
    with contextlib.closing(server.connection()) as connection:
        if body is not None:
            reply = post(connection, path, body)
        else:
            connection.request("GET", path)
            reply = connection.getresponse()
        return reply.status, reply.read().decode()


def serves(server: Server, version: str) -> bool:
    status, told = call(server, "/readyz")
    return status == 200 and json.loads(told)["index_version"] == version


def addition(number: int) -> Article:
    body = f"La station polaire numéro {number} mesure le vent depuis avril."
    return Article(f"polar-{number}", f"Station polaire {number}", "fr", body)


def test_no_question_fails_while_versions_come_and_go(own: Settings, server: Server, builder: SentenceEncoder) -> None:
    corpus = read_articles(own.articles)
    bodies = {live_name(own.index): {article.id: article.body for article in corpus}}
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def client() -> None:
        while not ended.is_set():
            answers.append(call(server, "/api/ask", {"question": "Que mesure la station polaire ?"}))

    clients = [threading.Thread(target=client) for _ in range(3)]
    for thread in clients:
        thread.start()
    try:
        for number in range(4):
            articles = [*corpus, addition(number)]
            version = build(articles, builder, own.index).version
            bodies[version] = {article.id: article.body for article in articles}
            until(lambda: serves(server, version))  # noqa: B023
            assert call(server, f"/api/articles/polar-{number}")[0] == 200
            if number % 2:
                back = roll_back(own.index, builder.id)
                until(lambda: serves(server, back))  # noqa: B023
                assert call(server, f"/api/articles/polar-{number}")[0] == 404
                assert call(server, f"/articles/polar-{number}?start=3&end=9")[0] == 404
                assert call(server, f"/api/articles/polar-{number - 1}")[0] == 200
                rated = {"question": f"Que mesure la station polaire numéro {number} ?", "verdict": "up"}
                assert call(server, "/api/feedback", rated)[0] == 204
    finally:
        ended.set()
        for thread in clients:
            thread.join()
    assert {status for status, _ in answers} == {200}
    told = [json.loads(answer) for _, answer in answers]
    assert {answer["index_version"] for answer in told} <= set(bodies)
    assert len({answer["index_version"] for answer in told}) >= 4
    for answer in told:
        for cited in answer["citations"]:
            body = bodies[answer["index_version"]][cited["article_id"]]
            assert body[cited["start"] : cited["end"]] == cited["quote"]
    assert 'bulletin_index_swaps_total{outcome="taken"} 6.0' in call(server, "/metrics")[1]


def test_fifteen_versions_leave_memory_flat(own: Settings, server: Server, builder: SentenceEncoder) -> None:
    corpus = [*read_articles(own.articles), addition(0)]

    def swap(times: int) -> None:
        for number in range(times):
            articles = [*corpus, dataclasses.replace(addition(1), section=f"{time.monotonic_ns()} {number}")]
            version = build(articles, builder, own.index).version
            until(lambda: serves(server, version))  # noqa: B023
            assert call(server, "/api/ask", {"question": "Que mesure la station polaire ?"})[0] == 200

    swap(3)
    before = server.resident_mb
    swap(15)
    assert server.resident_mb - before < 10
