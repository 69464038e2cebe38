"""Fetching from a real server that misbehaves: in time, within size, and as patiently as it asks for."""

from __future__ import annotations

import email.utils
import gzip
import time
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sources.fetch import Fetched, Fetcher, Limits, inflate, joined_address
from corpus.sources.guard import Allowed
from errors import FetchError
from tests.misbehaving import Misbehaving, Visit, misbehaving, problem

HOST = "127.0.0.2"
QUICK = Limits(delay=0, timeout=1, total=3, max_bytes=100_000, backoff=0.01, patience=2)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving(HOST) as server:
        yield server


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Allowed.parse([HOST]), QUICK) as fetcher:
        yield fetcher


# What is asked, and what comes


def test_it_says_who_asks_and_sends_no_secret(fetcher: Fetcher, server: Misbehaving) -> None:
    seen: list[Visit] = []

    def reply(visit: Visit) -> None:
        seen.append(visit)
        visit.send("a", set_cookie="a=b")

    url = server.reply("/who", reply)
    for _ in range(2):
        fetcher.fetch(url.replace("//", "//user:word@"))
    for visit in seen:
        assert visit.headers["user-agent"].startswith("ask-the-bulletin")
        assert visit.headers.keys() == {"host", "user-agent", "accept", "accept-encoding"}


def test_an_answer_is_asked_for_again_only_if_it_changed(fetcher: Fetcher, server: Misbehaving) -> None:
    def reply(visit: Visit) -> None:
        fresh = visit.headers.get("if-none-match") == '"1"' and visit.headers.get("if-modified-since") == "yesterday"
        visit.send("" if fresh else "long", 304 if fresh else 200, etag='"1"', last_modified="yesterday")

    url = server.reply("/conditional", reply)
    first = fetcher.fetch(url)
    assert (first.status, first.body) == (200, b"long")
    assert fetcher.fetch(url, validators=first.validators).status == 304


def test_a_redirect_is_followed_to_where_it_leads(fetcher: Fetcher, server: Misbehaving) -> None:
    server.page("/d%C3%A9j%C3%A0?n=1", "there")
    server.page("/b", "", 308, location="/déjà?n=1#part")
    fetched = fetcher.fetch(server.page("/a", "", 301, location="b"))
    assert (fetched.body, fetched.url) == (b"there", f"{server.address}/d%C3%A9j%C3%A0?n=1")


def test_a_loop_ends(fetcher: Fetcher, server: Misbehaving) -> None:
    before = len(server.asked)
    assert problem(fetcher, server.page("/loop", "", 302, location="/loop")) == "is redirected more than 10 times"
    assert len(server.asked) - before == 11


@pytest.mark.parametrize(
    ("said", "charset"),
    [("text/html; charset=ISO-8859-1", "iso-8859-1"), ('text/html; Charset="utf-8"', "utf-8"), ("text/html", "")],
)
def test_the_charset_is_what_the_server_says(fetcher: Fetcher, server: Misbehaving, said: str, charset: str) -> None:
    assert fetcher.fetch(server.page("/charset", "a", content_type=said)).charset == charset


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 204, 206, 301])
def test_what_will_not_get_better_is_asked_for_once(fetcher: Fetcher, server: Misbehaving, status: int) -> None:
    url = server.page(f"/status/{status}", "", status)
    with pytest.raises(FetchError, match=f"answers {status}") as caught:
        fetcher.fetch(url)
    assert caught.value.status == status
    assert server.asked.count(f"/status/{status}") == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_get_better_is_asked_for_again(fetcher: Fetcher, server: Misbehaving, status: int) -> None:
    path = f"/recovers/{status}"
    url = server.reply(path, lambda visit: visit.send("well", 200 if visit.number == 3 else status))
    assert fetcher.fetch(url).body == b"well"
    assert server.asked.count(path) == 3


