"""Retrieval on public sets whose paragraphs are articles of their own: its parts, plain fusions of them, and ours.

Every ranker ranks all passages; ours is what `index.search` finds. Every result is of the half of the Wikipedia
articles that questions were not trained on; the weight of the words is chosen on articles of neither.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG
from numpy.typing import NDArray
from tqdm import tqdm

from app import open_builder, open_encoder
from bench.rankers import DENSE, LATE, OURS, WORDS, Tokens, article_rankings, plain_rankers, score
from bench.sets import SETS, USE, WIKIPEDIA, AskedSet, convert_paragraphs
from corpus.articles import read_articles
from eval.metrics import contains, ratio_intervals
from eval.questions import QuestionCase, read_questions
from eval.retrieval import article_ranking
from index.question import prepare
from index.search import CANDIDATES, search
from index.versions.build import build
from index.versions.store import Index, open_index
from records import Encoder, Hit
from settings import Settings

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
MEASURES = {R @ 1: "recall@1", R @ 5: "recall@5", R @ 10: "recall@10", RR @ 10: "MRR@10", nDCG @ 10: "nDCG@10"}
HOLDING = {1: "answer in the first", 10: "answer in the first 10"}
"""Whether one of the first so many paragraphs holds the answer, be it the one that the question was written on or not.
"""
COLUMNS = (*MEASURES.values(), *HOLDING.values())
REPORTED, TUNED_ON = f"{USE}test", f"{USE}val"
"""Tags of questions."""
_DEPTH = 10
_NAMED = re.compile(r"(?<=\S\s)[A-ZÀ-ÖØ-Þ]|\d")

Gains = NDArray[np.float64]
"""(questions, columns): what each question is worth under each of COLUMNS, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The questions of a set that results are of, and what each ranker's rankings of them are worth."""

    name: str
    questions: Sequence[str]
    wikipedia: Sequence[str]
    """The Wikipedia article of each question."""
    gains: Mapping[str, Gains]


class Found(NamedTuple):
    """What search found for a question to tune on, (n,) each: which hits are the right paragraph's, how near
    they are, and which share of the words they hold."""

    right: NDArray[np.bool_]
    late: NDArray[np.float64]
    words: NDArray[np.float64]


def report(data: Path, out: Path, names: Sequence[str], settings: Settings) -> Iterator[str]:
    """Markdown as it comes: a table of each set's rankers, then how far ours is ahead, what it misses, and the weights
    that do best on the articles to tune on.

    Raises BulletinError when `data` does not hold the sets.
    """
    progress = sys.stderr.isatty()
    sets = prepare_sets(data, out, names, open_builder(settings), progress)
    encoder = open_encoder(settings)
    tuned: dict[bool, list[list[Found]]] = {True: [], False: []}
    findings = []
    yield head()
    for asked in sets:
        cases, index = read_questions(asked.questions), open_index(asked.index, encoder.id)
        ranked = rank(asked.name, cases, index, encoder, progress=progress)
        yield table(ranked)
        findings += [lead(ranked), limits(ranked)]
        same = cases[0].lang == next(iter(index.articles.values())).lang
        tuned[same].append(candidates(cases, index, encoder, progress=progress))
        if same:
            findings.append(levels(asked.name, cases, index, encoder))
    yield "\n".join(["", *findings])
    best = {same: best_weight(found) if found else "not asked" for same, found in tuned.items()}
    yield f"Best weight of words on the articles to tune on: {best[True]} in one language, {best[False]} across."


def prepare_sets(data: Path, out: Path, names: Collection[str], builder: Encoder, progress: bool) -> list[AskedSet]:
    """The sets of these names under `out`, each with an index beside its articles; what is there is not built again.

    Raises BulletinError when `data` does not hold them.
    """
    made = [convert_paragraphs(source, data, out) for source in SETS if source.name in names]
    for asked in made:
        build(read_articles(asked.bulletin / "articles"), builder, asked.index, progress=progress)
    return made


def rank(name: str, cases: Sequence[QuestionCase], index: Index, encoder: Encoder, *, progress: bool = False) -> Ranked:
    """Every ranker over the questions that results are of."""
    cases = [case for case in cases if REPORTED in case.tags]
    scores = score(cases, index, encoder, progress=progress)
    owners = [passage.article_id for passage in index.passages]
    rankings = {ranker: article_rankings(s, owners, _DEPTH) for ranker, s in plain_rankers(scores).items()}
    found = _searched(cases, index, encoder, progress)
    rankings[OURS] = [list(article_ranking(hits))[:_DEPTH] for hits in found]
    bodies = {article.id: article.body for article in index.articles.values()}
    gains = {ranker: judge(cases, ranked, bodies) for ranker, ranked in rankings.items()}
    return Ranked(name, [case.question for case in cases], [_wikipedia(case) for case in cases], gains)


def judge(cases: Sequence[QuestionCase], rankings: Sequence[Sequence[str]], bodies: Mapping[str, str]) -> Gains:
    """What rankings of articles are worth. A question's right one is that which its case names."""
    names = {case.id: row for row, case in enumerate(cases)}
    qrels = {case.id: dict.fromkeys(case.articles, 1) for case in cases}
    # Strictly falling scores: trec_eval would order equal ones by id.
    run = {case.id: {a: float(-i) for i, a in enumerate(r)} for case, r in zip(cases, rankings, strict=True)}
    gains = np.zeros((len(cases), len(COLUMNS)))
    for metric in ir_measures.iter_calc(list(MEASURES), qrels, run):
        gains[names[metric.query_id], list(MEASURES).index(metric.measure)] = metric.value
    for row, (case, ranking) in enumerate(zip(cases, rankings, strict=True)):
        first = next((place for place, a in enumerate(ranking, 1) if contains(bodies[a], case.answers)), np.inf)
        gains[row, len(MEASURES) :] = [first <= k for k in HOLDING]
    return gains


