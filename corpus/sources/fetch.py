"""The one HTTP client of the house: guarded, polite, and bounded in time, size and patience.

A page is asked for at most `attempts` times: again after a lost connection, an answer cut off, 429 and 5xx, waiting
longer each time or as long as the server says (Retry-After). Nothing of the environment (proxies, .netrc) is used, no
cookie is kept, and credentials in an address are dropped. Only gzip and deflate are asked for, as both can be unpacked
a piece at a time: a small answer that unpacks to a huge one is refused once it passes the limit, not after.
"""

from __future__ import annotations

import datetime
import email.message
import email.utils
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType

import httpcore
import httpx

from corpus.sources.guard import Allowed, GuardedNetwork
from errors import FetchError

__all__ = ["GONE", "Fetched", "Fetcher", "Limits", "inflate", "joined_address", "parse_address"]

GONE = (404, 410)
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_ELSEWHERE = (301, 302, 303, 307, 308)
_REDIRECTS = 10
_TIRED = 3
"""So many pages in a row that a host failed to give: from then on each is asked for once, until one comes."""
_LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, but for `max_bytes` and `attempts`. `total` is for a whole answer, `timeout` for a silent server."""

    delay: float = 0.2
    timeout: float = 20.0
    total: float = 120.0
    max_bytes: int = 20_000_000
    attempts: int = 4
    backoff: float = 1.0
    patience: float = 120.0
    """The longest that a server may make us wait (Retry-After); one that asks for more is left alone."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: 200 with its body unpacked, or 304 with none. `url` is where it came from, after redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes

    @property
    def charset(self) -> str:
        """As the server says it, which may be wrong; empty where it says nothing."""
        said = email.message.Message()
        said["content-type"] = self.headers.get("content-type", "")
        return said.get_content_charset() or ""

    @property
    def validators(self) -> tuple[str, str]:
        """ETag and Last-Modified, for asking next time whether anything changed."""
        return self.headers.get("etag", ""), self.headers.get("last-modified", "")

    @property
    def date(self) -> datetime.datetime | None:
        """The server's own clock."""
        return _date(self.headers.get("date", ""))


class Fetcher:
    """Fetches pages one at a time, `limits.delay` seconds apart on one host. To be closed, or used with `with`."""

    def __init__(self, allowed: Allowed | None = None, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._network = GuardedNetwork(allowed or Allowed())
        context = httpcore.default_ssl_context()
        context.load_default_certs()  # and those this machine was told to trust
        self._pool = httpcore.ConnectionPool(context, keepalive_expiry=5.0, network_backend=self._network)
        self._asked: dict[str, float] = {}
        self._failed: dict[str, int] = {}

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def fetch(self, url: str, *, validators: tuple[str, str] = ("", "")) -> Fetched:
        """The page at `url`; status 304 where nothing changed since `validators` were given.

        Raises FetchError with the `status` of any other answer, 0 where there was none.
        """
        host = _host(url)
        attempts = 1 if self._failed.get(host, 0) >= _TIRED else self._limits.attempts
        for attempt in range(1, attempts + 1):
            try:
                fetched = self._follow(url, validators)
            except _Again as again:
                pause = again.pause if again.pause is not None else self._limits.backoff * 2 ** (attempt - 1)
                if attempt < attempts and pause <= self._limits.patience:
                    time.sleep(pause)
                    continue
                self._failed[host] = self._failed.get(host, 0) + 1
                raise FetchError(url, again.problem, again.status) from None
            self._failed.pop(host, None)
            return fetched
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, url: str, validators: tuple[str, str]) -> Fetched:
        here = first = parse_address(url)
        for _ in range(_REDIRECTS + 1):
            try:
                fetched = self._ask(here, validators)
            except FetchError as error:
                raise FetchError(url, error.problem if here == first else f"leads to {here}: {error.problem}") from None
            if fetched.status not in _ELSEWHERE or "location" not in fetched.headers:
                return _accept(fetched, url)
            here = parse_address(_location(fetched), of=url, base=here)
        raise FetchError(url, f"is redirected more than {_REDIRECTS} times")

    def _ask(self, url: httpx.URL, validators: tuple[str, str]) -> Fetched:
        """One request and its answer, whatever its status; only a good one's body is read."""
        self._wait(url.host)
        self._network.deadline = time.monotonic() + self._limits.total
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        step = self._limits.timeout
        timeouts = {"timeout": {"connect": step, "read": step, "write": step, "pool": step}}
        try:
            with self._pool.stream("GET", target, headers=_headers(validators), extensions=timeouts) as response:
                headers = _joined(response.headers)
                body = self._body(str(url), headers, response.iter_stream()) if response.status == 200 else b""
                return Fetched(str(url), response.status, headers, body)
        except _LOST as error:
            raise _Again(_in_words(error)) from None
        finally:
            self._asked[url.host] = time.monotonic()

    def _body(self, url: str, headers: Mapping[str, str], chunks: Iterator[bytes]) -> bytes:
        most, length = self._limits.max_bytes, headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise FetchError(url, f"is {int(length):,} bytes long; at most {most:,} are read (--max-bytes)")
        try:
            return inflate(chunks, headers.get("content-encoding", ""), most)
        except ValueError as error:
            raise FetchError(url, str(error)) from None
        except (EOFError, zlib.error) as error:
            raise _Again(f"is packed, but damaged ({error})") from None

    def _wait(self, host: str) -> None:
        since = time.monotonic() - self._asked.get(host, float("-inf"))
        time.sleep(max(0.0, self._limits.delay - since))


