"""How well search ranked articles and, apart from them, passages: by `ir_measures` (MacAvaney et al. 2022)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import ir_measures
from ir_measures import RR, R, Success, nDCG

from eval.metrics import contains
from records import Hit

MEASURES = (R @ 1, R @ 5, R @ 10, RR @ 10, nDCG @ 10, Success @ 3)
NOT_RETRIEVED = "not retrieved"


def rank_scores(ranking: Sequence[str], relevant: Collection[str]) -> dict[str, float]:
    """Measure name to value, 0 to 1, of one ranking (best first) against the ids that are relevant.

    A relevant id that the ranking lacks still counts in recall and in the ideal gain; nothing relevant scores zero.
    """
    qrels = {"q": dict.fromkeys(relevant, 1)}
    # Strictly falling scores: trec_eval would order equal ones by id.
    run = {"q": {item: float(-place) for place, item in enumerate(dict.fromkeys(ranking))}}
    found = {str(m.measure): float(m.value) for m in ir_measures.iter_calc(MEASURES, qrels, run)}
    return {str(measure): found.get(str(measure), 0.0) for measure in MEASURES}


def article_ranking(hits: Iterable[Hit]) -> tuple[str, ...]:
    """Ids of the articles in the order of their best passages."""
    return tuple(dict.fromkeys(hit.passage.article_id for hit in hits))


def judge_passages(
    hits: Sequence[Hit], articles: Collection[str], answers: Sequence[str]
) -> tuple[list[str], set[str]]:
    """Ids of the retrieved passages in rank order, and the relevant ids, never empty.

    A passage is relevant when it holds an acceptable answer and is of a gold article (any, if `articles` is empty).
    Which passages of the index would be so is not known beyond the retrieved ones: recall and nDCG are over these
    (pooled judgements, as TREC has it), and each gold article none of whose relevant passages was retrieved adds one
    that no ranking can hold.
    """
    ids = [f"{hit.passage.article_id}:{hit.passage.start}-{hit.passage.end}" for hit in hits]
    owner = {
        name: hit.passage.article_id
        for name, hit in zip(ids, hits, strict=True)
        if (not articles or hit.passage.article_id in articles) and contains(hit.passage.text, answers)
    }
    missing = {f"{article}:{NOT_RETRIEVED}" for article in articles if article not in owner.values()}
    return ids, set(owner) | missing or {NOT_RETRIEVED}


def first_relevant(ranking: Sequence[str], relevant: Collection[str]) -> int | None:
    """The rank, from 1, of the first relevant one; None when there is none."""
    return next((rank for rank, item in enumerate(ranking, 1) if item in relevant), None)
