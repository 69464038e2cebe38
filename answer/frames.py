"""The words around a subject, in three languages: what asks for articles or for what is known of one, and how.

All patterns are for folded text (`answer.days.plain`): small letters, no accents, straight apostrophes, "ß" as it is.
"""

from __future__ import annotations

import re
from typing import Literal

from answer.days import SMALL_NUMBERS

Kind = Literal["words", "said", "articles", "author", "date", "section"]
"""`words`: any question that a passage answers. `said`: what the bulletin wrote about a subject. `articles`: which
articles. The others: what is known of an article."""
Extreme = Literal["newest", "oldest"]


def any_of(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_SOME = any_of(*SMALL_NUMBERS)
_NUMBER = rf"\b(?:\d{{1,2}}|{_SOME})\b"
ARTICLE = any_of(r"articles?", r"artikel[ns]?", r"beitra(?:g|ges?|gs|gen)") + r"\b"
_BEFORE_ISSUE = ("the", "this", "that", "which", "our", "your", "each", "every", "an", "last", "latest", "first")
_THE_ISSUE = any_of(*(rf"(?<=\b{word} )" for word in _BEFORE_ISSUE), r"(?<![a-z] )") + "issue"
ISSUE = any_of(r"bulletins?", r"numero", _THE_ISSUE, r"ausgabe", r"heft") + r"\b"  # no "safety issue"
SAYING = any_of(
    r"publie[es]*|publiait|paru[es]*|parait|paraissent|ecrite?s?|ecrivait|redige[es]*|dite?s?|disait|parlee?|parlait",
    r"rapporte|raconte|signale|sorti[es]*",
    r"wr[io]te|written|writes|publish(?:ed)?|appear(?:ed)?|report(?:ed)?|said|says?|told|talk(?:ed)?|come out",
    r"geschrieben|schrieb(?:en)?|schreibt|veroffentlicht(?:e[nr]?)?|erschien(?:en(?:e[nmrs]?)?)?|berichtete?t?",
    r"gesagt|sagte?|stand(?:en)?|steht|stehen|publizierte?|verfasst",
) + r"\b"  # fmt: skip
AUXILIARY = r"ete|was|were|been|sont|ont|est|wurden?|sind|did|ist|be|have|has|hat|haben|a-t-il|est-il|a"
DETERMINERS = (
    r"le|la|les|l'|un|une|des|du|de la|de|d'|the|an?|der|die|das|den|dem|ein|eine[nmr]?"
    r"|this|these|cet(?:te)?|ces|diese[nmrs]?"
)
_SMALL_WORDS = any_of(
    r"(?:a|est|ont|sont)-(?:t-)?(?:ils?|elles?|on)\b",
    rf"l'|d'|qu'|(?:{DETERMINERS}|{AUXILIARY})\b",
    r"(?:im|in|am|au|aux|vom|von|zum|dans|from|that|which|qui|que|quoi|quels?|quelles?|what|welche[nmrs]?|who|wer)\b",
    r"(?:had|etai(?:en)?t|fu(?:ren)?t|does|do|is|are|ont-ils|sont-ils|waren?|there|any|all|tous|alle|y|il|es)\b",
    r"(?:gibt|gab|you|vous|avez(?:-vous)?|sie|ihr|habt|scientifiques?|science)\b",
)
CONNECTED = rf"(?:[\s«»\"“”„()]|{ARTICLE}|{ISSUE}|{SAYING}|{_SMALL_WORDS})*+"
"""What may stand between an article and its date, or around a question: nothing with a subject of its own. Possessive,
as several words can be taken in two ways ("de la"): giving back would try them all, twice as many with each word."""
FRAME = rf"(?:[,?!.:;]|[\s«»\"“”„()]|{ARTICLE}|{ISSUE}|{SAYING}|{_SMALL_WORDS})*+"

NEWEST = any_of(
    r"derniere?s?", r"plus recents?", "latest", "last", "newest", "most recent", r"neueste[nmrs]?", r"jungste[nmrs]?",
    r"aktuellste[nmrs]?", r"letzte[nmrs]?",
)  # fmt: skip
OLDEST = any_of(r"premiere?s?", r"plus anciens?", "first", "oldest", "earliest", r"erste[nmrs]?", r"alteste[nmrs]?")

_SUBJECT = re.compile(
    any_of(
        r"\bsur\b|\ba propos d(?:es?|u)\b|\bau sujet d(?:es?|u)\b|\bconcernant\b|\bconsacres? a(?:ux?)?\b",
        r"\b(?:qui )?(?:parl|trait)(?:e|ent|ant) d(?:es?\b|u\b|')|\bevoqu(?:e|ent|ant)\b",
        r"\babout\b|\bregarding\b|\bconcerning\b|\b(?:that )?deal(?:s|ing)? with\b|\bmention(?:s|ing|nent|nant)?\b",
        r"\bhandel[nt] vo[nm]\b|\bgeht es um\b|\buber\b|\bzum thema\b|\bzu[mr]?\b|\brund um\b|\bbetreffend\b",
    )
)
_ON = re.compile(r"\bon\b")  # a pronoun in French: only where nothing else opens the subject
_ANCHOR = re.compile(rf"\b(?:{ARTICLE}|{ISSUE}|{SAYING})")

_BEGINS = r"(?:^|[,:?!.;]|\b(?:dire|sais|savoir|know|tell me|sagen|wei(?:ss|ß)|wissen|wissen sie|wei(?:ss|ß)t du)\b)\W*"
"""Where a question begins: at the very beginning, or behind a polite one."""
_ONE = (
    rf"(?:(?:l'|les? |the |this |these |cet |ces |diese[nmrs]? |der |die |den |dem |des |an? )?(?:{_NUMBER} )?(?:\w+ )?"
    rf"(?:{_NUMBER} )?{ARTICLE})"
)
_OF = r"d(?:e |u |es )"
_GAP = (
    r"(?:(?!(?:do|does|did|ha[sd]|have|is|are|was|were|the|this|an?|cet|ce|un|l[ea]s?|est|sont|ont|d(?:er|ie|as|en|em)"
    r"|diese[nmrs]?|einen?|hat|haben|ist|sind)\b)\w+ )"
)
"""A word between "which" and "articles"; where it is a verb or a determiner, something else is asked of the article."""

_KINDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("author", (
        rf"{_BEGINS}qui (?:a|ont|avait) (?:ecrit|redige|signe|publie) {_ONE}",
        rf"{_BEGINS}par qui (?:a ete|est|fut) (?:ecrit|redige|signe)e? {_ONE}|{_BEGINS}de qui (?:est|sont) {_ONE}",
        rf"{_BEGINS}(?:qui|quels?) (?:est|sont) (?:l'|les? |la )(?:nom d(?:e l'|u |es ))?"
        rf"(?:auteure?s?|redacteurs?|redactrices?) (?:{_OF})?{_ONE}",
        rf"{_BEGINS}(?:nom de )?(?:l')?auteure?s? (?:{_OF})?{_ONE}",
        rf"{_BEGINS}who (?:wrote|authored|has written|is the author of|are the authors of) {_ONE}",
        rf"{_BEGINS}(?:the )?(?:name of the )?authors? of {_ONE}|{_BEGINS}by whom (?:was|is) {_ONE}",
        rf"{_BEGINS}(?:who is |who's )?{_ONE}'s authors?\b",
        rf"{_BEGINS}wer (?:hat|schrieb|verfasste|ist der (?:verfasser|autor)|ist die autorin|sind die autoren) {_ONE}",
        rf"{_BEGINS}von wem (?:ist|stammt|wurde) {_ONE}",
        rf"{_BEGINS}(?:der |die )?(?:autor(?:in|en)?|verfasser) d(?:es|er) {_ONE}",
        rf"\bwer {_ONE}.*\b(?:geschrieben|verfasst) hat\b",
    )),
    ("date", (
        rf"{_BEGINS}(?:quand|a quelle date|quel jour|en quelle annee|quel mois) (?:(?:a|est|fut|ont) )?(?:ete )?"
        rf"(?:(?:publie|paru|ecrit|sorti) )?{_ONE}",
        rf"{_BEGINS}(?:quand|a quelle date|en quelle annee) (?:le bulletin|avez-vous)\b.*{SAYING}",
        rf"{_BEGINS}de quand (?:date|est) {_ONE}",
        rf"{_BEGINS}(?:quelle est la )?date de (?:publication|parution) (?:{_OF})?{_ONE}",
        rf"{_BEGINS}(?:when|(?:on|in) (?:what|which) (?:date|day|year|month)) (?:was|were|did|is) {_ONE}",
        rf"{_BEGINS}(?:when|in (?:what|which) year) did (?:the bulletin|you) (?:write|report|publish)",
        rf"{_BEGINS}(?:what is |what's )?(?:(?:the )?(?:publication )?date of {_ONE}|{_ONE}'s (?:publication )?date)",
        rf"{_BEGINS}(?:wann|an welchem tag|in welche[mr] (?:jahr|monat|ausgabe)) (?:ist|wurde|erschien|stand) {_ONE}",
        rf"{_BEGINS}(?:wann|in welchem jahr) (?:hat|schrieb|berichtete) (?:das bulletin|ihr)\b",
        rf"{_BEGINS}von wann (?:ist|stammt) {_ONE}|{_BEGINS}(?:das )?(?:erscheinungs)?datum d(?:es|er) {_ONE}",
    )),
    ("section", (
        rf"{_BEGINS}(?:dans |de |sous )?quelle rubrique\b.*{_ONE}|{_BEGINS}quelle est la rubrique (?:{_OF})?{_ONE}",
        rf"{_BEGINS}(?:(?:in|under|to) )?(?:which|what) section\b.*{_ONE}",
        rf"{_BEGINS}(?:what is |what's )?{_ONE}'s section\b",
        rf"{_BEGINS}(?:(?:in|zu|unter) )?welcher? rubrik\b.*{_ONE}",
    )),
    ("said", (
        rf"\bqu'(?:a|ont|avait) (?:ete )?(?:{SAYING} )(?:\w+ )?le bulletin",
        r"\b(?:que|ce que) (?:dit|disait|ecrit|raconte) le bulletin",
        rf"\b(?:que|qu'est-ce que) le bulletin (?:a(?:-t-il)? |avait )?(?:\w+ )?{SAYING}|\bqu'avez-vous {SAYING}",
        rf"\bwhat (?:did|does|has|have) (?:the )?(?:\w+ )?(?:bulletin|you) (?:\w+ )?{SAYING}",
        r"\bwas (?:hat|schrieb|schreibt|sagte?|berichtete?|stand|steht) (?:[^\s,]+ )*?bulletin\b",
        r"\bwas (?:haben sie|(?:habt|schreibt) ihr)\b",
    )),
    ("articles", (
        rf"\b(?:quels?|lesquels|tous les|liste(?:[rz]?)(?: moi)?(?: des| les)?) "
        rf"(?:(?:sont|furent|etaient|de) )?(?:(?:tous )?[lcv]es )?{_GAP}{{0,2}}?{ARTICLE}",
        rf"\bcombien d'{ARTICLE}",
        rf"\b(?:donne|montre|trouve|cite)z?(?:-moi)? (?:(?:tous )?les |des )(?:\w+ )?{ARTICLE}",
        rf"\b(?:y a-t-il(?: eu)?|existe-t-il|avez-vous|il y a(?: eu)?) (?:des |un |d'autres |d')(?:\w+ )?{ARTICLE}",
        rf"\b(?:which|what|how many|all) (?:(?:ones?|{_SOME}) (?=of |is |are |was |were ))?"
        r"(?:(?:is|are|was|were|have been|of) )?(?:all )?(?:the |these )?"
        rf"{_GAP}{{0,3}}?{ARTICLE}",
        rf"\b(?:is|are|was|were) there (?:an |any )?(?:\w+ )?{ARTICLE}",
        rf"\b(?:list|show|find|give)(?: me| us)?(?: all)?(?: the| any)? (?:\w+ )?{ARTICLE}",
        rf"\b(?:welche[nmrs]?|wie viele|alle) (?:(?:sind die|(?:ist |war )?der|dieser|von den|von diesen) )?"
        rf"{_GAP}{{0,2}}?{ARTICLE}",
        rf"\b(?:gibt|gab) es (?:einen |etwas |die )?(?:\w+ )?{ARTICLE}",
        rf"\b(?:zeige?n?|nenne?n?|finde?n?|suche?n?|liste?n?)(?: sie)?(?: mir| uns)?(?: alle| die)? (?:\w+ )?{ARTICLE}",
        rf"^\W*(?:les |des |the |die |der |le |un |an |einen? )?{_GAP}?{ARTICLE}",
    )),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile("|".join(patterns))) for kind, patterns in _KINDS)
