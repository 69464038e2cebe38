"""Article files: the real one to the byte, every problem with its line, and the two commands."""

from __future__ import annotations

import codecs
import datetime
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus.articles
from corpus.__main__ import main
from corpus.articles import check_articles, read_article, read_articles, survey_articles
from errors import ArticleError
from records import Article
from settings import Settings

HEAD = "id: a\ntitle: T\nlang: fr\n"  # lines 2 to 4 of a file, its closing `---` on line 5
KEYS = "id, title, url, date, lang, section, authors"
DAY = "expected a day as year-month-day, such as 2014-03-06."
ID = "cannot be used; expected at most 100 of A-Z, a-z, 0-9, '.', '_', '-'."
NESTED = "front matter cannot be read: expected a text or a list of texts under a key, nothing nested."
QUOTE_IT = 'Put a text that holds ": " or begins with one of [ { & * ! | > % @ ` in quotes.'
BEGINS = "are refused; put a text that begins so in quotes."
UNREADABLE = "front matter cannot be read"


def article_text(front: str = HEAD, body: str = "\nBody.\n") -> str:
    return f"---\n{front}---\n{body}"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# The bulletin itself


def test_the_article_is_verbatim() -> None:
    (article,) = read_articles(Settings().articles)
    digest = hashlib.sha256(article.body.encode()).hexdigest()
    assert digest == "64f22968a215dac3b37a7790121775c666ffbe2403244c94539fdcee8bc65368"
    assert len(article.body) == 3150
    assert article == Article(
        id="go-cluster-2014",
        title="Edition 2014 du Congrès annuel des clusters à Berlin",
        lang="fr",
        body=article.body,
        url="https://www.science-allemagne.fr/fr/actualites/politique-de-la-recherche-innovation/"
        "edition-2014-du-congres-annuel-des-clusters-a-berlin/",
        date=datetime.date(2014, 3, 6),
        section="Politique de la recherche, innovation",
        authors=("Kenny Abbey",),
    )


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (
            54,
            "Le 6 mars 2014 s’est tenue à Berlin l’édition 2014 du Congrès annuel du programme "
            "«\u00a0go-cluster\u00a0».",
        ),
        (
            1149,
            "En ouverture du congrès, la Secrétaire parlementaire au BMWi, Brigitte Zypries a rappelé le dynamisme "
            "des 91 clusters impliqués dans le programme gouvernemental «\u00a0go-cluster\u00a0».",
        ),
        (
            1824,
            "– un soutien aux sites les plus prometteurs, afin de les aider à se développer à l’international,\n",
        ),
        (3072, "Kenny Abbey, kenny.abbey@diplomatie.gouv.fr – https://www.science-allemagne.fr"),
    ],
)
def test_the_article_says(start: int, sentence: str) -> None:
    (article,) = read_articles(Settings().articles)
    assert article.body[start : start + len(sentence)] == sentence


# What can be read


def test_only_id_title_and_lang_are_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", article_text())
    assert read_article(path) == Article(
        id="a", title="T", lang="fr", body="Body.", url="", date=None, section="", authors=()
    )


