"""What the tests of the public face share: an article, an assistant that echoes it, a server, a reader's page."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bench.machines import free_port
from errors import QuestionError
from records import Answer, Article, Citation, Lang
from settings import Settings
from web.serving import serve

WAIT_MS = 30_000
"""Two busy cores may take this long to draw the page."""

HOSTILE = (
    "<script>parent.hacked = 1</script><img src=http://evil.test/a.png onerror=hacked=1> "
    "![a](http://evil.test/b.png) [b](javascript:hacked=1) <form action=http://evil.test><input name=q></form> "
    "<style>@import 'http://evil.test/c.css'</style> $$x$$ `code` **bold** __i18n__ {{value}} ${value} \u202eesrever"
)
CLUSTERS = "En ouverture, la ministre a cité les 91 clusters du programme « go-cluster »."


def an_article(**changes: Any) -> Article:
    article = Article(
        id="a",
        title="Congrès des clusters",
        lang="fr",
        body=f"Le 6 mars.\n\nAvant. {CLUSTERS} Après.\n\nFin.",
        url="https://bulletin.test/a",
        date=datetime.date(2014, 3, 1),
        section="Innovation",
    )
    return dataclasses.replace(article, **changes)


def a_citation(article: Article, quote: str, answer: str) -> Citation:
    start = article.body.index(quote)
    at = start + quote.index(answer)
    link = f"{article.url}#:~:text=91" if article.url else ""
    return Citation(
        article.id,
        article.title,
        article.url,
        article.date,
        article.section,
        start,
        start + len(quote),
        quote,
        at,
        at + len(answer),
        link,
    )


def an_answer(*citations: Citation, text: str = "", lang: Lang = "en") -> Answer:
    return Answer("q", lang, "answered" if citations else "refused", text, 0.9, citations, "v", {})


class Echo:
    """Answers with the first line of its article that holds the question's first word; depends on both."""

    def __init__(self, article: Article) -> None:
        self.articles: Mapping[str, Article] = {article.id: article}
        self.article = article
        self.index = SimpleNamespace(version="v-echo")
        self.max_question = Settings().max_question
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def ask(self, question: str, *, turns: Sequence[str] = (), **_: Any) -> Answer:
        self.asked.append((question, tuple(turns)))
        words = re.findall(r"\w+", question)
        if not words:
            raise QuestionError("no_words", "no words")
        if words[0] == "fail":
            raise RuntimeError("a bug")
        for line in self.article.body.splitlines():
            if words[0] in line:
                citation = a_citation(self.article, line, words[0])
                return an_answer(citation, text=f"The bulletin says: “{line}”")
        return an_answer(text=f"Nothing about {words[0]}.")


class Saying(Echo):
    """Cites as Echo does, in a sentence without the quote."""

    def __init__(self, article: Article, text: str) -> None:
        super().__init__(article)
        self.text = text

    def ask(self, question: str, **options: Any) -> Answer:
        return dataclasses.replace(super().ask(question, **options), answer=self.text)


class Recording:
    """The assistant, and what it was asked."""

    def __init__(self, assistant: Any) -> None:
        self.assistant = assistant
        self.articles, self.index, self.max_question = assistant.articles, assistant.index, assistant.max_question
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def ask(self, question: str, *, turns: Sequence[str] = (), **options: Any) -> Answer:
        self.asked.append((question, tuple(turns)))
        answer: Answer = self.assistant.ask(question, turns=turns, **options)
        return answer


def start(assistant: Any, settings: Settings | None = None, **changes: Any) -> str:
    """Serve `assistant` in a thread that ends with the tests; the address, once it answers.

    Without settings of one's own no feedback is kept, and one address may ask as often as tests do.
    """
    port = free_port()
    own = settings or Settings(rate="100000/minute", feedback_days=0)
    own = dataclasses.replace(own, port=port, **changes)
    threading.Thread(target=serve, args=(assistant, own), daemon=True).start()
    address = f"http://127.0.0.1:{port}/"
    for _ in range(WAIT_MS // 100):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return address
        time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")


@contextlib.contextmanager
def visit(browser: Any, address: str, **context: Any) -> Iterator[Any]:
    """A fresh reader's page, drawn."""
    session = browser.new_context(**{"locale": "fr-FR", **context})
    page = session.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.locator("#box textarea").wait_for()
    try:
        yield page
    finally:
        session.close()
