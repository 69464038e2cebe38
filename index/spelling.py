"""Slips of the fingers in a question, mended to words of the bulletin or of its languages.

A word that neither a dictionary nor the bulletin has, and that is one slip from one of the bulletin's, else from one of
the dictionaries', is taken for that: one letter too many, too few or another, or two swapped (Damerau 1964), the first
letter right. In words of fewer than eight letters only two swapped, or one doubled or not, unless a small word was
meant ("whihc"): other slips make names of names ("Duval", "Dual"), and a name that nobody knows must stay as it is.

The dictionaries are pyspellchecker's, word lists of French, English and German; only hashes of their words are kept.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import string
import tempfile
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
        """The dictionaries, hashed once into `cache`. Raises ModelError when the package is not installed."""
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
        doubtful = [
            word
            for word in set(_WORD.findall(text))
            if SHORTEST <= len(word) <= LONGEST
            and not (fold(word.lower()) in names or self.known(word) or _frequency(word.lower(), lexical))
        ]
        if len(doubtful) > MOST:
            return text
        meant = {word: _as_written(_likeliest(word.lower(), self, lexical), word) for word in doubtful}
        return _WORD.sub(lambda word: meant.get(word[0], word[0]), text)

    def known(self, word: str) -> bool:
        """Whether a dictionary has it, with or without its accents."""
        found = _hash(fold(word.lower()))
        at = int(np.searchsorted(self.hashes, found))
        return at < len(self.hashes) and self.hashes[at] == found


def _likeliest(word: str, spelling: Spelling, lexical: LexicalIndex) -> str:
    """What was meant, the word itself where there is nothing like it, or nothing of the bulletin's and much else."""

    def nearest(slips: Iterable[str]) -> str:
        rated = [(spelling.known(slip), slip) for slip in slips]
        # A stem of the bulletin with an ending that no dictionary has is no word, where the slip is but in the ending.
        often = [(_frequency(slip, lexical, but="" if known else word), known, slip) for known, slip in rated]
        if held := [(known, times, slip) for times, known, slip in often if times]:
            return max(held)[2]
        others = [slip for known, slip in rated if known]
        return others[0] if len(others) == 1 else ""

    swapped, other = _slips(word)
    small = (slip for slip in sorted(other) if fold(slip) in _small_words())
    return nearest(swapped) or next(small, "") or (nearest(other) if len(word) >= LONG else "") or word


@cache
def _small_words() -> frozenset[str]:
    return frozenset().union(_ASKING, *(stop_words(lang) for lang in LANGS))


def _frequency(word: str, lexical: LexicalIndex, but: str = "") -> int:
    """Passages that hold a form of the word, in the language that has most; stems that `but` begins with left out."""
    terms = (term for lang in LANGS for term in stems([word], lang) if not (but and fold(but).startswith(term[3:])))
    return max((lexical.frequency(term) for term in terms), default=0)


def _slips(word: str) -> tuple[set[str], set[str]]:
    """What may have been meant where two letters were swapped, or one doubled or not; and by any other slip."""
    halves = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    letters = string.ascii_lowercase
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    single = {a + b[1:] for a, b in halves if b and a[-1] == b[0]}
    double = {a + b[0] + b for a, b in halves if b}
    longer = {a + c + b for a, b in halves for c in letters}
    return swapped | single | double, {a + b[1:] for a, b in halves if b} | longer | {
        a + c + b[1:] for a, b in halves if b for c in letters
    }


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
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        np.save(file, np.array(sorted(hashes), np.uint64))
    Path(file.name).replace(path)


def _hash(word: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little"))
