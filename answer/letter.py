"""The question in a letter: without its greeting and thanks, and apart from what its writer says around it.

"Good morning, I teach in Lyon and read your June issue. Could you tell me who opened the congress?" asks who opened the
congress. Encoder and reader were trained on bare questions, and words that ask for nothing hide those that do
(`python -m bench letters`). A text that is nothing but a question stays as it is.

All patterns are for folded text (`answer.days.plain`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from answer.days import plain
from answer.frames import any_of
from index.passages.sentences import sentences
from records import Lang

_ADDRESSED = any_of(
    r"tou[st](?:es)?", r"monsieur", r"madame", r"mesdames", r"messieurs", r"l'equipe", r"there", r"all", r"team",
    r"guys", r"everyone", r"everybody", r"sir", r"madam", r"or", r"et", r"und", r"and", r"frau", r"herr(?:en)?",
    r"damen", r"leute", r"doktor", r"professor", r"zusammen", r"allerseits", r"sehr", r"geehrte[nr]?", r"editors?",
    r"redaktion", r"redaction",
)  # fmt: skip
_GREETING = any_of(
    r"(?:re ?)?bonjour", r"bonsoir", r"salut", r"coucou", r"bjr", r"bsr", r"slt",
    r"hello", r"hullo", r"hi", r"hey", r"greetings", r"good (?:morning|afternoon|evening|day)",
    r"to whom it may concern", r"(?:schonen )?guten? (?:tag|morgen|abend)", r"hall[io]",
    r"hallihallo", r"huhu", r"servus", r"moin", r"gru(?:ss|ß)(?: gott| dich| sie)?",
    r"(?:tag|madame|monsieur|chere?s?|dear|(?:sehr )?(?:geehrte|werte|liebe)[nrs]?)(?=[^.?!,;]{0,40}[,!])",
)  # fmt: skip
_GREETED = re.compile(rf"\W*{_GREETING}\b(?:\W+(?:a |chere? |liebe[sr]? |dear )?{_ADDRESSED}\b)*(?:\W+|$)")
_THANKS = any_of(
    r"(?:(?:un grand|avec|en vous) )?(?:merci|remerciant|remerciements)", r"je vous (?:en )?remercie", r"cordialement",
    r"bien a vous", r"bonne (?:journee|soiree)", r"salutations", r"(?:many |with )?thanks", r"thank you", r"thx",
    r"cheers", r"(?:(?:best|kind|warm) )?regards", r"(?:best|kind|warm) wishes", r"yours (?:sincerely|faithfully)",
    r"mfg", r"lg", r"(?:(?:ich|haben sie|mit) )?(?:(?:vielen|herzlichen|besten|schonen|lieben|tausend|bestem) )?danke?",
    r"(?:mit )?(?:freundlichen?|viele[nr]?|beste[nr]?|liebe[nr]?|schone[nr]?) gru(?:ss|ß)en?",
)  # fmt: skip
_THANKED = re.compile(rf"(?:^|(?<=[^\w\s]\s)){_THANKS}\b[^?]{{0,80}}$|(?:^|(?<=\s)){_THANKS}\b[^?]{{0,25}}$")

_TELL = any_of(
    r"dire", r"indiquer", r"preciser", r"expliquer", r"renseigner", r"rappeler", r"apprendre", r"eclairer", r"informer",
    r"aider", r"confirmer", r"savoir", r"repondre", r"tell", r"explain", r"clarify", r"let", r"inform", r"enlighten",
    r"remind", r"advise", r"confirm", r"help", r"say", r"answer", r"find out(?: for)?", r"shed (?:some )?light",
    r"sagen", r"erklaren", r"mitteilen", r"verraten", r"erlautern", r"beantworten", r"(?:weiter)?helfen", r"aufklaren",
    r"erzahlen", r"auskunft",
)  # fmt: skip
_KNOW = any_of(
    r"savoir", r"connaitre", r"comprendre", r"compris", r"apprendre", r"verifier", r"demander", r"know", r"find out",
    r"learn", r"understand", r"understood", r"ask", r"check", r"wissen", r"erfahren", r"fragen", r"verstehen",
    r"verstanden", r"herausfinden", r"klaren", r"interessier\w*",
)  # fmt: skip
_NEAR = r"\b[^.?!:;]{0,80}?\b"
_REQUEST = any_of(
    # One who may tell
    rf"\b(?:pourr(?:iez|ais|ait|ez)|pouvez|peux|peut|auriez|aurais|voudriez|sauriez|seriez"
    rf"|(?:est-il|serait-il) possible|merci de|priere de|veuillez|je vous prie|puis-je){_NEAR}{_TELL}",
    r"\b(?:dites|dis|indiquez|expliquez|precisez|rappelez|renseignez)[- ](?=moi|nous)",
    rf"\b(?:could|can|would|might|will|may) (?:you|someone|anyone|anybody|somebody|one|i){_NEAR}{_TELL}",
    r"\b(?:please|pls|kindly|do) tell", r"(?:^|[,.;:] ?)tell (?=me|us)",
    rf"\b(?:konn(?:en|ten?|test|tet|t)|kann(?:st)?|wurde[nst]*|mochten) (?:sie|du|ihr|man|mir|jemand){_NEAR}{_TELL}",
    r"\b(?:sagen sie|sagt?|verraten sie|verrate|erklaren sie) (?=mir|uns)", r"\bbitte um (?:auskunft|information)",
    rf"\b(?:si vous|whether you|if you|(?:ob|wenn) (?:sie|du|ihr|man|jemand)){_NEAR}{_TELL}(?: konn\w+)?",
    # One who would like to know
    rf"\b(?:j'|(?:je|nous|il (?:me|nous) fau(?:t|drait)|i|we|i'm|i'd|we'd|ich|wir)\b)[^.?!:;]{{0,60}}?\b{_KNOW}",
    r"\b(?:je me|on se|nous nous) demand\w+", rf"\b(?:curieu(?:x|se)|envie|besoin) de {_KNOW}",
    r"\b(?:i|we|i'm|been|just|was)\b(?: \w+){0,3} wonder(?:ed|ing)?",
    r"\bcurious(?: to (?:know|learn|find out|hear)| about| as to)?",
    r"\b(?:frage|fragte|fragen) (?:ich mich|mich|wir uns|uns)", r"\bgefragt",
    r"\b(?:mich|uns) (?:wurde )?interessier\w+",
    # Is there one who knows
    r"\b(?:savez-vous|sais-tu|(?:quelqu'un|qqn) (?:sait|saurait)(?:-il|-elle)?(?: me dire)?)",
    r"\b(?:do|does|did) (?:you|anyone|anybody) (?:happen to )?know", r"\b(?:anyone|anybody) know",
    r"\b(?:wissen sie|wisst ihr|wei(?:ss|ß)t du|wei(?:ss|ß) (?:jemand|man))", r"\b(?:question|frage)\b[^.?!:;]{0,30}?:",
)  # fmt: skip
_REQUESTED = re.compile(
    rf"{_REQUEST}(?:[ ,-]*\b(?:a |to )?(?:moi|me|us|nous|vous|you|mir|uns|dabei|know|savoir)\b)*"
    r"(?:[ ,]+(?:s'il (?:vous|te) plait|svp|stp|please|bitte|vielleicht|zufallig|par hasard|by any chance|perhaps|maybe"
    r"|if you (?:can|could|don't mind)|gerne?|mal|simplement|exactement|juste|just))*\b[\s,:;-]*"
)
_ASKING = any_of(
    r"qui", r"que", r"qu'", r"quoi", r"quel(?:le)?s?", r"quand", r"comment", r"combien", r"pourquoi", r"ou", r"est-ce",
    r"lequel|laquelle|lesquel(?:le)?s", r"depuis quand", r"(?:a|de|par|dans|en|sur|avec|pour) (?:qui|quoi|quel\w*)",
    r"who(?:m|se)?", r"what(?:'s)?", r"when", r"where", r"why", r"which", r"how",
    r"(?:in|on|at|by|from|to|for) (?:what|which|whom)",
    r"wer", r"was", r"wann", r"wo(?:her|hin|von|mit|durch|fur|zu|gegen|nach|bei|r(?:an|auf|aus|in|uber|um|unter))?",
    r"warum", r"wie(?:viele?|so)?", r"welche[nmrs]?", r"we[nm]", r"wessen", r"weshalb",
    r"(?:in|aus|an|auf|zu|seit|von|bei|mit|durch|fur|nach|um|uber) (?:was|wem|wen|wann|welche[nmrs]?|wie)",
)  # fmt: skip
_AND = r"(?:(?:et|and|und|but|mais|aber|so|alors|also|nun) )?"
_STARTS_ASKING = re.compile(rf"\W*{_AND}{_ASKING}\b")
_ASKS_FOR_ONE = re.compile(
    r"\W*(?:qui (?:peut|pourrait|sait|saurait)|est-ce|who (?:can|could|knows)|wer (?:kann|konnte|wei(?:ss|ß)))\b"
)
"""Who can tell, rather than what is to be told."""
_CLAUSE = re.compile(rf"[;:.!…-]\s*{_AND}(?={_ASKING}\b)|:\s+(?=.*\?$)")
_SUBCLAUSE = re.compile(rf"(?:,\s*|\bnamlich ){_AND}(?={_ASKING}\b)(?!(?:qu[ei]|qu'|wh\w+|was|wo)\b(?!.*\?$))")
"""Where the question may begin; behind a comma, "who" may also be one who was named before."""
_SOMEBODY = re.compile(
    r"\b(?:je|j'|moi|m'|mon|ma|mes|nous|notre|nos|vous|votre|vos|tu|te|toi|quelqu'un|qqn|i|i'\w+|me|my|we|our|you|your"
    r"|someone|anyone|anybody|somebody|ich|mir|mich|mein\w*|wir|uns|unser\w*|sie|ihnen|ihr\w*|euch|eure[nmrs]?|euer|dir"
    r"|dich|jemand|question|frage|bitte|please|pls|svp|sorry|pardon|excusez|desole\w*|entschuldig\w*|verzeih\w*)\b"
)
"""Who writes or is written to, or what only they say."""
_CONDITION = re.compile(r"\W*(?:if|si|s'il|wenn|falls)\b")
_UP_TO_QUESTION = re.compile(r"\S.*?(?:\?+(?=\s)|$)")


@dataclass(frozen=True, slots=True)
class Letter:
    """`question`: what is asked; the whole text where it is nothing but that. `around`: what else is said, which the
    question may lean on; empty where that is but courtesy."""

    question: str
    around: str = ""


def read_letter(text: str, lang: Lang) -> Letter:
    """The question in a cleaned text, or those in it; all of the text but courtesy where none is found."""
    body = _uncourteous(text)
    parts = [_parted(sentence) for sentence in _sentences(body, lang)]
    asking = [n for n, (_, asked) in enumerate(parts) if _is_question(asked)]
    asking = asking or [n for n, (before, asked) in enumerate(parts) if before and _words(asked)]
    if not asking:
        return Letter(body if _words(body) else text)
    for n in range(asking[-1] + 1, len(parts)):
        if parts[n - 1][1].endswith("?") or not re.fullmatch(r"(?:\W*\w+){1,2}\W*", parts[n][1]):
            break
        asking.append(n)  # a word or two behind an abbreviation ("ap. J-C") are no sentence
    around = (before if n in asking else f"{before} {asked}".strip() for n, (before, asked) in enumerate(parts))
    telling = (part for part in around if _words(_REQUESTED.sub(" ", plain(part))) >= 3)
    return Letter(" ".join(parts[n][1] for n in asking), " ".join(telling))


def _uncourteous(text: str) -> str:
    """Without the greeting in front and the thanks behind."""
    if greeted := _GREETED.match(plain(text)):
        text = text[greeted.end() :]
    while thanked := _THANKED.search(plain(text)):
        text = text[: thanked.start()].rstrip(" ,;:-")
    return text


def _sentences(text: str, lang: Lang) -> list[str]:
    """Those of prose; and a question ends one whatever follows, for not all who write begin with a capital."""
    return [m.group() for start, end in sentences(text, lang) for m in _UP_TO_QUESTION.finditer(text[start:end])]


def _is_question(text: str) -> bool:
    return _words(text) > 0 and (text.endswith("?") or bool(_STARTS_ASKING.match(plain(text))))


def _parted(sentence: str) -> tuple[str, str]:
    """What stands before the question in a sentence, and the question."""
    folded = plain(sentence)
    begin = 0
    if not _STARTS_ASKING.match(folded) or _ASKS_FOR_ONE.match(folded):
        while not (begin and _STARTS_ASKING.match(folded, begin)) and (request := _REQUESTED.search(folded, begin)):
            begin = request.end()
        if not _STARTS_ASKING.match(folded, begin):
            clause = _CLAUSE.search(folded, begin) or _SUBCLAUSE.search(folded, begin)
            if clause and _asks_nothing(folded[begin : clause.start()], begin > 0, folded[clause.start()]):
                begin = clause.end()
    return sentence[:begin].strip(), sentence[begin:].lstrip(" ,.;:-")


def _asks_nothing(before: str, requested: bool, sign: str) -> bool:
    """Whether what stands before a clause, up to a `sign`, is said of somebody and no part of the question."""
    if requested:
        return len(before) < 40
    if sign == "!" or sign == ":" and _words(before) <= 3:
        return True
    return bool(_SOMEBODY.search(before)) and not _CONDITION.match(before)


def _words(text: str) -> int:
    """How many there are of two letters and more."""
    return len(re.findall(r"[^\W_]{2,}", text))
