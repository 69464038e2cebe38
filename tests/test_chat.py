"""The chat as a reader meets it: a real server, a real browser, and the HTML of an answer to the letter."""

from __future__ import annotations

import datetime
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote as percent_encode

import pytest

from answer.feedback import Feedback
from errors import SettingsError
from records import LANGS, Lang
from settings import Settings
from tests.public import (
    CLUSTERS,
    HOSTILE,
    WAIT_MS,
    Echo,
    Recording,
    a_citation,
    an_answer,
    an_article,
    start,
    visit,
)
from tests.visiting import Holding
from web import render
from web.chat import Chat, Exchange
from web.desk import Desk
from web.metrics import Metrics
from web.readiness import Readiness
from web.serving import serve
from web.texts import EXAMPLES, TEXTS, date_in_words, reader_lang

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


@pytest.fixture(scope="module")
def recording(assistant: Any) -> Recording:
    return Recording(assistant)


@pytest.fixture(scope="module")
def address(recording: Recording) -> str:
    return start(recording)


@pytest.fixture(scope="module")
def hostile_address() -> str:
    return start(Echo(an_article(title=HOSTILE, body=f"Rien.\nmot {HOSTILE} fin\nRien.", section=HOSTILE)))


def ask(page: Any, question: str, answers: int = 1) -> None:
    """Type, press Enter, wait until the answer stands there."""
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")
    done(page, answers)


def done(page: Any, answers: int = 1) -> None:
    expect(page.locator("#log .reply, #log .refusal")).to_have_count(answers, timeout=WAIT_MS)
    expect(page.locator("#log .waiting")).to_have_count(0)


# The page in a browser


@pytest.mark.parametrize(
    ("locale", "lang"), [("fr-FR", "fr"), ("de-DE", "de"), ("en-GB", "en"), ("de-CH", "de"), ("es-ES", "en")]
)
def test_the_interface_speaks_the_browsers_language(browser: Any, address: str, locale: str, lang: Lang) -> None:
    with visit(browser, address, locale=locale) as page:
        expect(page.locator("h1")).to_have_text(TEXTS[lang]["title"])
        expect(page).to_have_title(TEXTS[lang]["title"])
        expect(page.locator("html")).to_have_attribute("lang", lang)
        expect(page.locator("#send")).to_have_text(TEXTS[lang]["send"])
        expect(page.get_by_label(TEXTS[lang]["question_label"])).to_be_editable()
        expect(page.locator("#box textarea")).to_have_attribute("placeholder", TEXTS[lang]["placeholder"])
        expect(page.locator("#panel")).to_contain_text(TEXTS[lang]["sources"])
        assert "__i18n__" not in page.locator("body").inner_text()


def test_an_answer_shows_its_words_in_the_article(browser: Any, address: str) -> None:
    with visit(browser, address) as page:
        ask(page, "how many clusters are in go-cluster?")
        expect(page.locator("#log blockquote")).to_contain_text("91 clusters")
        mark = page.locator("#cards .source mark").first
        expect(mark).to_contain_text("91 clusters")
        expect(page.locator("#cards .source blockquote").first).to_have_attribute("lang", "fr")
        link = page.locator("#cards .source h3 a").first
        assert str(link.get_attribute("href")).startswith("http")
        assert link.get_attribute("target") == "_blank"
        assert "noopener" in str(link.get_attribute("rel"))
        assert page.locator("#box textarea").input_value() == ""


def test_a_question_that_is_not_there_is_refused_in_its_own_language(browser: Any, address: str) -> None:
    with visit(browser, address, locale="fr-FR") as page:
        ask(page, "Wie heißt der Bürgermeister von München?")
        refusal = page.locator("#log .refusal")
        expect(refusal).to_have_attribute("lang", "de")
        expect(refusal).to_contain_text(TEXTS["de"]["rephrase"])
        expect(page.locator("#cards")).to_have_text(TEXTS["fr"]["no_sources"])
        expect(page.locator("#cards mark, #cards a")).to_have_count(0)


