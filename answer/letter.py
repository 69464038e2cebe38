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
from answer.frames import SMALL_WORDS, any_of
from index.passages.sentences import sentences
from index.stores.lexical import stop_words
from records import Lang

_ADDRESSED = any_of(
    r"tou[st](?:es)?", r"monsieur", r"madame", r"mesdames", r"messieurs", r"l'equipe", r"there", r"all", r"team",
    r"guys", r"everyone", r"everybody", r"sir", r"madam", r"or", r"et", r"und", r"and", r"frau", r"herr(?:en)?",
    r"damen", r"leute", r"doktor", r"professor", r"zusammen", r"allerseits", r"sehr", r"geehrte[nr]?", r"editors?",
    r"redaktion", r"redaction",
)  # fmt: skip
_GREETING = any_of(
    r"(?:re ?)?bonjour", r"bonsoir", r"salut", r"coucou", r"bjr", r"bsr", r"slt", r"hello", r"hullo", r"hi", r"hey",
    r"greetings", r"good (?:morning|afternoon|evening|day)", r"to whom it may concern",
    r"(?:schonen )?guten? (?:tag|morgen|abend)", r"hall[io]", r"hallihallo", r"huhu", r"servus", r"moin",
    r"tag(?=[,!])", r"gru(?:ss|ß)(?: gott| dich| sie)", r"dear(?=[^.?!,;]{0,40}[,!])",
    r"(?:madame|monsieur|cher(?:e?s?)|(?:sehr )?(?:geehrte|werte|liebe)[nrs]?)"
    rf"(?=\W+(?!et\b|und\b|and\b|or\b){_ADDRESSED}\b)",
)  # fmt: skip
_GREETED = re.compile(
    rf"\W*{_GREETING}\b(?!-)(?:\W+(?:a |chere? |liebe[sr]? |dear )?{_ADDRESSED}\b)*"
    r"(?:(?: [\w'-]+){0,2}(?=[,!]))?(?:\W+|$)"
)
_THANKS = any_of(
    r"(?:(?:un grand|avec|en vous) )?(?:merci|remerciant)", r"avec mes remerciements", r"je vous (?:en )?remercie",
    r"(?:many |with )?thanks", r"thank you", r"thx", r"danke",
    r"(?:(?:ich|haben sie|mit) )?(?:vielen|herzlichen|besten|schonen|lieben|tausend|bestem) danke?", r"cordialement",
    r"bien a vous", r"bonne (?:journee|soiree)", r"salutations", r"cheers", r"(?:best|kind|warm) (?:regards|wishes)",
    r"yours (?:sincerely|faithfully)", r"(?:mit )?(?:freundlichen?|viele[nr]?|beste[nr]?|liebe[nr]?) gru(?:ss|ß)en?",
)  # fmt: skip
_FOR_TELLING = (
    r" to\b| (?:in advance )?for \w+ing\b| (?:par avance |d'avance )?de (?:bien vouloir |me |nous |m')|, dass"
)
"""Behind thanks: what is asked for."""
_THANKED = re.compile(
    rf"(?:^|(?<=[^\w\s]\s)){_THANKS}\b(?!{_FOR_TELLING})[^?]{{0,80}}$|\s{_THANKS}\b(?!{_FOR_TELLING})[^?]{{0,25}}$"
    r"|(?<=[.?!] )(?:mfg|lg)\b[^?]{0,25}$"
)