def test_everything_that_can_be_given(tmp_path: Path) -> None:
    front = (
        "# a comment\nid: A.b_c-9\ntitle: 'Berlin : la ville'  # another\nurl: HTTPS://x.org/a?b#c\n"
        "date: 2014-03-06\nlang: de\nsection: >-\n  Politik,\n  Forschung\nauthors:\n- Ada\n- '  Émile Zola '\n"
    )
    assert read_article(write(tmp_path / "a.md", article_text(front))) == Article(
        id="A.b_c-9",
        title="Berlin : la ville",
        lang="de",
        body="Body.",
        url="HTTPS://x.org/a?b#c",
        date=datetime.date(2014, 3, 6),
        section="Politik, Forschung",
        authors=("Ada", "Émile Zola"),
    )


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("date: 2014-03-06", "date", datetime.date(2014, 3, 6)),
        ("date: '2014-03-06'", "date", datetime.date(2014, 3, 6)),
        ('date: "2014-03-06"', "date", datetime.date(2014, 3, 6)),
        ("date: 2014-03-06 10:30:00", "date", datetime.date(2014, 3, 6)),
        ("date: 2014-03-06T23:59:59+01:00", "date", datetime.date(2014, 3, 6)),
        ("date: 2012-02-29", "date", datetime.date(2012, 2, 29)),
        ("date:", "date", None),
        ("date: null", "date", None),
        ("date: ~", "date", None),
        ("authors: Kenny Abbey", "authors", ("Kenny Abbey",)),
        ("authors: [Kenny Abbey, 7]", "authors", ("Kenny Abbey", "7")),
        ("authors: []", "authors", ()),
        ("authors:", "authors", ()),
        ("section: no", "section", "no"),
        ("section: 'null'", "section", "null"),
        ("url: http://x.org", "url", "http://x.org"),
        ("url:", "url", ""),
    ],
)
def test_optional_fields(tmp_path: Path, line: str, field: str, value: object) -> None:
    article = read_article(write(tmp_path / "a.md", article_text(f"{HEAD}{line}\n")))
    assert getattr(article, field) == value


@pytest.mark.parametrize("title", ["2014", "2014-03-06", "1e3", "007", "true", "3.10", "0x1F"])
def test_a_number_for_a_title_is_the_words_it_is_written_in(tmp_path: Path, title: str) -> None:
    path = write(tmp_path / "a.md", article_text(f"id: 2014\ntitle: {title}\nlang: en\n"))
    assert read_article(path) == Article(id="2014", title=title, lang="en", body="Body.")


def test_an_id_of_a_hundred_characters(tmp_path: Path) -> None:
    front = f"id: {'a' * 100}\ntitle: T\nlang: fr\n"
    assert read_article(write(tmp_path / "a.md", article_text(front))).id == "a" * 100


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, mark: bytes, end: str) -> None:
    text = article_text(body="\n\nOne.\n\u00a0\n  Two.\n\n\n").replace("\n", end)
    path = write(tmp_path / "a.md", mark + text.encode())
    assert read_article(path) == Article(id="a", title="T", lang="fr", body="One.\n\u00a0\n  Two.")


def test_line_numbers_are_an_editors_with_any_line_ends(tmp_path: Path) -> None:
    text = article_text("id: a\ntitle: T\u2028 U\nlang: es\n").replace("\n", "\r\n")  # YAML ends a line at U+2028
    path = write(tmp_path / "a.md", codecs.BOM_UTF8 + text.encode())
    assert problem_of(path) == f"{path}:4: lang is 'es'; expected one of fr, en, de."


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("Body.", "Body."),
        ("\n\n \t\n\u00a0\n  Indented, \n \nend  \n\u00a0\n\n", "  Indented, \n \nend  "),
        ("---\nid: b\n---\n", "---\nid: b\n---"),
        ("a\ttab\u2028and more\n", "a\ttab\u2028and more"),
        ("\ufeffmark\n", "\ufeffmark"),
    ],
)
def test_a_body_is_verbatim_between_its_blank_lines(tmp_path: Path, written: str, body: str) -> None:
    assert read_article(write(tmp_path / "a.md", article_text(body=written))).body == body


def test_blanks_after_the_dashes_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", f"--- \t\n{HEAD}---\u00a0\nBody.\n")
    assert read_article(path) == Article(id="a", title="T", lang="fr", body="Body.")