def test_an_example_is_asked_at_a_click_and_a_follow_up_brings_what_was_asked(
    browser: Any, address: str, recording: Recording
) -> None:
    recording.asked.clear()
    with visit(browser, address) as page:
        page.get_by_role("button", name=EXAMPLES[1][1]).click()
        done(page)
        expect(page.locator("#examples")).to_have_count(0)
        ask(page, "Et la Suisse ?", answers=2)
    assert recording.asked == [(EXAMPLES[1][1], ()), ("Et la Suisse ?", (EXAMPLES[1][1],))]


def test_a_new_conversation_forgets_the_old_one(browser: Any, address: str, recording: Recording) -> None:
    with visit(browser, address) as page:
        ask(page, "how many clusters are in go-cluster?")
        page.get_by_role("button", name=TEXTS["fr"]["new"]).click()
        expect(page.locator("#log .message-row")).to_have_count(0)
        expect(page.locator("#examples")).to_be_visible()
        recording.asked.clear()
        ask(page, "Et la Suisse ?")
    assert recording.asked == [("Et la Suisse ?", ())]


@pytest.fixture
def holding(assistant: Any) -> Iterator[Holding]:
    """Whoever is held is let go in the end."""
    holding = Holding(assistant)
    yield holding
    holding.may_answer.set()


def test_a_conversation_does_not_begin_anew_while_an_answer_would_bring_the_old_one_back(
    browser: Any, holding: Holding
) -> None:
    holding.may_answer.set()
    with visit(browser, start(holding)) as page:
        ask(page, "how many clusters are in go-cluster?")
        again = page.get_by_role("button", name=TEXTS["fr"]["new"])
        expect(again).to_be_enabled()
        holding.may_answer.clear()
        page.locator("#box textarea").fill("Wie heißt der Bürgermeister von München?")
        page.keyboard.press("Enter")
        expect(again).to_be_disabled()
        holding.may_answer.set()
        done(page, 2)
        expect(again).to_be_enabled()


def test_who_waits_behind_another_is_told(browser: Any, holding: Holding) -> None:
    address = start(holding)
    with visit(browser, address) as first, visit(browser, address) as second:
        for page in (first, second):
            page.locator("#box textarea").fill("how many clusters are in go-cluster?")
            page.keyboard.press("Enter")
            assert holding.found.wait(WAIT_MS / 1000)
        expect(first.locator("#log .waiting")).to_be_visible()
        expect(second.locator("#status")).to_have_text(TEXTS["fr"]["waiting"])
        expect(second.locator("#status")).not_to_have_class("unseen")
        holding.may_answer.set()
        for page in (first, second):
            done(page)
            expect(page.locator("#status")).to_have_text("")


def test_the_keyboard_alone_is_enough(browser: Any, address: str) -> None:
    with visit(browser, f"{address}?from=newsletter") as page:
        page.locator(".chip").first.focus()
        page.keyboard.press("Enter")
        done(page)
        page.locator("#log a.mark").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#source-1")).to_be_focused()  # and the page was not loaded anew
        expect(page.locator("#log .reply")).to_have_count(1)
        box = page.locator("#box textarea")
        box.focus()
        page.keyboard.type("a")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("b")
        assert box.input_value() == "a\nb"


def test_assistive_technology_hears_words_not_tags(browser: Any, address: str) -> None:
    with visit(browser, address) as page:
        ask(page, "how many clusters are in go-cluster?")
        log = page.get_by_role("log", name=TEXTS["fr"]["conversation"])
        expect(log).to_have_attribute("aria-live", "polite")
        expect(log.locator("[aria-label]")).to_have_count(0)
        assert page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => h.tagName)")[:3] == ["H1", "H2", "H3"]