def test_a_server_that_stays_down_is_left_alone_in_the_end(server: Misbehaving) -> None:
    """Four times each for the first three pages, then once each, and patiently again once one has come."""
    urls = [server.page(f"/down/{n}", "", 500) for n in range(5)]
    with Fetcher(Allowed.parse([HOST]), QUICK) as fetcher:
        assert {problem(fetcher, url) for url in urls} == {"answers 500"}
        assert [server.asked.count(f"/down/{n}") for n in range(5)] == [4, 4, 4, 1, 1]
        fetcher.fetch(server.page("/up", "up"))
        problem(fetcher, urls[4])
        assert server.asked.count("/down/4") == 5


def retry_after(server: Misbehaving, path: str, says: str) -> str:
    def reply(visit: Visit) -> None:
        visit.send("well", **({"status": 429, "retry_after": says} if visit.number == 1 else {}))  # type: ignore[arg-type]

    return server.reply(path, reply)


def test_a_server_that_says_when_to_come_back_is_heeded(fetcher: Fetcher, server: Misbehaving) -> None:
    start = time.monotonic()
    assert fetcher.fetch(retry_after(server, "/later", "1")).body == b"well"
    assert time.monotonic() - start >= 1
    past = email.utils.format_datetime(email.utils.localtime())
    assert fetcher.fetch(retry_after(server, "/now", past)).body == b"well"


def test_a_server_that_says_tomorrow_is_not_waited_for(fetcher: Fetcher, server: Misbehaving) -> None:
    url = retry_after(server, "/tomorrow", "86400")
    assert problem(fetcher, url) == "answers 429 and asks to wait 86400 seconds"
    assert server.asked.count("/tomorrow") == 1


def test_requests_to_one_host_keep_their_distance(server: Misbehaving) -> None:
    times: list[float] = []

    def reply(visit: Visit) -> None:
        times.append(time.monotonic())
        visit.send("a")

    url = server.reply("/often", reply)
    with Fetcher(Allowed.parse([HOST]), Limits(delay=0.1)) as fetcher:
        for _ in range(3):
            fetcher.fetch(url)
    assert min(later - earlier for earlier, later in zip(times, times[1:], strict=False)) >= 0.1


HEADER_TEXT = st.text(st.characters(max_codepoint=255, blacklist_characters="\r\n"))
BEGINNINGS = st.sampled_from(["", "http://", "//", "http:", "https://[", "http://xn--", "file:", "/", "?", "http://a:"])


@given(BEGINNINGS, st.text())
def test_what_is_linked_is_an_address_of_the_web_or_nothing(beginning: str, rest: str) -> None:
    address = joined_address("http://a.example/b", beginning + rest)
    assert not address or address.startswith(("http://", "https://"))


@given(HEADER_TEXT, st.sampled_from(["", "text/html; charset=", "text/html; charset*=utf-8''"]))
def test_headers_are_read_whatever_they_hold(text: str, beginning: str) -> None:
    names = ("content-type", "date", "etag")
    fetched = Fetched("http://a.example/", 200, dict.fromkeys(names, beginning + text), b"")
    assert isinstance(fetched.charset, str)
    assert fetched.validators == (beginning + text, "")
    assert fetched.date is None or fetched.date.tzinfo


def test_a_validator_is_given_back_as_it_came(fetcher: Fetcher, server: Misbehaving) -> None:
    seen: list[str] = []

    def reply(visit: Visit) -> None:
        seen.append(visit.headers.get("if-none-match", ""))
        visit.raw(HEAD + 'ETag: "é"\r\n\r\n'.encode("latin-1"))

    url = server.reply("/odd", reply)
    fetcher.fetch(url, validators=fetcher.fetch(url).validators)
    assert seen == ["", '"é"']


# Time, size, and what is broken


def drip(start: bytes, step: bytes) -> Callable[[Visit], None]:
    """`start`, then a little for as long as anyone listens: never silent for as long as a timeout."""

    def reply(visit: Visit) -> None:
        visit.raw(start)
        for _ in range(200):
            time.sleep(0.05)
            visit.raw(step)

    return reply


