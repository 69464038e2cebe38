"""The page on a port of this machine: the web server, the headers that keep the page to itself, and a clear word
when the port cannot be had.

Gradio's own `launch` is not used: it goes on to the next free port, asks itself over the network whether it is
there (through the proxy of the environment, if there is one), and leaves no room for headers.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import fastapi
import gradio as gr
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import SettingsError
from web.texts import TEXTS

_HERE: Final = Path(__file__).parent

HEADERS: Final = {
    # What an article or a question could slip past the escaping has nowhere to load from or to send to. Gradio's page
    # needs inline scripts and styles; it does not need eval as long as no gr.HTML and no `js=` is used.
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'none'; base-uri 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
MAX_UPLOAD = "1kb"
"""The chat takes no files, but Gradio's upload route is there; unset, it takes files of any size."""
THREADS: Final = 8
"""Gradio's 40 threads would only queue for the encoder's few cores."""


def make_app(page: gr.Blocks, words: gr.I18n) -> fastapi.FastAPI:
    """An ASGI app with the page at `/`."""
    page.max_threads = THREADS
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # An empty list of origins: with a policy of the parent's, Gradio no longer reflects every origin.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(_Headers)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=MAX_UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        i18n=words,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        favicon_path=str(_HERE / "favicon.png"),
        css_paths=[_HERE / "chat.css"],
        head=f"<script>{_script()}</script>",
    )
    return app


def _script() -> str:
    names = {lang: {"conversation": texts["conversation"]} for lang, texts in TEXTS.items()}
    return (_HERE / "chat.js").read_text(encoding="utf-8").replace("WORDS", json.dumps(names), 1)


def run(build: Callable[[], gr.Blocks], words: gr.I18n, host: str, port: int) -> None:
    """Build the page and serve it until interrupted. Raises SettingsError when it cannot listen on `host`, `port`."""
    with _listen(host, port) as listener:
        asyncio.run(_serve(build, words, host, listener))


async def _serve(build: Callable[[], gr.Blocks], words: gr.I18n, host: str, listener: socket.socket) -> None:
    # Built in here: outside a running event loop, Gradio opens loops of its own and never closes them.
    config = uvicorn.Config(make_app(build(), words), log_level="warning", timeout_graceful_shutdown=2)
    shown = f"[{host}]" if ":" in host else host
    announcement = f"Ask the Bulletin: http://{shown}:{listener.getsockname()[1]}"
    await _Server(config, announcement).serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, had before anything else is begun: two processes can never both believe the port theirs."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(_why_not(error, host, port)) from error
    try:
        if os.name == "posix":  # on Windows this option lets two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
        return listener
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    another = f"`make chat PORT={port + 1 if port < 65535 else 7860}`, or set BULLETIN_PORT"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Choose another: {another}."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights than this program has. Choose one above 1023: {another}."
    return f"Cannot listen on {host}, port {port} ({error.strerror}). Is BULLETIN_HOST an address of this machine?"


class _Server(uvicorn.Server):
    """Says where it is only once it answers."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self.announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(self.announcement, flush=True)


class _Headers:
    """Puts HEADERS on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)
