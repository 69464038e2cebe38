"""Answers as HTML, as pure functions: (Answer, articles, language) -> str. Nothing here knows Gradio.

Questions and articles come from strangers. Every word of theirs passes through `plain`, and every string returned
here is one line of HTML beginning with a block element: Gradio hands it to a Markdown parser, and a parser of
CommonMark leaves such a block alone to its end (spec 0.31, section 4.6), so Markdown in a quote stays letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote, urlsplit

from records import Answer, Article, Citation, Lang, Span
from web.texts import TEXTS, date_in_words

_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters and Unicode's bidirectional overrides: they show nothing and can make a text read otherwise."""

_LINES = re.compile(r"\s*[\n\r\x0b\x0c\x85\u2028\u2029]\s*")


def plain(text: str) -> str:
    """`text` to be read, never obeyed: escaped, on one line, without characters that hide or reorder others."""
    return escape(_LINES.sub(" ", _INVISIBLE.sub("", text)))


def lines(text: str) -> str:
    """`plain`, with the line breaks of a list kept as breaks."""
    return "<br>".join(plain(line) for line in _LINES.split(text))


def web_address(url: str) -> str:
    """`url` where it is a page's address (http, https), else nothing: an article file may say `javascript:`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def paragraph_around(body: str, start: int, end: int) -> Span:
    """The whole lines that hold `body[start:end]`: a bulletin's paragraph, or the list items a quote runs over."""
    after = body.find("\n", end)
    return body.rfind("\n", 0, start) + 1, len(body) if after < 0 else after


def asked(question: str, lang: Lang) -> str:
    """The reader's own question, to stand in the conversation."""
    return f'<p class="asked"><span class="unseen">{TEXTS[lang]["you_asked"]} </span>{plain(question)}</p>'


def reply(answer: Answer, articles: Mapping[str, Article], lang: Lang, *, latest: bool) -> str:
    """The answer, or the refusal, to stand in the conversation. `lang` is the interface's.

    Only the latest answer's sources stand in the panel, so only its marks are links to them.
    """
    if not answer.citations:
        hint = TEXTS[answer.lang]["rephrase"]
        return (
            f'<div class="refusal" lang="{answer.lang}"><p>{plain(answer.answer)}</p><p class="hint">{hint}</p></div>'
        )
    first, *others = answer.citations
    if others and first.quote not in answer.answer:
        return _list(answer, lang, latest=latest)
    before, after = _frame(answer.answer, first.quote)
    return (
        f'<div class="reply" lang="{answer.lang}">{_p("frame", before)}'
        f"{_quotation(first, _lang_of(first, articles), lang, latest=latest)}{_p('frame', after)}"
        f"{_also(len(others), lang) if others and latest else ''}</div>"
    )


def _list(answer: Answer, lang: Lang, *, latest: bool) -> str:
    """An answer that names several articles: its lines, and the way to what is quoted of each."""
    lead, *items = answer.answer.split("\n")
    named = "".join(f"<li>{plain(item.removeprefix('– '))}</li>" for item in items)
    marks = " ".join(_mark(number, lang) for number in range(1, len(answer.citations) + 1))
    where = f'<p class="also" lang="{lang}">{TEXTS[lang]["sources"]} {marks}</p>' if latest else ""
    listed = f"<ul>{named}</ul>" if named else ""
    return f'<div class="reply" lang="{answer.lang}"><p>{plain(lead)}</p>{listed}{where}</div>'


def sources(answer: Answer, articles: Mapping[str, Article], lang: Lang) -> str:
    """The panel beside the conversation: a card for each citation, or why there is none. `lang` is the interface's."""
    if not answer.citations:
        return f'<div class="sources"><p class="none">{TEXTS[lang]["no_sources"]}</p></div>'
    cards = [_card(citation, articles, number, lang) for number, citation in enumerate(answer.citations, 1)]
    return f'<div class="sources">{"".join(cards)}</div>'


def waiting(lang: Lang) -> str:
    """Stands in the answer's place until it is there."""
    return f'<p class="waiting">{TEXTS[lang]["waiting"]}</p>'


