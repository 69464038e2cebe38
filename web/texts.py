"""Every word of ours that a reader meets, in the three languages of the interface. Same keys everywhere.

The answers themselves are not here: they are the bulletin's words, framed by `answer/`.
"""

from __future__ import annotations

from typing import Final

from answer.archive_phrases import date_in_words as date_in_words
from records import LANGS, Lang

TEXTS: Final[dict[Lang, dict[str, str]]] = {
    "fr": {
        "title": "Interroger le bulletin",
        "lead": "Le bulletin scientifique de l’ambassade de France à Berlin répond dans ses propres mots, "
        "article à l’appui.",
        "welcome": "Que voulez-vous savoir\u202f?",
        "welcome_more": "Posez votre question en français, en anglais ou en allemand, ou choisissez-en une ici.",
        "conversation": "Conversation",
        "question_label": "Votre question",
        "placeholder": "Votre question…",
        "send": "Envoyer",
        "new": "Nouvelle conversation",
        "sources": "Sources",
        "how_words": "Chaque réponse **cite le bulletin mot pour mot**, dans la langue de l’article.",
        "how_place": "Le passage cité s’affiche ici, **avec l’article, sa date et le lien**.",
        "how_silence": "Si le bulletin ne dit rien, **la réponse le dit aussi**.",
        "no_sources": "Aucune source\u202f: le bulletin ne répond pas à cette question.",
        "footer": "Les réponses sont des citations choisies par un programme\u202f: l’article fait foi. "
        "La conversation n’est pas conservée.",
        "you_asked": "Vous avez demandé\u202f:",
        "waiting": "Recherche dans le bulletin…",
        "go_to_source": "Aller à la source",
        "see_also": "À lire aussi\u202f:",
        "new_tab": "nouvel onglet",
        "rephrase": "Essayez avec d’autres mots, ou avec le nom d’une personne, d’un organisme ou d’un programme.",
        "empty": "Écrivez d’abord votre question, puis envoyez-la.",
        "too_long": "Votre question est trop longue\u202f: dites-la en une ou deux phrases.",
        "no_words": "Je ne trouve aucun mot dans votre question. Pouvez-vous l’écrire autrement\u202f?",
        "failure": "Un incident de notre côté a empêché la réponse. Réessayez dans un instant.",
        "rate_limited": "Vous avez posé beaucoup de questions en peu de temps.",
        "busy": "Beaucoup de questions sont posées en ce moment.",
        "unavailable": "Le bulletin ne peut pas être consulté pour le moment.",
        "again": "Réessayez {when}.",
        "soon": "dans un instant",
        "in_article": "Lire dans l’article",
        "original": "L’article sur le site du bulletin",
        "to_cited": "Aller au passage cité",
        "no_article": "Cet article n’existe pas ou n’existe plus.",
        "helpful": "Cette réponse vous a-t-elle aidé\u202f?",
        "yes": "Oui",
        "no": "Non",
        "comment": "Un mot pour la rédaction (facultatif)",
        "send_comment": "Envoyer le commentaire",
        "thanks": "Merci\u202f! Avis, dernières questions et réponse sont gardés {days} jours, sans votre nom.",
        "not_kept": "Votre avis n’a pas pu être enregistré.",
        "filters": "Filtrer les articles",
        "filters_on": "Filtres actifs",
        "section": "Rubrique",
        "any_section": "Toutes les rubriques",
        "since": "Parus depuis",
        "until": "Parus jusqu’à",
        "date_form": "année, mois ou jour\u202f: 2012, 06/2012, 21/06/2012",
        "clear": "Effacer les filtres",
        "filters_unreadable": "Je ne peux pas lire ces dates. "
        "Écrivez une année (2012), un mois (06/2012) ou un jour (21/06/2012).",
    },
    "en": {
        "title": "Ask the Bulletin",
        "lead": "The science bulletin of the French embassy in Berlin answers in its own words, and shows the article.",
        "welcome": "What would you like to know?",
        "welcome_more": "Ask in French, English or German, or start with one of these.",
        "conversation": "Conversation",
        "question_label": "Your question",
        "placeholder": "Your question…",
        "send": "Send",
        "new": "New conversation",
        "sources": "Sources",
        "how_words": "Every answer **quotes the bulletin word for word**, in the language of the article.",
        "how_place": "The passage quoted is shown here, **with the article, its date and the link**.",
        "how_silence": "When the bulletin does not say, **the answer tells you so**.",
        "no_sources": "No sources: the bulletin does not answer this question.",
        "footer": "Answers are quotations chosen by a program: the article is what counts. "
        "The conversation is not kept.",
        "you_asked": "You asked:",
        "waiting": "Searching the bulletin…",
        "go_to_source": "Go to source",
        "see_also": "See also:",
        "new_tab": "new tab",
        "rephrase": "Try other words, or the name of a person, an organisation or a programme.",
        "empty": "Write your question first, then send it.",
        "too_long": "Your question is too long: put it in a sentence or two.",
        "no_words": "I cannot find a word in your question. Could you write it another way?",
        "failure": "Something went wrong on our side. Please try again in a moment.",
        "rate_limited": "You have asked many questions in a short time.",
        "busy": "Many questions are being asked just now.",
        "unavailable": "The bulletin cannot be searched at the moment.",
        "again": "Try again {when}.",
        "soon": "in a moment",
        "in_article": "Read in the article",
        "original": "The article on the bulletin’s site",
        "to_cited": "Go to the passage quoted",
        "no_article": "There is no such article, or not any more.",
        "helpful": "Did this answer help you?",
        "yes": "Yes",
        "no": "No",
        "comment": "A word to the editors (optional)",
        "send_comment": "Send comment",
        "thanks": "Thank you! Opinion, last questions and answer are kept for {days} days, without your name.",
        "not_kept": "Your opinion could not be kept.",
        "filters": "Filter the articles",
        "filters_on": "Filters on",
        "section": "Section",
        "any_section": "All sections",
        "since": "Published since",
        "until": "Published until",
        "date_form": "a year, month or day: 2012, 06/2012, 21/06/2012",
        "clear": "Clear filters",
        "filters_unreadable": "I cannot read these dates. "
        "Write a year (2012), a month (06/2012) or a day (21/06/2012).",
    },
    "de": {
        "title": "Das Bulletin fragen",
        "lead": "Das Wissenschaftsbulletin der französischen Botschaft in Berlin antwortet mit eigenen Worten "
        "und zeigt den Artikel.",
        "welcome": "Was möchten Sie wissen?",
        "welcome_more": "Fragen Sie auf Französisch, Englisch oder Deutsch, oder beginnen Sie mit einer dieser Fragen.",
        "conversation": "Gespräch",
        "question_label": "Ihre Frage",
        "placeholder": "Ihre Frage …",
        "send": "Senden",
        "new": "Neues Gespräch",
        "sources": "Quellen",
        "how_words": "Jede Antwort **zitiert das Bulletin wörtlich**, in der Sprache des Artikels.",
        "how_place": "Die zitierte Stelle erscheint hier, **mit Artikel, Datum und Link**.",
        "how_silence": "Sagt das Bulletin nichts dazu, **so sagt es auch die Antwort**.",
        "no_sources": "Keine Quellen: Das Bulletin beantwortet diese Frage nicht.",
        "footer": "Die Antworten sind von einem Programm gewählte Zitate: Es gilt der Artikel. "
        "Das Gespräch wird nicht aufbewahrt.",
        "you_asked": "Sie haben gefragt:",
        "waiting": "Das Bulletin wird durchsucht …",
        "go_to_source": "Zur Quelle",
        "see_also": "Siehe auch:",
        "new_tab": "neuer Tab",
        "rephrase": "Versuchen Sie es mit anderen Worten oder mit dem Namen einer Person, Einrichtung oder Initiative.",
        "empty": "Schreiben Sie zuerst Ihre Frage und senden Sie sie dann ab.",
        "too_long": "Ihre Frage ist zu lang: Fassen Sie sie in ein, zwei Sätze.",
        "no_words": "In Ihrer Frage finde ich kein Wort. Können Sie sie anders schreiben?",
        "failure": "Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es gleich noch einmal.",
        "rate_limited": "Sie haben in kurzer Zeit viele Fragen gestellt.",
        "busy": "Gerade werden viele Fragen gestellt.",
        "unavailable": "Das Bulletin kann im Moment nicht durchsucht werden.",
        "again": "Versuchen Sie es {when} noch einmal.",
        "soon": "gleich",
        "in_article": "Im Artikel lesen",
        "original": "Der Artikel auf der Website des Bulletins",
        "to_cited": "Zur zitierten Stelle",
        "no_article": "Diesen Artikel gibt es nicht oder nicht mehr.",
        "helpful": "Hat Ihnen diese Antwort geholfen?",
        "yes": "Ja",
        "no": "Nein",
        "comment": "Ein Wort an die Redaktion (freiwillig)",
        "send_comment": "Kommentar senden",
        "thanks": "Danke! Meinung, letzte Fragen und Antwort werden {days} Tage aufbewahrt, ohne Ihren Namen.",
        "not_kept": "Ihre Meinung konnte nicht gespeichert werden.",
        "filters": "Artikel filtern",
        "filters_on": "Filter aktiv",
        "section": "Rubrik",
        "any_section": "Alle Rubriken",
        "since": "Erschienen ab",
        "until": "Erschienen bis",
        "date_form": "Jahr, Monat oder Tag: 2012, 06/2012, 21.06.2012",
        "clear": "Filter löschen",
        "filters_unreadable": "Diese Daten kann ich nicht lesen. "
        "Schreiben Sie ein Jahr (2012), einen Monat (06/2012) oder einen Tag (21.06.2012).",
    },
}

FIELDS: Final = ("filters", "filters_on", "section", "any_section", "since", "until", "date_form", "clear")
"""The words of the filters, which chat.js draws."""

EXAMPLES: Final[tuple[tuple[Lang, str], ...]] = (
    ("fr", "Combien de clusters participent au programme go-cluster\u202f?"),
    ("en", "How many clusters are in go-cluster?"),
    ("de", "Was bedeutet „Smart Specialisation“?"),
    ("fr", "Qui a ouvert le congrès des clusters\u202f?"),
)
"""Offered to a reader who does not know yet what to ask, each in its own language whatever the interface's."""


def reader_lang(accept_language: str | None) -> Lang:
    """The interface's language for a browser, by the rule Gradio's page follows: its first preference, else English.

    A client that says nothing (a script) gets French, the bulletin's language.
    """
    if not accept_language:
        return "fr"
    first = accept_language.split(",")[0].split(";")[0].split("-")[0].strip().lower()
    return next((lang for lang in LANGS if lang == first), "en")