PRINTABLE = st.characters(exclude_categories=("Cc", "Cs"))
LINES = st.lists(st.text(PRINTABLE | st.just("\t"), max_size=30), min_size=1, max_size=6)
BODIES = LINES.filter(lambda lines: lines[0].strip() and lines[-1].strip()).map("\n".join)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples: Hypothesis wants no fixture that is made anew for each."""
    return tmp_path_factory.mktemp("articles") / "a.md"


@settings(max_examples=150, deadline=None)
@given(
    title=st.text(PRINTABLE, min_size=1).filter(str.strip),
    section=st.text(PRINTABLE),
    authors=st.lists(st.text(PRINTABLE, min_size=1).filter(str.strip), max_size=3),
    date=st.none() | st.dates(),
    body=BODIES,
    plain=st.booleans(),
)
def test_what_is_written_is_read(
    scratch: Path,
    title: str,
    section: str,
    authors: list[str],
    date: datetime.date | None,
    body: str,
    plain: bool,
) -> None:
    fields = {"id": "a", "title": title, "lang": "en", "date": date, "section": section, "authors": authors}
    front = yaml.safe_dump(fields, allow_unicode=plain, sort_keys=plain)
    write(scratch, article_text(front, f"\n{body}\n\n"))
    stripped = tuple(author.strip() for author in authors)
    assert read_article(scratch) == Article(
        id="a", title=title.strip(), lang="en", body=body, date=date, section=section.strip(), authors=stripped
    )


@settings(max_examples=200, deadline=None)
@given(front=st.text(st.sampled_from("ab: -\n[]{}\"'&*!|>%#?,.~@\\U0\u2028\ufffe\t")))
def test_no_front_matter_ends_in_any_other_error(scratch: Path, front: str) -> None:
    text = article_text(f"{HEAD}section: {front}\n")
    write(scratch, text)
    try:
        article = read_article(scratch)
    except ArticleError as error:
        assert error.path == scratch
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n")
    else:
        assert (article.id, article.title, article.lang) == ("a", "T", "fr")


# What cannot


def problem_of(path: Path) -> str:
    with pytest.raises(ArticleError) as caught:
        read_article(path)
    assert str(caught.value) == f"{path}:{caught.value.line}: {caught.value.problem}"
    return str(caught.value)


def front_problems() -> Iterator[tuple[str, int, str]]:
    """Front matter, line, problem."""
    not_mapping = "front matter is not a mapping; expected `key: value` lines."
    yield "", 2, not_mapping
    yield "# nothing\n", 2, not_mapping
    yield "words\n", 2, not_mapping
    yield "- id\n- title\n", 2, f"{UNREADABLE}: it is not a mapping; expected `key: value` lines."
    yield "? [a]\n: b\n", 2, "a key of the front matter is a list; expected `key: value` lines."
    # YAML errors
    colon = f"{UNREADABLE}: mapping values are not allowed here. {QUOTE_IT}"
    yield "id: a\ntitle: Berlin: la ville\nlang: fr\n", 3, colon
    open_quote = f"{UNREADABLE}: while scanning a quoted scalar: found unexpected end of stream. {QUOTE_IT}"
    yield 'id: a\ntitle: "open\nlang: fr\n', 3, open_quote
    no_colon = f"{UNREADABLE}: while scanning a simple key: could not find expected ':'. {QUOTE_IT}"
    yield "id: a\ntitle\nlang: fr\n", 3, no_colon
    bracket = f"{UNREADABLE}: while parsing a block mapping: expected <block end>, but found '<scalar>'. {QUOTE_IT}"
    yield "id: a\ntitle: [Dossier] T\nlang: fr\n", 3, bracket
    star = "while scanning an alias: expected alphabetic or numeric character, but found '*'"
    yield "id: a\ntitle: *T*\nlang: fr\n", 3, f"{UNREADABLE}: {star}. {QUOTE_IT}"
    yield 'id: a\ntitle: "\\UFFFFFFFF"\nlang: fr\n', 3, f"{UNREADABLE}: no such character or number."
    yield "id: a\ntitle: \ufffe\nlang: fr\n", 3, "front matter holds U+FFFE, which YAML refuses."
    # what a front matter has no use for
    yield "id: &x a\ntitle: *x\nlang: fr\n", 2, f"{UNREADABLE}: anchors and aliases (& and *) {BEGINS}"
    yield "id: a\ntitle: *T\nlang: fr\n", 3, f"{UNREADABLE}: anchors and aliases (& and *) {BEGINS}"
    yield "id: a\ntitle: !!python/name:os.system T\n", 3, f"{UNREADABLE}: tags (!) {BEGINS}"
    yield f"{HEAD}authors: [A, [B, [C]]]\n", 5, NESTED
    yield f"{HEAD}authors:\n- A\n- name: B\n", 7, NESTED
    yield f"{HEAD}section: {'[' * 5000}\n", 5, NESTED
    yield "[" * 5000 + "\n", 2, f"{UNREADABLE}: it is not a mapping; expected `key: value` lines."
    # keys
    yield "id: a\nlang: fr\n", 1, "title is missing from the front matter."
    yield "title: T\nlang: fr\n", 1, "id is missing from the front matter."
    yield "id: a\ntitle: T\n", 1, "lang is missing from the front matter."
    yield "id: a\ntitle:\nlang: fr\n", 3, "title is empty."
    yield "id: a\ntitle: T\nlang: ' '\n", 4, "lang is empty."
    yield f"{HEAD}autors: A\n", 5, f"unknown key 'autors', perhaps 'authors'; there are {KEYS}."
    yield "id: a\nTitle: T\nlang: fr\n", 3, f"unknown key 'Title', perhaps 'title'; there are {KEYS}."
    yield f"{HEAD}zzz: A\n", 5, f"unknown key 'zzz'; there are {KEYS}."
    yield f"{HEAD}<<: A\n", 5, f"unknown key '<<'; there are {KEYS}."
    yield f"{HEAD}title: U\n", 5, "title is given twice, first on line 3."
    # values
    yield "id: a\ntitle: [T]\nlang: fr\n", 3, "title is a list; expected one text."
    yield "id: a\ntitle: |\n  T\n  U\nlang: fr\n", 3, "title holds U+000A; expected one line of plain text."
    yield 'id: a\ntitle: "T\\0"\nlang: fr\n', 3, "title holds U+0000; expected one line of plain text."
    yield 'id: a\ntitle: "\\ud800"\nlang: fr\n', 3, "title holds U+D800; expected one line of plain text."
    yield "id: a\ntitle: T\nlang: es\n", 4, "lang is 'es'; expected one of fr, en, de."
    yield "id: a\ntitle: T\nlang: FR\n", 4, "lang is 'FR'; expected one of fr, en, de."
    for date in ("2014-13-45", "06/03/2014", "2014", "2014-3-6", "2014-03-061", "2014-03-06T25:00", "6 mars 2014"):
        yield f"{HEAD}\ndate: {date}\n", 6, f"date is {date!r}; {DAY}"
    yield f"{HEAD}authors: [A, '']\n", 5, "authors holds an empty name; expected a list of names."
    yield f"{HEAD}authors: {{name: A}}\n", 5, NESTED
    for url in ("ftp://x.org", "www.x.org", "https://", "https:///a", "https://x.org/a b", "javascript:alert(1)"):
        yield f"{HEAD}url: {url}\n", 5, f"url is {url!r}; expected an address that begins with http:// or https://."
    for id_ in ("a b", "a/b", "é", "٣", "a" * 101):
        yield f"title: T\nid: {id_}\nlang: fr\n", 3, f"id {id_!r} {ID}"


@pytest.mark.parametrize(("front", "line", "problem"), list(front_problems()))
def test_front_matter_that_cannot_be_read(tmp_path: Path, front: str, line: int, problem: str) -> None:
    path = write(tmp_path / "a.md", article_text(front))
    assert problem_of(path) == f"{path}:{line}: {problem}"


NO_FRONT_MATTER = f"no front matter; expected line 1 to be `---`, then {KEYS}."


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 1, NO_FRONT_MATTER),
        (b"Body.\n", 1, NO_FRONT_MATTER),
        (b"\n" + article_text().encode(), 1, NO_FRONT_MATTER),
        (b"---\nid: a\n", 1, "front matter is not closed; expected a second line `---` before the body."),
        (article_text(body="a\r\ncaf").encode() + b"\xe9\n", 7, "not UTF-8 (byte 0xe9); save it as UTF-8."),
        (article_text().encode("utf-16"), 1, "not UTF-8 (byte 0xff); save it as UTF-8."),
        (article_text(body="\r\na\r\n\0"), 8, "holds the control character U+0000; remove it."),
        (article_text(body="a\rb\n"), 6, "holds the control character U+000D; remove it."),
        (article_text(body="l\u0092\u00e9t\u00e9\n"), 6, "holds the control character U+0092; remove it."),
        (article_text(body=""), 5, "body is empty; expected the article's text after the closing `---`."),
        (article_text(body="\n \u00a0\n"), 5, "body is empty; expected the article's text after the closing `---`."),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, content: str | bytes, line: int, problem: str) -> None:
    path = write(tmp_path / "a.md", content)
    assert problem_of(path) == f"{path}:{line}: {problem}"


def test_five_megabytes_and_one_byte(tmp_path: Path) -> None:
    head = article_text(body="").encode()
    path = write(tmp_path / "a.md", head + b"a" * (5_000_000 - len(head)))
    assert len(read_article(path).body) == 5_000_000 - len(head)
    write(path, path.read_bytes() + b"a")
    assert problem_of(path) == f"{path}:1: larger than 5 MB; expected one article's text."


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_article(tmp_path / "a.md")


# A directory of them


def test_all_articles_of_a_directory_by_id(tmp_path: Path) -> None:
    for name, id_ in [("z.md", "A"), ("deep/er/b.md", "c"), ("a.md", "b")]:
        write(tmp_path / name, article_text(f"id: {id_}\ntitle: T\nlang: fr\n"))
    for name in ("notes.txt", "._a.md", ".git/a.md", "b.md.orig"):
        write(tmp_path / name, "no article")
    (tmp_path / "folder.md").mkdir()
    assert [article.id for article in read_articles(tmp_path)] == ["A", "b", "c"]
    assert check_articles(tmp_path) == []


@pytest.mark.parametrize("read", [read_articles, check_articles, survey_articles])
def test_a_directory_without_articles(tmp_path: Path, read: object) -> None:
    assert callable(read)
    for directory, problem in [
        (tmp_path / "missing", "no such directory; expected one that holds article files (*.md)."),
        (tmp_path, "holds no article files; expected at least one *.md."),
        (write(tmp_path / "file", ""), "no such directory; expected one that holds article files (*.md)."),
    ]:
        with pytest.raises(ArticleError) as caught:
            read(directory)
        assert str(caught.value) == f"{directory}: {problem}"


def test_two_articles_of_one_id(tmp_path: Path) -> None:
    first = write(tmp_path / "1.md", article_text())
    second = write(tmp_path / "2.md", article_text("lang: fr\ntitle: U\nid: a\n"))
    expected = f"{second}:4: id 'a' is already the id of {first}."
    assert [str(error) for error in check_articles(tmp_path)] == [expected]
    with pytest.raises(ArticleError) as caught:
        read_articles(tmp_path)
    assert str(caught.value) == f"{expected} Run `python -m corpus check`."
    assert (caught.value.path, caught.value.line) == (second, 4)


@pytest.fixture
def troubled(tmp_path: Path) -> Path:
    """A directory of one good article and three bad files."""
    write(tmp_path / "1.md", article_text())
    write(tmp_path / "2.md", article_text(body="\n"))
    write(tmp_path / "3.md", "Body.\n")
    write(tmp_path / "sub" / "4.md", article_text(f"{HEAD}date: soon\n"))
    return tmp_path


def lines_of(troubled: Path) -> list[str]:
    return [
        f"{troubled}/2.md:5: body is empty; expected the article's text after the closing `---`.",
        f"{troubled}/3.md:1: {NO_FRONT_MATTER}",
        f"{troubled}/sub/4.md:5: date is 'soon'; {DAY}",
    ]


def test_every_bad_file_at_once(troubled: Path) -> None:
    assert [str(error) for error in check_articles(troubled)] == lines_of(troubled)
    articles, errors = survey_articles(troubled)
    assert [article.id for article in articles] == ["a"]
    assert [str(error) for error in errors] == lines_of(troubled)


def test_the_first_bad_file_and_how_many_more(troubled: Path) -> None:
    with pytest.raises(ArticleError) as caught:
        read_articles(troubled)
    assert str(caught.value) == f"{lines_of(troubled)[0]} 2 more problems. Run `python -m corpus check`."
    (troubled / "3.md").unlink()
    with pytest.raises(ArticleError) as caught:
        read_articles(troubled)
    assert str(caught.value) == f"{lines_of(troubled)[0]} 1 more problem. Run `python -m corpus check`."


# The commands


@pytest.fixture
def two(tmp_path: Path) -> Path:
    write(tmp_path / "1.md", article_text("id: long-id\ntitle: T\nlang: fr\n", " one two\u00a0three\n"))
    front = "id: b\ntitle: Größe\nlang: de\ndate: 2014-03-06\nauthors: A\nsection: S\nurl: http://x.org\n"
    write(tmp_path / "2.md", article_text(front, "w " * 12))
    return tmp_path


def test_list(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--articles", str(two)]) == 0
    assert capsys.readouterr().out == (
        "id       date        lang  words  title\n"
        "b        2014-03-06  de       12  Größe\n"
        "long-id              fr        3  T\n"
    )


def test_list_as_json(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json", "--articles", str(two)]) == 0
    out = capsys.readouterr().out
    assert "Größe" in out
    b = {"id": "b", "title": "Größe", "url": "http://x.org", "date": "2014-03-06", "lang": "de", "section": "S"}
    long_id = {"id": "long-id", "title": "T", "url": "", "date": "", "lang": "fr", "section": ""}
    assert json.loads(out) == [{**b, "authors": ["A"], "words": 12}, {**long_id, "authors": [], "words": 3}]


def test_list_of_a_troubled_directory(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--articles", str(troubled)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"error: {lines_of(troubled)[0]} 2 more problems. Run `python -m corpus check`.\n"


def test_check(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--articles", str(troubled)]) == 1
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in lines_of(troubled))


def test_check_all_well(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--articles", str(two)]) == 0
    assert capsys.readouterr().out == "2 articles, all well.\n"
    (two / "1.md").unlink()
    assert main(["check", "--articles", str(two)]) == 0
    assert capsys.readouterr().out == "1 article, all well.\n"


def test_check_of_the_bulletin_by_default(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BULLETIN_ARTICLES", raising=False)
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "1 article, all well.\n"


def test_the_directory_from_the_environment(
    two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULLETIN_ARTICLES", str(two))
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "2 articles, all well.\n"


def test_errors_of_usage_and_system_end_in_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing"
    assert main(["check", "--articles", str(missing)]) == 2
    problem = "no such directory; expected one that holds article files (*.md)."
    assert capsys.readouterr().err == f"error: {missing}: {problem}\n"
    (tmp_path / "gone.md").symlink_to(missing)
    assert main(["check", "--articles", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: [Errno 2] No such file or directory: '{tmp_path}/gone.md'\n"
    for arguments in ([], ["chek"], ["check", "--json"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


@pytest.mark.parametrize("verb", [[], ["list"], ["check"]])
def test_help(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*verb, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: python -m corpus", *verb, "[-h]"]))


def test_all_names_what_is_there() -> None:
    missing = [name for name in corpus.articles.__all__ if not hasattr(corpus.articles, name)]
    assert missing == []
