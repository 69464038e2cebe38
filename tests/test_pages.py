"""The article view, the thumbs, frames on other sites, and what shuts readers out: in a real browser."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from answer.ask import Assistant
from answer.feedback import Feedback
from index.versions.store import open_index
from records import Lang
from settings import Settings
from tests.public import WAIT_MS, Echo, an_article, start, visit
from tests.visiting import QUESTION, a_site
from web.render import where_cited
from web.texts import TEXTS

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

ABSENT = "Wer ist der Bürgermeister von München?"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
BULLETIN = "https://www.science-allemagne.fr/"


@pytest.fixture(scope="module")
def served(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    feedback = tmp_path_factory.mktemp("feedback") / "f.sqlite"
    return dataclasses.replace(settings, rate="100000/minute", feedback=feedback)


@pytest.fixture(scope="module")
def address(assistant: Assistant, served: Settings) -> str:
    return start(assistant, served)


class Waits(Echo):
    """Answers when it is told to, fails when it is asked to."""

    def __init__(self) -> None:
        super().__init__(an_article())
        self.may_answer = threading.Event()

    def ask(self, question: str, **options: Any) -> Any:
        self.may_answer.wait(WAIT_MS / 1000)
        return super().ask(question, **options)


def ask(page: Any, question: str) -> None:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")


def violations(page: Any, axe: str) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA, with where."""
    page.evaluate(axe)
    found = page.evaluate("options => axe.run(options)", WCAG)["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


# What shuts readers out


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_chat_shuts_no_one_out(browser: Any, address: str, axe: str, scheme: str, width: int) -> None:
    view = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "bypass_csp": True}
    with visit(browser, address, **view) as page:
        expect(page.locator(".chip").first).to_be_visible()
        assert violations(page, axe) == []  # empty
        ask(page, QUESTION)
        expect(page.locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(page.locator("#thumbs")).to_be_visible()
        assert violations(page, axe) == []  # answered
        page.get_by_role("button", name=TEXTS["fr"]["no"], exact=True).click()
        expect(page.locator("#comment textarea")).to_be_visible()
        assert violations(page, axe) == []  # asked for a comment
        ask(page, ABSENT)
        expect(page.locator("#log .refusal")).to_have_count(1, timeout=WAIT_MS)
        assert violations(page, axe) == []  # refused
        ask(page, "???")
        expect(page.locator("#notice [role=alert]")).to_be_visible()
        assert violations(page, axe) == []  # error


def test_the_busy_chat_shuts_no_one_out(browser: Any, axe: str) -> None:
    waits = Waits()
    with visit(browser, start(waits), bypass_csp=True) as page:
        ask(page, "Le")
        expect(page.locator("#log .waiting")).to_be_visible()
        page.locator("#log .waiting").evaluate("element => element.style.animation = 'none'")  # axe sees one moment
        assert violations(page, axe) == []
        waits.may_answer.set()
        expect(page.locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_article_view_shuts_no_one_out(browser: Any, address: str, axe: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme, locale="en-GB", bypass_csp=True)
    for path, status in (("go-cluster-2014?start=1149&end=1325#cited", 200), ("go-cluster-2014", 200), ("none", 404)):
        assert page.goto(f"{address}articles/{path}").status == status
        assert violations(page, axe) == []
    page.close()


# Turned away


@pytest.mark.parametrize(("lang", "locale"), [("fr", "fr-FR"), ("en", "en-GB"), ("de", "de-DE")])
def test_a_reader_who_asks_too_often_is_told_when_to_come_back(browser: Any, axe: str, lang: Lang, locale: str) -> None:
    address = start(Echo(an_article()), rate="1/minute")
    with visit(browser, address, locale=locale, bypass_csp=True) as page:
        ask(page, "Le")
        expect(page.locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        ask(page, "Avant")
        notice = page.locator("#turned-away")
        expect(notice).to_contain_text(TEXTS[lang]["rate_limited"])
        expect(notice).to_contain_text(re.compile(r"\d+ (secondes?|seconds?|Sekunden?)"))
        expect(page.locator("#box textarea")).to_have_value("Avant")
        expect(page.get_by_role("alert")).to_have_count(1)
        assert violations(page, axe) == []


def test_a_reader_whose_question_reaches_no_server_is_told(browser: Any) -> None:
    with visit(browser, start(Echo(an_article())), locale="en-GB") as page:
        page.route("**/gradio_api/queue/join*", lambda route: route.abort())
        ask(page, "Le")
        expect(page.locator("#turned-away")).to_contain_text(TEXTS["en"]["unavailable"])


def test_a_reader_who_finds_too_many_before_them_is_told(browser: Any) -> None:
    waits = Waits()
    address = start(waits, waiting=1)
    with contextlib.ExitStack() as visits:
        pages = [visits.enter_context(visit(browser, address)) for _ in range(4)]
        for page in pages:
            ask(page, "Le")
        expect(pages[-1].locator("#turned-away")).to_contain_text(TEXTS["fr"]["busy"], timeout=WAIT_MS)
        waits.may_answer.set()
        expect(pages[0].locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(pages[0].locator("#turned-away")).to_have_count(0)
        ask(pages[-1], "Fin")
        expect(pages[-1].locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(pages[-1].locator("#turned-away")).to_have_count(0)


# The article view


def test_the_article_opens_at_the_cited_words(browser: Any, address: str, served: Settings) -> None:
    with visit(browser, address, locale="en-GB", viewport={"width": 1280, "height": 600}) as page:
        ask(page, QUESTION)
        expect(page.locator("#cards .source")).to_have_count(1, timeout=WAIT_MS)
        with page.context.expect_page() as opened:
            page.get_by_role("link", name=TEXTS["en"]["in_article"]).click()
        article = opened.value
        mark = article.locator("mark#cited")
        expect(mark).to_be_in_viewport()
        expect(mark).to_have_text(page.locator("#cards mark").inner_text())
        assert article.locator("html").get_attribute("lang") == "en"
        assert article.locator("main").get_attribute("lang") == "fr"
        body = open_index(served.index).articles["go-cluster-2014"].body
        assert article.locator("main").inner_text().split() == body.split()
        original = article.get_by_role("link", name=TEXTS["en"]["original"])
        assert original.get_attribute("href").startswith(BULLETIN)


@pytest.mark.parametrize("span", ["start=-5&end=3", "start=9&end=3", "start=0&end=999999", "start=3&end=3"])
def test_offsets_that_are_none_mark_nothing(browser: Any, address: str, span: str) -> None:
    page = browser.new_page()
    assert page.goto(f"{address}articles/go-cluster-2014?{span}").status == 200
    assert page.locator("mark").count() == 0
    assert page.goto(f"{address}articles/go-cluster-2014?start=one").status == 422
    page.close()


def test_words_are_marked_where_they_stand_by_now_or_not_at_all() -> None:
    body = "Un deux. Trois quatre. Un deux."
    assert where_cited(body, 23, 0, "Un deux.") == (23, 31)
    assert where_cited(body, 5, 0, "Un deux.") == (0, 8)  # the article has changed
    assert where_cited(body, 0, 8, "Cinq.") is None
    assert where_cited(body, -1, 3, "") is None
    assert where_cited(body, 3, 8, "") == (3, 8)


def test_a_quote_over_lines_is_marked_in_each(browser: Any) -> None:
    echo = Echo(an_article(body="Un.\n– deux,\n\n– trois.\nQuatre."))
    page = browser.new_page()
    page.goto(f"{start(echo)}articles/a?start=2&end=20#cited")
    assert page.locator("mark").all_inner_texts() == [".", "– deux,", "– trois"]
    assert page.locator("#cited").count() == 1
    page.close()


# Thumbs


def test_a_thumb_and_a_word_are_kept(browser: Any, address: str, served: Settings) -> None:
    with visit(browser, address, locale="de-DE") as page:
        expect(page.locator("#thumbs")).to_be_hidden()
        ask(page, QUESTION)
        expect(page.locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        page.get_by_role("button", name=TEXTS["de"]["no"], exact=True).click()
        thanks = TEXTS["de"]["thanks"].format(days=served.feedback_days)
        expect(page.locator("#thanks")).to_have_text(thanks)
        expect(page.locator("#thanks")).to_be_focused()  # the button is gone, the keyboard goes on from here
        expect(page.locator("#status")).to_have_text(thanks)  # was there before: what is new in it is read out
        expect(page.locator("#thumbs")).to_be_hidden()
        page.get_by_label(TEXTS["de"]["comment"]).fill("Es sind <b>91</b>.")
        page.get_by_role("button", name=TEXTS["de"]["send_comment"]).click()
        expect(page.locator("#more")).to_be_hidden()
        expect(page.locator("#thanks")).to_be_focused()
        expect(page.locator("#status")).to_have_text(thanks)
        entry = _latest(served, lambda entry: bool(entry.comment))
        assert (entry.verdict, entry.comment, entry.answer["question"]) == ("down", "Es sind <b>91</b>.", QUESTION)
        assert entry.answer["citations"][0]["article_id"] == "go-cluster-2014"
        ask(page, "und in 2015?")
        expect(page.locator("#thumbs")).to_be_visible(timeout=WAIT_MS)
        page.get_by_role("button", name=TEXTS["de"]["yes"], exact=True).click()
        entry = _latest(served, lambda entry: entry.verdict == "up")
        assert entry.turns == (QUESTION,)


def _latest(served: Settings, wanted: Any) -> Any:
    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        entry = Feedback(served.feedback).entries()[-1]
        if wanted(entry) or time.monotonic() > deadline:
            return entry
        time.sleep(0.05)


def test_no_thumbs_where_no_feedback_is_kept(browser: Any) -> None:
    with visit(browser, start(Echo(an_article()))) as page:
        ask(page, "Le")
        expect(page.locator("#log .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(page.locator("#thumbs")).to_be_hidden()


def test_a_thumb_that_cannot_be_kept_is_said(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    with visit(browser, start(Echo(an_article()), feedback=file, feedback_days=90)) as page:
        ask(page, "Le")
        expect(page.locator("#thumbs")).to_be_visible(timeout=WAIT_MS)
        file.write_text("no database any more, and long enough to be none " * 100)
        page.get_by_role("button", name=TEXTS["fr"]["yes"], exact=True).click()
        expect(page.locator("#thanks")).to_have_text(TEXTS["fr"]["not_kept"])
        expect(page.locator("#status")).to_have_text(TEXTS["fr"]["not_kept"])


# Frames


@pytest.mark.parametrize("listed", [True, False])
def test_only_a_listed_site_may_frame_and_call(browser: Any, listed: bool) -> None:
    echo = Echo(an_article())
    with a_site() as site:
        address = start(echo, origins=(site.origin,) if listed else ("http://another.test",))
        page = browser.new_page()
        page.goto(site.bare(body="<iframe></iframe>"))
        page.evaluate("address => document.querySelector('iframe').src = address", address)
        box = page.frame_locator("iframe").locator("#box textarea")
        asked = page.evaluate(
            """address => fetch(address + 'api/ask', {method: 'POST', headers: {'content-type': 'application/json'},
               body: JSON.stringify({question: 'Le'})}).then(reply => reply.status, error => error.name)""",
            address,
        )
        assert asked == (200 if listed else "TypeError")
        if listed:
            expect(box).to_be_visible(timeout=WAIT_MS)
        else:
            page.wait_for_load_state("networkidle")
            expect(box).to_have_count(0)
        page.close()
    assert len(echo.asked) == (1 if listed else 0)
