"""The HTTP API: the same answers as JSON, for the widget and for other programs. Contract: `records.Answer.to_json`.

    POST /api/ask            one answer
    POST /api/ask/stream     server-sent events: the articles being read, then the answer
    GET  /api/articles/{id}  an article
    POST /api/feedback       a thumb up or down
    GET  /api/openapi.json   all of this, with examples

Every error is `{"error": {"type", "message"}}`; ERRORS has the types and their status.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException

from answer.feedback import MAX_COMMENT, Feedback, Verdict
from errors import Busy, IndexUnavailable, QuestionError, StorageError
from records import Answer, Article, Filters, Hit, Lang
from web.desk import ClientLeft, Desk
from web.metrics import Surface
from web.texts import reader_lang

log = logging.getLogger(__name__)

MAX_TURNS = 10
"""Earlier questions a request may bring; how many of them are read is `answer.ask.TURNS_JOINED`."""
MAX_TEXT = 8000
"""Characters of any text in a request, before `BULLETIN_MAX_QUESTION` says so in kinder words."""
RETRY_AFTER_S = 3
ERRORS: Final = {
    "empty": 422, "too_long": 422, "no_words": 422, "invalid": 422, "not_found": 404, "method": 405, "too_large": 413,
    "rate_limited": 429, "busy": 503, "unavailable": 503, "storage": 507, "failure": 500,
}  # fmt: skip

Text = Annotated[str, Field(max_length=MAX_TEXT)]


class _Strict(BaseModel):
    """Nothing is converted and nothing unknown is let through: a mistake is told, not guessed at."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FiltersIn(_Strict):
    section: str = Field("", max_length=200, description="Only articles of this section.")
    since: datetime.date | None = Field(None, strict=False, description="Published on this day or later.")
    until: datetime.date | None = Field(None, strict=False, description="Published on this day or earlier.")


class _AskedIn(_Strict):
    question: Text
    lang: Lang | None = Field(
        None, description="The question's language; left out, it is told by its words, else by Accept-Language."
    )
    turns: list[Text] = Field([], max_length=MAX_TURNS, description="Earlier questions, oldest first.")
    filters: FiltersIn | None = None

    def filtered(self) -> Filters | None:
        return Filters(self.filters.section, self.filters.since, self.filters.until) if self.filters else None


class QuestionIn(_AskedIn):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "how many clusters are in go-cluster?"},
                {"question": "Et en 2015 ?", "lang": "fr", "turns": ["Combien de clusters y avait-il en 2014 ?"]},
                {"question": "Wer eröffnete den Kongress?", "filters": {"since": "2014-01-01", "until": "2014-12-31"}},
            ]
        }
    )


class FeedbackIn(_AskedIn):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "how many clusters are in go-cluster?", "verdict": "down", "comment": "91, not 200."}
            ]
        }
    )
    verdict: Verdict
    comment: str = Field("", max_length=MAX_COMMENT)


class CitationOut(BaseModel):
    article_id: str
    title: str
    url: str
    date: str = Field(description="ISO 8601, or empty.")
    section: str
    start: int = Field(description="`body[start:end] == quote`, in Unicode code points of the article's body.")
    end: int
    quote: str
    answer_start: int = Field(description="The exact words of the answer, in the body.")
    answer_end: int
    link: str = Field(description="The article's address, scrolled to the quote (`#:~:text=`); empty without one.")


class AnswerOut(BaseModel):
    question: str
    lang: Lang
    status: str = Field(description="`answered` or `refused`.")
    answer: str
    confidence: float
    citations: list[CitationOut]
    index_version: str
    timings_ms: dict[str, float]


class ArticleOut(BaseModel):
    id: str
    title: str
    lang: Lang
    body: str
    url: str
    date: str
    section: str
    authors: list[str]


class ErrorDetail(BaseModel):
    type: str
    message: str


class ErrorOut(BaseModel):
    error: ErrorDetail