_TELL = any_of(
    r"dire", r"indiquer", r"preciser", r"expliquer", r"renseigner", r"rappeler", r"apprendre", r"eclairer", r"informer",
    r"aider", r"confirmer", r"savoir", r"repondre", r"tell", r"explain", r"clarify", r"let", r"inform", r"enlighten",
    r"remind", r"advise", r"confirm", r"help", r"say", r"answer", r"find out(?: for)?", r"shed (?:some )?light",
    r"sagen", r"erklaren", r"mitteilen", r"verraten", r"erlautern", r"beantworten", r"(?:weiter)?helfen", r"aufklaren",
    r"erzahlen", r"auskunft", r"herausfinden",
)  # fmt: skip
_KNOW = any_of(
    r"savoir", r"connaitre", r"comprendre", r"compris", r"apprendre", r"verifier", r"demander", r"know", r"find out",
    r"learn", r"understand", r"understood", r"ask", r"check", r"wissen", r"erfahren", r"fragen", r"verstehen",
    r"verstanden", r"herausfinden", r"klaren", r"interessier\w*",
)  # fmt: skip
_NEAR = r"\b[^.?!:;]{0,80}?\b"
_REQUEST = any_of(
    # One who may tell
    rf"\b(?:pourriez|pouvez|pourrais-tu|peux|auriez|aurais|voudriez|sauriez|seriez"
    rf"|(?:est-il|serait-il) possible|merci de|remercie de|priere de|veuillez|je vous prie){_NEAR}{_TELL}",
    rf"(?:\b(?:peut|pourrait)(?!-)|\bquelqu'un (?:peut|pourrait)){_NEAR}(?:me |m'|nous )(?:l[ea] )?{_TELL}",
    r"\b(?:puis|pourrais)-je (?:savoir|vous demander)",
    r"\b(?:dites|dis|indiquez|expliquez|precisez|rappelez|renseignez)[- ](?=moi|nous)",
    rf"\b(?:could|can|would|might|will|may) (?:you|someone|anyone|anybody|somebody){_NEAR}{_TELL}", r"\bmay i ask",
    r"\b(?:please|pls|kindly|do|for) tell(?:ing)?", r"(?:^|[,.;:] ?)tell (?=me|us)",
    rf"\b(?:konn(?:en|ten?|test|tet|t)|kann(?:st)?|wurde[nst]*|mochten) (?:sie|du|ihr|man|mir|jemand){_NEAR}{_TELL}",
    r"\b(?:sagen sie|sagt?|verraten sie|verrate|erklaren sie) (?=mir|uns)", r"\bbitte um (?:auskunft|information)",
    rf"\b(?:si vous|whether you|if you|(?:ob|wenn) (?:sie|du|ihr|man|jemand)){_NEAR}{_TELL}(?: konn\w+)?",
    # One who would like to know
    r"\b(?:j'|(?:je|nous|il (?:me|nous)) )(?:ne |n'|me |m'|vous )?(?:aimer|voudr|saur|souhait|desir|cherch|veux|voul"
    rf"|tien|tent|essa|aur|fau|permet|ecri|ai |arriv)[^.?!:;]{{0,60}}?\b{_KNOW}",
    r"(?<!do )(?<!did )\b(?:i|we)(?:'d|'m|'ve| would| want| need| wish| am| was| hope| have| had| did| do)\w*\b"
    rf"[^.?!:;]{{0,60}}?\b{_KNOW}(?!-)",
    rf"\b(?:(?:wurde|mochte|wollte|will)n? (?:ich|wir)|(?:ich|wir) (?:wurde|mochte|woll|will|hatte|hab|wusste))"
    rf"[^.?!:;]{{0,60}}?\b{_KNOW}", r"\b(?:ich|wir) wussten? (?:zu )?gerne?", r"\binteressier\w+ (?:mich|uns)",
    r"\b(?:mich|uns) (?:wurde )?interessier\w+", r"\bgefragt",
    r"\b(?:frage|fragte|fragen) (?:ich mich|mich|wir uns|uns)",
    r"\b(?:je me|on se|nous nous) demand\w+", rf"\b(?:curieu(?:x|se)|envie|besoin|afin|a) de {_KNOW}",
    r"\b(?:pour|a) savoir",
    r"\b(?:i|we|i'm|been|just|was)\b(?: \w+){0,3} wonder(?:ed|ing)?",
    r"\bcurious(?: to (?:know|learn|find out|hear)| about| as to)?",
    # Is there one who knows
    r"\b(?:savez-vous|sais-tu|vous savez|(?:quelqu'un|qqn) (?:sait|saurait)(?:-il|-elle)?(?: me dire)?)",
    r"\b(?:do|does|did) (?:you|anyone|anybody) (?:happen to )?know(?!-)", r"\b(?:anyone|anybody) know",
    r"\b(?:wissen sie|wisst ihr|wei(?:ss|ß)t du|wei(?:ss|ß) (?:jemand|man))", r"\b(?:question|frage)\b[^.?!:;]{0,30}?:",
)  # fmt: skip
_REQUESTED = re.compile(
    rf"{_REQUEST}(?:[ ,-]*\b(?:a |to )?(?:moi|me|us|nous|vous|you|mir|uns|dabei|know|savoir)\b)*"
    r"(?:[ ,]+(?:s'il (?:vous|te) plait|svp|stp|please|bitte|vielleicht|zufallig|par hasard|by any chance|perhaps|maybe"
    r"|if you (?:can|could|don't mind)|gerne?|mal|simplement|exactement|juste|just))*\b[\s,:;-]*"
)
_HARDLY_RELATIVE = any_of(
    r"combien", r"comment", r"pourquoi", r"quel(?:le)?s?", r"qu'est-ce", r"est-ce", r"why", r"how", r"what(?:'s)?",
    r"wer", r"wann", r"wo", r"warum", r"wie(?:viele?|so)?", r"weshalb",
)  # fmt: skip
"""Of the words that ask, those that seldom refer to what was named before."""
_ASKING = any_of(
    _HARDLY_RELATIVE, r"qui", r"que", r"qu'", r"quoi", r"quand", r"ou",
    r"lequel|laquelle|lesquel(?:le)?s", r"depuis quand", r"(?:a|de|par|dans|en|sur|avec|pour) (?:qui|quoi|quel\w*)",
    r"who(?:m|se)?", r"when", r"where", r"which",
    r"(?:in|on|at|by|from|to|for) (?:what|which|whom)",
    r"was", r"wo(?:her|hin|von|mit|durch|fur|zu|gegen|nach|bei|r(?:an|auf|aus|in|uber|um|unter))",
    r"welche[nmrs]?", r"we[nm]", r"wessen",
    r"(?:in|aus|an|auf|zu|seit|von|bei|mit|durch|fur|nach|um|uber) (?:was|wem|wen|wann|welche[nmrs]?|wie)",
)  # fmt: skip
_AND = r"(?:(?:et|and|und|but|mais|aber|so|alors|also|nun) )?"
_STARTS_ASKING = re.compile(rf"\W*{_AND}{_ASKING}\b")
_STARTS_TELLING = re.compile(rf"\W*{_AND}(?:{_ASKING}|if|whether|si|s'il|ob|dass)\b")
"""Behind a request: the question, or a clause that tells whether."""
_ASKS_FOR_ONE = re.compile(
    r"\W*(?:qui (?:peut|pourrait|sait|saurait)|est-ce que (?:vous|tu|quelqu'un)|who (?:can|could|knows)"
    r"|wer (?:kann|konnte|wei(?:ss|ß))|s'il (?:vous|te) plait|si vous)\b"
)
"""Who can tell, rather than what is to be told."""
_ASKS_ITSELF = re.compile(
    r"\W*(?:y a-t-il|\w+-(?:t-)?(?:vous|tu|ils?|elles?|on|ce)\b|(?:do|did|does|have|has|is|are|was|were|can)\b"
    r"|(?:haben|hat|ist|sind|war|gibt|kann|konnen)\b)"
)
"""A question without a word that asks: what follows a comma is a part of it."""
_CLAUSE = re.compile(rf"(?:[;:!…]\s*|\.\s+|(?<=\s)-\s+){_AND}(?={_ASKING}\b)|:\s+(?=.*\?$)")
_SUBCLAUSE = re.compile(rf"(?:,\s*|\bnamlich ){_AND}(?={_ASKING}\b)(?!(?:qu[ei]|qu'|wh\w+|was|wo)\b(?!.*\?$))")
"""Where the question may begin; behind a comma, "who" may also be one who was named before."""
_RUN_ON = re.compile(rf"\W*(?:je|j'|moi|nous|i|i'm|we|ich|wir)\b[^,;:.!…]*?\s(?={_HARDLY_RELATIVE}\b)")
"""A text without any sign, as phones are typed on: its writer speaks of himself, then asks."""
_SOMEBODY = re.compile(
    r"\b(?:je|j'|moi|m'|mon|ma|mes|nous|notre(?!-)|nos|vous|votre|vos|tu|te|toi|quelqu'un|qqn|i|i'\w+|me|my|we|our|you"
    r"|your|someone|anyone|anybody|somebody|ich|mir|mich|mein\w*|wir|uns|unser\w*|euch|eure[nmrs]?|euer|dir|dich|jemand"
    r"|question|frage|bitte|please|pls|svp|sorry|pardon|excusez|desole\w*|entschuldig\w*|verzeih\w*)\b"
)
"""Who writes or is written to, or what only they say."""
_ADDRESSED_TO = re.compile(r"\b(?:Sie|Ihnen|Ihre?[nmrs]?)\b")
"""In the letters as they are: "sie" and "ihr" are others."""
_A_NAME = re.compile(r"\bTU\b|\bI(?=\s*[,:;])")
_CONDITION = re.compile(r"\W*(?:if|si|s'il|wenn|falls)\b")
_COURTESY = re.compile(
    r"\W*(?:(?:et )?(?:comment )?(?:ca|allez|vas)[ -](?:va|vous|tu)(?: bien)?|how are you\b.*|wie geht\b.*"
    r"|do you have any|(?:vous )?en avez[ -]vous|haben sie (?:welche|einen|eine|etwas)|une idee|any ideas?)\W*"
)
"""Questions that ask for nothing by themselves."""
_SMALL = re.compile(
    rf"{_ASKING}|{SMALL_WORDS}|h(?:e|im|is|er)|she|they|them|their|its|ils?|elles?|lui|leur|sa|ses|ihn|ihm|ihnen|seine?"
)
_UP_TO_QUESTION = re.compile(r"\S.*?(?:\?+(?=\s)(?!\s*[»”\"])|$)")
_QUOTED = re.compile(r"[«“„\"]")


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
    said = (part for part in around if _words(_SOMEBODY.sub(" ", _REQUESTED.sub(" ", plain(part)))) >= 1)
    letter = Letter(" ".join(parts[n][1] for n in asking), " ".join(said))
    # "Otto Hahn discovered fission. Who helped him?" asks nothing without what is said around it.
    return Letter(body) if letter.around and _content(letter.question, lang) < 2 else letter


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
    folded = plain(text)
    if _COURTESY.fullmatch(folded) or _REQUESTED.match(folded) and _words(_REQUESTED.sub(" ", folded)) < 2:
        return False
    return _words(text) > 0 and (text.endswith("?") or bool(_STARTS_ASKING.match(folded)))