def head() -> str:
    return f"| set (questions) | ranker | {' | '.join(COLUMNS)} |\n|{' --- |' * (2 + len(COLUMNS))}"


def table(ranked: Ranked) -> str:
    """Markdown: a line for each ranker, each number with half the width of its 95 % interval, and how far ours is ahead
    of the better of its two parts at rank 1."""
    lines = []
    for ranker, gains in ranked.gains.items():
        cells = " | ".join(f"{mean:.3f} ± {wide:.3f}" for mean, wide in _means(gains, ranked.wikipedia))
        lines.append(f"| {ranked.name} ({len(gains)}) | {ranker} | {cells} |")
    return "\n".join(lines)


def lead(ranked: Ranked) -> str:
    """How far ours is ahead of the better of its two parts at rank 1, in a sentence."""
    better = max((WORDS, DENSE), key=lambda part: float(ranked.gains[part][:, 0].mean()))
    ((ahead, wide),) = _means((ranked.gains[OURS] - ranked.gains[better])[:, :1], ranked.wikipedia)
    return f"{ranked.name}: {OURS} is {ahead:+.3f} ± {wide:.3f} ahead of {better} at {COLUMNS[0]}."


def limits(ranked: Ranked) -> str:
    """What speaks for how much more there is to find: the best part of each question, known beforehand, and ours by
    whether the question holds a name or a number (a word with a capital that does not begin it, or a digit)."""
    ten = COLUMNS.index("recall@10")
    parts = np.max([ranked.gains[part][:, ten] for part in (WORDS, DENSE, LATE)], axis=0)
    named = np.array([bool(_NAMED.search(question)) for question in ranked.questions])
    ours = ranked.gains[OURS][:, ten]
    told = "; ".join(
        f"{ours[chosen].mean():.3f} for the {chosen.sum()} {kind} a name or number"
        for kind, chosen in (("with", named), ("without", ~named))
        if chosen.any()
    )
    most = f"{ranked.name}: recall@10 would be {parts.mean():.3f} by the best part of each question"
    return f"{most}; ours is, of questions, {told}."


def _means(gains: Gains, wikipedia: Sequence[str]) -> Iterable[tuple[float, float]]:
    """The mean of each column, and half of its 95 % interval over Wikipedia articles drawn anew: questions on one
    article are not independent."""
    _, group = np.unique(np.array(wikipedia), return_inverse=True)
    sums = np.zeros((group.max() + 1, gains.shape[1]))
    np.add.at(sums, group, gains)
    counts = np.repeat(np.bincount(group)[:, None], gains.shape[1], axis=1)
    low, high = ratio_intervals(sums, counts)
    return zip(gains.mean(axis=0), (high - low) / 2, strict=True)


def candidates(cases: Sequence[QuestionCase], index: Index, encoder: Encoder, *, progress: bool = False) -> list[Found]:
    """What search finds for the questions to tune on."""
    cases = [case for case in cases if TUNED_ON in case.tags]
    return [
        Found(
            np.array([hit.article.id in case.articles for hit in hits]),
            np.array([hit.late for hit in hits]),
            np.array([hit.words for hit in hits]),
        )
        for case, hits in zip(cases, _searched(cases, index, encoder, progress), strict=True)
    ]


def levels(name: str, cases: Sequence[QuestionCase], index: Index, encoder: Encoder) -> str:
    """How late interaction scores the right paragraph and the best wrong one, in the mean over the questions to tune
    on: by the encoder's tokens of a question, and by its own layers', which `index.search` puts on the same scale."""
    cases = [case for case in cases if TUNED_ON in case.tags]
    tokens = Tokens([index.tokens.of(row).vectors() for row in range(len(index.passages))])
    owners = np.array([passage.article_id for passage in index.passages])
    right = np.array([np.isin(owners, case.articles) for case in cases])
    asked = [prepare(case.question, encoder, lang=case.lang).encoding for case in cases]
    told = []
    for own in (False, True):
        scores = tokens.max_sims([question.tokens_for(own) for question in asked])
        told.append([float(np.where(which, scores, -1).max(axis=1).mean()) for which in (right, ~right)])
    (plain, plain_wrong), (own_right, own_wrong) = told
    return (
        f"{name}: late interaction of the right paragraph and the best wrong one is {plain:.3f} and {plain_wrong:.3f} "
        f"by the encoder's tokens, {own_right:.3f} and {own_wrong:.3f} by the question's own."
    )


def best_weight(sets: Sequence[Sequence[Found]]) -> float:
    """The weight of words beside late interaction with the best mean reciprocal rank over the sets; the smallest of
    equals."""
    return max(WEIGHTS, key=lambda weight: float(np.mean([np.mean([_gain(row, weight) for row in s]) for s in sets])))


def _gain(found: Found, weight: float) -> float:
    """1 over the rank of the right paragraph's best passage; 0 when it was not found."""
    right = found.right[np.argsort(-(found.late + weight * found.words), kind="stable")]
    return 1 / (1 + int(right.argmax())) if right.any() else 0.0


def _searched(cases: Sequence[QuestionCase], index: Index, encoder: Encoder, progress: bool) -> Iterable[Sequence[Hit]]:
    """All candidates of each question, best first."""
    for case in tqdm(cases, desc="search", unit="question", disable=not progress):
        yield search(index, prepare(case.question, encoder, lang=case.lang), 2 * CANDIDATES)


def _wikipedia(case: QuestionCase) -> str:
    return next(tag.removeprefix(WIKIPEDIA) for tag in case.tags if tag.startswith(WIKIPEDIA))