def test_a_phone_needs_no_sideways_scrolling_and_keeps_the_question_box(browser: Any, address: str) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    with visit(browser, address, **phone) as page:
        for questions in (0, 1):
            if questions:
                ask(page, "how many clusters are in go-cluster?")
                page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            expect(page.locator("#box textarea")).to_be_in_viewport()
        small = page.evaluate(
            "[...document.querySelectorAll('button')].filter(b => b.offsetHeight && b.offsetHeight < 44).length"
        )
        assert small == 0


@pytest.mark.parametrize("size", [(390, 740), (768, 1024), (667, 331), (320, 256)])
def test_the_dock_hides_nothing_for_good(browser: Any, address: str, size: tuple[int, int]) -> None:
    """On a phone, upright and on its side, and on a desktop magnified to 400 %."""
    with visit(browser, address, locale="en-GB", viewport={"width": size[0], "height": size[1]}) as page:
        ask(page, "how many clusters are in go-cluster?")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        foot, dock = page.locator("#footer p").bounding_box(), page.locator("#dock").bounding_box()
        assert foot["y"] + foot["height"] <= dock["y"] or dock["y"] + dock["height"] <= foot["y"]
        page.locator("#filters summary").click()
        for field in ("#filter-section", "#filter-until", "#filters button", "#filters summary"):
            page.locator(field).scroll_into_view_if_needed()
            expect(page.locator(field)).to_be_in_viewport(ratio=1)


def test_what_is_printed_is_all_of_it(browser: Any, address: str) -> None:
    with visit(browser, address, viewport={"width": 1100, "height": 600}) as page:
        for answers in (1, 2):
            ask(page, "how many clusters are in go-cluster?", answers)
        page.emulate_media(media="print")
        for field in ("#dock", "#thumbs", "#again"):
            expect(page.locator(field)).to_be_hidden()
        for field in ("#panel", "#log .bubble-wrap"):
            hidden = page.locator(field).evaluate("part => part.scrollHeight - part.clientHeight")
            assert hidden <= 1, field


def test_a_question_that_cannot_be_asked_goes_back_into_the_box(browser: Any, hostile_address: str) -> None:
    with visit(browser, hostile_address, locale="de-DE") as page:
        page.locator("#box textarea").fill("???")
        page.locator("#send").click()
        expect(page.locator("#notice [role=alert]")).to_have_text(TEXTS["de"]["no_words"])
        expect(page.locator("#log .message-row")).to_have_count(0)
        assert page.locator("#box textarea").input_value() == "???"


def test_nothing_of_a_strangers_text_is_obeyed(browser: Any, hostile_address: str) -> None:
    with visit(browser, hostile_address) as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        ask(page, f"mot {HOSTILE}")
        page.wait_for_timeout(500)
        foreign = "a[href^=javascript], a[href*='evil.test']:not([href^='articles/'])"  # our view is told the quote
        obeyed = f"img, form, input, script, style, code, em, {foreign}"
        assert page.locator("#log .message, #cards").locator(obeyed).count() == 0
        assert page.evaluate("window.hacked") is None
        assert [url for url in requested if not url.startswith(hostile_address)] == []
        # Not merely stopped by the page's policy: there was nothing for it to stop.
        assert [text for text in complaints if "Content Security Policy" in text] == []
        readable = HOSTILE.replace("\u202e", "")
        expect(page.locator("#log .asked")).to_contain_text(f"mot {readable}")
        expect(page.locator("#cards mark")).to_have_text(f"mot {readable} fin")


def test_the_page_asks_no_one_else(browser: Any, address: str) -> None:
    session = browser.new_context()
    page = session.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    page.locator("#box textarea").wait_for()
    session.close()
    assert requested
    assert [url for url in requested if not url.startswith((address, "data:", "blob:"))] == []


# The server


