"""The chat's page: its parts and where they stand. What they do is in `web/chat.py`, how they look in `chat.css`."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from answer.feedback import MAX_COMMENT
from web.filters import MAX_FILTERS
from web.texts import EXAMPLES, TEXTS

WORDS = gr.I18n(**TEXTS)


@dataclass(frozen=True, slots=True)
class Rating:
    """The question whether an answer helped, the thanks, and the word that may be added."""

    thumbs: gr.Row
    yes: gr.Button
    no: gr.Button
    thanks: gr.Markdown
    more: gr.Column
    comment: gr.Textbox
    submit: gr.Button


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts that change or are pressed."""

    again: gr.Button
    log: gr.Chatbot
    rating: Rating
    examples: gr.Column
    chips: list[gr.Button]
    notice: gr.Markdown
    filters: gr.Textbox
    """What the fields that chat.js draws hold, as JSON."""
    box: gr.Textbox
    send: gr.Button
    how: gr.Column
    cards: gr.Markdown


def draw(max_question: int) -> Layout:
    """Put the parts into the Blocks that is open."""
    with gr.Column(elem_id="page", min_width=0):
        again = _header()
        with gr.Row(elem_id="room", equal_height=False):
            with gr.Column(elem_id="talk", scale=3, min_width=0):
                log = _conversation()
                rating = _rating()
                examples, chips = _examples()
                with gr.Column(elem_id="dock", min_width=0):
                    notice = gr.Markdown(elem_id="notice", visible=False, latex_delimiters=[])
                    filters = gr.Textbox(
                        elem_id="filters-set", show_label=False, max_length=MAX_FILTERS, lines=1, max_lines=1
                    )
                    box, send = _composer(max_question)
            how, cards = _panel()
        gr.Markdown(WORDS("footer"), elem_id="footer")
    return Layout(again, log, rating, examples, chips, notice, filters, box, send, how, cards)


def _header() -> gr.Button:
    with gr.Row(elem_id="head", equal_height=False):
        with gr.Column(elem_id="name", min_width=0):
            gr.Markdown("# " + WORDS("title"))
            gr.Markdown(WORDS("lead"), elem_id="lead")
        return gr.Button(WORDS("new"), elem_id="again", visible=False, scale=0, min_width=0)


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


def _rating() -> Rating:
    with gr.Row(elem_id="thumbs", visible=False, equal_height=False) as thumbs:
        gr.Markdown(WORDS("helpful"))
        yes, no = (gr.Button(WORDS(key), elem_id=key, min_width=0, scale=0) for key in ("yes", "no"))
    thanks = gr.Markdown(elem_id="thanks", visible=False, latex_delimiters=[])
    with gr.Column(elem_id="more", visible=False, min_width=0) as more, gr.Row(equal_height=False):
        comment = gr.Textbox(
            elem_id="comment", label=WORDS("comment"), lines=1, max_lines=4, max_length=MAX_COMMENT, min_width=0
        )
        submit = gr.Button(WORDS("send_comment"), elem_id="send-comment", scale=0, min_width=0)
    return Rating(thumbs, yes, no, thanks, more, comment, submit)


def _examples() -> tuple[gr.Column, list[gr.Button]]:
    with gr.Column(elem_id="examples", min_width=0) as column:
        gr.Markdown("## " + WORDS("welcome"))
        gr.Markdown(WORDS("welcome_more"))
        chips = [
            gr.Button(text, elem_id=f"ask-{number}-{lang}", elem_classes="chip", min_width=0)
            for number, (lang, text) in enumerate(EXAMPLES, 1)
        ]
    return column, chips


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


def _panel() -> tuple[gr.Column, gr.Markdown]:
    with gr.Column(elem_id="panel", scale=2, min_width=0):
        gr.Markdown("## " + WORDS("sources"))
        with gr.Column(elem_id="how", min_width=0) as how:
            for key in ("how_words", "how_place", "how_silence"):
                gr.Markdown(WORDS(key))
        # gr.Markdown, not gr.HTML: gr.HTML compiles its template in the browser and needs a policy that allows eval.
        return how, gr.Markdown(elem_id="cards", visible=False, latex_delimiters=[])
