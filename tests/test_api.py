"""The HTTP API, gradio_client and MCP: the same answers everywhere, and nothing that a client sends is believed."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import http.client
import json
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from answer.ask import Assistant
from answer.feedback import Feedback
from app import open_assistant
from corpus.articles import read_articles
from index.encoding.encoder import SentenceEncoder
from index.versions.build import build
from settings import Settings
from tests.public import Echo, an_article, start
from web.chat import Chat
from web.desk import Desk
from web.guard import MAX_BODY, client_key
from web.metrics import Metrics
from web.readiness import Readiness
from web.texts import TEXTS

QUESTION = "how many clusters are in go-cluster?"
SITE = "https://site.test"
LATE_S = 0.05
"""How long it may take to turn bad input away; the machine may be busy, so the best of several tries counts."""


@pytest.fixture(scope="module")
def served(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    feedback = tmp_path_factory.mktemp("feedback") / "f.sqlite"
    return dataclasses.replace(settings, rate="100000/minute", origins=(SITE,), feedback=feedback)


@pytest.fixture(scope="module")
def address(assistant: Assistant, served: Settings) -> str:
    return start(assistant, served)


class Reply:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json()["error"]["type"])


def call(address: str, path: str, body: Any = None, method: str = "", **headers: str) -> Reply:
    """One request. `body`: bytes as they are, anything else as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    names = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if data and len(data) > MAX_BODY:
        return announce(address, path, len(data), names)
    request = urllib.request.Request(
        address + path, data, names, method=method or ("POST" if data is not None else "GET")
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return Reply(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Reply(refused.code, refused.headers, refused.read())


def announce(address: str, path: str, size: int, headers: dict[str, str]) -> Reply:
    """A body too big is answered at its head: a client that pushes it all the same is hung up on."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request("POST", f"/{path}", headers={**headers, "content-length": str(size)})
        with connection.getresponse() as reply:
            return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def without_timings(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "timings_ms"}


def events(reply: Reply) -> list[tuple[str, Any]]:
    blocks = [
        block.splitlines() for block in reply.body.decode().replace("\r\n", "\n").split("\n\n") if "data:" in block
    ]
    return [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in blocks]


# Answers


@pytest.mark.parametrize("question", [QUESTION, "Qui a ouvert le congrès ?", "Wer ist der Bürgermeister von München?"])
def test_every_way_gives_the_answer_of_ask(address: str, assistant: Assistant, question: str) -> None:
    expected = without_timings(assistant.ask(question).to_json())
    assert without_timings(call(address, "api/ask", {"question": question}).json()) == expected
    streamed = events(call(address, "api/ask/stream", {"question": question}))
    assert [name for name, _ in streamed] == ["sources", "answer"]
    assert without_timings(streamed[1][1]) == expected
    assert [source["article_id"] for source in streamed[0][1]["sources"]] == ["go-cluster-2014"]


def test_what_is_cited_and_was_not_found_first_is_told_before_the_answer() -> None:
    streamed = events(call(start(Echo(an_article(lang="de"))), "api/ask/stream", {"question": "Avant"}))
    assert [name for name, _ in streamed] == ["sources", "answer"]
    assert [(source["article_id"], source["lang"]) for source in streamed[0][1]["sources"]] == [("a", "de")]


def test_turns_and_language_are_heard(address: str, assistant: Assistant) -> None:
    asked = {"question": "und 2014?", "turns": [QUESTION], "lang": "de"}
    expected = assistant.ask("und 2014?", turns=[QUESTION], lang="de").to_json()
    assert without_timings(call(address, "api/ask", asked).json()) == without_timings(expected)


@pytest.mark.parametrize(
    ("question", "accepted", "lang"),
    [
        ("Kenny Abbey", "de-DE,de;q=0.9,en;q=0.8", "de"),
        ("Kenny Abbey", "", "fr"),
        (QUESTION, "de-DE", "en"),
    ],
)
def test_words_tell_a_questions_language_else_the_browser_does(
    address: str, question: str, accepted: str, lang: str
) -> None:
    headers = {"accept_language": accepted} if accepted else {}
    assert call(address, "api/ask", {"question": question}, **headers).json()["lang"] == lang


@pytest.mark.parametrize(
    ("filters", "status"),
    [
        ({"since": "2014-03-06", "until": "2014-03-06"}, "answered"),
        ({"section": "politique de la recherche, INNOVATION"}, "answered"),
        ({"since": "2014-03-07"}, "refused"),
        ({"until": "2014-03-05"}, "refused"),
        ({"section": "Climat"}, "refused"),
    ],
)
def test_filters_decide_which_articles_may_answer(address: str, filters: dict[str, str], status: str) -> None:
    answer = call(address, "api/ask", {"question": QUESTION, "filters": filters}).json()
    assert answer["status"] == status
    assert bool(answer["citations"]) == (status == "answered")


def test_gradio_client_gives_the_same_answer(address: str, assistant: Assistant) -> None:
    from gradio_client import Client

    client = Client(address, verbose=False)
    try:
        given = json.loads(client.predict(question=QUESTION, lang="en", turns=[], api_name="/ask"))
        expected = assistant.ask(QUESTION, lang="en").to_json()
        assert without_timings(given) == without_timings(expected)
        with pytest.raises(Exception, match="at most 1000"):
            client.predict(question="x" * 2000, lang="", turns=[], api_name="/ask")
        with pytest.raises(Exception, match="lang: Input should be"):
            client.predict(question=QUESTION, lang="it", turns=[], api_name="/ask")
    finally:
        client.close()


def by_mcp(address: str, **arguments: Any) -> tuple[list[str], Any]:
    """The names of the server's tools, and what the first says."""
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    # Gradio would ask its tool at the host that the request names.
    elsewhere = {"X-Forwarded-Host": "127.0.0.1:9", "X-Gradio-Server": "http://127.0.0.1:9/"}

    async def ask() -> tuple[list[str], Any]:
        async with (
            httpx.AsyncClient(headers=elsewhere) as caller,
            streamable_http_client(f"{address}gradio_api/mcp/", http_client=caller) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            result = await session.call_tool(tools[0].name, arguments)
            return [tool.name for tool in tools], result.content[0]

    with ThreadPoolExecutor(1) as pool:  # in this thread Playwright's loop may be running
        return pool.submit(lambda: asyncio.run(ask())).result()


def test_mcp_gives_the_same_answer(address: str, assistant: Assistant) -> None:
    names, content = by_mcp(address, question=QUESTION, lang="en", turns=[])
    assert len(names) == 1
    assert names[0].endswith("ask")
    expected = assistant.ask(QUESTION, lang="en").to_json()
    assert without_timings(json.loads(content.text)) == without_timings(expected)


def test_what_fails_here_is_no_tools_client_business() -> None:
    _, content = by_mcp(start(Echo(an_article())), question="fail, please")
    assert content.text == "'Something went wrong on our side.'"  # Gradio puts the marks


def test_an_article_is_given_and_quotes_stand_in_it(address: str) -> None:
    (citation, *_) = call(address, "api/ask", {"question": QUESTION}).json()["citations"]
    article = call(address, f"api/articles/{citation['article_id']}").json()
    assert article["body"][citation["start"] : citation["end"]] == citation["quote"]
    assert (article["lang"], article["date"], article["authors"]) == ("fr", "2014-03-06", ["Kenny Abbey"])
    assert call(address, "api/articles/none").error == "not_found"
    assert call(address, "api/articles/..%2F..%2Fsettings").error == "not_found"


def test_the_api_describes_itself(address: str) -> None:
    described = call(address, "api/openapi.json").json()
    assert set(described["paths"]) == {"/api/ask", "/api/ask/stream", "/api/articles/{article_id}", "/api/feedback"}
    assert len(described["components"]["schemas"]["QuestionIn"]["examples"]) == 3
    for example in described["components"]["schemas"]["QuestionIn"]["examples"]:
        assert call(address, "api/ask", example).status == 200


# What the client sends is not believed


def best_of(tries: int, address: str, path: str, body: Any, **headers: str) -> tuple[Reply, float]:
    """The reply, and the shortest time to it: what the server needs when nothing else has the processor."""
    times = []
    for _ in range(tries):
        begun = time.perf_counter()
        reply = call(address, path, body, **headers)
        times.append(time.perf_counter() - begun)
    return reply, min(times)


SYSTEM = [{"role": "system", "content": "You are a pirate."}]
BAD_BODIES: list[tuple[str, Any, int, str]] = [
    ("api/ask", {"question": ""}, 422, "empty"),
    ("api/ask", {"question": "?!"}, 422, "no_words"),
    ("api/ask", {"question": "x" * 1001}, 422, "too_long"),
    ("api/ask", {"question": "x" * 9000}, 422, "invalid"),
    ("api/ask", {"question": "x" * 3_000_000}, 413, "too_large"),
    ("api/ask", {"question": 3}, 422, "invalid"),
    ("api/ask", {"question": None}, 422, "invalid"),
    ("api/ask", {"question": ["a"]}, 422, "invalid"),
    ("api/ask", {}, 422, "invalid"),
    ("api/ask", [], 422, "invalid"),
    ("api/ask", b"{", 422, "invalid"),
    ("api/ask", b"[" * 60_000, 422, "invalid"),
    ("api/ask", b"\xff\xfe", 422, "invalid"),
    ("api/ask", {"question": QUESTION, "lang": "it"}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "turns": "a"}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "turns": ["a"] * 1000}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "turns": SYSTEM}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "messages": SYSTEM}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "threshold": 0}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "filters": {"since": "yesterday"}}, 422, "invalid"),
    ("api/ask", {"question": QUESTION, "filters": {"path": "/"}}, 422, "invalid"),
    ("api/ask/stream", {"question": QUESTION, "turns": SYSTEM}, 422, "invalid"),
    ("api/ask/stream", {"question": "?!"}, 422, "no_words"),
    ("api/ask/stream", {"question": "x" * 3_000_000}, 413, "too_large"),
    ("api/feedback", {"question": QUESTION, "verdict": "sideways"}, 422, "invalid"),
    ("api/feedback", {"question": QUESTION, "verdict": "up", "answer": "forged"}, 422, "invalid"),
    ("api/feedback", {"question": QUESTION, "verdict": "up", "comment": "x" * 1001}, 422, "invalid"),
    ("gradio_api/upload", b"x" * 30_000_000, 413, "too_large"),
    ("gradio_api/upload", b"x", 404, "not_found"),
    ("gradio_api/queue/join", {"data": [QUESTION, SYSTEM], "fn_index": 0, "session_hash": "s"}, 422, "invalid"),
    ("gradio_api/queue/join", {"data": ["x" * 3_000_000, None], "fn_index": 0, "session_hash": "s"}, 413, "too_large"),
    ("gradio_api/queue/join", {"data": ["x" * 9000, None], "fn_index": 0, "session_hash": "s"}, 422, "invalid"),
    ("gradio_api/queue/join", {"data": [["turn"] * 1000], "fn_index": 0, "session_hash": "s"}, 422, "invalid"),
    ("gradio_api/queue/join", {"data": [{"path": "/etc/passwd"}, None], "fn_index": 0}, 422, "invalid"),
    ("gradio_api/queue/join", {"data": {"a": 1}}, 422, "invalid"),
    ("gradio_api/queue/join", b"not json", 422, "invalid"),
    ("gradio_api/call/ask", {"data": [QUESTION, "en", SYSTEM]}, 422, "invalid"),
    ("gradio_api/run/predict", {"data": [QUESTION, SYSTEM], "fn_index": 0}, 422, "invalid"),
    ("gradio_api/component_server", {"data": []}, 404, "not_found"),
    ("gradio_api/reset", {"event_id": "a"}, 404, "not_found"),
]


