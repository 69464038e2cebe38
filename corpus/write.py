"""An Article to its article file, so that reading the file gives the same Article again, and never half a file."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from corpus.articles import read_article
from corpus.front_matter import read_front_matter
from errors import ArticleError
from records import Article

__all__ = ["article_path", "render", "write_article"]

_NOWHERE = Path("front matter")


def write_article(article: Article, directory: Path, *, path: Path | None = None) -> Path:
    """The file that now holds `article`: `path` where one holds it already, else `article_path`.

    It is written beside its place, read back, synced and renamed: whoever is killed leaves the old file or the new.
    Raises ArticleError for an Article that no article file can hold (an id with blanks, an empty body), OSError.
    """
    path = path or article_path(article.id, directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # hidden: never taken for an article
    try:
        _write_through(beside, render(article).encode("utf-8", "surrogatepass"))
        _refuse_what_reads_otherwise(beside, article, path)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_directory(path.parent)
    return path


def article_path(id_: str, directory: Path) -> Path:
    """Where the article of this id is written. A leading dot would hide the file: it becomes `%2E`, which no id has."""
    return directory / f"{'%2E' + id_[1:] if id_.startswith('.') else id_}.md"


def render(article: Article) -> str:
    """The article file's text: front matter with the fields that are not empty, an empty line, the body."""
    fields = {
        "id": _scalar(article.id),
        "title": _scalar(article.title),
        "url": _scalar(article.url),
        "date": article.date.isoformat() if article.date else "",
        "lang": article.lang,
        "section": _scalar(article.section),
        "authors": f"[{', '.join(map(_item, article.authors))}]" if article.authors else "",
    }
    front = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
    return f"---\n{front}---\n\n{article.body}\n"


def _scalar(text: str) -> str:
    """`text` as it is where YAML reads it so, else in quotes."""
    return text if not text or _reads_as(text, text) else _quoted(text)


def _item(text: str) -> str:
    return text if _reads_as(f"[{text}]", (text,)) else _quoted(text)


def _reads_as(yaml: str, value: str | tuple[str, ...]) -> bool:
    if not yaml.isprintable():
        return False
    try:
        entries = read_front_matter(f"key: {yaml}", _NOWHERE)
    except ArticleError:
        return False
    return {key: entry.value for key, entry in entries.items()} == {"key": value}


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == " " or (character.isprintable() and unicodedata.category(character)[0] != "Z"):
        return character
    return f"\\U{ord(character):08x}"


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _refuse_what_reads_otherwise(written: Path, article: Article, path: Path) -> None:
    try:
        same = read_article(written) == article
    except ArticleError as error:
        raise ArticleError(path, f"not written: {error.problem}") from None
    if not same:
        raise ArticleError(path, "not written: the article has white space or line ends that a file does not keep.")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
