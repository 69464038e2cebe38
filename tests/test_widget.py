"""The widget as a site's visitor meets it, on another origin: answers, what goes wrong, thumbs, strangers' words."""

from __future__ import annotations

import gzip
import html
import json
import re
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from answer.ask import Assistant
from answer.feedback import Feedback
from errors import IndexUnavailable
from records import LANGS, Answer
from settings import Settings
from tests.public import HOSTILE, WAIT_MS, Echo, Recording, Saying, an_article, start
from tests.visiting import (
    BOX,
    NOTICE,
    OPENER,
    QUESTION,
    UNANSWERABLE,
    Holding,
    Several,
    Site,
    ask,
    fail,
    opened,
    until,
    visit,
)
from web import widget
from web.texts import EXAMPLES, TEXTS


@pytest.fixture(scope="module")
def recording(assistant: Assistant) -> Recording:
    return Recording(assistant)


@pytest.fixture(scope="module")
def server(recording: Recording, public: Settings) -> str:
    return start(recording, public)


class Broken(Echo):
    def ask(self, question: str, *, turns: Sequence[str] = (), **_: Any) -> Answer:
        raise IndexUnavailable("damaged")


# The script


def test_the_script_is_small(server: str) -> None:
    request = urllib.request.Request(f"{server}widget.js", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as response:
        sent = response.read()
    assert len(sent) <= widget.MAX_BYTES
    assert len(gzip.compress(widget.script(True).encode(), 9)) <= widget.MAX_BYTES
    assert gzip.decompress(sent).decode() == widget.script(True)


def test_nothing_else_is_loaded_before_it_is_opened(browser: Browser, site: Site, server: str) -> None:
    session = browser.new_context()
    page = session.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    address = site.page(server)
    page.goto(address, wait_until="networkidle")
    expect(page.locator(OPENER)).to_be_visible()
    assert requested == [address, f"{server}widget.js?ver=6.1"]
    opened(page)
    ask(page, QUESTION)
    assert requested[2:] == [f"{server}api/ask/stream"]
    session.close()


def test_every_word_is_there_in_every_language_and_said() -> None:
    assert set(widget.WIDGET) == set(LANGS)
    assert widget.WIDGET["fr"].keys() == widget.WIDGET["en"].keys() == widget.WIDGET["de"].keys()
    assert all(text.strip() for texts in widget.WIDGET.values() for text in texts.values())
    code = (Path(widget.__file__).parent / "widget.js").read_text("utf-8")
    errors_of_the_api = {"empty", "too_long", "no_words", "rate_limited", "busy", "unavailable"}
    chosen_by_value = {"up", "down"}
    said = {*widget.SHARED, *widget.WIDGET["fr"]} - errors_of_the_api - chosen_by_value
    assert [key for key in said if not re.search(rf"\b{key}\b", code)] == []


def test_squeezing_leaves_texts_alone() -> None:
    code = '// a comment\nconst a = "b = c, d"; // after it\n\n  f({ a, `x + ${ a } y`: [1,\n 2] });\n'
    assert widget._squeezed(code) == 'const a="b = c, d";f({a,`x + ${ a } y`:[1,2]});'


# The answer


def test_an_answer_is_a_quote_with_its_source(browser: Browser, site: Site, server: str, assistant: Any) -> None:
    citation = assistant.ask(QUESTION).citations[0]
    with visit(browser, site.page(server)) as page:
        opened(page)
        ask(page, QUESTION)
        words = page.locator("ask-bulletin blockquote .words").first
        assert words.inner_text() == citation.quote
        expect(words.locator("strong")).to_have_text("91")
        link = page.locator("ask-bulletin .origin a").first
        expect(link.locator("cite")).to_have_text(citation.title)
        assert link.get_attribute("href") == citation.link
        assert "#:~:text=" in citation.link
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
        expect(page.locator("ask-bulletin time").first).to_have_text("6 March 2014")
        expect(page.locator("ask-bulletin .section").first).to_have_text(citation.section)
        expect(page.locator("ask-bulletin .frame").first).to_have_text("The bulletin says, in French:")
        assert page.locator(BOX).input_value() == ""


def test_a_question_that_is_not_there_is_refused_in_its_own_language(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        opened(page)
        ask(page, UNANSWERABLE)
        refusal = page.locator("ask-bulletin .refusal")
        expect(refusal).to_have_attribute("lang", "de")
        expect(refusal).to_contain_text(TEXTS["de"]["rephrase"])
        expect(page.locator("ask-bulletin blockquote")).to_have_count(0)


def test_a_title_keeps_its_quotation_marks_and_a_list_its_lines(browser: Browser, site: Site, serve: Any) -> None:
    answer = "“Un” (6 March 2014) and\n– “Deux”\n– „Drei“"
    with visit(browser, site.page(serve(Saying(an_article(), answer)))) as page:
        opened(page)
        ask(page, "Avant")
        assert page.locator("ask-bulletin .frame").first.inner_text() == answer


def test_every_citation_is_shown_the_one_in_the_sentence_first(browser: Browser, site: Site, serve: Any) -> None:
    article = an_article(body="mot un\nRien.\nmot deux\nmot trois")
    with visit(browser, site.page(serve(Several(article)))) as page:
        opened(page)
        ask(page, "mot")
        assert page.locator("ask-bulletin .words").all_inner_texts() == ["mot un", "mot deux", "mot trois"]
        assert page.locator("ask-bulletin .frame").all_inner_texts() == [
            "The bulletin says, in French:",
            TEXTS["en"]["see_also"],
        ]


def test_the_words_that_answer_are_marked_by_code_points(browser: Browser, site: Site, serve: Any) -> None:
    article = an_article(body="\U0001f642\U0001f1eb\U0001f1f7 avant mot après \U0001f642")
    with visit(browser, site.page(serve(Echo(article)))) as page:
        opened(page)
        ask(page, "mot")
        expect(page.locator("ask-bulletin .words strong")).to_have_text("mot")
        assert page.locator("ask-bulletin .words").inner_text() == article.body


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "data:text/html,x"])
def test_without_a_web_address_the_link_is_our_view_of_the_article(
    browser: Browser, site: Site, serve: Any, url: str
) -> None:
    server = serve(Echo(an_article(id="a b/c", body="Rien.\nmot fin", url=url)))
    with visit(browser, site.page(server)) as page:
        opened(page)
        ask(page, "mot")
        link = page.locator("ask-bulletin .origin a")
        assert link.get_attribute("href") == f"{server}articles/a%20b%2Fc?start=6&quote=mot+fin#cited"


