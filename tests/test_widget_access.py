"""Everyone can use the widget: by keyboard, by ear, on a phone, zoomed in, in forced colours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.public import WAIT_MS, an_article
from tests.visiting import (
    BOX,
    LOG,
    NOTICE,
    OPENER,
    PANEL,
    PHONE,
    QUESTION,
    UNANSWERABLE,
    Holding,
    Several,
    Site,
    ask,
    contrast,
    focused,
    opened,
    rgb,
    until,
    visit,
)
from web import widget
from web.texts import EXAMPLES, TEXTS


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


def test_who_goes_on_to_what_a_panel_covers_sees_it(browser: Browser, site: Site, server: str) -> None:
    with visit(browser, site.page(server), viewport={"width": 320, "height": 256}) as page:
        page.evaluate("document.body.prepend(Object.assign(document.createElement('button'), {id: 'covered'}))")
        opened(page)
        assert page.locator(PANEL).get_attribute("aria-modal") == "true"
        expect(page.locator(OPENER)).to_be_hidden()
        page.locator("#covered").focus()
        expect(page.locator(PANEL)).to_be_hidden()
        expect(page.locator(OPENER)).to_be_visible()
        page.set_viewport_size({"width": 1280, "height": 800})
        opened(page)
        assert page.locator(PANEL).get_attribute("aria-modal") == "false"
        page.locator("#covered").focus()
        expect(page.locator(PANEL)).to_be_visible()


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
