"""A file of any kind the bulletin comes in, told by its content, to an Article."""

from __future__ import annotations

from pathlib import Path

from corpus.articles import read_article
from corpus.pages import article_id, read_page
from errors import PageError
from records import Article

__all__ = ["SUFFIXES", "read_document"]

SUFFIXES = (".html", ".htm", ".xhtml", ".pdf", ".docx", ".md", ".txt")


def read_document(path: Path) -> Article:
    """The article in the file `path`; its id is the file's stem unless the file names one.

    Raises PageError or ArticleError for what cannot be read, OSError for a file that cannot be opened.
    """
    data = path.read_bytes()
    if data.startswith(b"---"):
        return read_article(path)
    if path.suffix.lower() in (".html", ".htm", ".xhtml"):
        return read_page(data, id=article_id(path.name))
    raise PageError(f"is no file of a known kind; expected one of {', '.join(SUFFIXES)}.")