_LAW = re.compile(
    r"\barti(?:cles?|kel) (?:\d|(?:premier )?de la (?:loi|constitution)\b|du code\b"
    r"|of (?:the )?(?:law|constitution|clothing))"
)
_PAID_OR_DONE = re.compile(
    r"leiste|zahl|\bwie (?:hoch|gross)|versicherung|mitglied|steig|sink|senk|betr[au]g|\bwelchen beitrag"
    r"|\bbeitrag (?:der|des)\b"
)
_WRITTEN = re.compile(
    r"\b(?:geschrieben|schrieb|verfass|veroffentlich|erschien|publizier|autor|rubrik|bulletin|ausgabe|artikel|uber"
    r"|thema|rund um|handel[nt]|geht es um)"
)
_ASKS_WHICH = re.compile(
    r"\W*(?:(?:quel(?:le)? est|which is|what is|what's|what was|was (?:ist|war)|welche[rs]? (?:ist|war)"
    r"|wie (?:hei(?:ss|ß)t|lautet)|konnt?en sie|zeige?n?|montrez?-moi|donnez?-moi|show me|give me|find|please|bitte|mir"
    rf"|{ARTICLE}|{_SMALL_WORDS}|{_NUMBER})\s*)*+(?:{NEWEST}|{OLDEST})\b"
)
_ASKING = any_of(
    "combien", r"liste[rz]?", r"donnez?", r"montrez?", r"trouvez?", r"citez?", "moi", "existe-t-il", "list", "show",
    "find", "give", "me", "how", "many", "wie", "viele", r"zeige?n?", r"nenne?n?", r"finde?n?", r"suche?n?", "mir",
    "uns", "bitte", "please", "svp", "what's", r"hei(?:ss|ß)t", "lautet", r"konnt?en", "quand", "date", "when", "wann",
    "by", "par", r"signes?", r"issues?", "can", "could", "rubriques", "rubriken", _SOME, r"(?<=article')s",
    rf"\d{{1,2}}(?= (?:{NEWEST}|{OLDEST}|{ARTICLE}))",
)  # fmt: skip
_ASKED = re.compile(
    r"(?:of|whom|wem|stammt|nom|name|publication|parution|(?:erscheinungs)?datum|auteure?s?|autrices?"
    r"|redact(?:eur|rice)s?|authors?|autor(?:in|en)?|verfasser(?:in)?|rubriques?|sections?|rubrik(?:en)?)\W*"
)
"""What is asked of an article, before it is named; behind it part of a subject ("l'article Droit d'auteur")."""
_UNFRAMED = re.compile(rf"\b(?:{_ASKING}\b|{ARTICLE}|{ISSUE}|{SAYING}|{_SMALL_WORDS}|(?:{NEWEST}|{OLDEST})\b)")
_CLOSING = re.compile(
    rf"(?:[\s,?!.:;«»\"“”„()]|\b(?:{SAYING}|(?:{AUXILIARY})\b|{ARTICLE}|bulletin\b"
    r"|(?:dans|in|im|le|the|du|of|bitte|please|svp|s'il vous plait|es|gibt|gab|there|are)\b))*+$"
)


