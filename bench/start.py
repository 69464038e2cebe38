"""How long from `make chat` on an installed machine to the first answer on the page, in a browser already open."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

from playwright.sync_api import Browser, sync_playwright

from settings import ROOT

_QUESTION = "how many clusters are in go-cluster?"


def measure(rounds: int) -> str:
    """A Markdown table: seconds until the page is served, and until the quote is marked in it, round by round."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        times = [_round(browser) for _ in range(rounds)]
        browser.close()
    rows = [f"| {number} | {served:.1f} | {answered:.1f} |" for number, (served, answered) in enumerate(times, 1)]
    return "\n".join(["| round | page served, s | first answer, s |", "| --- | --- | --- |", *rows])


def _round(browser: Browser) -> tuple[float, float]:
    port = free_port()
    page = browser.new_page()
    start = time.perf_counter()
    chat = subprocess.Popen(
        ["make", "chat", f"PORT={port}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        for line in chat.stdout or ():
            if "http" in line:
                break
        served = time.perf_counter() - start
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("textbox").fill(_QUESTION)
        page.keyboard.press("Enter")
        page.locator("mark").first.wait_for(state="attached")
        return served, time.perf_counter() - start
    finally:
        page.close()
        os.killpg(chat.pid, signal.SIGTERM)
        chat.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
