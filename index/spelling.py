"""Slips of the fingers in a question, mended to words of the bulletin or of its languages.

A word that neither a dictionary nor the bulletin has, and that is one slip from one that they have, is taken for that
(Damerau 1964), the first letter being right. Two letters swapped, or one doubled or not, are mended in any word; one
too many, too few or another in words of eight letters and more, or where a small word was meant ("whihc"): in shorter
ones they make names of names ("Duval", "Dual"), and a name that the bulletin does not know must stay one. The
bulletin's words come first; one that only a dictionary has must be the only one, with no other letter in it: compounds
are in no dictionary.

The dictionaries are pyspellchecker's, word lists of French, English and German; only hashes of their words are kept.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import string
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errors import ModelError
from index.stores.arrays import mapped
from index.stores.lexical import LexicalIndex, fold, stems, stop_words
from records import LANGS

SHORTEST, LONG, LONGEST = 5, 8, 30
"""Letters of a word that is mended, those from which on any one slip is, and those beyond which none is."""
MOST = 4
"""Words of a question that are mended. One with more that nobody knows is in another language, or no question."""
_ASKING = frozenset(
    """comment combien pourquoi quelle quelles quels lequel laquelle which where whose there
    welche welcher welches welchen welchem warum wieviel wessen""".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """`hashes`: of the dictionaries' words, folded; uint64, sorted, memory-mapped."""

    hashes: NDArray[np.uint64]

    @classmethod
    def open(cls, cache: Path) -> Spelling:
        """The dictionaries, hashed once into `cache`. Raises ModelError when the package is not installed or cannot
        be read."""
        try:
            version = importlib.metadata.version("pyspellchecker")
        except importlib.metadata.PackageNotFoundError as error:
            raise ModelError("The package pyspellchecker is not installed. Run `make install`.") from error
        path = cache / f"dictionary-{version}.npy"
        if not path.exists():
            _write(path)
        return cls(mapped(path))

    def mended(self, text: str, lexical: LexicalIndex, names: Collection[str] = ()) -> str:
        """`text` with its slips mended; otherwise as typed. `names`: more words, folded, that are right as they are."""
        doubtful = {
            found[0]: found.start()
            for found in _WORD.finditer(text)
            if self._doubtful(found[0])
            and fold(found[0].lower()) not in names
            and not _frequency(found[0].lower(), lexical)
        }
        if len(doubtful) > MOST:
            return text
        first = _WORD.search(text)
        meant = {}
        for word, start in doubtful.items():
            name = word[0].isupper() and not (first and start == first.start())
            if likeliest := _likeliest(word.lower(), self, lexical, name=name):
                meant[word] = _as_written(likeliest, word)
        return _WORD.sub(lambda word: meant.get(word[0], word[0]), text)

    def _doubtful(self, word: str) -> bool:
        """Long enough to be mended, in no dictionary, and no name such as "BioNTech"."""
        plain = word.isupper() or word[1:] == word[1:].lower()
        return SHORTEST <= len(word) <= LONGEST and plain and not self.known(word)

    def known(self, word: str) -> bool:
        """Whether a dictionary has it, with or without its accents."""
        found = _hash(fold(word.lower()))
        at = int(np.searchsorted(self.hashes, found))
        return at < len(self.hashes) and self.hashes[at] == found


def _likeliest(word: str, spelling: Spelling, lexical: LexicalIndex, *, name: bool) -> str:
    """What was meant; empty where there is nothing like it. A `name` is none of the small words."""
    swapped, moved, replaced = _slips(word)
    if found := _held(swapped, word, spelling, lexical) or _only(swapped, spelling):
        return found
    if not name and (small := sorted(slip for slip in moved | replaced if fold(slip) in _small_words())):
        return small[0]
    if len(word) < LONG:
        return ""
    # Words that no dictionary has, names and compounds, are more often a letter away from another than a letter short.
    return _held(moved | replaced, word, spelling, lexical) or _only(
        {slip for slip in moved if not (word.startswith(slip) or slip.startswith(word))}, spelling
    )


def _held(slips: Iterable[str], word: str, spelling: Spelling, lexical: LexicalIndex) -> str:
    """Of what may have been meant instead of `word`, what most passages hold."""
    rated = [(spelling.known(slip), slip) for slip in slips]
    # A stem of the bulletin with an ending that no dictionary has is no word, where the slip is but in the ending.
    often = ((known, _frequency(slip, lexical, but="" if known else word), slip) for known, slip in rated)
    return max(((known, times, slip) for known, times, slip in often if times), default=(False, 0, ""))[2]


def _only(slips: Iterable[str], spelling: Spelling) -> str:
    """The one that a dictionary has; empty where it has none or several."""
    known = [slip for slip in slips if spelling.known(slip)]
    return known[0] if len(known) == 1 else ""


@cache
def _small_words() -> frozenset[str]:
    return frozenset().union(_ASKING, *(stop_words(lang) for lang in LANGS))


def _frequency(word: str, lexical: LexicalIndex, but: str = "") -> int:
    """Passages that hold a form of the word, in the language that has most; stems that `but` begins with left out."""
    terms = (term for lang in LANGS for term in stems([word], lang) if not (but and fold(but).startswith(term[3:])))
    return max((lexical.frequency(term) for term in terms), default=0)


def _slips(word: str) -> tuple[set[str], set[str], set[str]]:
    """What may have been meant where two letters were swapped, or one doubled or not; where one is too many or too
    few, or umlauts are written as two; where one is another. The first letter is right."""
    halves = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    single = {a + b[1:] for a, b in halves if b and a[-1] == b[0]}
    double = {a + b[0] + b for a, b in halves if b}
    umlauts = {word.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü")}
    moved = {a + b[1:] for a, b in halves if b} | {a + c + b for a, b in halves for c in string.ascii_lowercase}
    replaced = {a + c + b[1:] for a, b in halves if b for c in string.ascii_lowercase}
    return swapped | single | double, moved | umlauts, replaced


def _as_written(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[0].isupper() else word


def _write(path: Path) -> None:
    """Whole or not at all, and harmless when two do it at once."""
    spec = importlib.util.find_spec("spellchecker")
    folder = Path(spec.origin).parent / "resources" if spec and spec.origin else Path()
    hashes: set[int] = set()
    for lang in LANGS:
        try:
            words = json.loads(gzip.decompress((folder / f"{lang}.json.gz").read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise ModelError(f"{folder}: no dictionary of {lang!r} ({error}); reinstall pyspellchecker.") from error
        hashes.update(int(_hash(fold(word))) for word in words)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        np.save(file, np.array(sorted(hashes), np.uint64))
    partial.replace(path)


def _hash(word: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little"))
