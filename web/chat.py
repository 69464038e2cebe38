"""The chat: what a reader sees, what a question sets in motion.

    question ──▶ desk.ask ──▶ Answer ──▶ the conversation (left) and its sources (right)

The conversation is kept on the server, as Exchanges, and drawn anew after each question; nothing a browser sends
back but the question itself is believed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr
from pydantic import ValidationError

from answer.feedback import Feedback, Verdict
from errors import BulletinError, IndexUnavailable, QuestionError
from records import Answer, Lang
from settings import Settings
from web import render
from web.api import QuestionIn, invalid, told
from web.desk import Desk
from web.filters import FiltersUnreadable, read_filters
from web.layout import Layout, draw
from web.texts import TEXTS, reader_lang

log = logging.getLogger(__name__)

FOLLOWED_TURNS = 3
"""Earlier questions of the reader that a new one may lean on ("and in 2015?")."""
KEPT_EXCHANGES = 15
"""How much of a long conversation stays on the page, and in the server's memory."""
SESSIONS = 50
"""Conversations held in memory; beyond, the oldest is forgotten. How much that is, a test bounds."""
FORGET_AFTER_S = 3600


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as it was typed, and its answer without the evidence (token vectors, far too big to keep)."""

    question: str
    answer: Answer


Conversation = tuple[Exchange, ...]
Message = dict[str, str]


class Chat:
    """The events of the page. Each returns the page's parts in the order of `_wire`'s `parts`."""

    def __init__(self, desk: Desk, max_question: int, feedback: Feedback | None, days: int) -> None:
        self.desk = desk
        self.max_question = max_question
        self.feedback = feedback
        self.days = days

    def ask(
        self, question: str | None, so_far: Conversation, request: gr.Request, filters: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, then its answer; a question that cannot be asked goes back into the box."""
        lang = reader_lang(request.headers.get("accept-language"))
        question = question or ""  # no browser sends null, but a program may
        try:
            if len(question) > self.max_question:  # before it is shown: the box's own limit binds browsers only
                raise QuestionError("too_long", f"{len(question)} characters; at most {self.max_question}.")
            only = read_filters(filters)
            yield self._page(so_far, lang, asking=question)
            answer = replace(self.desk.ask("chat", question, turns=_turns(so_far), likely=lang, filters=only), hits=())
            yield self._page((*so_far, Exchange(question, answer))[-KEPT_EXCHANGES:], lang)
        except QuestionError as error:
            yield self._page(so_far, lang, box=question[: self.max_question], problem=error.reason)
        except FiltersUnreadable:
            yield self._page(so_far, lang, box=question, problem="filters_unreadable")
        except IndexUnavailable as error:
            log.error("%s", error)
            yield self._page(so_far, lang, box=question, problem="unavailable")
        except Exception:
            log.exception("a question could not be answered")
            yield self._page(so_far, lang, box=question, problem="failure")

    def rate(self, verdict: Verdict, so_far: Conversation, request: gr.Request) -> tuple[Any, ...]:
        """Keep a thumb for the latest answer; then a word about it may be added."""
        lang = reader_lang(request.headers.get("accept-language"))
        number = None
        try:
            if self.feedback and so_far:  # else another server took over, or the hour has passed
                number = self.feedback.add(verdict, so_far[-1].answer, _turns(so_far[:-1]))
        except BulletinError:
            log.exception("feedback could not be kept")
        if number is None:
            return None, gr.Row(visible=True), self._thanks("not_kept", lang), gr.Column(visible=False)
        self.desk.metrics.rated(verdict)
        return number, gr.Row(visible=False), self._thanks("thanks", lang), gr.Column(visible=True)

    def comment(self, text: str | None, number: int | None, request: gr.Request) -> tuple[Any, ...]:
        """Add a reader's word to their thumb."""
        lang = reader_lang(request.headers.get("accept-language"))
        kept = not text
        try:
            if self.feedback and number and text:
                self.feedback.comment(number, text)
                kept = True
        except BulletinError:
            log.exception("feedback could not be kept")
        return "", self._thanks("thanks" if kept else "not_kept", lang), gr.Column(visible=not kept)

    def _thanks(self, key: str, lang: Lang) -> gr.Markdown:
        return gr.Markdown(render.thanks(TEXTS[lang][key].format(days=self.days)), visible=True)

    def begin_again(self, request: gr.Request) -> tuple[Any, ...]:
        return self._page((), reader_lang(request.headers.get("accept-language")))

    def _page(
        self, conversation: Conversation, lang: Lang, *, asking: str = "", box: str = "", problem: str = ""
    ) -> tuple[Any, ...]:
        messages = self._messages(conversation, lang)
        if asking.strip():
            messages.append({"role": "user", "content": render.asked(asking, lang)})
            messages.append({"role": "assistant", "content": render.waiting(lang)})
        return (
            conversation,
            messages,
            gr.Markdown(self._sources(conversation, lang), visible=bool(conversation)),
            gr.Column(visible=not conversation),
            box,
            gr.Markdown(render.notice(problem, lang) if problem else "", visible=bool(problem)),
            gr.Column(visible=not messages),
            # Not while a question is under way: its answer would bring the conversation back.
            gr.Button(visible=bool(conversation), interactive=not asking),
            None,
            gr.Row(visible=bool(self.feedback and conversation and not asking)),
            gr.Markdown("", visible=False),
            gr.Column(visible=False),
        )

    def _messages(self, conversation: Conversation, lang: Lang) -> list[Message]:
        messages = []
        for exchange in conversation:
            latest = exchange is conversation[-1]
            answer = render.reply(exchange.answer, self.desk.articles, lang, latest=latest)
            messages.append({"role": "user", "content": render.asked(exchange.question, lang)})
            messages.append({"role": "assistant", "content": answer})
        return messages

    def _sources(self, conversation: Conversation, lang: Lang) -> str:
        return render.sources(conversation[-1].answer, self.desk.articles, lang) if conversation else ""


