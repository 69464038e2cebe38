"""What one question's answer is worth: a tally for each rate it counts in, and whether it is a miss.

A rate is a sum of gains over a sum of chances; a `Tally` is one question's part in both. A question that cannot say
anything about a rate has no tally for it, and so leaves it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.metrics import citation_true, contains, exact_match, f1, marked_words
from eval.questions import QuestionCase
from eval.retrieval import judge_passages, rank_scores
from records import Answer, Article, Citation, Hit

Tally = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Result:
    """A case, what was answered, and what that is worth. `answer` has lost its hits: a thousand would fill memory."""

    case: QuestionCase
    answer: Answer
    error: str
    """Why the question could not be asked; empty when it could. Counts as a refusal."""
    ranking: tuple[str, ...]
    """Ids of the articles found, in rank order."""
    first_relevant: int | None
    """Rank of the first passage with an acceptable answer."""
    latency_ms: float
    tallies: Mapping[str, Tally]

    @property
    def answered(self) -> bool:
        return self.answer.status == "answered"

    @property
    def status(self) -> str:
        return "error" if self.error else self.answer.status

    @property
    def right(self) -> bool | None:
        """Refused what is not there, or quoted what is asked for. None: answered, and no one said what is right."""
        if not self.case.answerable or not self.answered:
            return self.case.answerable == self.answered
        return contains(first_quote(self.answer), self.case.answers) if self.case.scorable else None

    @property
    def miss(self) -> str:
        """What went wrong in a few words; empty when nothing did. An untrue citation is a miss under any answer."""
        true, cited = self.tallies.get("citation_true", (0.0, 0))
        return ", ".join(filter(None, (self._wrong(), "untrue citation" if true < cited else "")))

    def _wrong(self) -> str:
        if self.right is not False:
            return ""
        if not self.case.answerable:
            return "false answer"
        return "wrong answer" if self.answered else "error" if self.error else "false refusal"


def tallies(
    case: QuestionCase, answer: Answer, articles: Mapping[str, Article], *, asked: bool = True
) -> dict[str, Tally]:
    """Every rate this answer counts in. `asked` is False for a question that could not be asked: its language is no
    finding then. `articles` are the index's own, by id, against which the citations are held.
    """
    found = _refusals(case, answer) | _citations(case, answer, articles) | retrieval_tallies(case, answer.hits)
    if asked:
        found["language_accuracy"] = float(answer.lang == case.lang), 1
    return found | (_quote(case, answer, articles) if case.scorable else {})


def first_quote(answer: Answer) -> str:
    return answer.citations[0].quote if answer.citations else ""


def _refusals(case: QuestionCase, answer: Answer) -> dict[str, Tally]:
    answered = answer.status == "answered"
    if case.answerable:
        return {"false_refusal_rate": (float(not answered), 1)}
    return {"false_answer_rate": (float(answered), 1)}


def _quote(case: QuestionCase, answer: Answer, articles: Mapping[str, Article]) -> dict[str, Tally]:
    """Of a scorable question: is the first quote right, and are its marked words? A refusal is neither, nor wrong."""
    answered = answer.status == "answered"
    right = answered and contains(first_quote(answer), case.answers)
    words = marked_words(answer.citations[0]) if answered and answer.citations else ""
    cited = {articles[c.article_id].lang for c in answer.citations[:1] if c.article_id in articles}
    langs = sorted({case.lang, *cited})  # the words are of the article's language, whatever the question is
    return {
        "containment": (float(right), 1),
        "wrong_rate": (float(answered and not right), 1),
        "exact_match": (float(answered and exact_match(words, case.answers, langs)), 1),
        "f1": (f1(words, case.answers, langs) if answered else 0.0, 1),
    }


def _citations(case: QuestionCase, answer: Answer, articles: Mapping[str, Article]) -> dict[str, Tally]:
    cited = answer.citations
    if answer.status != "answered" or not cited:
        return {}
    true = [citation_true(citation, articles.get(citation.article_id)) for citation in cited]
    found: dict[str, Tally] = {"citation_true": (float(sum(true)), len(cited))}
    if case.answerable and case.articles:
        found["gold_article_cited"] = float(cited[0].article_id in case.articles), 1
    return found | (_precision(case, cited, true) if case.scorable else {})


def _precision(case: QuestionCase, cited: Sequence[Citation], true: Sequence[bool]) -> dict[str, Tally]:
    good = [is_true and contains(c.quote, case.answers) for c, is_true in zip(cited, true, strict=True)]
    return {"citation_precision": (float(sum(good)), len(good)), "first_citation_precision": (float(good[0]), 1)}


def retrieval_tallies(case: QuestionCase, hits: Sequence[Hit]) -> dict[str, Tally]:
    """Of an answerable question: over articles if the right ones are known, over passages if an answer is."""
    found: dict[str, float] = {}
    if case.answerable and case.articles:
        ranking = [hit.passage.article_id for hit in hits]
        found |= {f"article_{name}": value for name, value in rank_scores(ranking, case.articles).items()}
    if case.scorable:
        scores = rank_scores(*judge_passages(hits, case.articles, case.answers))
        found |= {f"passage_{name}": value for name, value in scores.items()}
        found["success@3"] = found.pop("passage_Success@3")
    found.pop("article_Success@3", None)
    return {name: (value, 1) for name, value in found.items()}
