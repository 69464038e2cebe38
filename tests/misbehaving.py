"""A real web server that does what it is told, good or bad, and remembers what it was asked for."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from corpus.sources.fetch import Fetcher
from errors import FetchError

Reply = Callable[["Visit"], None]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `send` answers it as a good server would; `raw` writes to the connection whatever it is given."""

    path: str
    headers: Mapping[str, str]
    number: int
    """The how-manieth request for this path it is, from 1."""
    raw: Callable[[bytes], object] = field(repr=False)

    def send(self, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        """`content_type="…"` is the header Content-Type; without one it is UTF-8 HTML."""
        body = body.encode() if isinstance(body, str) else body
        said = {"content_type": "text/html; charset=utf-8", "content_length": str(len(body)), **headers}
        lines = [f"HTTP/1.1 {status} So", *(f"{name.replace('_', '-')}: {value}" for name, value in said.items())]
        self.raw("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)


class Misbehaving:
    """`replies` by path; "*" is for all others, and without it these are 404."""

    def __init__(self, host: str) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer((host, 0), self._handler())
        self.address = f"http://{host}:{self._server.server_port}"

    def page(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> str:
        """The address that from now on answers this."""
        self.replies[path] = lambda visit: visit.send(body, status, **headers)
        return self.address + path

    def reply(self, path: str, reply: Reply) -> str:
        self.replies[path] = reply
        return self.address + path

    def pages(self) -> list[str]:
        """What it was asked for, but for sitemaps and feeds."""
        return [path for path in list(self.asked) if not path.endswith(".xml")]

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with told._lock:
                    told.asked.append(self.path)
                    number = told.asked.count(self.path)
                reply = told.replies.get(self.path, told.replies.get("*", lambda visit: visit.send(status=404)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with contextlib.suppress(ConnectionError):  # who asked may have left, and that is what is tested
                    reply(Visit(self.path, headers, number, self.wfile.write))
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def misbehaving(host: str = "127.0.0.2") -> Iterator[Misbehaving]:
    """Not on 127.0.0.1: so that this server may be listed, and where it leads to not."""
    server = Misbehaving(host)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def problem(fetcher: Fetcher, url: str) -> str:
    """Why this address cannot be fetched."""
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    assert caught.value.url == url
    return caught.value.problem