def test_the_articles_being_read_are_shown_while_waiting(
    browser: Browser, site: Site, serve: Any, assistant: Any
) -> None:
    holding = Holding(assistant)
    with visit(browser, site.page(serve(holding))) as page:
        opened(page)
        page.locator(BOX).fill(QUESTION)
        page.keyboard.press("Enter")
        title = assistant.ask(QUESTION).citations[0].title
        reading = page.locator("ask-bulletin .reading li")
        expect(reading).to_have_text([title])
        expect(reading).to_have_attribute("lang", "fr")
        expect(page.locator("ask-bulletin .waiting")).to_have_text(TEXTS["en"]["waiting"])
        expect(page.locator("ask-bulletin .send")).to_have_attribute("aria-disabled", "true")
        page.locator(BOX).fill("Another one meanwhile?")
        page.keyboard.press("Enter")  # waits for its turn in the box
        holding.may_answer.set()
        expect(page.locator("ask-bulletin .reply")).to_have_count(1)
        expect(page.locator("ask-bulletin .exchange")).to_have_count(1)
        expect(page.locator("ask-bulletin .waiting, ask-bulletin .reading")).to_have_count(0)
        assert page.locator(BOX).input_value() == "Another one meanwhile?"


def test_a_stream_that_is_cut_is_asked_again_plainly(
    browser: Browser, site: Site, server: str, recording: Recording
) -> None:
    with visit(browser, site.page(server)) as page:
        cut = {"status": 200, "content_type": "text/event-stream", "body": "event: sources\r\ndata: {"}
        headers = {"Access-Control-Allow-Origin": site.origin}
        page.route("**/api/ask/stream", lambda route: route.fulfill(**cut, headers=headers))
        recording.asked.clear()
        opened(page)
        ask(page, QUESTION)
        expect(page.locator("ask-bulletin .words strong")).to_have_text("91")
        expect(page.locator("ask-bulletin .words")).to_have_attribute("lang", "fr")
    assert recording.asked == [(QUESTION, ())]