def test_headers_keep_the_page_to_itself(address: str) -> None:
    request = urllib.request.Request(address, headers={"Origin": "http://evil.test"})
    with urllib.request.urlopen(request) as response:
        headers = response.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_files_are_not_taken(address: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"x" * 5000 + b"\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{address}gradio_api/upload", body, kind))
    with refused.value as answer:
        assert answer.code == 404


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {port} .* `make chat PORT={port + 1}`.* BULLETIN_PORT"):
            serve(Echo(an_article()), Settings(port=port))  # type: ignore[arg-type]


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1.*BULLETIN_HOST"):
        serve(Echo(an_article()), Settings(host="192.0.2.1", port=0))  # type: ignore[arg-type]


# The events, without a browser

REQUEST: Any = SimpleNamespace(headers={"accept-language": "de"})


def a_chat(assistant: Any, feedback: Feedback | None = None) -> Chat:
    desk = Desk(assistant, Metrics("v"), Readiness(Path("none"), "v"), waiting=1)
    return Chat(desk, max_question=30, feedback=feedback, days=90)


def events(assistant: Any, question: str, so_far: tuple[Exchange, ...] = ()) -> list[Any]:
    return list(a_chat(assistant).ask(question, so_far, REQUEST))


def test_only_the_last_three_questions_are_turns() -> None:
    echo = Echo(an_article())
    so_far: tuple[Exchange, ...] = ()
    for question in ("Le", "Avant", "nowhere", "Fin", "Le 6"):
        so_far = events(echo, question, so_far)[-1][0]
    assert echo.asked[-1] == ("Le 6", ("Avant", "nowhere", "Fin"))
    assert [exchange.question for exchange in so_far] == ["Le", "Avant", "nowhere", "Fin", "Le 6"]


@pytest.mark.parametrize(
    ("question", "problem"), [("???", "no_words"), ("x" * 31, "too_long"), ("fail, please", "failure")]
)
def test_what_went_wrong_is_said_and_nothing_is_remembered(question: str, problem: str) -> None:
    echo = Echo(an_article())
    so_far = events(echo, "Le")[-1][0]
    conversation, messages, _, _, box, notice, *_ = events(echo, question, so_far)[-1]
    assert conversation == so_far
    assert len(messages) == 2
    assert box == question[:30]
    assert notice.value == f'<p class="notice" role="alert">{TEXTS["de"][problem]}</p>'


def test_an_opinion_that_a_server_cannot_place_is_not_thanked_for(tmp_path: Path) -> None:
    """Another server took over, or the hour has passed."""
    chat = a_chat(Echo(an_article()), Feedback(tmp_path / "f.sqlite"))
    _, _, told, _ = chat.rate("down", (), REQUEST)
    _, said, _ = chat.comment("It is 91.", None, REQUEST)
    assert TEXTS["de"]["not_kept"] in told.value and TEXTS["de"]["not_kept"] in said.value
    _, said, _ = chat.comment("", None, REQUEST)
    assert TEXTS["de"]["not_kept"] not in said.value  # nothing was said


def test_a_question_too_long_is_never_drawn() -> None:
    echo = Echo(an_article())
    assert len(events(echo, "x" * 3_000_000)) == 1
    assert echo.asked == []


# The HTML, to the letter


def test_the_reply_quotes_and_marks() -> None:
    article = an_article()
    answer = an_answer(a_citation(article, CLUSTERS, "91 clusters"), text=f"The bulletin says, in French: “{CLUSTERS}”")
    assert render.reply(answer, {"a": article}, "de", latest=True) == (
        '<div class="reply" lang="en"><p class="frame">The bulletin says, in French:</p>'
        '<blockquote><p lang="fr">En ouverture, la ministre a cité les <strong>91 clusters</strong> du programme '
        '« go-cluster ».\xa0<a class="mark" lang="de" href="#source-1"><span class="unseen">Zur Quelle </span>1</a></p>'
        '<p class="origin"><a href="https://bulletin.test/a#:~:text=91" target="_blank" rel="noopener">'
        '<cite lang="fr">Congrès des clusters</cite><span class="unseen" lang="de"> (neuer Tab)</span></a>'
        '<time datetime="2014-03-01" lang="de">1. März 2014</time></p></blockquote></div>'
    )


