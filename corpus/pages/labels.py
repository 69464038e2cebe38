"""What a line of a page is by its words: a label with a date, a section or names; navigation; tools; apparatus."""

from __future__ import annotations

import re
from typing import Literal

__all__ = [
    "APPARATUS",
    "COLOPHON",
    "FOOTER",
    "FURNITURE",
    "ISSUE",
    "LABEL_WORDS",
    "NAVIGATION",
    "NOT_PUBLISHED",
    "TOOL",
    "Label",
    "byline",
    "labelled",
    "names",
]

Label = Literal["date", "section", "authors", "number", "title", "id"]

_LABELS: dict[Label, str] = {
    "date": r"date(?: de (?:publication|parution|mise en ligne|diffusion))?|date of publication|publication date"
    r"|date published"
    r"|(?:article )?(?:publiée?|parue?|mise?e? en ligne|diffusée?|rédigée?)(?: le)?|(?:erscheinungs"
    r"|veröffentlichungs)?datum"
    r"|(?:veröffentlicht|erschienen)(?: am)?|(?:published|posted|released)(?: on)?|stand",
    "section": r"rubrique|section|thème|thématique|domaine|catégorie|rubrik|ressort|kategorie|themenbereich"
    r"|themengebiet|thema"
    r"|bereich|category|topic|field|subject|theme|secteur|discipline",
    "number": r"(?:be allemagne |bulletin |lettre )?(?:numéro|n[°ºo]\.?)|ausgabe|heft|nummer|nr\.?"
    r"|issue(?: number)?|number|no\.?",
    "authors": r"auteure?(?:s|\(e?s\))?|rédact(?:eur|rice)(?:s|\(s\))?(?: de l[’']article)?|rédaction|article de"
    r"|autor(?:en|in|innen)?"
    r"|autor/in|verfasser(?:in|innen)?|redaktion|redakteur(?:e|in|innen)?|authors?|author\(s\)|written by|editors?"
    r"|text(?:e)?"
    r"|signature|propos recueillis par|contributeurs?|contributors?",
    "title": r"titre|titel|title|überschrift|headline",
    "id": r"code brève(?: adit)?|référence de l[’']article|artikel-?nr\.?|article id",
}
_SPACE = r"[ \t\u00a0\u202f]*"
_VALUE = rf"{_SPACE}(?:[:|][\s|]*|$|(?=\d)|(?<=\b(?:le|am|on))[ \u00a0])(?P<value>.*)"
_LABELLED = {name: re.compile(rf"(?:- )?(?:{words}){_VALUE}", re.I | re.S) for name, words in _LABELS.items()}
LABEL_WORDS = "|".join(_LABELS.values())
_BYLINE = re.compile(r"(?:^|[\s,–|(-])(?:par|von|by)[ \u00a0]+(?=[^\W\d_])", re.IGNORECASE)