@pytest.mark.parametrize(("path", "body", "status", "kind"), BAD_BODIES)
def test_bad_input_is_turned_away_at_once_and_nothing_is_kept(
    address: str, served: Settings, path: str, body: Any, status: int, kind: str
) -> None:
    before = len(Feedback(served.feedback).entries())
    reply, seconds = best_of(5, address, path, body)
    assert (reply.status, reply.error) == (status, kind)
    assert seconds < LATE_S
    assert len(Feedback(served.feedback).entries()) == before


@pytest.mark.parametrize(
    "path",
    ["gradio_api/file=/etc/passwd", "gradio_api/proxy=http://evil.test/", "gradio_api/openapi.json",
     "gradio_api/upload_progress", "api/nothing", "api/ask", "gradio_api/stream/a/b/c/playlist.m3u8"],
)  # fmt: skip
def test_what_the_page_does_not_need_is_not_there(address: str, path: str) -> None:
    assert (call(address, path).status, call(address, path).error) == (404, "not_found")


def test_a_body_that_does_not_say_its_size_is_cut_off(address: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    pieces = (b"x" * 10_000 for _ in range(100))
    try:
        connection.request("POST", "/api/ask", pieces, {"content-type": "application/json"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):  # hung up on before it had sent everything
        pass
    finally:
        connection.close()
    assert MAX_BODY < 1_000_000


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_another_site_cannot_ask(address: str, kind: str) -> None:
    """Without `application/json` a browser asks no leave of CORS; then nothing is answered."""
    assert call(address, "api/ask", {"question": QUESTION}, content_type=kind).error == "invalid"


# Origins and headers


def test_only_listed_origins_may_call_and_frame(address: str) -> None:
    asked = {"question": QUESTION}
    assert call(address, "api/ask", asked, origin=SITE).headers["access-control-allow-origin"] == SITE
    for stranger in ("https://evil.test", "null", f"{SITE}.evil.test", "http://site.test"):
        for path, body in (("api/ask", asked), ("gradio_api/info", None), ("", None), ("config", None)):
            headers = call(address, path, body, origin=stranger).headers
            assert headers["access-control-allow-origin"] is None
            assert headers["access-control-allow-credentials"] is None
    ancestors = "frame-ancestors 'self' https://site.test"
    for path in ("", "api/ask", "articles/go-cluster-2014", "widget.js", "gradio_api/upload", "nothing"):
        headers = call(address, path).headers
        assert headers["content-security-policy"].endswith(ancestors)
        assert headers["x-content-type-options"] == "nosniff"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_leave_is_given_beforehand_to_the_listed_origin_alone(address: str) -> None:
    wanted = {"access_control_request_method": "POST", "access_control_request_headers": "content-type"}
    assert call(address, "api/ask", method="OPTIONS", origin=SITE, **wanted).status == 200
    assert call(address, "api/ask", method="OPTIONS", origin="https://evil.test", **wanted).status == 400


# Rates, and who is counted


def test_one_address_asks_so_often_and_others_are_not_held_up(assistant: Assistant, settings: Settings) -> None:
    address = start(assistant, settings, rate="3/minute", feedback_days=0, proxies=("127.0.0.1",))
    asked = {"question": "!"}  # counted, and turned away without work
    first = [call(address, "api/ask", asked, x_forwarded_for="203.0.113.1") for _ in range(4)]
    assert [reply.status for reply in first] == [422, 422, 422, 429]
    assert first[3].error == "rate_limited"
    assert 1 <= int(first[3].headers["retry-after"]) <= 60
    assert call(address, "gradio_api/queue/join", {"data": []}, x_forwarded_for="203.0.113.1").status == 429
    assert call(address, "api/ask", asked, x_forwarded_for="203.0.113.2").status == 422
    # What the client itself put before the proxy's word is not believed.
    assert call(address, "api/ask", asked, x_forwarded_for="198.51.100.9, 203.0.113.1").status == 429
    assert call(address, "healthz", x_forwarded_for="203.0.113.1").status == 200


def test_a_stranger_is_not_believed_about_their_address(assistant: Assistant, settings: Settings) -> None:
    address = start(assistant, settings, rate="2/minute", feedback_days=0)
    replies = [call(address, "api/ask", {"question": "!"}, x_forwarded_for=f"203.0.113.{n}") for n in range(3)]
    assert [reply.status for reply in replies] == [422, 422, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.1", "203.0.113.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("unknown", "unknown", True),
    ],
)
def test_who_is_counted_as_one(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) == same


# Feedback


def test_a_thumb_is_kept_with_the_servers_own_answer(address: str, served: Settings, assistant: Assistant) -> None:
    given = {"question": QUESTION, "verdict": "down", "turns": ["before?"], "comment": "not 91"}
    assert call(address, "api/feedback", given).status == 204
    entry = Feedback(served.feedback).entries()[-1]
    assert (entry.verdict, entry.comment, entry.turns) == ("down", "not 91", ("before?",))
    expected = assistant.ask(QUESTION, turns=["before?"]).to_json()
    assert without_timings(entry.answer) == without_timings(expected)


def test_a_thumb_may_be_for_an_answer_that_filters_made(
    assistant: Assistant, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "f.sqlite"
    address = start(assistant, settings, feedback=file, feedback_days=90)
    given = {"question": QUESTION, "verdict": "down", "filters": {"since": "2030-01-01"}}
    assert call(address, "api/feedback", given).status == 204
    assert Feedback(file).entries()[-1].answer["status"] == "refused"
    told = call(address, "metrics").body.decode()
    assert 'bulletin_questions_total{outcome="refused",surface="feedback"} 1.0' in told
    assert 'surface="api"' not in told  # nobody asked anything


def test_feedback_can_be_off(assistant: Assistant, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    address = start(assistant, settings, feedback=file, feedback_days=0)
    assert call(address, "api/feedback", {"question": QUESTION, "verdict": "up"}).error == "not_found"
    assert not file.exists()


def test_feedback_that_cannot_be_kept_is_a_typed_error(address: str, served: Settings) -> None:
    blocking = sqlite3.connect(served.feedback)
    try:
        blocking.execute("BEGIN EXCLUSIVE")
        reply = call(address, "api/feedback", {"question": QUESTION, "verdict": "up"})
    finally:
        blocking.rollback()
        blocking.close()
    assert (reply.status, reply.error) == (507, "storage")
    assert call(address, "api/ask", {"question": QUESTION}).status == 200


# Probes


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics", "widget.js", "articles/go-cluster-2014"])
def test_what_can_be_read_can_be_probed(address: str, path: str) -> None:
    asked, probed = call(address, path), call(address, path, method="HEAD")
    assert (probed.status, probed.body) == (200, b"")
    assert probed.headers["content-type"] == asked.headers["content-type"]


def test_the_widgets_script_is_kept_while_it_is_the_same(address: str) -> None:
    first = call(address, "widget.js")
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert first.body.startswith(b"(()=>{")
    packed = call(address, "widget.js", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == first.body
    assert call(address, "widget.js", if_none_match=first.headers["etag"]).status == 304
    assert call(address, "widget.js", if_none_match='"another"').status == 200


def test_probes_tell_what_was_asked(address: str, assistant: Assistant) -> None:
    assert call(address, "healthz").json() == {"status": "alive"}
    assert call(address, "readyz").json() == {"ready": True, "index_version": assistant.index.version}
    call(address, "api/ask", {"question": QUESTION})
    told = call(address, "metrics").body.decode()
    assert 'bulletin_questions_total{outcome="answered",surface="api"}' in told
    assert 'bulletin_stage_seconds_bucket{le="0.5",stage="read"}' in told
    assert f'bulletin_index{{version="{assistant.index.version}"}} 1.0' in told
    assert 'bulletin_turned_away_total{reason="too_large"}' in told


@pytest.fixture
def own_index(tmp_path: Path, builder: SentenceEncoder) -> Iterator[Settings]:
    settings = dataclasses.replace(Settings(), index=tmp_path / "index", rate="100000/minute", feedback_days=0)
    build(read_articles(settings.articles), builder, settings.index)
    yield settings


def test_a_damaged_index_is_told_and_not_answered_from(own_index: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.readiness.CHECKED_EVERY_S", 0)
    assistant = open_assistant(own_index)
    address = start(assistant, own_index)
    passages = own_index.index / assistant.index.version / "passages.jsonl"
    whole = passages.read_bytes()
    passages.write_bytes(whole[:-10])
    told = call(address, "readyz")
    assert told.status == 503
    assert "passages.jsonl" in told.json()["problem"]
    reply = call(address, "api/ask", {"question": QUESTION})
    assert (reply.status, reply.error) == (503, "unavailable")
    assert int(reply.headers["retry-after"]) > 0
    assert "passages.jsonl" not in reply.body.decode()  # a path of ours is nobody's business
    article = call(address, "api/articles/go-cluster-2014")
    assert (article.status, article.error) == (503, "unavailable")
    assert call(address, "articles/go-cluster-2014").status == 503
    assert by_mcp(address, question=QUESTION)[1].text == "'The index cannot be served at the moment.'"
    readiness = Readiness(own_index.index, assistant.index.version)
    assert readiness.problem(at_once=True)
    chat = Chat(Desk(assistant, Metrics("v"), readiness, 1), 1000, None, 0)
    english: Any = SimpleNamespace(headers={"accept-language": "en"})
    *_, (_, _, _, _, _, notice, *_) = chat.ask(QUESTION, (), english)
    assert TEXTS["en"]["unavailable"] in notice.value
    passages.write_bytes(whole)
    assert call(address, "readyz").json()["ready"]
    assert call(address, "api/ask", {"question": QUESTION}).status == 200


def test_a_version_that_newer_ones_have_replaced_is_no_damage(own_index: Settings) -> None:
    version = open_assistant(own_index).index.version
    readiness = Readiness(own_index.index, version)
    (own_index.index / "CURRENT").write_text("v-newer\n")
    shutil.move(own_index.index / version, own_index.index / "v-newer")
    assert readiness.problem(at_once=True) == ""
    (own_index.index / "CURRENT").write_text(f"{version}\n")
    assert "manifest.json" in readiness.problem(at_once=True)


def test_questions_are_logged_without_their_words(
    assistant: Assistant, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    for wanted in (False, True):
        address = start(assistant, settings, feedback_days=0, log_questions=wanted)
        capfd.readouterr()
        call(address, "api/ask", {"question": QUESTION})
        (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
        entry = json.loads(line)
        assert (entry["event"], entry["surface"], entry["outcome"]) == ("question", "api", "answered")
        assert entry["articles"] == ["go-cluster-2014"]
        assert ("go-cluster?" in line) == wanted


# One at a time


class Slow(Echo):
    """Takes its time, as the encoder does on a busy machine."""

    def ask(self, question: str, **options: Any) -> Any:
        time.sleep(0.3)
        return super().ask(question, **options)


def test_too_many_waiting_are_told_to_come_back_and_those_who_left_are_not_answered() -> None:
    slow = Slow(an_article())
    address = start(slow, waiting=2)
    host, port = str(urlsplit(address).hostname), urlsplit(address).port
    body = json.dumps({"question": "Le"}).encode()
    head = b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    clients = []
    for _ in range(3):  # one is answered, two wait
        client = socket.create_connection((host, port))
        client.sendall(head + body)
        clients.append(client)
        time.sleep(0.02)
    refused = call(address, "api/ask", {"question": "Le"})
    assert (refused.status, refused.error, refused.headers["retry-after"]) == (503, "busy", "3")
    streamed = call(address, "api/ask/stream", {"question": "Le"})
    assert (streamed.status, streamed.error, streamed.headers["retry-after"]) == (503, "busy", "3")
    for client in clients:
        client.close()
    deadline = time.monotonic() + 10
    while call(address, "api/ask", {"question": "Fin"}).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [question for question, _ in slow.asked].count("Le") <= 2
