"""How long from `make chat` on an installed machine to the first answer on the page, in a browser already open, and
what the server holds in memory once it was asked the go-cluster questions."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from eval.__main__ import QUESTIONS
from eval.questions import read_questions
from settings import ROOT

_QUESTION = "how many clusters are in go-cluster?"


def measure(rounds: int) -> str:
    """A Markdown table, a line a round: seconds until the page is served, until the quote is marked in it, memory."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        times = [_round(browser) for _ in range(rounds)]
        browser.close()
    rows = [
        f"| {number} | {served:.1f} | {answered:.1f} | {resident / 1e6:.0f} |"
        for number, (served, answered, resident) in enumerate(times, 1)
    ]
    head = f"| round | page served, s | first answer, s | memory after {len(_questions())} questions, MB |"
    return "\n".join([head, "| --- | --- | --- | --- |", *rows])


def _round(browser: Browser) -> tuple[float, float, int]:
    port = free_port()
    page = browser.new_page()
    start = time.perf_counter()
    chat = subprocess.Popen(
        ["make", "chat", f"PORT={port}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "BULLETIN_RATE": "99/second"},
    )  # fmt: skip
    try:
        for line in chat.stdout or ():
            if "http" in line:
                break
        served = time.perf_counter() - start
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("textbox").fill(_QUESTION)
        page.keyboard.press("Enter")
        page.locator("mark").first.wait_for(state="attached")
        answered = time.perf_counter() - start
        for question in _questions():
            _ask(port, question)
        return served, answered, _resident(chat.pid)
    finally:
        page.close()
        os.killpg(chat.pid, signal.SIGTERM)
        chat.wait()


def _questions() -> list[str]:
    return [case.question for case in read_questions(QUESTIONS)]


def _ask(port: int, question: str) -> None:
    body = json.dumps({"question": question}).encode()
    address = f"http://127.0.0.1:{port}/api/ask"
    with urllib.request.urlopen(urllib.request.Request(address, body, {"content-type": "application/json"})) as reply:
        reply.read()


def _resident(make: int) -> int:
    """Bytes of the server that `make` started."""
    server = Path(f"/proc/{make}/task/{make}/children").read_text().split()[-1]
    status = Path(f"/proc/{server}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
