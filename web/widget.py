"""The widget as one script: widget.js with its style sheet and its words in three languages put in.

A site's page loads it from us and nothing else, so it carries everything; a test holds it to MAX_BYTES.
"""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Final

from records import Lang
from web.texts import EXAMPLES, TEXTS

_HERE: Final = Path(__file__).parent

MAX_BYTES: Final = 10_000
"""Of the script, gzipped: what a visitor of the site pays who never opens it."""

SHARED: Final = (
    "title", "welcome", "welcome_more", "conversation", "question_label", "placeholder", "send", "new", "footer",
    "you_asked", "waiting", "see_also", "new_tab", "rephrase", "empty", "too_long", "no_words", "failure",
    "rate_limited", "busy", "unavailable", "again", "soon",
)  # fmt: skip
"""The chat's words that the widget says too."""

WIDGET: Final[dict[Lang, dict[str, str]]] = {
    "fr": {
        "close": "Fermer",
        "reading": "En cours de lecture\u202f:",
        "unreachable": "Le service n’est pas joignable. Vérifiez votre connexion, puis réessayez.",
        "rate": "Réponse utile\u202f?",
        "up": "Utile",
        "down": "Pas utile",
        "comment": "Commentaire (facultatif)",
        "rating_kept": "Votre avis est conservé quelque temps pour la rédaction, avec réponse et dernières questions.",
        "thanks": "Merci de votre avis.",
    },
    "en": {
        "close": "Close",
        "reading": "Being read:",
        "unreachable": "The service cannot be reached. Check your connection, then try again.",
        "rate": "Helpful answer?",
        "up": "Helpful",
        "down": "Not helpful",
        "comment": "Comment (optional)",
        "rating_kept": "Your rating is kept for some time for the editors, with your last questions and the answer.",
        "thanks": "Thank you for your rating.",
    },
    "de": {
        "close": "Schließen",
        "reading": "Gelesen wird:",
        "unreachable": "Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.",
        "rate": "Hilfreiche Antwort?",
        "up": "Hilfreich",
        "down": "Nicht hilfreich",
        "comment": "Kommentar (freiwillig)",
        "rating_kept": "Die Bewertung wird mit letzten Fragen und Antwort eine Zeit lang für die Redaktion aufbewahrt.",
        "thanks": "Danke für Ihre Bewertung.",
    },
}


def script(feedback: bool) -> str:
    """The text of `/widget.js`. `feedback`: whether each answer can be rated."""
    code = _squeezed((_HERE / "widget.js").read_text("utf-8"))
    # In this order: what is put in last holds words of ours, in which a name to replace could occur.
    put_in = {"FEEDBACK": feedback, "STYLE": _style(), "EXAMPLES": EXAMPLES, "WORDS": _words()}
    for name, value in put_in.items():
        code = code.replace(name, json.dumps(value, ensure_ascii=False, separators=(",", ":")), 1)
    return code


def _words() -> dict[Lang, dict[str, str]]:
    return {lang: {key: texts[key] for key in SHARED} | WIDGET[lang] for lang, texts in TEXTS.items()}


def _squeezed(code: str) -> str:
    """Without comments, and without space that means nothing: around signs, outside texts; private names in a letter.

    Not for any script: ours ends every statement with a semicolon, has no text of several lines and no regular
    expression with a space in it, and in none of its texts do two slashes follow a space.
    """
    bare = re.sub(r"(?<!\S)//.*", "", code)
    tight = re.sub(r"""((["`])(?:\\.|(?!\2).)*\2)|\s*([^\w\s#$"`])\s*""", lambda m: m[1] or m[3], bare).strip()
    letters = dict(zip(dict.fromkeys(re.findall(r"this\.#(\w+)", tight)), string.ascii_letters, strict=False))
    return re.sub(rf"#({'|'.join(letters)})\b", lambda m: f"#{letters[m[1]]}", tight)


def _style() -> str:
    """Palette and style sheet without comments and spare space: they have no text in which either would count."""
    sheets = "".join((_HERE / name).read_text("utf-8") for name in ("palette.css", "widget.css"))
    bare = re.sub(r"/\*.*?\*/", "", sheets, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", bare)).replace(": ", ":").replace(";}", "}").strip()
