"""Measures, as pure functions of values: words, quotes, citations, calibration, intervals. Rankings: `eval.retrieval`.

Words are compared as SQuAD does it (Rajpurkar et al. 2016, evaluate-v1.1.py), extended to French and German.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from records import Article, Citation, Lang

ARTICLES: dict[Lang, frozenset[str]] = {
    "en": frozenset(("the", "a", "an")),
    "fr": frozenset(("le", "la", "les", "l", "un", "une", "des", "du")),
    "de": frozenset(("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines")),
}
"""The grammatical articles that carry no answer, and so are not counted."""

BINS = 10
"""Bins of a reliability diagram; ten of equal width, as usual since Guo et al. 2017."""
RESAMPLES = 1000
SEED = 20140306
"""Fixed, so that two reports of the same answers hold the same intervals. (The day of the congress in Berlin.)"""

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´", "'"))
_ALIKE = _APOSTROPHES | str.maketrans({"‐": "-", "‑": "-", "\u00ad": "", "\u200b": ""})


def normalize(text: str, langs: Iterable[Lang]) -> str:
    """NFKC, lower case, no punctuation, none of the articles of `langs`, single spaces; accents stay.

    >>> normalize("L’avenir, c'est « la Suisse » !", ["fr"])
    'avenir cest suisse'
    """
    drop = frozenset[str]().union(*(ARTICLES[lang] for lang in langs))
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).lower()
    if "l" in drop:  # an article glued to its noun would survive as part of it
        text = re.sub(r"\bl'", "l ", text)
    bare = "".join(character for character in text if not _is_punctuation(character))
    return " ".join(word for word in bare.split() if word not in drop)


def exact_match(prediction: str, answers: Iterable[str], langs: Sequence[Lang]) -> bool:
    """Is it, normalized, one of the acceptable answers? False when there are none."""
    found = normalize(prediction, langs)
    return any(found == normalize(answer, langs) for answer in answers)


def f1(prediction: str, answers: Iterable[str], langs: Sequence[Lang]) -> float:
    """Best token F1 with an acceptable answer, 0 to 1; 0 when there are none.

    Overlap of multisets as in SQuAD 1.1; two texts without a token left are equal, as SQuAD 2.0 has it.
    """
    found = normalize(prediction, langs).split()
    return max((_token_f1(found, normalize(answer, langs).split()) for answer in answers), default=0.0)


def contains(quote: str, answers: Iterable[str]) -> bool:
    """Does the quote hold one of the answers, as whole words, case and typography apart?

    Both are brought to NFKC, folded, with one kind of apostrophe, hyphen and space; punctuation stays. A number must
    be the whole number: "91" is not in "1991", nor "200" in "1 200", "1.200" or "200,5".
    """
    folded = _fold(quote)
    return any(_whole(answer).search(folded) for answer in map(_fold, answers) if answer)


def citation_true(citation: Citation, article: Article | None) -> bool:
    """Does the quote stand in the article where it says, with the answer's words inside it? None: no such article."""
    if article is None or article.id != citation.article_id:
        return False
    inside = 0 <= citation.start <= citation.answer_start < citation.answer_end <= citation.end <= len(article.body)
    return inside and article.body[citation.start : citation.end] == citation.quote


def marked_words(citation: Citation) -> str:
    """The exact words inside the quote that answer."""
    offset = citation.start
    return citation.quote[max(citation.answer_start - offset, 0) : max(citation.answer_end - offset, 0)]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in (low, high]: how many, how sure on average, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """The bins that hold something, lowest first. Equal width, open below (a confidence of 0 is in the first).

    Raises ValueError on unequal lengths and on a confidence outside 0 to 1. Guo et al. 2017, section 2.
    """
    if len(confidences) != len(correct):
        raise ValueError(f"{len(confidences)} confidences for {len(correct)} outcomes.")
    sure, right = np.asarray(confidences, dtype=float), np.asarray(correct, dtype=float)
    if not np.all((sure >= 0) & (sure <= 1)):
        raise ValueError("A confidence lies outside 0 to 1.")
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.digitize(sure, edges[1:-1], right=True)
    return [
        Bin(float(edges[i]), float(edges[i + 1]), int(at.sum()), float(sure[at].mean()), float(right[at].mean()))
        for i in range(bins)
        if (at := places == i).any()
    ]


def expected_calibration_error(confidences: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> float | None:
    """Mean distance between how sure and how right, weighted by bin size; 0 is perfect. None without any.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 5. Raises as `reliability`.
    """
    filled = reliability(confidences, correct, bins)
    if not filled:
        return None
    return sum(b.count * abs(b.accuracy - b.confidence) for b in filled) / len(confidences)


def ratio_intervals(tops: ArrayLike, bottoms: ArrayLike, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """95 % intervals (2, k) of k ratios `sum(tops) / sum(bottoms)`, each (n, k), n ≥ 1 questions a row.

    Questions are drawn anew with replacement (percentile bootstrap, Efron & Tibshirani 1993, chapter 13), so that
    citations of one question stay together. Each column of `bottoms` must have a sum above zero.
    """
    above, below = np.asarray(tops, dtype=float), np.asarray(bottoms, dtype=float)
    n = len(above)
    drawn = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    with np.errstate(invalid="ignore"):  # a draw may miss every question that counts for a ratio
        ratios = (drawn @ above) / (drawn @ below)
    return np.asarray(np.nanpercentile(ratios, (2.5, 97.5), axis=0), dtype=np.float64)


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _token_f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted))


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold()
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _whole(answer: str) -> re.Pattern[str]:
    """A pattern for a folded answer that does not begin or end within a word or a number."""
    before = r"(?<!\w)" if re.match(r"\w", answer) else ""
    after = r"(?!\w)" if re.search(r"\w$", answer) else ""
    if re.match(r"\d{1,3}(?!\d)", answer):  # not the decimals of 2,5 …
        before += r"(?<!\d[.,])"
    if re.match(r"\d{3}(?!\d)", answer):  # … nor the last group of 1 200
        before += r"(?<!\b\d )(?<!\b\d\d )(?<!\b\d\d\d )"
    if re.search(r"\d$", answer):
        after += r"(?![.,]\d)"
    if re.search(r"(?<!\d)\d{1,3}$", answer):
        after += r"(?! \d{3}(?!\d))"
    return re.compile(before + re.escape(answer) + after)