def inflate(chunks: Iterable[bytes], encoding: str, most: int) -> bytes:
    """`chunks` joined, and unpacked if `encoding` is gzip or deflate.

    Raises ValueError for more than `most` bytes, packed or unpacked, and for another encoding; EOFError and zlib.error
    for what is damaged.
    """
    name = encoding.strip().lower().removeprefix("x-")
    if name not in ("", "identity", "gzip", "deflate"):
        raise ValueError(f"is packed as {name[:40]!r}, which was not asked for; expected gzip or deflate")
    chunks = _bounded(chunks, most, "is")
    return b"".join(chunks if name in ("", "identity") else _bounded(_unpacked(chunks, name), most, "unpacks to"))


def _unpacked(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """A piece at a time, each at most a megabyte. Members that follow one another (gzip) are one text."""
    unpacker = None
    for chunk in chunks:
        while chunk:
            unpacker = unpacker or zlib.decompressobj(_window(name, chunk))
            yield unpacker.decompress(chunk, 1_000_000)
            chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            unpacker = None if unpacker.eof else unpacker
    if unpacker:
        raise EOFError("it ends early")


def _window(name: str, chunk: bytes) -> int:
    """What zlib calls the format. Some servers send deflate without the zlib header that belongs to it: as a block of
    deflate its first byte would announce stored bytes, with a bit set that every packer leaves at zero.
    """
    if name == "gzip":
        return zlib.MAX_WBITS | 16
    return zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS


def _bounded(chunks: Iterable[bytes], most: int, what: str) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > most:
            raise ValueError(f"{what} more than {most:,} bytes long (--max-bytes)")
        yield chunk


class _Again(Exception):
    """An answer that may be better next time, after `pause` seconds where the server says so."""

    def __init__(self, problem: str, status: int = 0, pause: float | None = None) -> None:
        self.problem, self.status, self.pause = problem, status, pause
        super().__init__(problem)


def _accept(fetched: Fetched, url: str) -> Fetched:
    if fetched.status in (200, 304):
        return fetched
    problem = f"answers {fetched.status}"
    if fetched.status not in _AGAIN:
        raise FetchError(url, problem, fetched.status)
    pause = _pause(fetched.headers.get("retry-after", ""))
    asked = f" and asks to wait {pause:.0f} seconds" if pause is not None else ""
    raise _Again(problem + asked, fetched.status, pause)


def _pause(text: str) -> float | None:
    """Retry-After, in seconds or as a date, as seconds from now."""
    if text.strip().isdecimal():
        return float(text)
    date = _date(text)
    return max(0.0, (date - datetime.datetime.now(datetime.UTC)).total_seconds()) if date else None


def _date(text: str) -> datetime.datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=datetime.UTC)


def parse_address(url: str, *, of: str = "", base: httpx.URL | None = None) -> httpx.URL:
    """The address to ask, without credentials. Raises FetchError for one that is none of the web's."""
    told = "is redirected to an address that is none of the web's" if of else "is no address of the web"
    try:
        parsed = base.join(url) if base else httpx.URL(url)
        web = parsed.scheme in ("http", "https") and parsed.host
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(of or url, f"{told}: {url[:200]!r} ({error})") from None
    if not web:
        raise FetchError(of or url, f"{told}: {url[:200]!r}; expected http:// or https:// and a host")
    return parsed.copy_with(username=None, password=None, fragment=None)


def joined_address(base: str, link: str) -> str:
    """Where a link on the page `base` leads; empty for one that leads nowhere on the web."""
    try:
        return str(parse_address(link, base=httpx.URL(base)))
    except FetchError:
        return ""


def _host(url: str) -> str:
    return parse_address(url).host


def _location(fetched: Fetched) -> str:
    """Where to go instead; headers are bytes, and sites write UTF-8 into this one."""
    return fetched.headers.get("location", "").encode("latin-1").decode("utf-8", "replace")


def _headers(validators: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    given = [
        ("User-Agent", "ask-the-bulletin (python -m corpus sync)"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("If-None-Match", validators[0]),
        ("If-Modified-Since", validators[1]),
    ]
    return [(name.encode(), value.encode("latin-1")) for name, value in given if value]


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name; what is said in several lines (Link) as if it were said in one."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _in_words(error: Exception) -> str:
    said = str(error) or type(error).__name__
    if isinstance(error, httpcore.TimeoutException):
        return f"does not answer in time ({said})"
    if isinstance(error, httpcore.ConnectError):
        return f"cannot be reached ({said})"
    return f"is cut off ({said})"