def test_follow_ups_bring_the_last_three_questions_and_a_new_conversation_none(
    browser: Browser, site: Site, server: str, recording: Recording
) -> None:
    recording.asked.clear()
    first = EXAMPLES[1][1]
    with visit(browser, site.page(server)) as page:
        panel = opened(page)
        panel.get_by_role("button", name=first).click()
        expect(page.locator("ask-bulletin .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(page.locator(BOX)).to_be_focused()
        questions = ["Et la Suisse ?", "Qui a ouvert le congrès ?", "Et en 2014 ?", "Où ?"]
        for number, question in enumerate(questions, 2):
            ask(page, question, answers=number)
        panel.get_by_role("button", name=TEXTS["en"]["new"]).click()
        expect(page.locator("ask-bulletin .exchange")).to_have_count(0)
        expect(page.locator("ask-bulletin .welcome")).to_be_visible()
        expect(page.locator(BOX)).to_be_focused()
        ask(page, "Et la Suisse ?")
    a, b, c, d = questions
    assert recording.asked == [
        (first, ()), (a, (first,)), (b, (first, a)), (c, (first, a, b)), (d, (a, b, c)), (a, ()),
    ]  # fmt: skip


def test_an_answer_to_a_conversation_that_is_over_is_not_shown(
    browser: Browser, site: Site, serve: Any, assistant: Any
) -> None:
    holding = Holding(assistant)
    with visit(browser, site.page(serve(holding))) as page:
        panel = opened(page)
        page.locator(BOX).fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reading")).to_be_visible()
        panel.get_by_role("button", name=TEXTS["en"]["new"]).click()
        holding.may_answer.set()
        ask(page, UNANSWERABLE)
        expect(page.locator("ask-bulletin .exchange")).to_have_count(1)
        expect(page.locator(NOTICE)).to_be_empty()


# What goes wrong


def test_a_question_without_words_goes_back_into_the_box(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server, 'data-lang="de"')) as page:
        opened(page)
        assert fail(page, "???") == TEXTS["de"]["no_words"]
        assert fail(page, " ") == TEXTS["de"]["empty"]
        for length in (2_000, 9_000, 100_000):  # as the assistant, the API and the guard turn it away
            assert fail(page, "a" * length) == TEXTS["de"]["too_long"]
        expect(page.locator(NOTICE)).to_have_attribute("role", "alert")
        expect(page.locator("ask-bulletin .welcome")).to_be_visible()


def test_too_many_questions_are_told_when_to_come_back(browser: Browser, site: Site, serve: Any) -> None:
    server = serve(Echo(an_article()), rate="1/hour")
    with visit(browser, site.page(server, 'data-lang="en"')) as page:
        opened(page)
        ask(page, "Fin")
        page.locator(BOX).fill("Avant")
        page.keyboard.press("Enter")
        expect(page.locator(NOTICE)).to_have_text(
            re.compile(rf"{re.escape(TEXTS['en']['rate_limited'])} Try again in (59|60) minutes\.")
        )
        expect(page.locator("ask-bulletin .exchange")).to_have_count(1)


def test_a_queue_that_is_full_is_told(browser: Browser, site: Site, serve: Any, assistant: Any) -> None:
    holding = Holding(assistant)
    server = serve(holding, waiting=1)

    def wait_in_line() -> None:
        body = json.dumps({"question": QUESTION}).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{server}api/ask", body, headers), timeout=60).close()

    others = [threading.Thread(target=wait_in_line) for _ in range(2)]
    for other in others:  # one is answered, the other waits for its turn
        other.start()
        assert holding.found.wait(WAIT_MS / 1000)
    try:
        until(lambda: "bulletin_waiting 1.0" in urllib.request.urlopen(f"{server}metrics").read().decode())
        with visit(browser, site.page(server, 'data-lang="fr"')) as page:
            opened(page)
            words = TEXTS["fr"]
            assert fail(page) == f"{words['busy']} {words['again'].format(when='dans 3 secondes')}"
    finally:
        holding.may_answer.set()
        for other in others:
            other.join()


def test_an_index_that_cannot_be_served_is_told(browser: Browser, site: Site, serve: Any) -> None:
    with visit(browser, site.page(serve(Broken(an_article())), 'data-lang="de"')) as page:
        opened(page)
        assert fail(page) == f"{TEXTS['de']['unavailable']} Versuchen Sie es in 3 Sekunden noch einmal."


def test_a_bug_of_ours_is_told(browser: Browser, site: Site, serve: Any) -> None:
    with visit(browser, site.page(serve(Echo(an_article())))) as page:
        opened(page)
        assert fail(page, "fail") == TEXTS["en"]["failure"]


def test_without_a_connection_it_says_so_and_goes_on_afterwards(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        opened(page)
        page.context.set_offline(True)
        assert fail(page) == widget.WIDGET["en"]["unreachable"]
        page.context.set_offline(False)
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(page.locator(NOTICE)).to_be_empty()


def test_an_answer_that_never_comes_is_given_up(browser: Browser, site: Site, serve: Any, assistant: Any) -> None:
    holding = Holding(assistant)
    with visit(browser, site.page(serve(holding))) as page:
        page.clock.install()
        opened(page)
        page.locator(BOX).fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reading")).to_be_visible()
        page.clock.fast_forward(60_000)
        expect(page.locator(NOTICE)).to_have_text(widget.WIDGET["en"]["unreachable"])
        expect(page.locator("ask-bulletin .exchange")).to_have_count(0)
        holding.may_answer.set()


def test_a_site_that_is_not_listed_gets_no_answer(browser: Browser, server: str) -> None:
    stranger = Site()
    try:
        with visit(browser, stranger.page(server)) as page:
            opened(page)
            assert fail(page) == widget.WIDGET["en"]["unreachable"]
    finally:
        stranger.close()


# Feedback


def test_a_thumb_and_a_comment_are_kept_with_the_servers_answer(
    browser: Browser, site: Site, server: str, public: Settings
) -> None:
    with visit(browser, site.page(server)) as page:
        panel = opened(page)
        ask(page, QUESTION)
        ask(page, "Et la Suisse ?", answers=2)
        rating = panel.locator(".rating").last
        form = rating.locator("form")
        expect(form).to_be_hidden()
        words = widget.WIDGET["en"]
        rating.get_by_role("button", name=words["down"]).click()
        rating.get_by_role("button", name=words["up"], exact=True).click()
        pressed = rating.get_by_role("button", pressed=True)
        expect(pressed).to_have_attribute("aria-label", words["up"])
        expect(form).to_contain_text(words["rating_kept"])
        form.get_by_label(words["comment"]).fill("Très <b>bien</b> !")
        form.get_by_role("button", name=TEXTS["en"]["send"]).click()
        thanks = panel.get_by_text(words["thanks"])
        expect(thanks).to_be_focused()
        expect(panel.locator(".thumbs")).to_have_count(1)
    entry = Feedback(public.feedback).entries()[-1]
    assert (entry.verdict, entry.comment, entry.turns) == ("up", "Très <b>bien</b> !", (QUESTION,))
    assert entry.answer["question"] == "Et la Suisse ?"


def test_feedback_that_cannot_be_kept_is_told(browser: Browser, site: Site, serve: Any) -> None:
    server = serve(Echo(an_article()), rate="1/hour")
    with visit(browser, site.page(server)) as page:
        panel = opened(page)
        ask(page, "Fin")
        panel.get_by_role("button", name=widget.WIDGET["en"]["down"]).click()
        panel.locator(".rating form button").click()
        expect(panel.locator(".rating .notice")).to_contain_text(TEXTS["en"]["rate_limited"])
        expect(panel.locator(".rating form button")).to_be_enabled()


def test_without_feedback_no_thumbs(browser: Browser, site: Site, serve: Any) -> None:
    with visit(browser, site.page(serve(Echo(an_article()), feedback_days=0))) as page:
        panel = opened(page)
        ask(page, "Fin")
        expect(panel.locator(".rating")).to_have_count(0)


# Strangers' words


def test_nothing_of_a_strangers_text_is_obeyed(browser: Browser, site: Site, serve: Any) -> None:
    article = an_article(title=HOSTILE, body=f"Rien.\nmot {HOSTILE} fin\nRien.", section=HOSTILE)
    with visit(browser, site.page(serve(Echo(article)), f'data-greeting="{html.escape(HOSTILE)}"')) as page:
        requested: list[str] = []
        panel = opened(page)
        expect(panel.locator(".welcome p").first).to_have_text(HOSTILE.replace("\u202e", ""))
        page.on("request", lambda request: requested.append(request.url))
        ask(page, f"mot {HOSTILE}")
        readable = HOSTILE.replace("\u202e", "")
        assert panel.locator(".words").inner_text() == f"mot {readable} fin"
        expect(panel.locator("cite")).to_have_text(readable)
        expect(panel.locator(".section")).to_have_text(readable)
        expect(panel.locator(".asked")).to_contain_text(f"mot {readable}")
        ask(page, f"rien {HOSTILE}", answers=2)  # a refusal that says it again
        page.wait_for_load_state("networkidle")
        obeyed = "img, script, style, input, em, code, b, [onerror], a:not([href^='https://bulletin.test/a#'])"
        assert panel.locator(obeyed).count() == 0
        assert panel.locator("form").count() == 3  # the question box's, and one to rate each answer
        assert page.evaluate("window.hacked") is None
        assert [url for url in requested if not url.endswith("/api/ask/stream")] == []


def test_what_is_hidden_or_turned_round_is_shown_as_it_is(browser: Browser, site: Site, serve: Any) -> None:
    article = an_article(title="a\u2066b\x07c", body="mot\u202e \ufeffabc\x85def\u2028ghi\x00.", section="x\u200fy")
    with visit(browser, site.page(serve(Several(article)))) as page:
        panel = opened(page)
        ask(page, "mot")
        text = panel.locator(".reply").evaluate("e => e.textContent")
        assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08\x80-\x9f]", text)
        expect(panel.locator("cite")).to_have_text("abc")
        expect(panel.locator(".section")).to_have_text("xy")