def problem(kind: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape of an error. `kind` is a key of ERRORS."""
    return JSONResponse({"error": {"type": kind, "message": message}}, ERRORS[kind], headers)


def told(error: Exception) -> tuple[str, str]:
    """Any exception as a stranger may see it: its type, a key of ERRORS, and a message. What is our own fault is
    logged, and not shown: a library's words may name our files and addresses."""
    if isinstance(error, QuestionError):
        return error.reason, str(error)
    if isinstance(error, Busy):
        return "busy", str(error)
    if isinstance(error, IndexUnavailable):
        log.error("%s", error)
        return "unavailable", "The index cannot be served at the moment."
    if isinstance(error, StorageError):
        log.error("%s", error)
        return "storage", "Feedback cannot be kept at the moment."
    log.error("a request failed", exc_info=error)
    return "failure", "Something went wrong on our side."


def problem_of(error: Exception) -> Response:
    """`told`, as a response."""
    if isinstance(error, ClientLeft):
        return Response(status_code=499)  # nobody reads it; nginx's number in its log
    kind, message = told(error)
    return problem(kind, message, {"Retry-After": str(RETRY_AFTER_S)} if ERRORS[kind] == 503 else None)


def invalid(errors: Sequence[Any]) -> str:
    """What pydantic found wrong first, in a line."""
    where = ".".join(str(part) for part in errors[0]["loc"] if part != "body")
    return f"{where or 'The body'}: {errors[0]['msg']}."


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints' hands. `feedback` is None where none is asked for."""

    desk: Desk
    feedback: Feedback | None

    async def ask(self, asked: QuestionIn, request: Request) -> Response:
        try:
            answer = await self._answer("api", asked, request)
        except Exception as error:
            return problem_of(error)
        return JSONResponse(answer.to_json())

    async def stream(self, asked: QuestionIn, request: Request) -> Response:
        """Begins with the first event: what is turned away before that has its own status, and `Retry-After`."""
        events = self._events(asked, request)
        try:
            first = await anext(events)
        except Exception as error:
            return problem_of(error)

        async def all_events() -> AsyncIterator[dict[str, str]]:
            async with aclosing(events):
                yield first
                try:
                    async for event in events:
                        yield event
                except Exception as error:
                    yield {"event": "error", "data": bytes(problem_of(error).body).decode()}

        return EventSourceResponse(all_events())

    async def _events(self, asked: QuestionIn, request: Request) -> AsyncGenerator[dict[str, str], None]:
        """`sources` as soon as search has found them, those that the answer cites besides, `answer`.

        Raises what `Desk.in_turn` raises.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Queue[Sequence[Hit] | None] = asyncio.Queue()

        def tell(hits: Sequence[Hit] | None) -> None:
            loop.call_soon_threadsafe(found.put_nowait, hits)

        answering = asyncio.ensure_future(self._answer("stream", asked, request, tell))
        answering.add_done_callback(lambda _: found.put_nowait(None))
        try:
            if hits := await found.get():
                yield _sources([hit.article for hit in hits])
            answer = await answering
            told = {hit.article.id for hit in hits or ()}
            cited = {citation.article_id for citation in answer.citations} - told
            if untold := [article for name in cited if (article := self.desk.articles.get(name))]:
                yield _sources(untold)
            yield {"event": "answer", "data": json.dumps(answer.to_json(), ensure_ascii=False)}
        finally:
            answering.cancel()

    async def _answer(
        self,
        surface: Surface,
        asked: _AskedIn,
        request: Request,
        found: Callable[[Sequence[Hit]], None] | None = None,
    ) -> Answer:
        ask = partial(
            self.desk.ask, surface, asked.question, turns=asked.turns, lang=asked.lang,
            likely=reader_lang(request.headers.get("accept-language")), filters=asked.filtered(), found=found,
        )  # fmt: skip
        return await self.desk.in_turn(surface, ask, request.is_disconnected)

    async def article(self, article_id: str) -> Response:
        try:
            article = self.desk.article(article_id)
        except IndexUnavailable as error:
            return problem_of(error)
        if not article:
            return problem("not_found", f"There is no article {article_id[:100]!r}.")
        date = article.date.isoformat() if article.date else ""
        return JSONResponse(
            {
                "id": article.id, "title": article.title, "lang": article.lang, "body": article.body,
                "url": article.url, "date": date, "section": article.section, "authors": list(article.authors),
            }
        )  # fmt: skip

    async def rate(self, given: FeedbackIn, request: Request) -> Response:
        """The question is asked again: what is kept is what we answer, not what a browser says that we did."""
        if not self.feedback:
            return problem("not_found", "Feedback is switched off here.")
        try:
            answer = await self._answer("feedback", given, request)
            await to_thread.run_sync(self.feedback.add, given.verdict, answer, given.turns, given.comment)
        except Exception as error:
            return problem_of(error)
        self.desk.metrics.rated(given.verdict)
        return Response(status_code=204)


def _sources(found: Sequence[Article]) -> dict[str, str]:
    """The event that tells of each of the articles once, in their order."""
    articles = {article.id: article for article in found}
    sources = [
        {
            "article_id": article.id, "title": article.title, "url": article.url, "lang": article.lang,
            "date": article.date.isoformat() if article.date else "", "section": article.section,
        }
        for article in articles.values()
    ]  # fmt: skip
    return {"event": "sources", "data": json.dumps({"sources": sources}, ensure_ascii=False)}


async def _nothing(path: str) -> Response:
    """What is not above; Gradio, mounted at the root, would answer otherwise."""
    return problem("not_found", f"There is no such endpoint, or not with this method: /api/{path[:100]}.")


def add_api(app: FastAPI, desk: Desk, feedback: Feedback | None) -> None:
    """The endpoints, and one shape for every error of the application."""
    api = Api(desk, feedback)
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorOut} for status in sorted({*ERRORS.values()} - {404, 405, 507})
    }
    missing: dict[int | str, dict[str, Any]] = {404: {"model": ErrorOut}}
    router = APIRouter(prefix="/api")
    router.post("/ask", response_model=AnswerOut, responses=errors, summary="Ask a question")(api.ask)
    router.post(
        "/ask/stream", response_class=EventSourceResponse, responses=errors, summary="Ask, and see the sources"
    )(api.stream)
    router.get("/articles/{article_id}", response_model=ArticleOut, responses=missing, summary="An article")(
        api.article
    )
    router.post("/feedback", status_code=204, responses=errors | missing, summary="A thumb up or down")(api.rate)
    router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)(
        _nothing
    )
    app.include_router(router)

    @app.exception_handler(RequestValidationError)
    async def not_valid(_: Request, error: RequestValidationError) -> Response:
        return problem("invalid", invalid(error.errors()))

    @app.exception_handler(HTTPException)
    async def other(_: Request, error: HTTPException) -> Response:
        kind = {404: "not_found", 405: "method"}.get(error.status_code, "invalid")
        return problem(kind, str(error.detail))
