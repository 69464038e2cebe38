"""The chat's filters as a reader meets them: by keyboard, on a phone, in three languages; what strangers may send."""

from __future__ import annotations

import dataclasses
import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from records import LANGS, Article, Filters, Lang
from tests.public import HOSTILE, WAIT_MS, Echo, a_citation, an_answer, an_article, start, visit
from tests.test_pages import violations
from web import render
from web.texts import FIELDS, TEXTS

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

LOCALES = {"fr": "fr-FR", "en": "en-GB", "de": "de-DE"}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


class Filtering(Echo):
    """An Echo with articles in several sections, which remembers the filters that it was asked with."""

    def __init__(self, *sections: str) -> None:
        super().__init__(an_article())
        others = [an_article(id=f"{number}", section=section) for number, section in enumerate(sections)]
        self.articles: dict[str, Article] = {article.id: article for article in (self.article, *others)}
        self.filters: list[Filters | None] = []

    def ask(self, question: str, *, filters: Filters | None = None, **options: Any) -> Any:
        self.filters.append(filters)
        return super().ask(question, **options)


@pytest.fixture(scope="module")
def filtering() -> Filtering:
    return Filtering("Énergie", HOSTILE)


@pytest.fixture(scope="module")
def address(filtering: Filtering) -> str:
    return start(filtering)


def ask(page: Any, question: str, answers: int) -> None:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#log .reply")).to_have_count(answers, timeout=WAIT_MS)


def test_filters_are_set_and_cleared_by_the_keyboard(browser: Any, address: str, filtering: Filtering) -> None:
    filtering.filters.clear()
    with visit(browser, address, locale="en-GB") as page:
        summary = page.locator("#filters summary")
        expect(summary).to_have_text(TEXTS["en"]["filters"])
        expect(page.get_by_label(TEXTS["en"]["since"])).to_be_hidden()
        summary.focus()
        page.keyboard.press("Enter")
        section = page.get_by_label(TEXTS["en"]["section"])
        expect(section.locator("option")).to_have_count(4)
        section.select_option("Innovation")
        page.keyboard.press("Tab")
        page.get_by_label(TEXTS["en"]["since"]).press_sequentially("2011")
        page.keyboard.press("Tab")
        page.keyboard.type("06/2012")
        expect(summary).to_have_text(f"{TEXTS['en']['filters_on']}: Innovation · 2011 · 06/2012")
        ask(page, "Le", 1)
        expect(page.get_by_label(TEXTS["en"]["since"])).to_be_hidden()  # it closes, and its summary says what is set
        expect(summary).to_contain_text("Innovation")
        summary.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=TEXTS["en"]["clear"]).press("Enter")
        expect(summary).to_be_focused()
        expect(summary).to_have_text(TEXTS["en"]["filters"])
        ask(page, "Fin", 2)
    (first, second) = filtering.filters
    assert first and (first.section, str(first.since), str(first.until)) == ("Innovation", "2011-01-01", "2012-06-30")
    assert second is None


def test_a_date_that_is_none_is_told_and_the_question_kept(browser: Any, address: str, filtering: Filtering) -> None:
    filtering.filters.clear()
    with visit(browser, address, locale="de-DE") as page:
        page.locator("#filters summary").click()
        page.get_by_label(TEXTS["de"]["until"]).fill("gestern")
        page.locator("#box textarea").fill("Le")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text(TEXTS["de"]["filters_unreadable"], timeout=WAIT_MS)
        expect(page.locator("#box textarea")).to_have_value("Le")
    assert filtering.filters == []


@pytest.mark.parametrize("lang", LANGS)
def test_open_filters_shut_no_one_out(browser: Any, address: str, axe: str, lang: Lang) -> None:
    with visit(browser, address, locale=LOCALES[lang], bypass_csp=True) as page:
        page.locator("#filters summary").click()
        for name in ("section", "since", "until"):
            expect(page.get_by_label(TEXTS[lang][name])).to_be_visible()
        page.get_by_label(TEXTS[lang]["since"]).fill("2011")
        assert violations(page, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_filters_fit_a_phone(browser: Any, address: str, axe: str, scheme: str) -> None:
    with visit(browser, address, color_scheme=scheme, bypass_csp=True, **PHONE) as page:
        page.locator("#filters summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        small = "[...document.querySelectorAll('#filters :is(summary, select, input, button)')]"
        assert page.evaluate(f"{small}.filter(e => e.offsetHeight < 44).length") == 0
        expect(page.locator("#box textarea")).to_be_in_viewport()
        assert violations(page, axe) == []


def test_sections_are_read_at_page_load_and_are_only_text(browser: Any) -> None:
    filtering = Filtering(HOSTILE)
    address = start(filtering)
    with visit(browser, address) as page:
        expect(page.locator("#filter-section option")).to_have_count(3)
        assert page.evaluate("window.hacked") is None
        assert page.locator("#filters :is(img, form, script, style)").count() == 0
        filtering.articles = {"b": an_article(id="b", section="Neuf")}
        page.reload()
        expect(page.locator("#filter-section option")).to_have_text([TEXTS["fr"]["any_section"], "Neuf"])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (["Le", None, {"section": "Focus"}], 422),
        (["Le", None, [{"since": "2012"}]], 422),
        (["Le", None, "x" * 9000], 422),
        (["Le", None, '{"since": "2012"}', "2013"], 422),
        (["Le", None, '{"section": "Focus"}'], 200),
    ],
)
def test_the_guard_lets_only_text_through(address: str, data: list[Any], status: int) -> None:
    body = json.dumps({"data": data, "fn_index": 1, "session_hash": "filters"}).encode()
    request = urllib.request.Request(f"{address}gradio_api/queue/join", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            assert reply.status == status
    except urllib.error.HTTPError as refused:
        with refused:
            assert refused.code == status


def test_the_fields_have_words_in_every_language() -> None:
    assert all(TEXTS[lang][key] for lang in LANGS for key in FIELDS)


def test_a_list_of_articles_is_drawn_as_one() -> None:
    article = an_article()
    other = dataclasses.replace(article, id="b", title="<b>B</b>")
    two = a_citation(article, "Fin.", "Fin."), a_citation(other, "Avant.", "Avant.")
    answer = an_answer(*two, text="2 articles:\n– “A” (1 March 2014)\n– “<b>B</b>”")
    assert render.reply(answer, {}, "en", latest=False) == (
        '<div class="reply" lang="en"><p>2 articles:</p>'
        "<ul><li>“A” (1 March 2014)</li><li>“&lt;b&gt;B&lt;/b&gt;”</li></ul></div>"
    )
    drawn = render.reply(answer, {}, "en", latest=True)
    assert 'href="#source-1"' in drawn and 'href="#source-2"' in drawn
