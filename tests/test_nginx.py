"""The nginx configuration of the tree, in a real nginx, in front of two small servers that misbehave as told."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.machines import NGINX, Nginx, get, post

pytestmark = pytest.mark.skipif(not NGINX.exists(), reason="nginx is missing: sudo apt-get install nginx")

UNLIMITED = {"rate=30r/m": "rate=60000r/m"}


class Upstream:
    """Answers with what it saw, or as `mood` says: `busy` (503), `hangs up` once it has read, `streams` slowly."""

    def __init__(self) -> None:
        self.mood = ""
        self.seen: list[tuple[str, Mapping[str, str]]] = []
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                upstream.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                if upstream.mood == "hangs up":
                    self.close_connection = True
                elif upstream.mood == "streams":
                    self._stream()
                else:
                    self._answer(503 if upstream.mood == "busy" else 200)

            def do_GET(self) -> None:
                self.do_POST()

            def _answer(self, status: int) -> None:
                body = json.dumps({"from": upstream.port, "mood": upstream.mood}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Retry-After", "7")
                self.end_headers()
                self.wfile.write(body)

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for event in ("sources", "answer"):
                    self.wfile.write(f"event: {event}\n\n".encode())
                    self.wfile.flush()
                    time.sleep(0.5)

            def parse_request(self) -> bool:
                parsed = super().parse_request()
                if parsed and "content-length" not in self.headers:
                    self.headers["content-length"] = "0"
                return parsed

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


Pair = tuple[Upstream, Upstream, Nginx]


@contextlib.contextmanager
def a_pair(folder: Path, changes: Mapping[str, str]) -> Iterator[Pair]:
    first, second = Upstream(), Upstream()
    nginx = Nginx(folder, (first.port, second.port), changes)
    for upstream in (first, second):
        upstream.seen.clear()  # of its own start
    try:
        yield first, second, nginx
    finally:
        nginx.kill()
        first.close()
        second.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with a_pair(tmp_path, UNLIMITED) as pair:
        yield pair


def asked(nginx: Nginx, path: str = "/api/ask", **headers: str) -> tuple[int, Mapping[str, str], Any]:
    status, given, body = post(nginx.port, path, {"question": "Berlin?"}, **headers)
    return status, given, json.loads(body)


def test_a_question_is_passed_on_with_the_readers_own_address(pair: Pair) -> None:
    first, second, nginx = pair
    assert asked(nginx, **{"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"})[0] == 200
    ((path, headers),) = first.seen + second.seen
    assert path == "/api/ask"
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert headers["host"] == f"127.0.0.1:{nginx.port}"


def test_both_are_asked_in_turn(pair: Pair) -> None:
    first, second, nginx = pair
    for _ in range(10):
        asked(nginx)
    assert len(first.seen) == len(second.seen) == 5


@pytest.mark.parametrize("mood", ["busy", "hangs up"])
def test_a_question_that_one_does_not_answer_is_answered_by_the_other(pair: Pair, mood: str) -> None:
    first, second, nginx = pair
    first.mood = mood
    for path in ("/api/ask", "/api/ask/stream") * 5:
        status, _, body = asked(nginx, path)
        assert (status, body["from"]) == (200, second.port)
    assert 0 < len(first.seen) < 10  # after three failures it is left alone


def test_when_both_are_busy_their_own_word_comes_through(pair: Pair) -> None:
    first, second, nginx = pair
    first.mood = second.mood = "busy"
    status, headers, body = asked(nginx)
    assert (status, headers["retry-after"], body["mood"]) == (503, "7", "busy")
    assert len(first.seen) == len(second.seen) == 1
    for _ in range(8):  # both are left alone for a second; whoever asks is told so
        status, headers, _ = asked(nginx)
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
    first.mood = second.mood = ""
    time.sleep(2.2)  # nginx counts in whole seconds
    assert asked(nginx)[0] == 200


def test_a_thumb_is_sent_once(pair: Pair) -> None:
    first, second, nginx = pair
    first.mood = second.mood = "hangs up"
    status, headers, body = asked(nginx, "/api/feedback")
    assert (status, headers["retry-after"], body["error"]["type"]) == (503, "3", "unavailable")
    assert headers["access-control-allow-origin"] == "*"
    assert len(first.seen) + len(second.seen) == 1


def test_a_thumb_goes_to_the_other_where_one_cannot_be_reached(pair: Pair) -> None:
    first, second, nginx = pair
    first.close()
    assert [asked(nginx, "/api/feedback")[0] for _ in range(4)] == [200] * 4
    assert len(second.seen) == 4


def test_events_come_as_they_are_sent(pair: Pair) -> None:
    first, second, nginx = pair
    first.mood = second.mood = "streams"
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=30)
    connection.request("POST", "/api/ask/stream", "{}", {"content-type": "application/json"})
    reply = connection.getresponse()
    begun = time.monotonic()
    assert reply.readline() == b"event: sources\n"
    assert time.monotonic() - begun < 0.4  # the second is sent half a second later
    assert b"event: answer" in reply.read()
    connection.close()


def test_a_conversation_stays_where_it_is(pair: Pair) -> None:
    first, second, nginx = pair
    for _ in range(6):
        asked(nginx, "/gradio_api/queue/join")
        get(nginx.port, "/gradio_api/queue/data?session_hash=s")
    assert sorted([len(first.seen), len(second.seen)]) == [0, 12]


def test_the_numbers_are_not_public_and_no_body_is_too_large(pair: Pair) -> None:
    first, second, nginx = pair
    assert get(nginx.port, "/metrics")[0] == 404
    for path in ("/api/ask", "/api/feedback", "/api/articles/a", "/gradio_api/call/ask"):
        status, headers, body = post(nginx.port, path, {"question": "x" * 70_000})
        assert (status, headers["access-control-allow-origin"]) == (413, "*")
        assert json.loads(body)["error"]["type"] == "too_large"
    assert first.seen == second.seen == []


def test_what_one_address_may_ask_holds_for_both_together(tmp_path: Path) -> None:
    with a_pair(tmp_path, {}) as (first, second, nginx):
        replies = [asked(nginx) for _ in range(36)]
        assert [status for status, _, _ in replies][:31] == [200] * 31
        status, headers, body = replies[-1]
        assert (status, headers["retry-after"], body["error"]["type"]) == (429, "2", "rate_limited")
        assert headers["access-control-expose-headers"] == "Retry-After"
        assert len(first.seen) + len(second.seen) <= 33
        assert get(nginx.port, "/api/articles/a")[0] == 200  # reading is not asking