def notice(reason: str, lang: Lang) -> str:
    """A kind word about a question that could not be asked; `reason` is a key of the texts."""
    return f'<p class="notice" role="alert">{TEXTS[lang][reason]}</p>'


def thanks(text: str) -> str:
    """After a thumb; `chat.js` has screen readers say it."""
    return f"<p>{plain(text)}</p>"


def where_cited(body: str, start: int, end: int, words: str) -> Span | None:
    """Where a quotation stands: `words`, from `start` on or, after a change to the article, elsewhere; without `words`
    `body[start:end]`. None where it is not, or no longer, in the body."""
    if not words:
        return (start, end) if 0 <= start < end <= len(body) else None
    at = start if start >= 0 and body.startswith(words, start) else body.find(words)
    return (at, at + len(words)) if at >= 0 else None


def article_page(article: Article, span: Span | None, style: str, lang: Lang) -> str:
    """A whole page: the article, `span` of its body marked, and the mark the place to open at (`#cited`).

    `lang` is the interface's.
    """
    texts, address = TEXTS[lang], web_address(article.url)
    original = (
        f'<p class="original"><a href="{escape(address)}" rel="noopener">{texts["original"]}</a></p>' if address else ""
    )
    about = " · ".join(
        part
        for part in (
            f'<time datetime="{article.date.isoformat()}">{date_in_words(article.date, lang)}</time>'
            if article.date
            else "",
            f'<span lang="{article.lang}">{plain(article.section)}</span>' if article.section else "",
            plain(", ".join(article.authors)),
        )
        if part
    )
    skip = f'<a class="skip" href="#cited">{texts["to_cited"]}</a>' if span else ""
    content = (
        f'{skip}<header><p class="home"><a href="../">{texts["title"]}</a></p>'
        f'<h1 lang="{article.lang}">{plain(article.title)}</h1><p class="about">{about}</p></header>'
        f'<main lang="{article.lang}">{_paragraphs(article.body, span)}</main><footer>{original}</footer>'
    )
    return page(article.title, content, style, lang)


