"""The chat: what a reader sees, what a question sets in motion.

    question ──▶ assistant.ask ──▶ Answer ──▶ the conversation (left) and its sources (right)

The conversation is kept on the server, as Exchanges, and drawn anew after each question; nothing a browser sends
back but the question itself is believed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr

from answer.ask import Assistant
from errors import QuestionError
from records import Answer, Lang
from settings import Settings
from web import render, serving
from web.texts import EXAMPLES, TEXTS, reader_lang

log = logging.getLogger(__name__)

FOLLOWED_TURNS = 3
"""Earlier questions of the reader that a new one may lean on ("and in 2015?")."""
KEPT_EXCHANGES = 30
"""How much of a long conversation stays on the page, and in the server's memory."""
WAITING = 40
"""Questions in the queue; the next reader is told to come back rather than left to wait for minutes."""
SESSIONS = 200
"""Conversations held in memory; beyond, the oldest is forgotten. At 30 exchanges of some 5 kB, 30 MB."""
FORGET_AFTER_S = 3600

WORDS = gr.I18n(**TEXTS)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as it was typed, and its answer without the evidence (token vectors, far too big to keep)."""

    question: str
    answer: Answer


Conversation = tuple[Exchange, ...]
Message = dict[str, str]


class Chat:
    """The events of the page. Each returns the page's parts in the order of `build_chat`'s `parts`."""

    def __init__(self, assistant: Assistant, max_question: int) -> None:
        self.assistant = assistant
        self.max_question = max_question

    def ask(self, question: str | None, so_far: Conversation, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, then its answer; a question that cannot be asked goes back into the box."""
        lang = reader_lang(request.headers.get("accept-language"))
        question = question or ""  # no browser sends null, but a program may
        try:
            if len(question) > self.max_question:  # before it is shown: the box's own limit binds browsers only
                raise QuestionError("too_long", f"{len(question)} characters; at most {self.max_question}.")
            yield self._page(so_far, lang, asking=question)
            turns = [exchange.question for exchange in so_far[-FOLLOWED_TURNS:]]
            answer = replace(self.assistant.ask(question, turns=turns), hits=())
            yield self._page((*so_far, Exchange(question, answer))[-KEPT_EXCHANGES:], lang)
        except QuestionError as error:
            yield self._page(so_far, lang, box=question[: self.max_question], problem=error.reason)
        except Exception:
            log.exception("a question could not be answered")
            yield self._page(so_far, lang, box=question, problem="failure")

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
            gr.Button(visible=bool(conversation)),
        )

    def _messages(self, conversation: Conversation, lang: Lang) -> list[Message]:
        messages = []
        for exchange in conversation:
            latest = exchange is conversation[-1]
            answer = render.reply(exchange.answer, self.assistant.articles, lang, latest=latest)
            messages.append({"role": "user", "content": render.asked(exchange.question, lang)})
            messages.append({"role": "assistant", "content": answer})
        return messages

    def _sources(self, conversation: Conversation, lang: Lang) -> str:
        return render.sources(conversation[-1].answer, self.assistant.articles, lang) if conversation else ""


def build_chat(assistant: Assistant, max_question: int) -> gr.Blocks:
    """The page, wired to `assistant`; questions longer than `max_question` characters are turned away."""
    page = gr.Blocks(title=TEXTS["fr"]["title"], fill_width=True)
    with page:
        conversation = gr.State((), time_to_live=FORGET_AFTER_S)
        with gr.Column(elem_id="page", min_width=0):
            again = _header()
            with gr.Row(elem_id="room", equal_height=False):
                messages, examples, chips, notice, box, send = _talk(max_question)
                how, cards = _panel()
            gr.Markdown(WORDS("footer"), elem_id="footer")
        parts = [conversation, messages, cards, how, box, notice, examples, again]
        _wire(Chat(assistant, max_question), parts, chips, send)
    # One question at a time: the encoder already uses every core it may.
    page.queue(max_size=WAITING, default_concurrency_limit=1)
    page.state_session_capacity = SESSIONS
    return page


def _wire(chat: Chat, parts: list[Any], chips: list[gr.Button], send: gr.Button) -> None:
    conversation, _, _, _, box, _, _, again = parts
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on([box.submit, send.click], chat.ask, [box, conversation], parts, concurrency_id="ask", **quiet)
    for chip in chips:
        chip.click(chat.ask, [chip, conversation], parts, concurrency_id="ask", **quiet)
    again.click(chat.begin_again, None, parts, queue=False, **quiet)


def _header() -> gr.Button:
    with gr.Row(elem_id="head", equal_height=False):
        with gr.Column(elem_id="name", min_width=0):
            gr.Markdown("# " + WORDS("title"))
            gr.Markdown(WORDS("lead"), elem_id="lead")
        return gr.Button(WORDS("new"), elem_id="again", visible=False, scale=0, min_width=0)


def _talk(
    max_question: int,
) -> tuple[gr.Chatbot, gr.Column, list[gr.Button], gr.Markdown, gr.Textbox, gr.Button]:
    with gr.Column(elem_id="talk", scale=3, min_width=0):
        messages = _conversation()
        examples, chips = _examples()
        with gr.Column(elem_id="dock", min_width=0):
            notice = gr.Markdown(elem_id="notice", visible=False, latex_delimiters=[])
            box, send = _composer(max_question)
    return messages, examples, chips, notice, box, send


def _conversation() -> gr.Chatbot:
    # render_markdown=False does not show tags as text: it hands HTML to the sanitizer without a Markdown parser
    # on the way, which is just what render's strings need.
    return gr.Chatbot(
        elem_id="log",
        label=WORDS("conversation"),
        show_label=False,
        render_markdown=False,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        height=None,
        layout="bubble",
        group_consecutive_messages=False,
    )


def _composer(max_question: int) -> tuple[gr.Textbox, gr.Button]:
    with gr.Row(elem_id="composer", equal_height=False):
        box = gr.Textbox(
            elem_id="box",
            label=WORDS("question_label"),
            show_label=False,
            placeholder=WORDS("placeholder"),
            lines=1,
            max_lines=5,
            max_length=max_question,
            container=False,
            scale=1,
            min_width=0,
        )
        send = gr.Button(WORDS("send"), elem_id="send", variant="primary", scale=0, min_width=0)
    return box, send


def _examples() -> tuple[gr.Column, list[gr.Button]]:
    with gr.Column(elem_id="examples", min_width=0) as column:
        gr.Markdown("## " + WORDS("welcome"))
        gr.Markdown(WORDS("welcome_more"))
        chips = [
            gr.Button(text, elem_id=f"ask-{number}-{lang}", elem_classes="chip", min_width=0)
            for number, (lang, text) in enumerate(EXAMPLES, 1)
        ]
    return column, chips


def _panel() -> tuple[gr.Column, gr.Markdown]:
    with gr.Column(elem_id="panel", scale=2, min_width=0):
        gr.Markdown("## " + WORDS("sources"))
        with gr.Column(elem_id="how", min_width=0) as how:
            for key in ("how_words", "how_place", "how_silence"):
                gr.Markdown(WORDS(key))
        # gr.Markdown, not gr.HTML: gr.HTML compiles its template in the browser and needs a policy that allows eval.
        return how, gr.Markdown(elem_id="cards", visible=False, latex_delimiters=[])


def serve(assistant: Assistant, settings: Settings) -> None:
    """Serve the chat until interrupted; one line says where, once it answers. Raises SettingsError on a bad port."""
    build = partial(build_chat, assistant, settings.max_question)
    serving.run(build, WORDS, settings.host, settings.port)
