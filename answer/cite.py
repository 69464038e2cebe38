"""Readings to citations. A quote is sliced from the article by its offsets, never retyped."""

from __future__ import annotations

from urllib.parse import quote as percent_encode

from records import Citation, Reading

_WHOLE = 80
"""Characters up to which a quote goes into a link whole; a longer one is named by its first and last words."""
_ENDS = 5
"""How many words name each end."""


def cite(reading: Reading) -> Citation:
    article = reading.hit.article
    start, end = reading.quote
    quote = article.body[start:end]
    return Citation(
        article_id=article.id,
        title=article.title,
        url=article.url,
        date=article.date,
        section=article.section,
        start=start,
        end=end,
        quote=quote,
        answer_start=reading.answer[0],
        answer_end=reading.answer[1],
        link=deep_link(article.url, quote),
    )


def deep_link(url: str, quote: str) -> str:
    """`url` with a text fragment (WICG, URL Fragment Text Directives) for the quote; "" for no url.

    >>> deep_link("https://example.org/a", "91 clusters")
    'https://example.org/a#:~:text=91%20clusters'
    """
    if not url:
        return ""
    words = quote.split()
    # A browser matches a directive's parts within one block of the page: words on both sides of a line break are not.
    if (len(quote) <= _WHOLE and "\n" not in quote) or len(words) < 2 * _ENDS:
        directive = _encode(" ".join(words))
    else:
        directive = f"{_encode(' '.join(words[:_ENDS]))},{_encode(' '.join(words[-_ENDS:]))}"
    return f"{url}{'' if '#' in url else '#'}:~:text={directive}"


def _encode(text: str) -> str:
    """Percent-encoded, the dash too, which has a meaning of its own in a text directive."""
    return percent_encode(text, safe="").replace("-", "%2D")