def test_an_earlier_reply_has_no_marks_for_sources_no_longer_shown() -> None:
    article = an_article()
    two = a_citation(article, CLUSTERS, CLUSTERS), a_citation(article, "Fin.", "Fin.")
    assert '<p class="also"' in render.reply(an_answer(*two), {"a": article}, "fr", latest=True)
    assert "#source" not in render.reply(an_answer(*two), {"a": article}, "fr", latest=False)


def test_a_card_shows_the_whole_paragraph_and_the_words_in_it() -> None:
    article = an_article()
    answer = an_answer(a_citation(article, CLUSTERS, "91 clusters"))
    at = f"start={article.body.index(CLUSTERS)}&amp;quote={percent_encode(CLUSTERS, safe='')}"
    assert render.sources(answer, {"a": article}, "fr") == (
        '<div class="sources"><article class="source" id="source-1" tabindex="-1">'
        '<h3><span class="number">1</span> <a href="https://bulletin.test/a#:~:text=91" target="_blank" rel="noopener">'
        '<cite lang="fr">Congrès des clusters</cite><span class="unseen" lang="fr"> (nouvel onglet)</span></a></h3>'
        '<p class="when"><time datetime="2014-03-01" lang="fr">1er mars 2014</time>'
        '<span class="section" lang="fr">Innovation</span></p>'
        '<blockquote lang="fr"><p>Avant. <mark>En ouverture, la ministre a cité les <strong>91 clusters</strong> du '
        "programme « go-cluster ».</mark> Après.</p></blockquote>"
        f'<p class="in-article" lang="fr"><a href="articles/a?{at}#cited" target="_blank" '
        'rel="noopener">Lire dans l’article<span class="unseen"> (nouvel onglet)</span></a></p></article></div>'
    )


def test_a_card_of_an_article_without_url_date_or_section() -> None:
    article = an_article(url="", date=None, section="", lang="de", body="Eins\n– zwei,\n– drei\nvier")
    answer = an_answer(a_citation(article, "– zwei,\n– drei", "– zwei,\n– drei"))
    assert render.sources(answer, {"a": article}, "en") == (
        '<div class="sources"><article class="source" id="source-1" tabindex="-1">'
        '<h3><span class="number">1</span> <cite lang="de">Congrès des clusters</cite></h3><p class="when"></p>'
        '<blockquote lang="de"><p><mark>– zwei,<br>– drei</mark></p></blockquote>'
        '<p class="in-article" lang="en">'
        '<a href="articles/a?start=5&amp;quote=%E2%80%93%20zwei%2C%0A%E2%80%93%20drei#cited" '
        'target="_blank" rel="noopener">'
        'Read in the article<span class="unseen"> (new tab)</span></a></p></article></div>'
    )


def test_a_card_of_an_article_changed_since_shows_the_quote_alone() -> None:
    article = an_article()
    answer = an_answer(a_citation(article, CLUSTERS, CLUSTERS))
    for articles in ({}, {"a": an_article(body="Other words. " * 30)}):
        assert f"<p><mark>{CLUSTERS}</mark></p>" in render.sources(answer, articles, "fr")


def test_refusals_and_questions_are_text() -> None:
    refused = an_answer(text="Nothing about <b>.", lang="en")
    hint = TEXTS["en"]["rephrase"]
    assert render.reply(refused, {}, "fr", latest=True) == (
        f'<div class="refusal" lang="en"><p>Nothing about &lt;b&gt;.</p><p class="hint">{hint}</p></div>'
    )
    assert render.sources(refused, {}, "fr") == (
        f'<div class="sources"><p class="none">{TEXTS["fr"]["no_sources"]}</p></div>'
    )
    assert render.asked("<img src=x onerror=alert(1)>\n\n# a", "en") == (
        '<p class="asked"><span class="unseen">You asked: </span>&lt;img src=x onerror=alert(1)&gt; # a</p>'
    )


