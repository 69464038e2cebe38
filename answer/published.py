"""Whether a date in a question says when articles were published, or belongs to what they are about.

It filters only where it hangs on an article, an issue or what the bulletin wrote ("articles de 2012", "im Bulletin vom
6. März", "what did the bulletin write in 2012 about …"); never where it may belong to the subject ("les projets lancés
en 2012", "what happened in 2009?"). In doubt it does not. Texts are folded (`answer.days.plain`) but for `question`.
"""

from __future__ import annotations

import re

from answer.days import plain
from answer.frames import ARTICLE, AUXILIARY, CONNECTED, DETERMINERS, FRAME, ISSUE, SAYING, Kind, any_of, subject_begins
from answer.when import Period

_SUBJECT_WORDS = 6
"""A longer subject has room for a date of its own."""
_EVENT = re.compile(
    any_of(
        r"congres|conferences?|colloques?|salons?|foires?|elections?|prix|accords?|loi|accidents?|catastrophes?|budgets?",
        r"evenements?|edition|rentree|crue|situation|programmes?|rapport|etude",
        r"congress|fairs?|prizes?|agreements?|law|events?|program|report|study",
        r"kongress\w*|konferenz|tagung|messe|wahl(?:en)?|preis|gesetz|ungluck|haushalt|programm|bericht|studie",
    )
)
"""What takes place or comes out at a time of its own."""
_DONE = re.compile(
    r"(?:held|built|made|begun|done|happen|happened|took|place|found|seen|given|known|sold|tenue?s?|eu|lieu|survenue?s?|"
    r"ouverte?s?|construite?s?|mise?s?|prise?s?|faite?s?)"
)
_PARTICIPLE = re.compile(r"\w+(?:ée?s?|ed)|(?:ge|be|ver|er|ent)[a-zäöüß]+(?:t|en)")
_CLAUSE = re.compile(r"\b(?:qui|who|whom|which|that|ce que|was|were|what|where|wo|dont|wurden?|ist|sind|hat)\b")
_SAID = re.compile(rf"(?:\b(?:{AUXILIARY})\s+)*\b{SAYING}\s*$")
_ANCHOR = rf"(?:{ARTICLE}|{ISSUE})"


def of_publication(question: str, text: str, period: Period, kind: Kind) -> bool:
    """`text`: the question folded, sections and authors blanked."""
    before, after = text[: period.start], text[period.end :]
    if period.since != period.until and re.match(r"on\b", text[period.start :]) and not _SAID.search(before):
        return False  # "articles on the 2012 congress": only what is published is so "on" a time, mostly a day
    if re.search(rf"{_ANCHOR}{CONNECTED}$", before) and not re.match(r"\W*(?:des|der)\b", after):
        return True  # "articles parus en 2012", "im Bulletin vom 6. März"; not "die Ausgabe 2014 des Kongresses"
    if re.match(rf"[\s-]*(?:erschienenen?|veroffentlichten?|published)?\s*{_ANCHOR}", after):
        return True  # "the 2012 articles", "the June issue"
    if re.fullmatch(FRAME, before):
        connected = re.match(FRAME, after)
        if connected and re.search(_ANCHOR, connected.group()):
            return True  # "En 2012, qu'a écrit le bulletin sur …"
        if kind == "said" and (_SAID.search(before) or re.search(rf"\b{SAYING}\W*$", after)):
            return True  # "What did you write in 2012 about …", "Was habt ihr 2012 über … geschrieben?"
    return kind not in ("words", "date") and _behind_the_subject(question, text, period)


def _behind_the_subject(question: str, text: str, period: Period) -> bool:
    """ "articles sur l'hydrogène en 2012", but not "… sur le congrès de 2012", "… on projects launched in 2012"."""
    after = text[period.end :]
    joined = period.link == "time" or (period.link == "bare" and re.search(SAYING, after))
    begin = subject_begins(text[: period.start])
    if not joined or begin is None or not re.fullmatch(FRAME, after):
        return False
    subject = question[begin : period.start]
    said = _SAID.search(plain(subject))
    if said and _may_be_the_subjects(plain(subject)[: said.start()], said.group()):
        return False
    subject = subject[: said.start()] if said else re.sub(rf"(?:\b(?:{AUXILIARY})\s*)*$", "", subject)
    return not _eventful(subject)


def _may_be_the_subjects(subject: str, said: str) -> bool:
    """Whether it is the subject that was published: "articles sur l'étude publiée en 2012". Not with "were" or "ont
    été", nor where the French plural says that it is the articles."""
    alone = not re.match(rf"\s*(?:{AUXILIARY})\b", said)
    return alone and bool(re.match(rf"\W*(?:{DETERMINERS})\b", subject)) and not re.search(r"[eu]s\s*$", said)


def _eventful(subject: str) -> bool:
    """Whether a subject may have a date of its own: a clause, something done, or something that takes place."""
    words = re.findall(r"\w+'?", subject)
    folded = [plain(word) for word in words]
    if not words or len(words) > _SUBJECT_WORDS or _CLAUSE.search(plain(subject)):
        return True
    if _EVENT.fullmatch(folded[-1]) or _DONE.fullmatch(folded[-1]):
        return True
    noun = len(words) == 1 or bool(re.fullmatch(DETERMINERS, folded[-2]))  # "la santé" was not done
    return not noun and bool(_PARTICIPLE.fullmatch(words[-1]))
