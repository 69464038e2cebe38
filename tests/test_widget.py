"""The widget as a site's visitor meets it: a page on another origin, the real server, a real browser."""

from __future__ import annotations

import dataclasses
import gzip
import html
import http.server
import itertools
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from answer.feedback import Feedback
from errors import IndexUnavailable
from records import LANGS, Answer, Lang
from settings import Settings
from tests.public import HOSTILE, WAIT_MS, Echo, Recording, a_citation, an_answer, an_article, start
from web import widget
from web.texts import EXAMPLES, TEXTS

QUESTION = "how many clusters are in go-cluster?"
UNANSWERABLE = "Wie heißt der Bürgermeister von München?"
BOX = "ask-bulletin .composer textarea"
OPENER = "ask-bulletin .opener"
PANEL = "ask-bulletin .panel"
LOG = "ask-bulletin .log"
NOTICE = "ask-bulletin .dock .notice"
PHONE = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}


# A site, and a server it may call


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


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
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


class Broken(Echo):
    def ask(self, question: str, *, turns: Sequence[str] = (), **_: Any) -> Answer:
        raise IndexUnavailable("damaged")


@pytest.fixture(scope="module")
def public(settings: Settings, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    feedback = tmp_path_factory.mktemp("feedback") / "feedback.sqlite"
    return dataclasses.replace(settings, rate="100000/minute", origins=(site.origin,), feedback=feedback)


@pytest.fixture(scope="module")
def recording(assistant: Any) -> Recording:
    return Recording(assistant)


@pytest.fixture(scope="module")
def server(recording: Recording, public: Settings) -> str:
    return start(recording, public)


@pytest.fixture(scope="module")
def serve(public: Settings) -> Callable[..., str]:
    """Starts a server of another kind: `serve(assistant, **settings)`."""
    return lambda assistant, **changes: start(assistant, public, **changes)


# What a visitor does


@contextmanager
def visit(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
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
        assert link.get_attribute("href") == f"{server}articles/a%20b%2Fc?start=6&end=13#cited"


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
            re.compile(rf"{re.escape(widget.WIDGET['en']['rate_limited'])} Try again in (59|60) minutes\.")
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
            words = widget.WIDGET["fr"]
            assert fail(page) == f"{words['busy']} {words['again'].format(when=words['soon'])}"
    finally:
        holding.may_answer.set()
        for other in others:
            other.join()


def test_an_index_that_cannot_be_served_is_told(browser: Browser, site: Site, serve: Any) -> None:
    with visit(browser, site.page(serve(Broken(an_article())), 'data-lang="de"')) as page:
        opened(page)
        assert fail(page) == f"{widget.WIDGET['de']['unavailable']} Versuchen Sie es gleich noch einmal."


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


# The page it is in


POLICY = "default-src 'none'; script-src {0}; connect-src {0}; require-trusted-types-for 'script'"


def test_a_strict_policy_needs_to_allow_only_script_and_connection(browser: Browser, site: Site, server: str) -> None:
    address = site.page(server, 'data-colour="#a1006b"', Content_Security_Policy=POLICY.format(server))
    with visit(browser, address) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        opened(page)
        ask(page, QUESTION)
        expect(page.locator("ask-bulletin strong")).to_have_text("91")
        assert page.locator(OPENER).evaluate("e => getComputedStyle(e).position") == "fixed"
        assert page.locator(OPENER).evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(161, 0, 107)"
        assert complaints == []


STYLED = (
    "<style>body { font: 18px/1.4 Georgia; } h1 { color: navy; } button { border: 3px solid red; }"
    " strong { color: lime; } .panel, .log { display: none; }</style>"
)
STRANGE = (
    "<button class=panel>A button</button><textarea class=log>x</textarea><blockquote><strong>Hi</strong></blockquote>"
)
LOOKS = """() => ({
    sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
    elements: [...document.querySelectorAll("html, html :not(ask-bulletin, script)")].map((e) =>
        [e.tagName, e.getAttributeNames().join(), JSON.stringify(e.getBoundingClientRect()),
         JSON.stringify([...getComputedStyle(e)].map((name) => getComputedStyle(e)[name]))]),
})"""


def test_the_pages_looks_stay_as_they_are(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.bare(f"{STYLED}", STRANGE)) as page:
        before = page.evaluate(LOOKS)
    with visit(browser, site.page(server, head=STYLED, body=STRANGE)) as page:
        opened(page)
        ask(page, QUESTION)
        after = page.evaluate(LOOKS)
    before["elements"] = [each for each in before["elements"] if each[0] != "SCRIPT"]
    assert len(before["elements"]) > 10
    assert after == before


HOSTILE_STYLE = (
    "<style>html { font-size: 40px; } * { color: red !important; font-size: 3px !important; opacity: 0.9 !important;"
    " direction: rtl !important; letter-spacing: 1em !important; text-transform: uppercase !important;"
    " visibility: hidden !important; background: lime !important; --paper: lime !important; --ink: lime !important; }"
    " ask-bulletin { display: none !important; transform: rotate(9deg) !important; filter: blur(9px) !important; }"
    " *::before, *::after { content: 'broken in' !important; }</style>"
)
INNER_LOOKS = """() => [...document.querySelector("ask-bulletin").shadowRoot.querySelectorAll("*")].map((e) => [
    e.tagName, JSON.stringify(e.getBoundingClientRect()),
    ...["color", "backgroundColor", "fontSize", "fontFamily", "display", "visibility", "direction", "letterSpacing",
        "textTransform"].map((name) => getComputedStyle(e)[name])])"""


def test_the_pages_looks_do_not_break_in(browser: Browser, site: Site, server: str) -> None:
    seen = []
    for head in ("", HOSTILE_STYLE):
        # The same width for both: without a body that is shown, nothing needs a scroll bar.
        with visit(browser, site.page(server, head=head), reduced_motion="reduce") as page:
            opened(page)
            ask(page, QUESTION)
            seen.append(page.evaluate(INNER_LOOKS))
            assert page.evaluate("getComputedStyle(document.querySelector('ask-bulletin'), '::before').content") == (
                "none"
            )
    assert len(seen[0]) > 30
    assert seen[1] == seen[0]


def test_the_layout_does_not_shift(browser: Browser, site: Site, server: str) -> None:
    shift = """() => new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        const settled = () => requestAnimationFrame(() => setTimeout(() => resolve(sum)));
        requestAnimationFrame(() => requestAnimationFrame(settled));
    })"""
    text = "<p>A paragraph.</p>" * 50
    with visit(browser, site.page(server, body=text)) as page:
        expect(page.locator(OPENER)).to_be_visible()
        assert page.evaluate(shift) == 0
        opened(page)
        ask(page, QUESTION)
        assert page.evaluate(shift) == 0
    with visit(browser, site.page(server, body=text)) as page:  # that this would see a shift
        page.evaluate("document.querySelector('h1').style.height = '200px'")
        assert page.evaluate(shift) > 0


def test_a_page_that_listens_for_keys_does_not_hear_a_question(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        page.evaluate(
            "window.heard = 0; for (const type of ['keydown', 'keypress', 'keyup'])"
            " document.addEventListener(type, () => { window.heard += 1; })"
        )
        opened(page)
        page.keyboard.type("s/?")
        assert page.locator(BOX).input_value() == "s/?"
        assert page.evaluate("window.heard") == 0


def test_nothing_is_kept_on_the_readers_disk(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        opened(page)
        ask(page, QUESTION)
        ask(page, UNANSWERABLE, answers=2)
        state = page.context.storage_state()
        assert state == {"cookies": [], "origins": []}
        kept = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
        assert page.evaluate(kept + " (await caches.keys()).length, document.cookie]") == [0, 0, 0, 0, ""]
        # Nor does the page leave a trace of its own with the server: no cookie sent, no address of the page.
        page.evaluate("document.cookie = 'a=b'")
        with page.expect_request("**/api/ask/stream") as asking:
            ask(page, QUESTION, answers=3)
        sent = asking.value.all_headers()
        assert "cookie" not in sent and "referer" not in sent
        assert sent["origin"] == site.origin


def test_it_asks_no_one_but_its_server(browser: Browser, site: Site, server: str) -> None:
    session = browser.new_context()
    page = session.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(site.page(server))
    opened(page)
    ask(page, QUESTION)
    ask(page, UNANSWERABLE, answers=2)
    page.wait_for_load_state("networkidle")
    session.close()
    assert [url for url in requested if not url.startswith((server, f"{site.origin}/"))] == []
    assert len(requested) == 4


# What a site may choose


@pytest.mark.parametrize(
    ("tag", "page_lang", "locale", "lang"),
    [
        ('data-lang="de"', "fr", "fr-FR", "de"),
        ("", "fr-CA", "en-GB", "fr"),
        ("", "es", "de-AT", "de"),
        ("", "es", "it-IT", "fr"),
        ('data-lang="xx"', "en", "fr-FR", "en"),
    ],
)
def test_it_speaks_the_language_asked_for_the_pages_the_readers_or_french(
    browser: Browser, site: Site, server: str, tag: str, page_lang: str, locale: str, lang: Lang
) -> None:
    script = f"<script>document.documentElement.lang = '{page_lang}'</script>"
    with visit(browser, site.page(server, tag, head=script), locale=locale) as page:
        panel = opened(page)
        expect(page.locator("ask-bulletin .widget")).to_have_attribute("lang", lang)
        expect(page.get_by_role("button", name=TEXTS[lang]["title"])).to_have_text(TEXTS[lang]["title"])
        expect(page.get_by_role("dialog", name=TEXTS[lang]["title"])).to_be_visible()
        expect(panel.get_by_label(TEXTS[lang]["question_label"])).to_be_editable()
        expect(panel.locator(".note")).to_have_text(TEXTS[lang]["footer"])


@pytest.mark.parametrize("position", ["left", "right", "", "middle"])
def test_its_corner(browser: Browser, site: Site, server: str, position: str) -> None:
    with visit(browser, site.page(server, f'data-position="{position}"')) as page:
        opened(page)
        for part in (OPENER, PANEL):
            box = page.locator(part).bounding_box()
            assert box is not None
            from_left, from_right = box["x"], 1280 - box["x"] - box["width"]
            assert (from_left if position == "left" else from_right) == 20
            assert max(from_left, from_right) > 400


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("colour", "background"),
    [
        ("#ffe600", (255, 230, 0)), ("white", (255, 255, 255)), ("black", (0, 0, 0)), ("#777", (119, 119, 119)),
        ("rgb(0 49 137 / 20%)", (0, 49, 137)), ("oklch(0.6 0.2 300)", (149, 91, 227)), ("hotpink", (255, 105, 180)),
    ],
)  # fmt: skip
def test_any_colour_can_be_read(
    browser: Browser, site: Site, server: str, colour: str, background: tuple[int, ...], scheme: str
) -> None:
    with visit(browser, site.page(server, f'data-colour="{colour}"'), color_scheme=scheme) as page:
        opened(page)
        assert rgb(page, OPENER, "backgroundColor") == pytest.approx(background, abs=3)
        for button in (OPENER, "ask-bulletin .send"):
            assert contrast(rgb(page, button, "color"), rgb(page, button, "backgroundColor")) >= 4.5
        link = rgb(page, "ask-bulletin .composer", "borderTopColor")  # the box has the focus: it is the links' colour
        for ground in (PANEL, "ask-bulletin .composer"):
            assert contrast(link, rgb(page, ground, "backgroundColor")) >= 4.5


@pytest.mark.parametrize("colour", ["nonsense", "", "var(--x)", "red; display: none", "red)", "url(http://evil.test/)"])
def test_what_is_no_colour_is_left_aside(browser: Browser, site: Site, server: str, colour: str) -> None:
    with visit(browser, site.page(server, f'data-colour="{colour}"')) as page:
        expect(page.locator(OPENER)).to_be_visible()
        assert rgb(page, OPENER, "backgroundColor") == (14, 90, 109)
        assert not page.locator("ask-bulletin .widget").evaluate("e => e.style.cssText")


def test_a_greeting_of_the_sites(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server, 'data-greeting="Bonjour&nbsp;! <b>Une question</b>&nbsp;?"')) as page:
        expect(opened(page).locator(".welcome p").first).to_have_text("Bonjour\xa0! <b>Une question</b>\xa0?")


def test_in_its_place_in_the_page(browser: Browser, site: Site, server: str) -> None:
    element = '<ask-bulletin inline lang="de" greeting="Fragen Sie!">No script here.</ask-bulletin>'
    body = f"<p>Before.</p>{element}<p id=after>After.</p>"
    with visit(browser, site.page(server, body=body)) as page:
        expect(page.locator("ask-bulletin")).to_have_count(1)
        expect(page.locator(OPENER)).to_have_count(0)
        expect(page.get_by_role("region", name=TEXTS["de"]["title"])).to_be_visible()
        expect(page.locator("ask-bulletin .welcome p").first).to_have_text("Fragen Sie!")
        assert page.evaluate("document.activeElement.tagName") == "BODY"  # it does not take the page's focus
        top = page.locator("#after").bounding_box()
        ask(page, QUESTION)
        expect(page.locator("ask-bulletin strong")).to_have_text("91")
        assert page.locator("#after").bounding_box() == top
        page.keyboard.press("Escape")
        expect(page.locator(PANEL)).to_be_visible()


def test_the_page_may_place_the_button_itself_or_load_the_script_twice(
    browser: Browser, site: Site, server: str
) -> None:
    again = f'<script src="{server}widget.js"></script>'
    with visit(browser, site.page(server, head=again, body='<ask-bulletin position="left" lang="fr">')) as page:
        expect(page.locator("ask-bulletin")).to_have_count(1)
        expect(page.locator(OPENER)).to_have_text(TEXTS["fr"]["title"])
        expect(page.locator("ask-bulletin .widget")).to_have_class(re.compile("left"))
    with visit(browser, site.bare(again)) as page:  # in the head, not deferred
        opened(page)
        ask(page, QUESTION)


def test_it_lives_on_when_the_page_moves_it(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        opened(page)
        ask(page, QUESTION)
        page.evaluate("document.querySelector('main').append(document.querySelector('ask-bulletin'))")
        expect(page.locator("ask-bulletin .reply")).to_be_visible()
        ask(page, UNANSWERABLE, answers=2)


# Everyone can use it


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", tags)
    assert len(found["passes"]) > 15
    return [f"{each['id']}: {node['target']} {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["corner", "inline", "phone"])
def test_axe_finds_nothing(
    browser: Browser, site: Site, serve: Any, assistant: Any, axe: str, scheme: str, place: str
) -> None:
    holding = Holding(assistant)
    body = "<ask-bulletin inline></ask-bulletin>" if place == "inline" else ""
    context: dict[str, Any] = {
        "color_scheme": scheme,
        "reduced_motion": "reduce",
        **(PHONE if place == "phone" else {}),
    }
    with visit(browser, site.page(serve(holding), body=body), **context) as page:
        assert violations(page, axe) == []  # closed
        if place != "inline":
            opened(page)
        assert violations(page, axe) == []  # empty
        page.locator(BOX).fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reading")).to_be_visible()
        assert violations(page, axe) == []  # busy
        holding.may_answer.set()
        expect(page.locator("ask-bulletin .reply")).to_be_visible()
        assert violations(page, axe) == []  # answered
        ask(page, UNANSWERABLE, answers=2)
        page.locator("ask-bulletin .down").last.click()
        assert violations(page, axe) == []  # refused, and being rated
        page.locator(BOX).fill("???")
        page.locator(BOX).press("Enter")
        expect(page.locator(NOTICE)).not_to_be_empty()
        assert violations(page, axe) == []  # error


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_colour_of_the_sites(
    browser: Browser, site: Site, server: str, axe: str, scheme: str
) -> None:
    address = site.page(server, 'data-colour="#ffe600"')
    with visit(browser, address, color_scheme=scheme, reduced_motion="reduce") as page:
        opened(page)
        ask(page, QUESTION)
        assert violations(page, axe) == []


def test_the_keyboard_alone_is_enough(browser: Browser, site: Site, serve: Any) -> None:
    article = an_article(body="mot un\nmot deux\nmot trois")
    with visit(browser, site.page(serve(Several(article)))) as page:
        page.keyboard.press("Tab")  # the page's own link
        page.keyboard.press("Tab")
        assert focused(page)[1] == "opener"
        opener = page.locator(OPENER)
        expect(opener).to_have_attribute("aria-expanded", "false")
        assert opener.evaluate("e => e.getRootNode().getElementById(e.getAttribute('aria-controls')).className") == (
            "panel"
        )
        page.keyboard.press("Enter")
        expect(opener).to_have_attribute("aria-expanded", "true")
        expect(page.locator(BOX)).to_be_focused()
        page.keyboard.type("mot")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("encore")
        assert page.locator(BOX).input_value() == "mot\nencore"
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reply")).to_have_count(1, timeout=WAIT_MS)
        expect(page.locator(BOX)).to_be_focused()
        reached = []
        while focused(page)[1] != "log":
            page.keyboard.press("Shift+Tab")
            reached.append(focused(page))
            assert len(reached) < 20
        hrefs = page.locator("ask-bulletin .origin a").evaluate_all("links => links.map(link => link.href)")
        assert [href for tag, _, href in reversed(reached) if tag == "A"] == hrefs
        assert len(hrefs) == 3
        page.keyboard.press("Escape")
        expect(page.locator(PANEL)).to_be_hidden()
        expect(opener).to_be_focused()
        expect(opener).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Escape")  # nothing left to close
        page.keyboard.press("Enter")
        expect(page.locator("ask-bulletin .reply")).to_be_visible()  # the conversation is still there
        page.keyboard.press("Shift+Tab")
        page.get_by_role("button", name=TEXTS["en"]["title"]).press("Enter")
        expect(page.locator(PANEL)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_can_be_seen(browser: Browser, site: Site, server: str, scheme: str) -> None:
    with visit(browser, site.page(server), color_scheme=scheme) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        ask(page, QUESTION)
        paper = rgb(page, PANEL, "backgroundColor")
        ring = page.locator("ask-bulletin .composer").evaluate("e => getComputedStyle(e).boxShadow")
        assert "2px" in ring
        for _ in range(4):
            page.keyboard.press("Shift+Tab")
            outline = page.evaluate(
                "(() => { const style = getComputedStyle(document.activeElement.shadowRoot.activeElement);"
                " return [style.outlineStyle, style.outlineWidth, style.outlineColor] })()"
            )
            assert outline[:2] == ["solid", "3px"]
            colour = [int(number) for number in re.findall(r"\d+", outline[2])[:3]]
            assert contrast(colour, paper) >= 3


def live(page: Page) -> str:
    """What Chromium's accessibility tree has inside the one polite live region, whatever is in it."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    logs = [node for node in nodes if node.get("role", {}).get("value") == "log"]
    assert len(logs) == 1
    properties = {each["name"]: each["value"].get("value") for each in logs[0]["properties"]}
    assert properties["live"] == "polite"

    def text(node: Any) -> str:
        own = node["name"].get("value", "") if node.get("role", {}).get("value") == "StaticText" else ""
        return own + " ".join(text(by_id[child]) for child in node.get("childIds", []) if child in by_id)

    return text(logs[0])


def test_a_screen_reader_hears_that_it_searches_then_the_answer(
    browser: Browser, site: Site, serve: Any, assistant: Any
) -> None:
    holding = Holding(assistant)
    with visit(browser, site.page(serve(holding))) as page:
        opened(page)
        region = page.locator(LOG).element_handle()
        page.locator(BOX).fill(QUESTION)
        page.keyboard.press("Enter")
        reading = page.locator("ask-bulletin .reading")
        expect(reading).to_have_attribute("aria-live", "off")
        assert TEXTS["en"]["waiting"] in live(page)
        assert f"{TEXTS['en']['you_asked']} {QUESTION}" in re.sub(r"\s+", " ", live(page))
        holding.may_answer.set()
        expect(page.locator("ask-bulletin .reply")).to_have_count(1)
        heard = live(page)
        assert "The bulletin says, in French:" in heard and "clusters impliqués" in heard
        assert TEXTS["en"]["waiting"] not in heard
        # The same region as before: one that comes with its text is not read out.
        assert page.locator(LOG).evaluate("(log, before) => log === before", region)


def test_every_language_is_told(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        panel = opened(page)
        for lang, question in EXAMPLES:
            expect(panel.get_by_role("button", name=question)).to_have_attribute("lang", lang)
        ask(page, QUESTION)
        expect(page.locator("ask-bulletin .widget")).to_have_attribute("lang", "en")
        expect(panel.locator(".reply")).to_have_attribute("lang", "en")
        expect(panel.locator(".words")).to_have_attribute("lang", "fr")
        expect(panel.locator("cite")).to_have_attribute("lang", "fr")
        expect(panel.locator(".section")).to_have_attribute("lang", "fr")
        expect(panel.locator(".origin")).to_have_attribute("lang", "en")


def test_a_phone_is_filled_and_needs_no_sideways_scrolling(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server, 'data-lang="de"'), reduced_motion="reduce", **PHONE) as page:
        page.locator(OPENER).tap()
        for answers, question in enumerate(["", QUESTION, UNANSWERABLE]):
            if question:
                page.locator(BOX).fill(question)
                page.locator("ask-bulletin .send").tap()
                expect(page.locator("ask-bulletin").locator(".reply, .refusal")).to_have_count(answers)
                expect(page.locator("ask-bulletin .asked").last).to_be_in_viewport()
                page.locator("ask-bulletin .up").last.tap()
            assert page.locator(PANEL).bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 568}
            assert page.evaluate("document.documentElement.scrollWidth") == 320
            for part in (PANEL, LOG):
                assert page.locator(part).evaluate("e => e.scrollWidth - e.clientWidth") == 0
            expect(page.locator(BOX)).to_be_in_viewport()
        targets = page.locator("ask-bulletin").locator("button:visible, textarea:visible")
        sizes = targets.evaluate_all("all => all.map(e => [Math.min(e.offsetWidth, e.offsetHeight), e.className])")
        assert len(sizes) >= 8
        assert [name for size, name in sizes if size < 44] == []
        boxes = page.locator("ask-bulletin textarea")
        # Below 16 pixels, a phone zooms in on what is written in.
        assert min(boxes.evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")) >= 16
        page.get_by_role("button", name=widget.WIDGET["de"]["close"]).tap()
        expect(page.locator(PANEL)).to_be_hidden()


def test_on_a_phone_the_keyboard_on_the_screen_goes_when_a_question_is_sent(
    browser: Browser, site: Site, server: str
) -> None:
    with visit(browser, site.page(server), **PHONE) as page:
        page.locator(OPENER).tap()
        ask(page, QUESTION)
        assert focused(page)[1] == "exchange"  # not the box, which would keep the keyboard
        assert fail_after(page, "???") == TEXTS["en"]["no_words"]
        expect(page.locator(BOX)).to_be_focused()  # where there is something to mend
        # What the keyboard leaves is what the panel fills; here, a smaller window does as the keyboard would.
        page.set_viewport_size({"width": 320, "height": 400})
        until(lambda: page.locator(PANEL).evaluate("e => e.offsetHeight") == 400)


def fail_after(page: Page, question: str) -> str:
    """Ask what cannot be answered after other questions were."""
    page.locator(BOX).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(NOTICE)).not_to_be_empty(timeout=WAIT_MS)
    return page.locator(NOTICE).inner_text()


def test_zoomed_in_fourfold_everything_can_be_reached(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server), viewport={"width": 320, "height": 256}) as page:
        opened(page)
        expect(page.locator(BOX)).to_be_focused()
        page.locator(BOX).scroll_into_view_if_needed()
        ask(page, QUESTION)
        for part in (".origin a", ".composer textarea", ".note"):
            each = page.locator("ask-bulletin").locator(part).first
            each.scroll_into_view_if_needed()
            expect(each).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_motion_is_reduced_for_who_asks_so(browser: Browser, site: Site, server: str, motion: str, moves: bool) -> None:
    with visit(browser, site.page(server), reduced_motion=motion) as page:
        opened(page)
        style = page.locator(PANEL).evaluate("e => getComputedStyle(e).animationName")
        scrolling = page.locator(LOG).evaluate("e => getComputedStyle(e).scrollBehavior")
        assert (style, scrolling) == (("rise", "smooth") if moves else ("none", "auto"))


def test_with_forced_colours_buttons_have_edges(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server), forced_colors="active") as page:
        opened(page)
        for button in (OPENER, "ask-bulletin .send", "ask-bulletin .icon"):
            edge, ground = rgb(page, button, "borderTopColor"), rgb(page, button, "backgroundColor")
            assert contrast(edge, ground) >= 3


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
    entry = Feedback(public.feedback, 90).entries()[-1]
    assert (entry.verdict, entry.comment, entry.turns) == ("up", "Très <b>bien</b> !", (QUESTION,))
    assert entry.answer["question"] == "Et la Suisse ?"


def test_feedback_that_cannot_be_kept_is_told(browser: Browser, site: Site, serve: Any) -> None:
    server = serve(Echo(an_article()), rate="1/hour")
    with visit(browser, site.page(server)) as page:
        panel = opened(page)
        ask(page, "Fin")
        panel.get_by_role("button", name=widget.WIDGET["en"]["down"]).click()
        panel.locator(".rating form button").click()
        expect(panel.locator(".rating .notice")).to_contain_text(widget.WIDGET["en"]["rate_limited"])
        expect(panel.locator(".rating form button")).to_be_enabled()


def test_without_feedback_no_thumbs(browser: Browser, site: Site, serve: Any) -> None:
    with visit(browser, site.page(serve(Echo(an_article()), feedback_days=0))) as page:
        panel = opened(page)
        ask(page, "Fin")
        expect(panel.locator(".rating")).to_have_count(0)
