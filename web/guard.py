"""What stands between strangers and the application: small ASGI layers, each for one thing.

    Headers ▸ (CORS) ▸ BodyLimit ▸ RateLimit ▸ GradioGate ▸ the application

A request that is turned away costs no more than reading its head.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api import MAX_TEXT, MAX_TURNS, RETRY_AFTER_S, problem
from web.metrics import Metrics

MAX_BODY: Final = 65_536
"""Bytes: ten earlier questions of a thousand characters and a new one, in four-byte letters, fit in."""
_ASKING: Final = (
    "/api/ask", "/api/feedback", "/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/call/", "/gradio_api/mcp",
)  # fmt: skip
_IPV6_NETWORK = 64
"""Bits that one household has to itself."""

_GRADIO_GET: Final = (
    "/gradio_api/queue/data", "/gradio_api/heartbeat/", "/gradio_api/info", "/gradio_api/app_id",
    "/gradio_api/startup-events", "/gradio_api/theme.css", "/gradio_api/call/ask/", "/gradio_api/mcp",
)  # fmt: skip
_GRADIO_POST: Final = (
    "/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/call/ask", "/gradio_api/cancel",
    "/gradio_api/mcp",
)  # fmt: skip


class Headers:
    """Puts `headers` on every response."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                if message["status"] == 503:  # Gradio's own queue does not say when to come back
                    headers.setdefault("retry-after", str(RETRY_AFTER_S))
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """413 for a body of more than MAX_BODY bytes: by what its head says, else as soon as so many have come."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = RequestHeaders(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > MAX_BODY:
            return await self._refuse(scope, receive, send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, send)
        body = await _read(receive, MAX_BODY)
        if body is None:
            return await self._refuse(scope, receive, send)
        await self.app(scope, _replay(body, receive), send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.metrics.turned_away("too_large")
        message = f"A request has at most {MAX_BODY} bytes."
        await problem("too_large", message, {"Connection": "close"})(scope, receive, send)


class RateLimit:
    """429 for an address that asks more often than `rate` (limits' moving window, in memory)."""

    def __init__(self, app: ASGIApp, rate: str, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asking = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(_ASKING)
        if not asking:
            return await self.app(scope, receive, send)
        client = client_key((scope.get("client") or ("", 0))[0])
        if self._limiter.hit(self._rate, client):
            return await self.app(scope, receive, send)
        self.metrics.turned_away("rate_limited")
        again = max(1, round(self._limiter.get_window_stats(self._rate, client).reset_time - time.time()))
        message = f"At most {self._rate} from one address; ask again in {again} s."
        await problem("rate_limited", message, {"Retry-After": str(again)})(scope, receive, send)


def client_key(address: str) -> str:
    """Who is counted as one: an IPv4 address, or an IPv6 network of _IPV6_NETWORK bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)


class GradioGate:
    """Of Gradio's many routes only those that the page, gradio_client and MCP need, and only the data they may send.

    Gradio checks neither: a raw call may bring values for components that are outputs, of any type and size.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/gradio_api"):
            return await self.app(scope, receive, send)
        reading = scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE")
        if not path.startswith(_GRADIO_GET if reading else _GRADIO_POST):
            return await self._refuse("not_found", "There is no such page.", scope, receive, send)
        if reading or "/mcp" in path or path.endswith("/cancel"):
            return await self.app(scope, receive, send)
        body = await _read(receive, MAX_BODY) or b""
        if wrong := _wrong(body):
            return await self._refuse("invalid", wrong, scope, receive, send)
        await self.app(scope, _replay(body, receive), send)

    async def _refuse(self, kind: str, message: str, scope: Scope, receive: Receive, send: Send) -> None:
        self.metrics.turned_away(kind)
        await problem(kind, message)(scope, receive, send)


def _wrong(body: bytes) -> str:
    """What cannot be in a call of ours: "" where it may be one."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return "The body is not JSON."
    data = call.get("data") if isinstance(call, dict) else None
    if not isinstance(data, list) or len(data) > 3:
        return "`data` is not a list of at most three values."
    return next((wrong for value in data if (wrong := _wrong_value(value))), "")


def _wrong_value(value: Any) -> str:
    """Texts, nothing, numbers (a thumb's) and lists of texts are all that the page and the named endpoint take."""
    texts = value if isinstance(value, list) else [value]
    if not all(text is None or isinstance(text, (str, int)) for text in texts):
        return "`data` holds something that is neither a text nor a list of texts."
    if isinstance(value, list) and len(value) > MAX_TURNS:
        return f"`data` holds more than {MAX_TURNS} earlier questions."
    if any(isinstance(text, str) and len(text) > MAX_TEXT for text in texts):
        return f"`data` holds a text of more than {MAX_TEXT} characters."
    return ""


async def _read(receive: Receive, most: int) -> bytes | None:
    """The body, or None when it is longer than `most` bytes; b"" when the client has left."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A `receive` that gives the body that was read already, then whatever comes (that the client has left)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
