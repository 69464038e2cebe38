"""A question to an Answer: searched, read, and answered in quoted words or refused. The one way to an answer."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from answer.about import Request, both, understand, understand_in_turn
from answer.agreement import disagreeing
from answer.archive import evidence, find, passages_about
from answer.cite import cite
from answer.letter import Letter, LetterReader
from answer.names import Names, names_of
from answer.phrases import frame, frame_other, refusal
from index.question import checked, clean, detect_language, encoded, follow_up, prepare
from index.search import search
from index.spelling import Spelling
from index.versions.store import Index
from records import Answer, Article, Encoder, Filters, Hit, Lang, Question, Reader, Reading

PASSAGES_READ = 6
CITATIONS = 3
TURNS_JOINED = 2
"""How many of the questions before a new one it is read together with, each by itself: it may lean on any of them."""
_SHOWN_HITS = 10
"""Hits kept in rank order, those read first, for those who measure retrieval."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """Everything `ask` needs, wired by app.py. A reading below `threshold` is not given as an answer."""

    index: Index
    encoder: Encoder
    reader: Reader
    threshold: float
    max_question: int = 1000
    spelling: Spelling | None = None
    """Mends slips of the fingers in questions; None: they are read as typed."""
    letters: LetterReader | None = None
    """Finds the question in a letter; None: all of a text is read for one."""

    @property
    def articles(self) -> Mapping[str, Article]:
        return self.index.articles

    def ask(
        self,
        question: str,
        *,
        turns: Sequence[str] = (),
        lang: Lang | None = None,
        likely: Lang = "fr",
        filters: Filters | None = None,
        found: Callable[[Sequence[Hit]], None] | None = None,
        today: datetime.date | None = None,
    ) -> Answer:
        """Answer `question`, or the one in it where it is a letter, from the articles that `filters` admit, and the
        dates and sections that it names itself; `turns` are the reader's earlier questions, oldest first. `found` is
        told what search found, before it is read; `today` is what "last year" is told from, left out: today.
        The question is in `lang`, else in the language that its words tell, else that of the turns, else the `likely`.

        Raises QuestionError when the question is empty, too long or holds no word.
        """
        watch = _Stopwatch()
        text = checked(question, self.max_question)
        earlier, likely = self._asked_before(turns, likely)
        names = names_of(self.index.version, self.articles)
        whole = encoded(text, lang or detect_language(text, likely), self.encoder)
        letter = self._letter(whole)
        mended = self._mended(letter.question, names)
        asked = whole if mended == text else encoded(mended, whole.lang, self.encoder)
        earlier = [self._mended(turn, names) for turn in earlier]
        today = today or datetime.date.today()
        request = understand_in_turn(asked.text, earlier, names, today)
        around = self._mended(letter.around, names)
        if around and request.filters == Filters():  # "I look for your issue of June 2012. Who …?"
            request = replace(request, filters=understand(around, names, today).filters)
        filters = both(filters or Filters(), request.filters)
        watch.lap("encode")
        if request.kind not in ("words", "said"):
            return self._from_archive(text, asked, request, filters, watch, found)
        hits, readings = self._read_alone_and_joined(asked, request, earlier, around, filters, watch, found)
        if request.kind == "said" and _confidence(readings) < self.threshold:
            if told := passages_about(self.index, self.encoder, request, filters, asked.lang):
                hits, readings = [*evidence(told, hits)], told
            watch.lap("read")
        return self._answer(text, asked.lang, hits, readings, filters, watch)

    def _asked_before(self, turns: Sequence[str], likely: Lang) -> tuple[list[str], Lang]:
        """The questions in them, and the language that the next is likely to be in: "And in 2013?" tells none."""
        earlier = []
        for turn in turns:
            if cleaned := clean(turn)[: self.max_question]:
                likely = detect_language(cleaned, likely)
                earlier.append(self._letter(encoded(cleaned, likely, self.encoder)).question)
        return earlier, likely

    def _letter(self, text: Question) -> Letter:
        return self.letters.read(text) if self.letters else Letter(text.text)

    def _mended(self, question: str, names: Names) -> str:
        mended = self.spelling.mended(question, self.index.lexical, names.words) if self.spelling else question
        return mended if len(mended) <= self.max_question else question

    def _read_alone_and_joined(
        self,
        asked: Question,
        request: Request,
        earlier: Sequence[str],
        around: str,
        filters: Filters,
        watch: _Stopwatch,
        found: Callable[[Sequence[Hit]], None] | None,
    ) -> tuple[list[Hit], list[Reading]]:
        """Without the dates and sections that became filters: alone, and with each of the `earlier` questions; with
        what is said `around` it only where it would be refused, for it seldom leans on that."""
        if request.rest != asked.text:
            asked = prepare(request.rest, self.encoder, max_characters=self.max_question, lang=asked.lang)
            watch.lap("encode")
        hits, readings = self._search_and_read(asked, watch, filters, found)
        alone = _confidence(readings)
        leaned_on = [*earlier[-TURNS_JOINED:], *([around] if around and alone < self.threshold else [])]
        for said in reversed(leaned_on):
            together = follow_up(said, asked, self.encoder)
            watch.lap("encode")
            joint_hits, joint_readings = self._search_and_read(together, watch, filters)
            # What was said before lends its evidence to any question: half of it is believed.
            joint_readings = [replace(r, confidence=(r.confidence + alone) / 2) for r in joint_readings]
            if _confidence(joint_readings) > _confidence(readings):
                hits, readings = joint_hits, joint_readings
        return hits, readings

    def _from_archive(
        self,
        text: str,
        asked: Question,
        request: Request,
        filters: Filters,
        watch: _Stopwatch,
        found: Callable[[Sequence[Hit]], None] | None,
    ) -> Answer:
        """An answer from what is known of articles: which there are, who wrote them, when, in which section."""
        finding = find(self.index, self.encoder, asked, request, filters, self.threshold, CITATIONS)
        if found:
            found([reading.hit for reading in finding.readings] or finding.hits[:PASSAGES_READ])
        watch.lap("search")
        watch.lap("read")
        return Answer(
            question=text,
            lang=asked.lang,
            status="answered" if finding.readings else "refused",
            answer=finding.words,
            confidence=round(finding.confidence, 4),
            citations=tuple(map(cite, finding.readings)),
            index_version=self.index.version,
            timings_ms=watch.timings(),
            hits=finding.hits,
        )

    def _search_and_read(
        self,
        question: Question,
        watch: _Stopwatch,
        filters: Filters,
        found: Callable[[Sequence[Hit]], None] | None = None,
    ) -> tuple[list[Hit], list[Reading]]:
        hits = search(self.index, question, _SHOWN_HITS, filters if filters != Filters() else None)
        if found:
            found(hits[:PASSAGES_READ])
        watch.lap("search")
        readings = self.reader.read(question, hits[:PASSAGES_READ])
        watch.lap("read")
        read = [reading.hit for reading in readings]
        return [*read, *(hit for hit in hits if not any(hit is other for other in read))], readings

    def _answer(
        self, text: str, lang: Lang, hits: list[Hit], readings: list[Reading], filters: Filters, watch: _Stopwatch
    ) -> Answer:
        answered = _confidence(readings) >= self.threshold and bool(readings)
        # The first citation is the one the answer rests on; a further one must be more likely right than wrong.
        further = [reading for reading in readings[1:CITATIONS] if reading.confidence >= max(self.threshold, 0.5)]
        given = [*readings[:1], *further] if answered else []
        return Answer(
            question=text,
            lang=lang,
            status="answered" if answered else "refused",
            answer=_in_words(given, lang, filters) if given else refusal(lang, filters),
            confidence=round(_confidence(readings), 4),
            citations=tuple(map(cite, given)),
            index_version=self.index.version,
            timings_ms=watch.timings(),
            hits=tuple(hits),
        )


def _confidence(readings: Sequence[Reading]) -> float:
    return readings[0].confidence if readings else 0.0


def _in_words(readings: Sequence[Reading], lang: Lang, filters: Filters) -> str:
    """The first quote in its frame, and behind it one that gives another figure, if there is one."""
    first, other = readings[0], disagreeing(readings)
    words = frame(_quote(first), lang, first.hit.article.lang, filters)
    return f"{words} {frame_other(_quote(other), lang)}" if other else words


def _quote(reading: Reading) -> str:
    return reading.hit.article.body[slice(*reading.quote)]


class _Stopwatch:
    """Milliseconds by stage; a stage entered twice adds up."""

    def __init__(self) -> None:
        self._start = self._lap = time.perf_counter()
        self._stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._stages[stage] = self._stages.get(stage, 0.0) + (now - self._lap) * 1000
        self._lap = now

    def timings(self) -> dict[str, float]:
        whole = {**self._stages, "total": (time.perf_counter() - self._start) * 1000}
        return {stage: round(milliseconds, 3) for stage, milliseconds in whole.items()}