@pytest.mark.parametrize(
    ("start", "step"),
    [(HEAD + b"\r\n", b"a"), (HEAD, b"A: b\r\n"), (b"HTTP/1.1 ", b"2"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["body", "headers", "status", "continue"],
)
def test_a_server_that_drips_is_left_after_the_whole_time(server: Misbehaving, start: bytes, step: bytes) -> None:
    url = server.reply("/drip", drip(start, step))
    begun = time.monotonic()
    with Fetcher(Allowed.parse([HOST]), Limits(delay=0, timeout=0.3, total=0.6, attempts=1)) as fetcher:
        assert "in time" in problem(fetcher, url)
    assert 0.5 < time.monotonic() - begun < 9  # it drips for ten


def test_a_silent_server_is_left_after_the_timeout(fetcher: Fetcher, server: Misbehaving) -> None:
    def reply(visit: Visit) -> None:
        time.sleep(0 if visit.number == 2 else 1.5)
        visit.send("at last")

    assert fetcher.fetch(server.reply("/silent", reply)).body == b"at last"
    assert server.asked.count("/silent") == 2


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 100\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"half of this" * 99)[:-12],
        HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip at all",
        b"",
        b"\x16\x03\x01 what is this",
    ],
    ids=["length", "chunk", "chunk size", "gzip", "not gzip", "nothing", "not http"],
)
def test_what_is_cut_off_is_asked_for_again_and_never_taken_for_whole(
    fetcher: Fetcher, server: Misbehaving, answer: bytes
) -> None:
    path = f"/cut/{zlib.crc32(answer)}"
    url = server.reply(path, lambda visit: visit.send("whole") if visit.number == 2 else (visit.raw(answer), None)[1])
    assert fetcher.fetch(url).body == b"whole"
    always = server.reply(path + "/always", lambda visit: (visit.raw(answer), None)[1])
    assert "cut off" in problem(fetcher, always) or "damaged" in problem(fetcher, always)


def test_what_is_too_large_is_refused_before_it_is_read(fetcher: Fetcher, server: Misbehaving) -> None:
    url = server.reply("/large", lambda visit: (visit.raw(HEAD + b"Content-Length: 9000000000\r\n\r\n"), None)[1])
    assert problem(fetcher, url) == "is 9,000,000,000 bytes long; at most 100,000 are read (--max-bytes)"


def test_what_never_ends_is_refused_at_the_limit(fetcher: Fetcher, server: Misbehaving) -> None:
    def reply(visit: Visit) -> None:
        visit.raw(HEAD + b"\r\n")
        while True:
            visit.raw(b"a" * 10_000)

    assert problem(fetcher, server.reply("/endless", reply)) == "is more than 100,000 bytes long (--max-bytes)"


BOMB = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
BOMB_BYTES = b"".join(BOMB.compress(bytes(1_000_000)) for _ in range(50)) + BOMB.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", BOMB_BYTES), ("deflate", zlib.compress(bytes(50_000_000))), ("x-gzip", BOMB_BYTES)],
)
def test_a_bomb_is_defused(fetcher: Fetcher, server: Misbehaving, encoding: str, body: bytes) -> None:
    assert len(body) < 100_000
    url = server.page("/bomb", body, content_encoding=encoding)
    assert problem(fetcher, url) == "unpacks to more than 100,000 bytes long (--max-bytes)"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_what_was_not_asked_for_is_not_unpacked(fetcher: Fetcher, server: Misbehaving, encoding: str) -> None:
    assert "was not asked for" in problem(fetcher, server.page("/packed", "a", content_encoding=encoding))


@given(st.binary(max_size=3000), st.integers(1, 200), st.sampled_from(["", "gzip", "deflate", "raw", "members"]))
def test_what_was_packed_is_unpacked(data: bytes, size: int, how: str) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed, encoding = {
        "": (data, ""),
        "gzip": (gzip.compress(data), "gzip"),
        "deflate": (zlib.compress(data), "deflate"),
        "raw": (raw.compress(data) + raw.flush(), "deflate"),
        "members": (gzip.compress(data[:50]) + gzip.compress(data[50:]), "gzip"),
    }[how]
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert inflate(chunks, encoding, 3000) == data
