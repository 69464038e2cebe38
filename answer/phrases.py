"""The few words that are ours around the bulletin's: a frame for the quote, a polite refusal, by language."""

from __future__ import annotations

from records import Lang

_QUOTE_MARKS: dict[Lang, tuple[str, str]] = {"fr": ("«\u00a0", "\u00a0»"), "en": ("“", "”"), "de": ("„", "“")}

_FRAMES: dict[Lang, str] = {
    "fr": "Le bulletin écrit\u00a0: {quote}",
    "en": "The bulletin says: {quote}",
    "de": "Im Bulletin steht: {quote}",
}
_FRAMES_ACROSS: dict[tuple[Lang, Lang], str] = {
    ("fr", "en"): "Le bulletin écrit, en anglais\u00a0: {quote}",
    ("fr", "de"): "Le bulletin écrit, en allemand\u00a0: {quote}",
    ("en", "fr"): "The bulletin says, in French: {quote}",
    ("en", "de"): "The bulletin says, in German: {quote}",
    ("de", "fr"): "Im Bulletin steht, auf Französisch: {quote}",
    ("de", "en"): "Im Bulletin steht, auf Englisch: {quote}",
}
_FRAMES_OTHER: dict[Lang, str] = {
    "fr": "Il donne aussi un autre chiffre\u00a0: {quote}",
    "en": "It also gives another figure: {quote}",
    "de": "Dort steht auch eine andere Zahl: {quote}",
}
_REFUSALS: dict[Lang, str] = {
    "fr": "Je n’ai pas trouvé de réponse à cette question dans le bulletin.",
    "en": "I did not find an answer to this question in the bulletin.",
    "de": "Im Bulletin habe ich keine Antwort auf diese Frage gefunden.",
}


def frame(quote: str, lang: Lang, article_lang: Lang) -> str:
    """The quote in quotation marks of the question's language, behind a few words that say whose it is."""
    template = _FRAMES[lang] if lang == article_lang else _FRAMES_ACROSS[lang, article_lang]
    return template.format(quote=_marked(quote, lang))


def frame_other(quote: str, lang: Lang) -> str:
    """The same for a quote that gives another figure than the one before it."""
    return _FRAMES_OTHER[lang].format(quote=_marked(quote, lang))


def _marked(quote: str, lang: Lang) -> str:
    opening, closing = _QUOTE_MARKS[lang]
    return f"{opening}{quote}{closing}"


def refusal(lang: Lang) -> str:
    return _REFUSALS[lang]