def _parted(sentence: str) -> tuple[str, str]:
    """What stands before the question in a sentence, and the question."""
    folded = plain(sentence)
    begin = 0
    if not _STARTS_ASKING.match(folded) or _ASKS_FOR_ONE.match(folded):
        begin = _behind_request(folded)
        if not _STARTS_TELLING.match(folded, begin):
            clause = _CLAUSE.search(folded, begin)
            if not clause and not (begin == 0 and _ASKS_ITSELF.match(folded)):
                clause = _SUBCLAUSE.search(folded, begin)
            if clause and _asks_nothing(sentence[begin : clause.start()], begin > 0, folded[clause.start()]):
                begin = clause.end() if sentence[clause.end() :][:3].rstrip() != "ou" else begin
            elif not clause and (said := _RUN_ON.match(folded, begin)):
                begin = said.end()
    return sentence[:begin].strip(), sentence[begin:].lstrip(" ,.;:-")


def _behind_request(folded: str) -> int:
    """Where the last request ends that stands before the question and before any quotation; 0 where there is none, or
    hardly more than "can you explain"."""
    quoted = _QUOTED.search(folded)
    begin, most = 0, quoted.start() if quoted else len(folded)
    while True:
        request = _REQUESTED.search(folded, begin)
        if begin and _STARTS_TELLING.match(folded, begin) and not (request and request.start() <= begin + 1):
            break
        if not request or request.start() >= most or _words(folded[request.end() :]) < 2:
            break
        begin = request.end()
    return begin if _STARTS_TELLING.match(folded, begin) or _words(folded[:begin]) >= 5 or ":" in folded[:begin] else 0


def _asks_nothing(before: str, requested: bool, sign: str) -> bool:
    """Whether what stands before a clause, up to a `sign`, is said of somebody and no part of the question."""
    if requested:
        return len(before) < 40
    if sign == "!":
        return True
    before = _A_NAME.sub(" ", before)
    somebody = _SOMEBODY.search(plain(before)) or _ADDRESSED_TO.search(before)
    return bool(somebody) and not _CONDITION.match(plain(before))


def _content(text: str, lang: Lang) -> int:
    """How many of its words say something by themselves."""
    words = re.findall(r"[^\W_]{2,}", plain(text))
    return sum(word not in stop_words(lang) and not _SMALL.fullmatch(word) for word in words)


def _words(text: str) -> int:
    """How many there are of two letters and more."""
    return len(re.findall(r"[^\W_]{2,}", text))
