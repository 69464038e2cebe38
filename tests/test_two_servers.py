"""Two real servers behind a real nginx: one is killed, frozen, brought back, and no question is lost."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from answer.feedback import Feedback
from bench.machines import NGINX, AppServer, Nginx, get, post
from eval.questions import read_questions
from settings import ROOT, Settings
from tests.public import WAIT_MS, visit
from web.texts import TEXTS

pytestmark = pytest.mark.skipif(not NGINX.exists(), reason="nginx is missing: sudo apt-get install nginx")

CLIENTS = 12
QUESTION = "how many clusters are in go-cluster?"
ANSWER = "The bulletin says"
UNLIMITED = {"rate=30r/m": "rate=60000r/m"}
QUESTIONS = [c.question for c in read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl") if not c.turns][:12]


@dataclass(frozen=True, slots=True)
class Pair:
    servers: tuple[AppServer, AppServer]
    nginx: Nginx
    feedback: Path

    def ready(self) -> None:
        for server in self.servers:
            server.wait_until_ready()


@pytest.fixture(scope="module")
def pair(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One index and one file of feedback for both."""
    folder = tmp_path_factory.mktemp("pair")
    shared = {
        "BULLETIN_INDEX": str(settings.index), "BULLETIN_FEEDBACK": str(folder / "feedback.sqlite"),
        "BULLETIN_READER": "sentences", "BULLETIN_RATE": "100000/minute", "BULLETIN_WAITING": "20",
    }  # fmt: skip
    servers = AppServer(folder, shared), AppServer(folder, shared)
    for server in servers:
        server.wait_until_ready()
    pair = Pair(servers, Nginx(folder, (servers[0].port, servers[1].port), UNLIMITED), folder / "feedback.sqlite")
    yield pair
    pair.nginx.kill()
    for server in servers:
        server.kill()


def answer_in(body: str) -> dict[str, object]:
    """An answer without what differs from one asking to the next. Raises ValueError when there is none."""
    answer = json.loads(body)
    if "answer" not in answer:
        raise ValueError(body)
    return {**answer, "timings_ms": {}}


@dataclass(slots=True)
class Crowd:
    """Clients that ask until told to stop, each question again once where it failed. `truth`: the answers there are."""

    port: int
    truth: dict[str, dict[str, object]]
    stop: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    after_a_retry: int = 0
    lost: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    thumbs: int = 0

    def ask(self, number: int) -> None:
        for turn in itertools.count(number):
            if self.stop.is_set():
                return
            question = QUESTIONS[turn % len(QUESTIONS)]
            first = self._wrong(question, stream=turn % 2 == 1)
            if first:
                time.sleep(1)  # what Retry-After would say is longer
                second = self._wrong(question, stream=False)
                self.after_a_retry += not second
                self.lost += [f"{first} | {second}"] if second else []
            else:
                self.at_once += 1

    def _wrong(self, question: str, *, stream: bool) -> str:
        """What came instead of the answer; "" when that came."""
        status, _, body = post(self.port, f"/api/ask{'/stream' if stream else ''}", {"question": question})
        text = body.decode().partition("event: answer")[2].partition("data: ")[2] if stream else body.decode()
        try:
            return "" if status == 200 and answer_in(text) == self.truth[question] else f"{status} {text}"
        except ValueError:
            return f"{status} {body[-200:]!r}"

    def rate(self) -> None:
        """Thumbs, each with a word of its own; never sent again."""
        while not self.stop.is_set():
            comment = f"thumb {self.thumbs}"
            self.thumbs += 1
            status, _, _ = post(
                self.port, "/api/feedback", {"question": QUESTION, "verdict": "down", "comment": comment}
            )
            self.kept += [comment] if status == 204 else []


def until(holds: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.1)


def asked(port: int, question: str) -> dict[str, object]:
    status, _, body = post(port, "/api/ask", {"question": question})
    assert status == 200, body
    return answer_in(body.decode())


def test_both_answer_and_alike(pair: Pair) -> None:
    first, second = ([asked(server.port, question) for question in QUESTIONS] for server in pair.servers)
    before = [server.answered() for server in pair.servers]
    with ThreadPoolExecutor(4) as pool:
        through = list(pool.map(lambda question: asked(pair.nginx.port, question), QUESTIONS))
    assert first == second == through
    assert all(server.answered() > count for server, count in zip(pair.servers, before, strict=True))