def test_what_is_drawn_is_one_line_beginning_with_a_block() -> None:
    """What the Markdown parser needs to leave it alone, whatever line breaks the article holds."""
    body = "a\r\n\r\nb\u2028\u2029c\x0b\x0cd\x85\n\n# e"
    article = an_article(title=body, body=body, section=body)
    answer = an_answer(a_citation(article, body, "b"), text=body)
    drawn = [
        render.asked(body, "fr"),
        render.reply(answer, {"a": article}, "fr", latest=True),
        render.sources(answer, {"a": article}, "fr"),
    ]
    for html in drawn:
        assert len(html.splitlines()) == 1
        assert re.match(r"<(p|div) ", html)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & \"c\" 'd'", "a &lt; b &amp; &quot;c&quot; &#x27;d&#x27;"),
        ("abc\u202edef\u202c\u2066g\u2069", "abcdefg"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("un\n\n  deux", "un deux"),
        ("« a »\u202f: été", "« a »\u202f: été"),
    ],
)
def test_plain_text(text: str, shown: str) -> None:
    assert render.plain(text) == shown


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.test/b?c=1", "https://a.test/b?c=1"),
        ("HTTP://a.test", "HTTP://a.test"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.test", ""),
        ("/a", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, address: str) -> None:
    assert render.web_address(url) == address


def test_a_link_cannot_leave_its_attribute() -> None:
    article = an_article(url='https://a.test/"onclick="x')
    html = render.sources(an_answer(a_citation(article, CLUSTERS, CLUSTERS)), {"a": article}, "fr")
    assert 'href="https://a.test/&quot;onclick=&quot;x#:~:text=91"' in html


@pytest.mark.parametrize(
    ("body", "quote", "paragraph"),
    [
        ("a\nb c d\ne", "c", "b c d"),
        ("abc", "abc", "abc"),
        ("a\nb\nc\nd", "b\nc", "b\nc"),
        ("b c\n", "b", "b c"),
        ("\nb c", "c", "b c"),
    ],
)
def test_the_paragraph_around_a_quote(body: str, quote: str, paragraph: str) -> None:
    at = body.index(quote)
    start, end = render.paragraph_around(body, at, at + len(quote))
    assert body[start:end] == paragraph


# The texts


def test_every_text_is_there_in_every_language() -> None:
    assert set(TEXTS) == set(LANGS)
    assert TEXTS["fr"].keys() == TEXTS["en"].keys() == TEXTS["de"].keys()
    assert all(text.strip() for texts in TEXTS.values() for text in texts.values())
    assert {lang for lang, _ in EXAMPLES} == set(LANGS)


def test_every_text_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(render.__file__).parent.glob("*.py"))
    reasons = {"empty", "too_long", "no_words"}  # named by QuestionError
    mentions = {key: len(re.findall(rf"[\"']{key}[\"']", code)) for key in TEXTS["fr"]}
    assert [key for key, count in mentions.items() if count <= len(LANGS) and key not in reasons] == []


def test_dates() -> None:
    date = datetime.date(2014, 3, 6)
    assert [date_in_words(date, lang) for lang in LANGS] == ["6 mars 2014", "6 March 2014", "6. März 2014"]
    assert date_in_words(datetime.date(2014, 1, 1), "fr") == "1er janvier 2014"


@pytest.mark.parametrize(
    ("header", "lang"),
    [(None, "fr"), ("", "fr"), ("de-CH,de;q=0.9,en;q=0.8", "de"), ("fr;q=1", "fr"), ("es,de;q=0.9", "en"), ("*", "en")],
)
def test_the_readers_language(header: str | None, lang: Lang) -> None:
    assert reader_lang(header) == lang