def page(title: str, content: str, style: str, lang: Lang) -> str:
    """An HTML document of ours. `content` is HTML; empty: the title is all there is to say."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{plain(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><style>{style}</style></head>'
        f"<body>{content or f'<main><h1>{plain(title)}</h1></main>'}</body></html>"
    )


def _paragraphs(body: str, span: Span | None) -> str:
    """Each line of the body a paragraph; what of it lies in `span` is marked, the first such part with the id."""
    drawn, at, name = [], 0, ' id="cited" tabindex="-1"'
    for line in body.split("\n"):
        a, b = (max(span[0], at) - at, min(span[1], at + len(line)) - at) if span else (0, 0)
        if line.strip():
            marked = f"<mark{name}>{plain(line[a:b])}</mark>" if a < b else ""
            name = "" if marked else name
            drawn.append(f"<p>{plain(line[: a if marked else None])}{marked}{plain(line[b:]) if marked else ''}</p>")
        at += len(line) + 1
    return "".join(drawn)


def article_address(citation: Citation) -> str:
    """Our own view of the article, relative to the chat, opened at the cited words."""
    words = quote(citation.quote.encode("utf-8", "replace"), safe="")
    return f"articles/{quote(citation.article_id, safe='')}?start={citation.start}&quote={words}#cited"


def _frame(text: str, quote: str) -> tuple[str, str]:
    """The words of `text` before and after the quote, which gets a block of its own, and so no quotation marks."""
    before, cut, after = text.partition(quote)
    if not cut:
        return text.strip(), ""
    return before.rstrip(" \t\n\xa0\u202f«“„\"'"), after.lstrip(" \t\n\xa0\u202f»”“\"'.")


def _p(name: str, text: str) -> str:
    return f'<p class="{name}">{plain(text)}</p>' if text.strip() else ""


def _quotation(citation: Citation, quote_lang: Lang, lang: Lang, *, latest: bool) -> str:
    # The no-break space keeps the mark on the line of the last word.
    mark = f"\xa0{_mark(1, lang)}" if latest else ""
    words = _marked(citation, citation.quote, citation.start)
    origin = f'<p class="origin">{_anchor(citation, quote_lang, lang)}{_when(citation, lang)}</p>'
    return f'<blockquote><p lang="{quote_lang}">{words}{mark}</p>{origin}</blockquote>'


def _also(others: int, lang: Lang) -> str:
    marks = " ".join(_mark(number, lang) for number in range(2, others + 2))
    return f'<p class="also" lang="{lang}">{TEXTS[lang]["see_also"]} {marks}</p>'


def _mark(number: int, lang: Lang) -> str:
    name = f'<span class="unseen">{TEXTS[lang]["go_to_source"]} </span>{number}'
    return f'<a class="mark" lang="{lang}" href="#source-{number}">{name}</a>'


def _card(citation: Citation, articles: Mapping[str, Article], number: int, lang: Lang) -> str:
    article_lang = _lang_of(citation, articles)
    before, after = _surroundings(citation, articles.get(citation.article_id))
    quoted = _marked(citation, citation.quote, citation.start)
    return (
        f'<article class="source" id="source-{number}" tabindex="-1">'
        f'<h3><span class="number">{number}</span> {_anchor(citation, article_lang, lang)}</h3>'
        f'<p class="when">{_when(citation, lang)}{_section(citation, article_lang)}</p>'
        f'<blockquote lang="{article_lang}"><p>{lines(before)}<mark>{quoted}</mark>{lines(after)}</p></blockquote>'
        f"{_in_article(citation, articles, lang)}</article>"
    )


def _in_article(citation: Citation, articles: Mapping[str, Article], lang: Lang) -> str:
    """The way to the words in the whole article, here; none to an article that is not ours any more."""
    if citation.article_id not in articles:
        return ""
    new_tab = f'<span class="unseen"> ({TEXTS[lang]["new_tab"]})</span>'
    return (
        f'<p class="in-article" lang="{lang}"><a href="{escape(article_address(citation))}" target="_blank" '
        f'rel="noopener">{TEXTS[lang]["in_article"]}{new_tab}</a></p>'
    )


def _surroundings(citation: Citation, article: Article | None) -> tuple[str, str]:
    """What stands before and after the quote in its paragraph; nothing if the article has been changed meanwhile."""
    if article is None or article.body[citation.start : citation.end] != citation.quote:
        return "", ""
    start, end = paragraph_around(article.body, citation.start, citation.end)
    return article.body[start : citation.start], article.body[citation.end : end]


def _lang_of(citation: Citation, articles: Mapping[str, Article]) -> Lang:
    article = articles.get(citation.article_id)
    return article.lang if article else "fr"


def _marked(citation: Citation, quote: str, start: int) -> str:
    """The quote with its answer made stronger, unless the whole of it is the answer."""
    a, b = citation.answer_start - start, citation.answer_end - start
    if not 0 <= a < b <= len(quote) or (a, b) == (0, len(quote)):
        return lines(quote)
    return f"{lines(quote[:a])}<strong>{lines(quote[a:b])}</strong>{lines(quote[b:])}"


def _anchor(citation: Citation, article_lang: Lang, lang: Lang) -> str:
    address, title = web_address(citation.link) or web_address(citation.url), plain(citation.title)
    if not address:
        return f'<cite lang="{article_lang}">{title}</cite>'
    new_tab = f'<span class="unseen" lang="{lang}"> ({TEXTS[lang]["new_tab"]})</span>'
    return (
        f'<a href="{escape(address)}" target="_blank" rel="noopener">'
        f'<cite lang="{article_lang}">{title}</cite>{new_tab}</a>'
    )


def _when(citation: Citation, lang: Lang) -> str:
    if citation.date is None:
        return ""
    return f'<time datetime="{citation.date.isoformat()}" lang="{lang}">{date_in_words(citation.date, lang)}</time>'


def _section(citation: Citation, article_lang: Lang) -> str:
    return f'<span class="section" lang="{article_lang}">{plain(citation.section)}</span>' if citation.section else ""
