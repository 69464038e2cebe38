"""The few words that are ours around the bulletin's: a frame for the quote, a polite refusal, by language."""

from __future__ import annotations

from answer.archive_phrases import marked, which
from records import Filters, Lang

_ALL = Filters()
_FRAMES: dict[Lang, str] = {
    "fr": "Le bulletin écrit{where}\u00a0: {quote}",
    "en": "The bulletin says{where}: {quote}",
    "de": "Im Bulletin steht{where}: {quote}",
}
_ACROSS: dict[tuple[Lang, Lang], str] = {
    ("fr", "en"): ", en anglais",
    ("fr", "de"): ", en allemand",
    ("en", "fr"): ", in French",
    ("en", "de"): ", in German",
    ("de", "fr"): ", auf Französisch",
    ("de", "en"): ", auf Englisch",
}
_WITHIN: dict[Lang, str] = {
    "fr": ", dans les articles {}",
    "en": ", in the articles {}",
    "de": ", in den Artikeln {}",
}
_FRAMES_OTHER: dict[Lang, str] = {
    "fr": "Il donne aussi un autre chiffre\u00a0: {quote}",
    "en": "It also gives another figure: {quote}",
    "de": "Dort steht auch eine andere Zahl: {quote}",
}
_REFUSALS: dict[Lang, str] = {
    "fr": "Je n’ai pas trouvé de réponse à cette question dans {}.",
    "en": "I did not find an answer to this question in {}.",
    "de": "{} habe ich keine Antwort auf diese Frage gefunden.",
}
_EVERYWHERE: dict[Lang, str] = {"fr": "le bulletin", "en": "the bulletin", "de": "Im Bulletin"}
_IN_ARTICLES: dict[Lang, str] = {"fr": "les articles {}", "en": "the articles {}", "de": "In den Artikeln {}"}


def frame(quote: str, lang: Lang, article_lang: Lang, filters: Filters = _ALL) -> str:
    """The quote in quotation marks of the question's language, behind a few words that say whose it is, in which
    language, and which articles alone were asked."""
    told = which(filters, lang)
    where = _ACROSS.get((lang, article_lang), "") + (_WITHIN[lang].format(told) if told else "")
    return _FRAMES[lang].format(where=where, quote=marked(quote, lang))


def frame_other(quote: str, lang: Lang) -> str:
    """The same for a quote that gives another figure than the one before it."""
    return _FRAMES_OTHER[lang].format(quote=marked(quote, lang))


def refusal(lang: Lang, filters: Filters = _ALL) -> str:
    told = which(filters, lang)
    return _REFUSALS[lang].format(_IN_ARTICLES[lang].format(told) if told else _EVERYWHERE[lang])
