"""How long from `make chat` on an installed machine to the first answer on the page, in a browser already open, and
what the server holds in memory once it was asked the go-cluster questions."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.machines import free_port, post, resident_bytes
from eval.__main__ import QUESTIONS
from eval.questions import read_questions
from settings import ROOT

_QUESTION = "how many clusters are in go-cluster?"


def measure(rounds: int) -> str:
    """A Markdown table, a line a round: seconds until the page is served, until the quote is marked in it, memory."""
    questions = [case.question for case in read_questions(QUESTIONS)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        times = [_round(browser, questions) for _ in range(rounds)]
        browser.close()
    rows = [
        f"| {number} | {served:.1f} | {answered:.1f} | {resident / 1e6:.0f} |"
        for number, (served, answered, resident) in enumerate(times, 1)
    ]
    head = f"| round | page served, s | first answer, s | memory after {len(questions)} questions, MB |"
    return "\n".join([head, "| --- | --- | --- | --- |", *rows])


def _round(browser: Browser, questions: Sequence[str]) -> tuple[float, float, int]:
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
        for question in questions:
            status, _, said = post(port, "/api/ask", {"question": question})
            assert status == 200, said
        server = Path(f"/proc/{chat.pid}/task/{chat.pid}/children").read_text().split()[-1]
        return served, answered, resident_bytes(int(server))
    finally:
        page.close()
        os.killpg(chat.pid, signal.SIGTERM)
        chat.wait()
