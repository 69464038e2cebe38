"""The language of a text, among those of the bulletin."""

from __future__ import annotations

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from records import LANGS, Lang

__all__ = ["language"]

_SURE = 0.99
_ENOUGH = 40
"""Words from which on a text's own language is believed against what its page declares."""
_READ = 5000


def language(text: str, declared: str = "") -> Lang:
    """The language `text` is in: as `declared` ("fr", "de-DE") unless the text is long and clearly in another."""
    named = next((lang for lang in LANGS if declared.strip().lower().replace("_", "-").split("-")[0] == lang), None)
    found, probability = _identifier().classify(text[:_READ].lower())
    own: Lang = next((lang for lang in LANGS if lang == found), "fr")
    clearly = probability >= _SURE and len(text.split()) >= _ENOUGH
    return own if named is None or clearly else named


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGS))
    return identifier