def contributes(text: str) -> bool:
    """Whether a "Beitrag" is something paid or done ("Welchen Beitrag leistet …") and no article. `text` without its
    dates."""
    return "beitrag" in text and bool(_PAID_OR_DONE.search(text)) and not _WRITTEN.search(text)


def kind_of(text: str) -> Kind:
    """What is asked for."""
    if _LAW.search(text):
        return "words"
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            return kind
    return "articles" if extreme_of(text) and _ASKS_WHICH.match(text) else "words"


def extreme_of(text: str) -> tuple[Extreme, int | None] | None:
    """Which of several articles is meant, and how many of these, None where only that they are several: "le dernier
    article" (1), "les trois derniers articles" (3), "les articles les plus récents" (None)."""
    extremes: tuple[tuple[Extreme, str], ...] = (("newest", NEWEST), ("oldest", OLDEST))
    for extreme, words in extremes:
        if found := re.search(rf"\b(?:die )?{words} (?:\w+ ){{0,2}}{ARTICLE}|\b{ARTICLE} (?:le |les )?{words}\b", text):
            number = re.search(_NUMBER, found.group()) or re.search(rf"{_NUMBER}(?= $)", text[: found.start()])
            if number:
                said = number.group()
                return extreme, max(1, int(said)) if said.isdecimal() else SMALL_NUMBERS[said]
            return extreme, None if _SEVERAL.search(found.group()) else 1
    return None


