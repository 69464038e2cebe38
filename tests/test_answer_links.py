"""Deep links: an address and a directive by which a browser finds the quote (WICG, URL Fragment Text Directives)."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from answer.cite import deep_link

URL = "https://example.org/a?b=1&c=2"


@pytest.mark.parametrize(
    ("quote", "directive"),
    [
        ("91 clusters", "91%20clusters"),
        ("go-cluster", "go%2Dcluster"),
        ("Berlin, Bonn & Jena", "Berlin%2C%20Bonn%20%26%20Jena"),
        ("«\u00a0go\u00a0»\u202f?", "%C2%AB%20go%20%C2%BB%20%3F"),
        ("50 % de #1 = a/b+c", "50%20%25%20de%20%231%20%3D%20a%2Fb%2Bc"),
        ("l’été\n–  deux", "l%E2%80%99%C3%A9t%C3%A9%20%E2%80%93%20deux"),
        ("🙂", "%F0%9F%99%82"),
    ],
)
def test_a_short_quote_is_linked_whole(quote: str, directive: str) -> None:
    assert deep_link(URL, quote) == f"{URL}#:~:text={directive}"


def test_a_long_quote_is_linked_by_its_ends() -> None:
    quote = "En ouverture du congrès, la Secrétaire parlementaire au BMWi a rappelé le dynamisme des 91 clusters."
    assert deep_link("https://example.org", quote) == (
        "https://example.org#:~:text=En%20ouverture%20du%20congr%C3%A8s%2C%20la,le%20dynamisme%20des%2091%20clusters."
    )


def test_a_long_quote_of_few_words_is_linked_whole() -> None:
    quote = f"voir http://example.org/{'a' * 100}"
    assert deep_link(URL, quote) == f"{URL}#:~:text=voir%20http%3A%2F%2Fexample.org%2F{'a' * 100}"


def test_an_address_with_a_fragment_keeps_it() -> None:
    assert deep_link("https://example.org/a#part", "91") == "https://example.org/a#part:~:text=91"


def test_no_address_no_link() -> None:
    assert deep_link("", "91 clusters") == ""


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200).filter(str.strip))
def test_any_quote_is_found_by_its_directive(quote: str) -> None:
    link = deep_link(URL, quote)
    directive = link.removeprefix(f"{URL}#:~:text=")
    assert re.fullmatch(r"[A-Za-z0-9._~%]+(,[A-Za-z0-9._~%]+)?", directive)  # no bare -, & or other comma
    start, *end = (unquote(part) for part in directive.split(","))
    plain = " ".join(quote.split())
    if end:
        assert plain.startswith(f"{start} ") and plain.endswith(f" {end[0]}")
        assert len(start) + len(end[0]) < len(plain)
    else:
        assert start == plain


@pytest.mark.parametrize(
    "quote",
    [
        "«\u00a0Clusters, outils\u00a0»\u202f?",
        "– un soutien aux sites, afin\nde les aider",
        "L’accent a été mis cette année sur les coopérations (et comparaisons) du « go-cluster », 50 % & plus.",
    ],
)
def test_a_browser_scrolls_to_the_quote(browser: Browser, tmp_path: Path, quote: str) -> None:
    page_file = tmp_path / "page.html"
    far = "<div style='height: 5000px'></div>"
    text = f"<p>Avant. {html.escape(quote)} Après.</p>"
    page_file.write_text(f"<!doctype html><meta charset=utf-8>{far}{text}{far}", "utf-8")
    with browser.new_page() as page:
        page.goto(deep_link(page_file.as_uri(), quote))
        page.wait_for_function("scrollY > 4000", timeout=5000)