def _turns(so_far: Conversation) -> list[str]:
    """The earlier questions that the next one may lean on."""
    return [exchange.question for exchange in so_far[-FOLLOWED_TURNS:]]


def build_chat(desk: Desk, settings: Settings, feedback: Feedback | None) -> gr.Blocks:
    """The page, wired to `desk`, and the named endpoint `ask` for gradio_client and MCP."""
    page = gr.Blocks(title=TEXTS["fr"]["title"], fill_width=True)
    with page:
        # Before the page's own events, which would take its name.
        # Not queued: Gradio asks queued tools over the network, at whatever host the request says that this one is.
        gr.api(_tool(desk), api_name="ask", queue=False)
        conversation = gr.State((), time_to_live=FORGET_AFTER_S)
        rated = gr.State(None, time_to_live=FORGET_AFTER_S)
        layout = draw(settings.max_question)
        chat = Chat(desk, settings.max_question, feedback, settings.feedback_days)
        _wire(chat, layout, conversation, rated)
    # One question at a time: the encoder already uses every core it may.
    page.queue(max_size=settings.waiting, default_concurrency_limit=1)
    page.state_session_capacity = SESSIONS
    return page


def _tool(desk: Desk) -> Callable[..., Awaitable[str]]:
    async def ask(question: str, lang: str = "", turns: list[str] = []) -> str:  # noqa: B006 (Gradio reads it)
        """Ask the science bulletin of the French embassy in Berlin, and get its own words with their source.

        Args:
            question: The question, in French, English or German.
            lang: The question's language, fr, en or de; empty to have it recognised.
            turns: Earlier questions of the same conversation, oldest first.

        Returns:
            JSON: the answer or an honest refusal, with the citations it rests on (the contract of POST /api/ask).
        """
        try:
            asked = QuestionIn.model_validate({"question": question, "lang": lang or None, "turns": turns})
            answering = partial(desk.ask, "tool", asked.question, turns=asked.turns, lang=asked.lang)
            answer = await desk.in_turn("tool", answering, _stays)
        except ValidationError as error:
            raise gr.Error(invalid(error.errors())) from None
        except Exception as error:
            raise gr.Error(told(error)[1]) from None
        # Text, not an object: Gradio would hand a tool's client Python's notation of it.
        return json.dumps(answer.to_json(), ensure_ascii=False)

    return ask


async def _stays() -> bool:
    """Whether a tool's client is gone; Gradio does not say."""
    return False


def _wire(chat: Chat, layout: Layout, conversation: gr.State, rated: gr.State) -> None:
    box, rating = layout.box, layout.rating
    parts = [
        conversation, layout.log, layout.cards, layout.how, box, layout.notice, layout.examples, layout.again,
        rated, rating.thumbs, rating.thanks, rating.more,
    ]  # fmt: skip
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(
        [box.submit, layout.send.click],
        chat.ask,
        [box, conversation, layout.filters],
        parts,
        concurrency_id="ask",
        **quiet,
    )
    for chip in layout.chips:
        chip.click(chat.ask, [chip, conversation, layout.filters], parts, concurrency_id="ask", **quiet)
    layout.again.click(chat.begin_again, None, parts, queue=False, **quiet)
    thanked = [rated, rating.thumbs, rating.thanks, rating.more]
    rating.yes.click(_thumb(chat, "up"), [conversation], thanked, queue=False, **quiet)
    rating.no.click(_thumb(chat, "down"), [conversation], thanked, queue=False, **quiet)
    said, told = [rating.comment, rated], [rating.comment, rating.thanks, rating.more]
    gr.on([rating.comment.submit, rating.submit.click], chat.comment, said, told, queue=False, **quiet)


def _thumb(chat: Chat, verdict: Verdict) -> Callable[..., tuple[Any, ...]]:
    # A function of its own: Gradio finds the request by its annotation, which a `partial` does not show.
    def rate(conversation: Conversation, request: gr.Request) -> tuple[Any, ...]:
        return chat.rate(verdict, conversation, request)

    return rate
