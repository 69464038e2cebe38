"""What the tests of the widget share: a site on another origin, and what a visitor of it does."""

from __future__ import annotations

import dataclasses
import http.server
import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from records import Answer
from settings import Settings
from tests.public import WAIT_MS, Echo, a_citation, an_answer

QUESTION = "how many clusters are in go-cluster?"
UNANSWERABLE = "Wie heißt der Bürgermeister von München?"
BOX = "ask-bulletin .composer textarea"
OPENER = "ask-bulletin .opener"
PANEL = "ask-bulletin .panel"
LOG = "ask-bulletin .log"
NOTICE = "ask-bulletin .dock .notice"
PHONE = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}


class Site:
    """Another origin, as a web server in a thread: a page for each thing tried."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._numbers = itertools.count()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text, headers = site._pages.get(self.path, ("", {}))
                body = text.encode()
                self.send_response(200 if text else 404)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def page(self, server: str, tag: str = "", *, head: str = "", body: str = "", **headers: str) -> str:
        """The address of a page with the widget's script; `tag`: the script's attributes."""
        script = f'<script src="{server}widget.js?ver=6.1" {tag} defer></script>'
        return self.bare(head + script, body, **headers)

    def bare(self, head: str = "", body: str = "", **headers: str) -> str:
        """The address of a page as it is; `headers` with underscores for their dashes."""
        path = f"/{next(self._numbers)}"
        text = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title>'
            '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{head}</head>"
            f'<body><main><h1>Science in Germany</h1><p>News. <a href="#more">More</a></p>{body}</main></body></html>'
        )
        self._pages[path] = (text, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.origin + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, settings: Settings, folder: Path) -> Settings:
        """Those of a server that this site may call, as often as tests do; feedback goes into `folder`."""
        return dataclasses.replace(
            settings, rate="100000/minute", origins=(self.origin,), feedback=folder / "feedback.sqlite"
        )


@contextmanager
def a_site() -> Iterator[Site]:
    site = Site()
    try:
        yield site
    finally:
        site.close()


class Holding:
    """The assistant, which finds at once and answers once it may."""

    def __init__(self, assistant: Any) -> None:
        self.assistant = assistant
        self.articles, self.index, self.max_question = assistant.articles, assistant.index, assistant.max_question
        self.found, self.may_answer = threading.Event(), threading.Event()

    def ask(self, question: str, **options: Any) -> Answer:
        answer: Answer = self.assistant.ask(question, **options)
        self.found.set()
        assert self.may_answer.wait(WAIT_MS / 1000)
        return answer


class Several(Echo):
    """Answers with every line that holds the question's first word, the first of them in a sentence."""

    def ask(self, question: str, *, turns: Sequence[str] = (), **_: Any) -> Answer:
        word = question.split()[0]
        lines = [line for line in self.article.body.splitlines() if word in line]
        citations = [a_citation(self.article, line, word) for line in lines]
        return an_answer(*citations, text=f"The bulletin says, in French: “{lines[0]}”")


@contextmanager
def visit(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """A visitor's page, in which no script may fail."""
    session = browser.new_context(**{"locale": "en-GB", **context})
    page = session.new_page()
    page.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    try:
        yield page
        assert errors == []
    finally:
        session.close()


def opened(page: Page) -> Locator:
    page.locator(OPENER).click()
    panel = page.locator(PANEL)
    expect(panel).to_be_visible()
    return panel


def ask(page: Page, question: str, answers: int = 1) -> None:
    page.locator(BOX).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("ask-bulletin").locator(".reply, .refusal")).to_have_count(answers, timeout=WAIT_MS)


def fail(page: Page, question: str = QUESTION) -> str:
    """Ask what cannot be answered; what the widget says to that."""
    page.locator(BOX).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(NOTICE)).not_to_be_empty(timeout=WAIT_MS)
    assert page.locator(BOX).input_value() == question
    expect(page.locator("ask-bulletin .exchange")).to_have_count(0)
    return page.locator(NOTICE).inner_text()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(WAIT_MS // 50):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to hold")


def focused(page: Page) -> Any:
    return page.evaluate(
        "(() => { const a = document.activeElement; const e = a.shadowRoot?.activeElement ?? a;"
        " return [e.tagName, e.className, e.href ?? ''] })()"
    )


def rgb(page: Page, selector: str, name: str) -> tuple[float, ...]:
    colour = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{name}")
    return tuple(int(number) for number in re.findall(r"\d+", colour)[:3])


def contrast(a: Sequence[float], b: Sequence[float]) -> float:
    """WCAG 2.1's contrast ratio of two sRGB colours, 0 to 255."""

    def luminance(colour: Sequence[float]) -> float:
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
        return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)