APPARATUS = re.compile(
    r"(?:- )?(?:pour en savoir plus|pour plus d[’']informations?|contacts?|kontakte?|ansprechpartner(?:in)?"
    r"|sources?|quellen?"
    r"|weitere informationen|mehr informationen|(?:for )?(?:further|more) information|further reading|références?"
    r"|references?"
    r"|bibliographie|literatur|notes?|rédact(?:eur|rice)(?:\(?s\)?)?|auteure?(?:\(?s\)?)?|redaktion|redakteur(?:in)?"
    r"|autor(?:en|in)?|authors?|written by|origine|origin|fußnoten?|anmerkungen?|footnotes?)\b.{0,60}?(?::|$)",
    re.IGNORECASE,
)
NAVIGATION = re.compile(
    r"(?:articles? (?:précédents?|suivants?|récents?|liés?|similaires|connexes)|brèves? précédentes?"
    r"|dans (?:la même rubrique|ce numéro"
    r"|le même numéro)|(?:à|a) lire (?:également|aussi)|lire (?:aussi|également)|voir (?:aussi|également)"
    r"|sur le même (?:sujet|thème)"
    r"|autres articles|derniers articles|lesen sie auch|mehr zum thema|weitere (?:artikel|meldungen|beiträge)"
    r"|(?:ähnliche|verwandte) artikel"
    r"|das könnte sie auch interessieren|siehe auch|related (?:articles?|posts?|stories)|read also|see also"
    r"|read more|more (?:articles|stories|news)"
    r"|you (?:may|might) also like|(?:previous|next|recent|latest) (?:articles?|posts?)|votre commentaire"
    r"|commentaires?|laisser un commentaire"
    r"|kommentare?|kommentar schreiben|comments?|leave a (?:reply|comment)|your comment|rubriques|themen|thèmes"
    r"|archives|archiv|menu|navigation"
    r"|sommaire(?: de ce numéro)?|inhalt(?: dieser ausgabe)?|in this issue|à la une|newsletter|abonnement.{0,20}"
    r"|partager|teilen|share)\b[ \u00a0]*:?$"
    r"|(?:\d+ )?(?:commentaires?|kommentare?|comments?)(?: \(\d+\))?$",
    re.IGNORECASE,
)
TOOL = re.compile(
    r"imprim|\bprint|drucken|druckversion|druckansicht|envoyer|recommander|\bun ami\b|weiterempfehlen|versenden"
    r"|per e-?mail|send (?:to|this)"
    r"|e-?mail (?:to|this)|tell a friend|haut de (?:la )?page|retour|\bzurück\b|nach oben|seitenanfang|back to"
    r"|\btop\b|page (?:précédente|suivante)"
    r"|previous page|next page|^(?:<<|>>|«|»|\[)|accueil|sommaire|partager|tweet|facebook|favoris|bookmark"
    r"|taille du texte|schriftgröße"
    r"|font size|plan du site|site ?map|inscri|abonne|abonnieren|subscribe|unsubscribe|\brss\b|suivant\b|précédent\b",
    re.IGNORECASE,
)
FOOTER = re.compile(
    r"©|\(c\) ?\d{4}|copyright|tous droits réservés|alle rechte vorbehalten|all rights reserved|mentions légales"
    r"|impressum|datenschutz|webm(?:estre|aster)"
    r"|optimisé pour|optimiert für|best viewed|page (?:vue|lue|réalisée)|pages? (?:lues|vues)|visiteurs|besucher"
    r"|visitors|nombre de (?:visites|lectures)"
    r"|mise? à jour|letzte (?:änderung|aktualisierung)|zuletzt (?:geändert|aktualisiert)|last (?:update|modified"
    r"|change)|updated on|cookies",
    re.IGNORECASE,
)
COLOPHON = re.compile(
    r"^\W*(?:copyright\W*(?:\(c\)|\d)|(?:page |site |dernière )?mise? à jour|(?:page|site) optimisée? pour"
    r"|optimiert für|best viewed|letzte (?:änderung|aktualisierung)|zuletzt (?:geändert|aktualisiert)"
    r"|last (?:update|modified|change)|updated on|pages? (?:vues?|lues?|réalisées?)|mentions légales|impressum"
    r"|datenschutz|(?:visiteurs?|besucher|visitors?)[ \u00a0]*:)|©|\(c\) ?\d{4}|tous droits réservés"
    r"|alle rechte vorbehalten|all rights reserved|webm(?:estre|aster)"
    r"|\b(?:site|nous|we|wir|seite)\b.{0,80}\bcookies",
    re.IGNORECASE,
)
"""FOOTER for whole sentences: an article may well speak of visitors, of cookies or of a list brought up to date."""
FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|rgpd|sidebar|side-bar|comments?|commentaires?|disqus|related|similar"
    r"|share|sharing|sharedaddy|social"
    r"|newsletter|breadcrumbs?|menu|nav|navigation|navbar|footer|pied|widget|promo|advert|ads|popup|modal|skip-link"
    r"|pagination|tags?|jp-relatedposts"
    r"|teaser|recommend\w*|navigation\w*|complementary|banner|contentinfo|dialog|search)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Names (class, id, role) of blocks that stand around an article."""
NOT_PUBLISHED = re.compile(
    rf"nous sommes|aujourd[’']hui|heute ist|today is|depuis le|seit dem|since |agenda|{FOOTER.pattern}", re.IGNORECASE
)
ISSUE = re.compile(
    r"\b(?:num[ée]ro|n[°º]|no\.?|nr\.?|ausgabe|issue|bulletin|lettre|newsletter"
    r"|heft)[ \u00a0.]*:?[ \u00a0]*(?P<number>\d{1,4})\b",
    re.IGNORECASE,
)

_SEPARATORS = re.compile(r"[,;/|&\n•]|\s[–—-]+\s|\s(?:et|und|and|avec|with|mit)\s", re.IGNORECASE)
_CONTACT = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+(?:@|\(at\)|\[at\])[\w.-]+|\([^)]*\)|\+?\d[\d ./-]{5,}")
_TITLES = re.compile(
    r"^(?:(?:par|von|by|m\.|mme|mlle|dr\.?|prof\.?|professeur|herr|frau|mr\.?|mrs\.?|ms\.?)\s+)+", re.IGNORECASE
)
_PARTICLES = frozenset((
    "de", "du", "des", "la", "le", "d'", "d’", "von", "van", "der", "den", "zu", "zur", "vom", "und", "di", "da",
    "el", "al", "ten", "ter",
))  # fmt: skip
_MOST_WORDS = 6
_LONGEST = 500
"""Characters of a line that can be a label or a by-line."""


def labelled(text: str) -> tuple[Label, str] | None:
    """The label a line opens with and what it says: `"Rubrique : Espace"` gives `("section", "Espace")`.

    The value is "" where the label stands alone, its value being in the cell beside it.
    """
    if len(text) > _LONGEST:
        return None
    for name, pattern in _LABELLED.items():
        if match := pattern.fullmatch(text):
            return name, match["value"].strip(" \u00a0|")
    return None


def byline(text: str) -> tuple[str, ...]:
    """The names after the "par", "von" or "by" of a line such as `Publié le 21 juin 2011 par Marie Curie`."""
    found = list(_BYLINE.finditer(text)) if len(text) <= _LONGEST else []
    return names(text[found[-1].end() :]) if found else ()


def names(text: str) -> tuple[str, ...]:
    """The persons a text lists, without their addresses: `"A. Bey, a@b.fr et C. Dé - http://x"` gives two."""
    parts = (_TITLES.sub("", part.strip(" .:\u00a0")) for part in _SEPARATORS.split(_CONTACT.sub(",", text)))
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if _is_name(part)))


def _is_name(text: str) -> bool:
    words = text.split()
    if not 2 <= len(words) <= _MOST_WORDS or any(c.isdigit() or c in "@:!?«»" for c in text):
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES or word[:2] in ("d'", "d’") for word in words)
