"""Which ids of a directory's articles are taken, and by whom."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from corpus.articles import read_article
from corpus.ledger import Item
from corpus.write import article_path, render
from errors import ArticleError
from records import Article

__all__ = ["Shelf"]


@dataclass(slots=True)
class Shelf:
    """`owners`: the paths of what syncs wrote, by id. What people wrote is looked up when it is first needed."""

    directory: Path
    owners: dict[str, str]
    _by_hand: dict[str, Path] | None = None

    def place(self, article: Article, item: Item, second_id: str) -> tuple[Article, str]:
        """The article under the id it has or gets, and its file's path from the directory.

        A file that holds just what would be written is taken over: a sync wrote it whose ledger was lost. Raises
        ArticleError where the id is taken.
        """
        if item.article_id:  # once given, an id stays: others' links and questions name it
            return dataclasses.replace(article, id=item.article_id), self.where(item)
        for id_ in dict.fromkeys(filter(None, (article.id, second_id))):
            if Path(id_).name != id_:
                raise ArticleError(self.directory, f"the id {id_!r} cannot be the name of a file")
            article = dataclasses.replace(article, id=id_)
            holder = self._holder(id_)
            if holder is None or (id_ not in self.owners and _holds(holder, article)):
                path = holder or article_path(id_, self.directory)
                return article, str(path.relative_to(self.directory))
            if id_ not in self.owners:
                told = f"the id {id_!r} is that of {holder}, which this source did not write; it was left as it is"
                raise ArticleError(holder, told)
        raise ArticleError(self.directory, f"the id {article.id!r} is another item's already; give this one its own")

    def where(self, item: Item) -> str:
        """The path of the item's file from the directory: as it was written, or where people moved it since."""
        if item.digest and not (self.directory / item.path).exists():
            moved = self._others().get(item.article_id)
            return str(moved.relative_to(self.directory)) if moved else item.path
        return item.path

    def _holder(self, id_: str) -> Path | None:
        if id_ in self.owners:
            return self.directory / self.owners[id_]
        path = article_path(id_, self.directory)
        return self._others().get(id_) or (path if path.exists() else None)

    def _others(self) -> dict[str, Path]:
        if self._by_hand is None:
            self._by_hand = _by_hand(self.directory, set(self.owners.values()))
        return self._by_hand


def _by_hand(directory: Path, ours: set[str]) -> dict[str, Path]:
    """The articles that lie where no sync wrote them, by id; a file that cannot be read counts under its name."""
    found = {}
    for path in sorted(directory.rglob("*.md")):
        inside = path.relative_to(directory)
        if str(inside) in ours or any(part.startswith(".") for part in inside.parts):
            continue
        try:
            found[read_article(path).id] = path
        except (ArticleError, OSError):
            found[path.stem] = path
    return found


def _holds(path: Path, article: Article) -> bool:
    return path.is_file() and path.read_bytes() == render(article).encode()
