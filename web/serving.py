"""Everything public on a port of this machine: API, pages and chat in one application behind the guard, the headers
that keep its pages to themselves, and a clear word when the port cannot be had.

Gradio's own `launch` is not used: it goes on to the next free port, asks itself over the network whether it is
there (through the proxy of the environment, if there is one), and leaves no room for headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import fastapi
import gradio as gr
import uvicorn
from starlette.middleware.cors import CORSMiddleware

from answer.ask import Assistant
from answer.feedback import Feedback
from errors import SettingsError, StorageError
from settings import Settings
from web.api import add_api
from web.chat import build_chat
from web.desk import Desk
from web.filters import add_filters
from web.guard import BodyLimit, GradioGate, Headers, RateLimit
from web.layout import WORDS
from web.metrics import Metrics
from web.pages import add_pages
from web.probes import add_probes
from web.readiness import Readiness
from web.swap import Reopen, Watch
from web.texts import FIELDS, TEXTS

log = logging.getLogger(__name__)
_HERE: Final = Path(__file__).parent

MAX_UPLOAD = "1kb"
"""The chat takes no files; the guard lets no upload through, and this would stop one."""
FORGET_EVERY_S: Final = 3600
THREADS: Final = 8
"""Gradio's 40 threads would only queue for the encoder's few cores."""


def headers(origins: Sequence[str]) -> dict[str, str]:
    """What every response carries. `origins`: sites that may show the chat in a frame."""
    ancestors = " ".join(("'self'", *origins))
    return {
        # What an article or a question could slip past the escaping has nowhere to load from or to send to. Gradio's
        # page needs inline scripts and styles; it does not need eval as long as no gr.HTML and no `js=` is used.
        "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        f"manifest-src 'self'; form-action 'none'; base-uri 'self'; frame-ancestors {ancestors}",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


def serve(assistant: Assistant, settings: Settings, reopen: Reopen | None = None) -> None:
    """Serve until interrupted; one line says where, once it answers. With `reopen` the version of the index that is
    live is taken whenever that is another one.

    Raises SettingsError when it cannot listen on the port, StorageError when feedback could not be kept.
    """
    _log_to_stderr()
    version = assistant.index.version
    readiness = Readiness(settings.index, version)
    desk = Desk(assistant, Metrics(version), readiness, settings.waiting, settings.log_questions)
    del assistant  # its index is let go of when another version is taken
    feedback = Feedback(settings.feedback, settings.feedback_days) if settings.feedback_days else None
    if not feedback and settings.feedback.exists():
        Feedback(settings.feedback, days=0)  # what was kept before they were switched off goes
    watch = Watch(desk, settings.index, reopen) if reopen else contextlib.nullcontext()
    with _listen(settings.host, settings.port) as listener, watch:
        asyncio.run(_serve(partial(make_app, desk, feedback, settings), settings, listener, feedback))


def make_app(desk: Desk, feedback: Feedback | None, settings: Settings) -> fastapi.FastAPI:
    """An ASGI app: the API and the pages, and the chat at `/`."""
    app = fastapi.FastAPI(
        title="Ask the Bulletin", version="1", docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json",
    )  # fmt: skip
    # The last one added is the first to see a request.
    app.add_middleware(GradioGate, metrics=desk.metrics)
    app.add_middleware(RateLimit, rate=settings.rate, metrics=desk.metrics)
    app.add_middleware(BodyLimit, metrics=desk.metrics)
    # A policy of the parent's, even an empty list: without one Gradio reflects every origin.
    app.add_middleware(
        CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET", "POST"],
        allow_headers=["content-type"], expose_headers=["retry-after"],
    )  # fmt: skip
    app.add_middleware(Headers, headers=headers(settings.origins))
    add_api(app, desk, feedback)
    add_pages(app, desk, feedback is not None)
    add_filters(app, desk)
    add_probes(app, desk)
    page = build_chat(desk, settings, feedback)
    page.max_threads = THREADS
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
        mcp_server=True,
        i18n=WORDS,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        favicon_path=str(_HERE / "favicon.png"),
        css_paths=[_HERE / "chat.css"],
        # Not with the other sheet: Gradio rewrites what is in there, and takes `:root` for its own.
        head=f"<style>{(_HERE / 'palette.css').read_text('utf-8')}</style><script>{_script()}</script>",
    )
    return app


def _log_to_stderr() -> None:
    """The log of questions and of versions taken: a JSON object a line, as a service manager collects them."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("bulletin.questions", "bulletin.versions"):
        lines = logging.getLogger(name)
        lines.handlers, lines.propagate = [handler], False
        lines.setLevel(logging.INFO)


def _script() -> str:
    keys = ("conversation", "waiting", "rate_limited", "busy", "unavailable", "again", "soon", *FIELDS)
    names = {lang: {key: texts[key] for key in keys} for lang, texts in TEXTS.items()}
    return (_HERE / "chat.js").read_text(encoding="utf-8").replace("WORDS", json.dumps(names), 1)


async def _serve(
    build: Callable[[], fastapi.FastAPI], settings: Settings, listener: socket.socket, feedback: Feedback | None
) -> None:
    # Built in here: outside a running event loop, Gradio opens loops of its own and never closes them.
    config = uvicorn.Config(
        build(), log_level="warning", timeout_graceful_shutdown=2, forwarded_allow_ips=list(settings.proxies)
    )
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    announcement = f"Ask the Bulletin: http://{shown}:{listener.getsockname()[1]}"
    forgetting = asyncio.create_task(_forget_in_time(feedback)) if feedback else None
    await _Server(config, announcement).serve(sockets=[listener])
    if forgetting:
        forgetting.cancel()


async def _forget_in_time(feedback: Feedback) -> None:
    """What readers said is kept for as many days as they were told, also where nobody says anything more."""
    while True:
        await asyncio.sleep(FORGET_EVERY_S)
        try:
            await asyncio.to_thread(feedback.forget)
        except StorageError:
            log.exception("feedback that is too old could not be deleted")


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
