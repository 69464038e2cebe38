"""Where strangers' questions queue: one is answered at a time, so many wait, every one is counted and logged.

The encoder and the reader use every core they may, so a second question at once would only make both slow. Everything
public (chat, API, tools) asks here; below it is `assistant.ask`, the one way to an answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from anyio import to_thread

from answer.ask import Assistant
from errors import Busy, IndexUnavailable, QuestionError
from records import Answer, Article, Filters, Hit, Lang
from web.metrics import Metrics, Outcome, Surface
from web.readiness import Readiness

log = logging.getLogger("bulletin.questions")


class ClientLeft(Exception):
    """Nobody waits for the answer any more."""


class _Served(NamedTuple):
    """What is replaced at once when another version of the index is taken."""

    assistant: Assistant
    readiness: Readiness


class Desk:
    """The assistant as the public may use it. `waiting`: how many questions of API and tools may queue behind one."""

    def __init__(
        self, assistant: Assistant, metrics: Metrics, readiness: Readiness, waiting: int, log_questions: bool = False
    ) -> None:
        self._served = _Served(assistant, readiness)
        self.metrics = metrics
        self._most_waiting, self._waiting = waiting, 0
        self._log_questions = log_questions
        self._turn = asyncio.Lock()  # first come, first served, without a thread for each who waits
        self._answering = threading.Lock()  # Gradio has a queue of its own, in threads

    @property
    def assistant(self) -> Assistant:
        return self._served.assistant

    @property
    def readiness(self) -> Readiness:
        return self._served.readiness

    @property
    def articles(self) -> Mapping[str, Article]:
        return self.assistant.articles

    def article(self, article_id: str) -> Article | None:
        """An article of the index that is served. Raises IndexUnavailable when that is damaged: its words would not be
        the bulletin's."""
        assistant, readiness = self._served
        readiness.require()
        try:
            return assistant.articles.get(article_id)
        except (OSError, TypeError, ValueError) as error:  # damaged since the last look
            raise IndexUnavailable(f"article {article_id!r} cannot be read: {error}") from error

    def take(self, assistant: Assistant, readiness: Readiness) -> None:
        """Ask `assistant` from the next question on; one under way ends with the assistant it began with."""
        self._served = _Served(assistant, readiness)
        self.metrics.serves(assistant.index.version)
        self.metrics.swapped("taken")

    async def in_turn(self, surface: Surface, ask: Callable[[], Answer], gone: Callable[[], Awaitable[bool]]) -> Answer:
        """`ask`, which is `self.ask` with its arguments, for a client on the event loop: when its turn has come, unless
        it is `gone` by then.

        Raises what `ask` raises; Busy when too many wait already, ClientLeft when the client did not.
        """
        if self._waiting >= self._most_waiting:
            self.metrics.ended(surface, "busy")
            raise Busy(f"{self._waiting} questions are waiting already; ask again in a moment.")
        self._waiting += 1
        self.metrics.waiting.set(self._waiting)
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
            self.metrics.waiting.set(self._waiting)
        try:
            if await gone():
                raise ClientLeft
            return await to_thread.run_sync(ask)
        finally:
            self._turn.release()

    def ask(
        self,
        surface: Surface,
        question: str,
        *,
        turns: Sequence[str] = (),
        lang: Lang | None = None,
        likely: Lang = "fr",
        filters: Filters | None = None,
        found: Callable[[Sequence[Hit]], None] | None = None,
    ) -> Answer:
        """`Assistant.ask`, one at a time. Raises QuestionError; IndexUnavailable when the index is bad."""
        outcome: Outcome = "failed"
        answer = None
        try:
            with self._answering:
                assistant, readiness = self._served
                readiness.require()
                answer = assistant.ask(question, turns=turns, lang=lang, likely=likely, filters=filters, found=found)
            outcome = answer.status
            return answer
        except QuestionError:
            outcome = "unusable"
            raise
        except IndexUnavailable:
            outcome = "unavailable"
            raise
        finally:
            self._record(surface, outcome, question, answer)

    def _record(self, surface: Surface, outcome: Outcome, question: str, answer: Answer | None) -> None:
        entry: dict[str, object] = {"event": "question", "surface": surface, "outcome": outcome}
        if answer:
            self.metrics.answered(surface, answer)
            articles = [citation.article_id for citation in answer.citations]
            entry |= {"lang": answer.lang, "confidence": answer.confidence, "articles": articles}
            entry |= {"index_version": answer.index_version, "timings_ms": answer.timings_ms}
        else:
            self.metrics.ended(surface, outcome)
        if self._log_questions:
            entry["question"] = question[: self.assistant.max_question]
        log.info(json.dumps(entry, ensure_ascii=False))