def test_one_is_killed_under_load_and_no_question_is_lost(pair: Pair) -> None:
    pair.ready()
    killed, other = pair.servers
    crowd = Crowd(pair.nginx.port, {question: asked(other.port, question) for question in QUESTIONS})
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        clients = [pool.submit(crowd.ask, number) for number in range(CLIENTS)] + [pool.submit(crowd.rate)]
        try:
            until(lambda: crowd.at_once > 30)
            killed.kill()
            at_the_kill = crowd.at_once
            until(lambda: crowd.at_once > at_the_kill + 60)
            killed.start()
            killed.wait_until_ready()
            until(lambda: killed.answered() > 2)  # it has joined again
        finally:
            crowd.stop.set()
    for client in clients:
        client.result()
    print(
        f"{crowd.at_once} at once, {crowd.after_a_retry} after a retry, {len(crowd.lost)} lost, {crowd.thumbs} thumbs"
    )
    assert crowd.lost == []
    assert crowd.after_a_retry <= CLIENTS  # no more than were under way
    assert other.answered() > 30

    comments = [entry.comment for entry in Feedback(pair.feedback, 90).entries()]
    assert len(comments) == len(set(comments))  # no thumb counted twice
    assert set(crowd.kept) <= set(comments)  # what was said to be kept is
    assert len(crowd.kept) >= crowd.thumbs - 2


def test_a_server_that_is_there_and_silent_costs_a_moment(pair: Pair, tmp_path: Path) -> None:
    pair.ready()
    frozen, _ = pair.servers
    sooner = {
        f"{name} {of_file}0s": f"{name} {of_file}s"  # a tenth of each
        for name, of_file in (("proxy_read_timeout", 2), ("proxy_next_upstream_timeout", 3))
    }
    nginx = Nginx(tmp_path, (pair.servers[0].port, pair.servers[1].port), UNLIMITED | sooner)
    frozen.freeze()
    try:
        replies = [post(nginx.port, "/api/ask", {"question": QUESTION})[0] for _ in range(6)]
    finally:
        frozen.thaw()
        nginx.kill()
    assert replies == [200] * 6


def test_what_no_server_answers_says_when_to_come_back(pair: Pair) -> None:
    pair.ready()
    for server in pair.servers:
        server.kill()
    try:
        for path in ("/api/ask", "/api/ask/stream", "/api/feedback"):
            status, headers, body = post(pair.nginx.port, path, {"question": QUESTION})
            assert (status, headers["retry-after"]) == (503, "3")
            assert json.loads(body)["error"]["type"] == "unavailable"
    finally:
        for server in pair.servers:
            server.start()
    pair.ready()
    until(lambda: post(pair.nginx.port, "/api/ask", {"question": QUESTION})[0] == 200, 5)


def conversing(pair: Pair) -> AppServer:
    """The server that holds the conversation."""
    asked = re.compile(r'bulletin_questions_total\{outcome="\w+",surface="chat"\} [1-9]')
    (server,) = [server for server in pair.servers if asked.search(get(server.port, "/metrics")[1].decode())]
    return server


def say(page: Page, answers: int) -> None:
    """Ask on the page, and read the answer that comes."""
    page.locator("#box textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#log .bot-row")).to_have_count(answers, timeout=WAIT_MS)
    expect(page.locator("#log .bot-row").last).to_contain_text(ANSWER, timeout=WAIT_MS)


def test_a_conversation_stays_with_its_server_and_goes_on_without_it(pair: Pair, browser: Browser) -> None:
    pair.ready()
    with visit(browser, pair.nginx.address, locale="en-GB") as page:
        for answers in (1, 2):
            say(page, answers)
        home = conversing(pair)
        home.freeze()  # so that it is killed with a question under way
        page.locator("#box textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        home.kill()
        expect(page.locator("#turned-away")).to_contain_text(f"{TEXTS['en']['unavailable']} Try again", timeout=WAIT_MS)
        say(page, 1)  # the other server knows nothing of what was said before
        page.reload()
        page.locator("#box textarea").wait_for()
        say(page, 1)
    home.start()
    home.wait_until_ready()
