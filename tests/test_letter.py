"""The question in a letter: found, answered as if it stood alone, and a text that is but a question left alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer.ask import Assistant
from answer.letter import Letter, LetterReader
from bench.letters import LETTERS, read_letters, right_whole
from errors import ModelError
from eval.questions import QuestionCase, read_questions
from index.question import clean, encoded
from records import LANGS, Encoder, Lang, Question
from settings import ROOT
from train import letters as marked

QUESTIONS = ROOT / "eval" / "questions"
LONG = {"gc-fr-13", "gc-en-10", "gc-de-09"}
"""Questions of the eval set that are letters."""

Read = Callable[[str, Lang], Letter]


@pytest.fixture(scope="session")
def read_letter(encoder: Encoder) -> Read:
    """A cleaned text and its language to the question in it."""
    reader = LetterReader.open()
    return lambda text, lang: reader.read(encoded(text, lang, encoder))


@pytest.mark.parametrize(
    ("lang", "text", "question"),
    [
        # A greeting, thanks
        ("fr", "Bonjour, combien de clusters y a-t-il ? Merci d'avance, Paul", "combien de clusters y a-t-il ?"),
        ("fr", "bonsoir quand a eu lieu le congrès merci", "quand a eu lieu le congrès"),
        ("en", "Dear Sir or Madam, who opened the congress? Kind regards", "who opened the congress?"),
        ("de", "Sehr geehrte Frau Doktor, wer kam? Mit freundlichen Grüßen", "wer kam?"),
        ("de", "Hallo zusammen! Wo fand er statt? LG Eva", "Wo fand er statt?"),
        # A request
        ("fr", "Pourriez-vous me dire, s'il vous plaît, où se tient le congrès ?", "où se tient le congrès ?"),
        ("fr", "J'aimerais savoir qui a écrit cela.", "qui a écrit cela."),
        ("fr", "Quelqu'un saurait-il me dire quand il est mort ?", "quand il est mort ?"),
        ("en", "Could you possibly tell me how many people came?", "how many people came?"),
        ("en", "I was wondering whether you could tell us why it failed", "why it failed"),
        ("en", "Do you happen to know which country was invited?", "which country was invited?"),
        ("de", "Können Sie mir bitte sagen, welches Land eingeladen war?", "welches Land eingeladen war?"),
        ("de", "Ich wüsste gern, worauf der Schwerpunkt lag.", "worauf der Schwerpunkt lag."),
        ("de", "Wissen Sie vielleicht, ob es das noch gibt?", "ob es das noch gibt?"),
        # Who writes, and why
        (
            "fr",
            "Mon fils me le demande : qui était invité au congrès ? C'est pour l'école.",
            "qui était invité au congrès ?",
        ),
        ("en", "I teach in Lyon. Who opened the congress? My class wants to know.", "Who opened the congress?"),
        ("en", "Sorry to bother you, but how many came? need it for homework pls", "how many came?"),
        ("de", "Ich sitze hier mit meiner Oma, wann war das Treffen in Berlin?", "wann war das Treffen in Berlin?"),
        (
            "de",
            "Für einen Vortrag brauche ich eine Angabe, nämlich wann der Kongress begann.",
            "wann der Kongress begann.",
        ),
        # Thanks beforehand ask, too
        ("fr", "Je travaille sur un mémoire. Merci de m'indiquer qui a ouvert le congrès.", "qui a ouvert le congrès."),
        ("en", "I am a student. Thank you for telling me how many clusters exist", "how many clusters exist"),
        # Whether
        ("fr", "J'aimerais savoir si je peux demander une bourse", "si je peux demander une bourse"),
        ("de", "Können Sie mir sagen, ob ich nach einem Visum fragen muss?", "ob ich nach einem Visum fragen muss?"),
        # Without a sign
        ("fr", "salut je suis en master combien de pays y étaient invités merci", "combien de pays y étaient invités"),
        ("en", "i am a student from lyon how many clusters are there thanks", "how many clusters are there"),
        ("de", "hallo ich bin lehrerin in köln wie viele cluster gibt es und wo", "wie viele cluster gibt es und wo"),
        # More than one
        ("en", "Hello! Who came? I ask for a friend. When did they leave?", "Who came? When did they leave?"),
    ],
)
def test_a_letter_asks_what_its_question_asks(read_letter: Read, lang: Lang, text: str, question: str) -> None:
    assert read_letter(text, lang).question == question


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("fr", "Comment sait-on que le culte a eu lieu en Iran ?"),
        ("fr", "Que peut-on dire de la densité de la population ?"),
        ("fr", "En juin 2011, combien de clusters y avait-il ?"),
        ("fr", "Qui a dit « je pense, donc je suis » ?"),
        ("en", "Besides rivers, what shapes the valley?"),
        ("en", "If you take a train out of the city, which railroad would you take?"),
        ("en", "Who said, \"Here I stand. I can do no other\"?"),
        ("en", "Kenny Abbey email"),
        ("en", "What would you call a force that you cannot know?"),
        ("de", "Was hat Queen Elisabeth II. 1981 in Newcastle eröffnet?"),
        ("de", "Welche Rolle spielt der Dank?"),
        ("de", "Liebe und Arbeit bei Freud"),
        ("de", "Tag der Deutschen Einheit"),
        ("fr", "Institut Fraunhofer : combien de salariés ?"),
        ("de", "Nobelpreis 2014: wer?"),
        ("fr", "La génétique peut-elle expliquer l'autisme ?"),
        ("fr", "Dois-je demander un visa ?"),
        ("en", "Do I need to know German to study in Berlin?"),
        ("en", "Articles in which I can learn about bees"),
        ("en", "Do you have anything on know-how transfer?"),
        ("en", "Can you explain the Energiewende?"),
        ("fr", "Avez-vous publié des articles sur Desertec, et quand ?"),
        ("de", "Ist sie Physikerin, und wo hat sie studiert?"),
        ("fr", "Notre énergie vient-elle du vent, ou du soleil ?"),
        ("fr", "TU Berlin, combien d'étudiants ?"),
        ("fr", "L'article « Que peut nous apprendre la fourmi ? », qui l'a écrit ?"),
        ("en", "Jobs created thanks to solar energy"),
        ("de", "Welche Fortschritte gab es dank Wasserstoff"),
        ("en", "How Germany regards nuclear power"),
        ("en", "Hi-tech strategy 2020 budget"),
        ("fr", "je veux l'article où l'on parle d'hydrogène"),
        ("en", "we the people what year"),
        ("de", "Tag der offenen Tür in Jülich, wann?"),
        ("en", "Otto Hahn discovered fission. Who helped him?"),
        ("fr", "Bonjour"),
        ("en", "thanks"),
        ("de", "Danke!"),
        ("fr", "?"),
    ],
)  # fmt: skip
def test_what_is_but_a_question_stays_as_it_is(read_letter: Read, lang: Lang, text: str) -> None:
    assert read_letter(text, lang) == Letter(text)


def test_no_question_of_the_eval_sets_is_taken_for_a_letter_but_the_letters(read_letter: Read) -> None:
    cases = [
        case for name in ("go-cluster", "followups", "dates") for case in read_questions(QUESTIONS / f"{name}.jsonl")
    ]
    parted = {case.id for case in cases if read_letter(clean(case.question), case.lang) != Letter(clean(case.question))}
    assert parted == LONG


def test_what_is_said_around_a_question_is_kept(read_letter: Read) -> None:
    letter = read_letter("Hello, my pupils love maps. How many clusters are in go-cluster? Thank you!", "en")
    assert letter == Letter("How many clusters are in go-cluster?", "Hello, my pupils love maps. Thank you!")


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from("abe ,.:;!?'-\n") | st.characters(), max_size=200), lang=st.sampled_from(LANGS))
def test_any_text_keeps_a_question_of_its_own_words(read_letter: Read, text: str, lang: Lang) -> None:
    cleaned = clean(text)
    question = read_letter(cleaned, lang).question
    assert bool(question) == bool(cleaned)
    rest = iter(cleaned.split())
    assert all(any(word in whole for whole in rest) for word in question.split())


@pytest.mark.parametrize(
    ("lang", "courtesies"),
    [
        ("fr", [("Bonjour, ", ""), ("Bonjour, ", " Merci"), ("salut ", " merci d'avance"),
                ("Bonsoir ! ", " Cordialement, Paul"), ("Bonjour, je lis votre bulletin depuis des années. ", "")]),
        ("en", [("Hello, ", ""), ("Hello, ", " Thanks"), ("hi ", " thanks in advance"), ("Hi! ", " Kind regards, Paul"),
                ("Hello, I have read your bulletin for years. ", "")]),
        ("de", [("Hallo, ", ""), ("Hallo, ", " Danke"), ("hi ", " danke im voraus"),
                ("Guten Abend! ", " Viele Grüße, Paul"), ("Guten Tag, ich lese Ihr Bulletin seit Jahren. ", "")]),
    ],
)  # fmt: skip
def test_articles_are_asked_for_without_courtesies(
    read_letter: Read, lang: Lang, courtesies: list[tuple[str, str]]
) -> None:
    """Thanks would be taken for a subject: hardly a question keeps any of them, or loses a word."""
    cases = [case for case in read_questions(QUESTIONS / "dates.jsonl") if case.lang == lang and not case.turns]
    pairs = [(case.question, before + case.question + behind) for case in cases for before, behind in courtesies]
    wrong = [text for asked, text in pairs if _words(read_letter(text, lang).question) != _words(asked)]
    assert len(pairs) >= 100 and len(wrong) <= 0.05 * len(pairs), wrong


@pytest.mark.parametrize("unsigned", [False, True])
def test_letters_that_were_held_keep_all_that_they_ask(read_letter: Read, unsigned: bool) -> None:
    """Six of seven lose no word of the question, and nine of ten half of what is said around it or more."""
    held = [letter for letter in marked.read_letters(marked.LETTERS) if letter.held and len(letter.parts) > 1]
    kept, shed = [], []
    for letter in [letter.without_signs() for letter in held[:300]] if unsigned else held[:300]:
        found = read_letter(letter.text, letter.lang)
        asked = " ".join(letter.text[slice(*span)] for span in letter.asked)
        kept.append(not Counter(_words(asked)) - Counter(_words(found.question)))
        shed.append(
            len(_words(found.question)) - len(_words(asked)) <= (len(_words(letter.text)) - len(_words(asked))) / 2
        )
    assert sum(kept) >= 0.85 * len(kept) and sum(shed) >= 0.9 * len(shed)


def test_weights_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "letter.safetensors").write_bytes(b"none")
    with pytest.raises(ModelError, match="letter.safetensors"):
        LetterReader.open(tmp_path / "letter.safetensors")


def test_weights_of_something_else_are_told() -> None:
    with pytest.raises(ModelError, match="reader.safetensors"):
        LetterReader.open(ROOT / "answer" / "reader.safetensors")


def test_capitals_are_parted_at_their_own_places(read_letter: Read) -> None:
    text = "HALLO, ICH HEISSE İBRAHİM YİĞİT AUS İZMİR. WIE VIELE TEILNEHMER KAMEN ZUM KONGRESS? DANKE"
    question = read_letter(text, "de").question
    assert question.endswith("WIE VIELE TEILNEHMER KAMEN ZUM KONGRESS?") and not question.startswith("HALLO")


def test_an_encoder_without_states_has_its_texts_taken_whole(encoder: Encoder) -> None:
    question = encoded("Hello! Who opened the congress? Thank you.", "en", encoder)
    without = replace(question, encoding=replace(question.encoding, states=question.encoding.states[:, :0]))
    assert LetterReader.open().read(without) == Letter(question.text)


@pytest.mark.parametrize(
    ("bare", "letter"),
    [
        (
            "how many clusters are in go-cluster?",
            "Hi, I am a student from Leeds and my teacher gave us a list of German things to look up. Could you please"
            " tell me how many clusters are in go-cluster? Many thanks!",
        ),
        (
            "quel pays était invité au congrès ?",
            "Bonjour Madame, Monsieur, je suis à la retraite et je lis votre bulletin depuis dix ans. Auriez-vous la"
            " gentillesse de me dire quel pays était invité au congrès ? Bien cordialement, Jeanne",
        ),
        (
            "Wie viele Teilnehmer kamen zum Kongress?",
            "Guten Abend, ich streite gerade mit meinem Bruder, der alles besser weiß. Wie viele Teilnehmer kamen zum"
            " Kongress? Vielen Dank im Voraus",
        ),
    ],
)
def test_a_letter_is_answered_as_its_question_and_shown_as_written(
    assistant: Assistant, bare: str, letter: str
) -> None:
    alone, written = assistant.ask(bare), assistant.ask(letter)
    assert written.status == alone.status == "answered"
    assert written.citations[0].quote == alone.citations[0].quote
    assert (written.question, written.lang) == (letter, alone.lang)


def test_what_a_question_leans_on_stays_with_it_and_the_letter_before_is_leaned_on(assistant: Assistant) -> None:
    letter = "I read about Brigitte Zypries in your bulletin. What is her office? Thank you very much."
    assert "Secrétaire parlementaire" in assistant.ask(letter).citations[0].quote

    before = "Dear team, my neighbour and I could not agree. Who opened the congress in Berlin? Best wishes"
    assert "Zypries" in assistant.ask("And what is her office?", turns=[before]).citations[0].quote


class _Parted(LetterReader):
    """Parts every text in the same way."""

    def __init__(self, letter: Letter) -> None:
        super().__init__({})
        self._letter = letter

    def read(self, question: Question) -> Letter:
        return self._letter


def test_a_question_that_would_be_refused_is_read_with_what_is_said_around_it(assistant: Assistant) -> None:
    question, around = "Which office does she hold?", "Brigitte Zypries opened the congress in Berlin."
    alone = replace(assistant, letters=_Parted(Letter(question))).ask(f"{around} {question}")
    leaning = replace(assistant, letters=_Parted(Letter(question, around))).ask(f"{around} {question}")
    assert alone.status == "refused"
    assert leaning.confidence > alone.confidence
    first = leaning.hits[0]
    assert "Secrétaire parlementaire" in first.article.body[first.passage.start : first.passage.end]


def test_a_letter_that_asks_for_articles_is_understood(assistant: Assistant) -> None:
    plain = assistant.ask("Which articles are about clusters?")
    polite = assistant.ask(
        "Good morning, I write a thesis. Could you tell me which articles are about clusters? Thanks"
    )
    assert polite.citations and polite.citations == plain.citations


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


# The letters that are measured


def test_every_letter_is_one_of_its_set_and_part_and_adds_to_the_question() -> None:
    lines = [json.loads(line) for line in LETTERS.read_text("utf-8").splitlines()]
    assert len({(line["set"], line["part"], line["id"]) for line in lines}) == len(lines) == 420
    assert {(line["set"], line["part"]) for line in lines} == {
        (name, part) for name in ("piaf", "xquad-de", "squad2") for part in ("val", "test")
    }
    assert len(read_letters("piaf", "test")) == 100 and not read_letters("piaf", "train")


def test_a_letter_taken_whole_is_judged_as_answers_are(assistant: Assistant) -> None:
    right = QuestionCase("q", "en", "how many clusters are in go-cluster?", True, answers=("91",))
    wrong = QuestionCase("q", "en", "how many clusters are in go-cluster?", True, answers=("92",))
    absent = QuestionCase("q", "en", "who won the football world cup in 1998?", True, answers=("France",))
    assert right_whole(assistant, right)
    assert not right_whole(assistant, wrong) and not right_whole(assistant, absent)