_SEVERAL = re.compile(r"\b(?:articles|artikeln|beitragen?)\b|^die \w+en .*\bartikel\b")
"""One "Artikel" is "der letzte", "den letzten" or "des letzten Artikels"; "die letzten" are several."""


def subject_begins(text: str) -> int | None:
    """Where the subject begins: behind "sur", "about", "über" that follow the article or what the bulletin does; or,
    where the verb stands last, behind the first such word ("Was habt ihr über … geschrieben?")."""
    anchor = _ANCHOR.search(text)
    at = anchor.end() if anchor else len(text)
    opening = _SUBJECT.search(text, at) or _ON.search(text, at)
    if anchor and not opening and not text[at:].strip(" ?!."):
        first = _SUBJECT.search(text, 0, anchor.start())
        opening = first if first and re.fullmatch(rf"(?=.*\w){FRAME}", text[: first.start()]) else None
    return opening.end() if opening else None


def subject_in(text: str) -> tuple[int, int]:
    """From where to where the subject stands; where nothing opens it, all between the first and the last word that is
    none of the frame. Empty when there is none."""
    begin = subject_begins(text)
    if begin is None:
        left = _UNFRAMED.sub(lambda match: " " * len(match.group()), text)
        words = list(re.finditer(r"[^\s,?!.:;«»\"“”„()'-]\S*", left))
        anchor = re.search(rf"\b{ARTICLE}", text)
        while words and anchor and words[0].start() < anchor.start() and _ASKED.fullmatch(words[0][0]):
            del words[0]
        telling = not all(_ASKED.fullmatch(word[0]) for word in words)
        return (words[0].start(), words[-1].end()) if telling else (0, 0)
    determiner = re.match(rf"[\s«»\"“”„]*(?:(?:l'|d')|(?:{DETERMINERS})\s+)*", text[begin:])
    begin += determiner.end() if determiner else 0
    closing = _CLOSING.search(text, begin)
    return begin, closing.start() if closing else len(text)
