"""Articles to a published index. Only passages of new content are encoded; an unchanged corpus writes nothing.

What a version costs grows with what is new: an article that did not change keeps its passages, a passage its vector,
and tokens stay in the files they are in (`index.versions.segments`). Words are counted anew, since their weights
depend on all.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from errors import BuildRefused, IndexUnavailable
from index.passages.chunk import chunk
from index.versions.contents import Contents, Encoded, write_version
from index.versions.publish import KEPT_VERSIONS, Copy, building, publish, return_to
from index.versions.seen import SeenFiles
from index.versions.store import FORMAT, MANIFEST, Index, live_name, open_index, open_version, verify, version_names
from records import Article, Encoder, Passage

PASSAGE_TOKENS = 160
"""Size of a passage, in the encoder's tokens: most paragraphs of a bulletin stay whole (chosen on the fit half of the
go-cluster questions among 96, 128, 160 and 200)."""
_RECIPE = 2
"""Raise it when passages or terms of the same articles come out otherwise, so that older indexes are built anew."""

log = logging.getLogger("bulletin.index")


@dataclass(frozen=True, slots=True)
class BuildReport:
    version: str
    articles: int
    passages: int
    encoded: int
    """Passages that had to go through the encoder; the rest were taken from the version before."""
    changed: bool
    """False: a version that was built from just these articles was there, and is live now; none was written."""


def build(
    articles: Sequence[Article],
    encoder: Encoder,
    directory: Path,
    *,
    keep: int = KEPT_VERSIONS,
    copy: Copy | None = None,
    seen: SeenFiles | None = None,
    progress: bool = False,
) -> BuildReport:
    """Build and publish an index of `articles` in `directory`, where `keep` versions stay, with a `copy` elsewhere.
    Files that were `seen` already are not read again to check them.

    Raises BuildRefused when there are no articles or another build is at work. Whatever happens, the version that was
    live before stays live until the new one is whole.
    """
    if not articles:
        raise BuildRefused("There are no articles to build an index from.")
    with building(directory):
        seen = seen or SeenFiles()
        recipe = _recipe(encoder.id)
        source = _source(articles, recipe)
        if counts := _built_before(directory, source, keep, seen, copy, encoder.id):
            return BuildReport(live_name(directory), counts["articles"], counts["passages"], 0, changed=False)
        with ThreadPoolExecutor(1) as aside:
            aside.submit(encoder.count_tokens, "")  # what encodes is loaded while the version before is opened
            previous = _previous(directory, encoder.id, seen)
        contents = _contents(
            articles, encoder, previous if previous and previous.manifest["recipe"] == recipe else None
        )
        encoded = Encoded(contents, encoder, previous, progress)
        manifest = {
            "encoder": {"id": encoder.id, "dimension": encoder.dim},
            "chunk": {"tokens": PASSAGE_TOKENS},
            "counts": {"articles": len(articles), "passages": len(contents.passages)},
            "recipe": recipe,
            "source": source,
        }
        write = partial(write_version, directory=directory, contents=contents, encoded=encoded, manifest=manifest)
        version = publish(directory, write, encoder.id, keep, seen, copy)
    return BuildReport(version, len(articles), len(contents.passages), encoded.fresh, changed=True)


def _built_before(
    directory: Path, source: str, keep: int, seen: SeenFiles, copy: Copy | None, encoder_id: str
) -> dict[str, int] | None:
    """The counts of a whole version built from `source`, made the live one if it is not; None where there is none."""
    for name in version_names(directory):
        if _manifest(directory / name).get("source") != source:
            continue
        try:
            manifest = verify(directory / name, seen)
        except (IndexUnavailable, OSError) as error:
            log.warning("%s It is built anew.", error)
            continue
        if copy:
            copy(open_version(directory / name, encoder_id, seen))
        if live_name(directory) != name:  # gone back from, or the pointer or the live one is damaged
            return_to(directory, name, keep, seen)
        counts: dict[str, int] = manifest["counts"]
        return counts
    return None


def _manifest(version: Path) -> dict[str, Any]:
    """As it stands there, whole or not; empty where it cannot be read."""
    try:
        manifest = json.loads((version / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _previous(directory: Path, encoder_id: str, seen: SeenFiles) -> Index | None:
    """The live index if its vectors can be used again."""
    try:
        return open_index(directory, encoder_id, seen)
    except IndexUnavailable as error:
        if any(directory.glob("v-*")):
            log.warning("Nothing is taken over from the index before: %s", error)
        return None


def _contents(articles: Sequence[Article], encoder: Encoder, previous: Index | None) -> Contents:
    """`previous`: a version whose articles were cut in the same way."""
    cut: dict[str, list[Passage]] = defaultdict(list)
    for passage in previous.passages if previous else ():
        cut[passage.article_id].append(passage)
    known = previous.articles if previous else {}
    passages = [
        passage
        for article in articles
        for passage in (
            cut[article.id]
            if known.get(article.id) == article
            else chunk(article, PASSAGE_TOKENS, encoder.count_tokens)
        )
    ]
    by_id = {article.id: article for article in articles}
    owners = [by_id[passage.article_id] for passage in passages]
    keys = [_key(encoder.id, owner, passage) for owner, passage in zip(owners, passages, strict=True)]
    return Contents(articles, owners, passages, keys)


def _key(encoder_id: str, article: Article, passage: Passage) -> str:
    """What a passage's vectors are a function of."""
    return hashlib.sha256("\0".join((encoder_id, article.title, passage.text)).encode()).hexdigest()


def _recipe(encoder_id: str) -> str:
    """How articles become an index: this code, the encoder, the size of a passage."""
    return hashlib.sha256(f"{FORMAT}\0{_RECIPE}\0{encoder_id}\0{PASSAGE_TOKENS}".encode()).hexdigest()


def _source(articles: Sequence[Article], recipe: str) -> str:
    """What the index is a function of: the recipe, and every field of every article."""
    digest = hashlib.sha256(recipe.encode())
    for a in articles:
        fields = (a.id, a.title, a.lang, a.url, str(a.date), a.section, a.authors, a.body)
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()
