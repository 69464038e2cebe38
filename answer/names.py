"""The sections and authors of the bulletin, and where a question names one.

They are the index's own. A section is compared without accents, word by word, and a word by how it begins ("Energie",
"energy"), but only behind or before the word that says that it is one ("rubrique Focus", "the Energy section").
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from answer.days import plain
from answer.frames import SAYING
from records import Article, Span

_CUE = re.compile(
    r"(?:\b(?:dans|de|sous|in|from|of|under|aus|unter) )?(?:\b(?:la|the|der) )?"
    r"\b(?P<cue>rubriques?|section(?! (?:of|the|d[eu]s?|and|or|et|ou|und|oder)\b| [dl]')|rubrik(?:en)?)\s+"
    r"[«\"“”„'‚]?\s?"
)
_BEFORE = re.compile(
    r"(?:\b(?:in|from|of|aus|unter) )?\b(?:the|der) (?P<name>\w+(?: (?:and |et |und )?\w+)?)(?: section\b|-rubrik\b)"
)
_STOP = re.compile(
    r"[?!.,;:»\"“”]|\b(?:en|in|im|au|since|depuis|seit|entre|between|zwischen|sur|about|uber|on|zu|"
    rf"parlent|il|y|a|gibt|sont|are|were|es|ont)\b|\b{SAYING}|\d"
)
_ENDS = re.compile(rf"\s*(?:$|{_STOP.pattern})")
"""What may stand behind a name that is not said to its end: no more of a name ("Politique de santé")."""
_JOINING = re.compile(r"d[eu]s?|l[ae]s?|[dl]|of|the|d(?:er|ie|as)|von|et|and|und")
"""Words of a name that are said or left out: "Politique de recherche" is "Politique de la recherche"."""
_AND_ANOTHER = re.compile(rf"\s?[»\"“”]?\s*(?:,|\b(?:et|ou|and|or|und|oder)\b)\s*(?:{_CUE.pattern})?[«\"“”„]?\s?")
_ALIKE = 0.6
"""The share of the longer word that two words of a name must begin with alike; "Energie" and "Energy" have 0.71,
"Politik" and "politique" 0.67."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name and where the question has it, with the words that announce it; `known`: whether it is the bulletin's."""

    name: str
    span: Span
    known: bool = True


@dataclass(frozen=True, slots=True)
class Names:
    """`cards`: the articles without their bodies, the newest first. `sections`: those with the most articles first."""

    cards: tuple[Article, ...]
    sections: tuple[str, ...]
    authors: tuple[str, ...]
    words: frozenset[str] = frozenset()
    """Those of sections and authors, folded."""

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Names:
        cards = sorted((replace(article, body="") for article in articles), key=_day, reverse=True)
        sections = Counter(card.section for card in cards if card.section)
        authors = {author for card in cards for author in card.authors}
        ranked = sorted(sections, key=lambda name: (-sections[name], name))
        words = frozenset(word for name in (*ranked, *authors) for word in re.findall(r"\w+", plain(name)))
        return cls(tuple(cards), tuple(ranked), tuple(sorted(authors)), words)

    @property
    def newest(self) -> datetime.date | None:
        return self.cards[0].date if self.cards else None

    def section_in(self, question: str) -> Named | None:
        """The section that `question`, its dates dotted out, names; none where it names two, as filters hold one. One
        that the bulletin does not have is told only of a "rubrique" or "Rubrik": "section" may be part of anything."""
        text = plain(question)
        for match in _CUE.finditer(text):
            if found := self._best(question[match.end() :]):
                name, length = found
                another = _AND_ANOTHER.match(text, match.end() + length)
                if another and self._best(question[another.end() :]):
                    return None
                closing = re.match(r"\s?[»\"“”]", text[match.end() + length :])
                return Named(name, (match.start(), match.end() + length + (closing.end() if closing else 0)))
            stop = _STOP.search(text, match.end())
            end = stop.start() if stop else len(text)
            unknown = question[match.end() : end].strip()
            if match["cue"] in ("rubrique", "rubrik") and 0 < len(_telling(unknown)) <= 4:
                return Named(unknown, (match.start(), end), known=False)
        before = []
        for match in _BEFORE.finditer(text):
            name_as_written = question[slice(*match.span("name"))]
            if (found := self._best(name_as_written)) and found[1] == len(name_as_written):
                before.append(Named(found[0], match.span()))
        return before[0] if len({named.name for named in before}) == 1 else None

    def _best(self, words: str) -> tuple[str, int] | None:
        """The section that `words` begin with, and over how many letters: the most words alike, then as written."""
        asked = _telling(words)
        best: tuple[tuple[int, bool, bool, int], str, int] | None = None
        for rank, name in enumerate(self.sections):
            known = _telling(name)
            common, length = _words_alike(asked, known)
            if common < len(known) and not _ENDS.match(plain(words[length:])):
                continue
            written = words[:length]
            score = (common, written.casefold() == name.casefold(), plain(written) == plain(name), -rank)
            if common and (best is None or score > best[0]):
                best = score, name, length
        return (best[1], best[2]) if best else None

    def author_in(self, text: str) -> Named | None:
        """The author whose articles are asked for; `text` is folded. A last name alone needs "de", "by" or "von"."""
        for author in self.authors:
            whole = re.escape(plain(author))
            last = re.escape(plain(author).split()[-1])
            match = re.search(rf"(?:\b(?:de|par|by|von|signes?(?: par)?) |\bd')?\b{whole}\b", text) or re.search(
                rf"(?:\b(?:de|par|by|von) |\bd')(?:m\. |mme |mr |ms |frau |herrn? )?{last}\b", text
            )
            if match and not re.search(r"\b(?:sur|about|uber|on|zu)\s+$", text[: match.start()]):
                return Named(author, match.span())
        return None


_latest: dict[tuple[str, int], Names] = {}


def names_of(version: str, articles: Mapping[str, Article]) -> Names:
    """Those of the articles of a version of the index. Every article is read for them, so they are kept for the two
    versions asked last: the one that serves, and the one that is about to."""
    key = version, id(articles)
    names = _latest.pop(key, None) or Names.of(articles.values())
    _latest[key] = names
    for older in list(_latest)[:-2]:
        _latest.pop(older, None)
    return names


def _day(article: Article) -> datetime.date:
    return article.date or datetime.date.min


def _telling(name: str) -> list[re.Match[str]]:
    """The words of a name but for those that join them."""
    return [match for match in re.finditer(r"\w+", plain(name)) if not _JOINING.fullmatch(match.group())]


def _words_alike(asked: Sequence[re.Match[str]], known: Sequence[re.Match[str]]) -> tuple[int, int]:
    """How many of the first words `known` `asked` begins with, and over how many letters."""
    common = length = 0
    for one, other in zip(asked, known, strict=False):
        if not _alike(one.group(), other.group()):
            break
        common, length = common + 1, one.end()
    return common, length


def _alike(one: str, other: str) -> bool:
    one, other = one.replace("k", "c"), other.replace("k", "c")
    if one == other:
        return True
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= max(4, _ALIKE * max(len(one), len(other)))
