"""The widget and the page it is in: neither touches the other's looks, and a site may choose a few things."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from records import Lang
from tests.visiting import BOX, OPENER, PANEL, QUESTION, UNANSWERABLE, Site, ask, contrast, opened, rgb, visit
from web.texts import TEXTS

# The page


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
    inline = f'<ask-bulletin inline style="display:block;height:576px"></ask-bulletin>{text}'  # as the plugin writes it
    with visit(browser, site.page(server, body=inline)) as page:
        expect(page.locator(PANEL)).to_be_visible()
        assert page.evaluate(shift) == 0
    with visit(browser, site.page(server, body=text)) as page:  # that this would see a shift
        assert page.evaluate(shift) == 0  # painted: what changes before that shifts nothing
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


def test_the_page_may_hide_it_and_paper_does_not_show_it(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server)) as page:
        opened(page)
        page.emulate_media(media="print")
        expect(page.locator(OPENER)).to_be_hidden()
        expect(page.locator(PANEL)).to_be_hidden()
        page.emulate_media(media="screen")
        expect(page.locator(PANEL)).to_be_visible()
        page.evaluate("document.querySelector('ask-bulletin').hidden = true")
        expect(page.locator(OPENER)).to_be_hidden()
