"""Syncing RSS and Atom feeds, whole texts and summaries, from a server that misbehaves."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.misbehaving import Misbehaving, Visit, misbehaving
from tests.syncing import HAND, asked, counts, kept, page, sync, text, written

RSS = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Bulletin</title><link>http://127.0.0.2/</link>'
    "<description>Science</description><language>fr-FR</language>{items}</channel></rss>"
)
ATOM = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>B</title>'
    "<id>urn:b</id><updated>2012-03-06T09:00:00Z</updated>{items}</feed>"
)
GERMAN = (
    "Das Projekt hat vom Ministerium drei Millionen Euro erhalten; die ersten Tankstellen für Wasserstoff sollen noch"
    " vor dem Ende des Jahrzehnts in München und in Berlin stehen."
)


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with misbehaving() as server:
        yield server


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "by-hand.md").write_text(HAND)
    return tmp_path


def item(server: Misbehaving, name: str, body: str = "") -> str:
    """An item of RSS; without `body` it has a summary only."""
    whole = f"<content:encoded><![CDATA[{body}]]></content:encoded>" if body else ""
    return (
        f"<item><title>L&amp;#8217;article {name}</title><link>{server.address}/a/{name}</link><guid>urn:{name}</guid>"
        "<pubDate>Tue, 06 Mar 2012 00:30:00 +0100</pubDate><dc:creator>Anne Léger</dc:creator>"
        f"<category>Énergie</category><description>Le début ...</description>{whole}</item>"
    )


def feed(server: Misbehaving, items: Sequence[str], frame: str = RSS) -> str:
    return server.page("/feed.xml", frame.format(items="".join(items)), content_type="application/rss+xml")


def test_an_item_with_its_whole_text_is_an_article(server: Misbehaving, directory: Path) -> None:
    source = feed(server, [item(server, "un", f"<p>{text('H&lt;sub&gt;2')}</p><ul><li>Berlin</li></ul>")])
    assert sync(source, directory) == 0
    assert asked(server) == ["/feed.xml", "/feed.xml"]  # to see what it is, and to read it
    (article,) = kept(directory).values()
    assert article.body == f"{text('H<sub>2')}\n\n- Berlin"
    assert (article.id, article.title, article.lang, str(article.date), article.section, article.authors) == (
        ("un", "L’article un", "fr", "2012-03-06", "Énergie", ("Anne Léger",))
    )


def test_an_item_with_a_summary_is_read_where_it_leads(server: Misbehaving, directory: Path) -> None:
    server.page("/a/un", page("un").replace("<meta property", "<meta content="))
    assert sync(feed(server, [item(server, "un")]), directory) == 0
    (article,) = kept(directory).values()
    assert (article.body, article.url) == (text("un"), f"{server.address}/a/un")
    assert (str(article.date), article.section, article.authors) == ("2012-03-06", "Énergie", ("Anne Léger",))


def test_atom(server: Misbehaving, directory: Path) -> None:
    entry = (
        "<entry><title type='html'>Wasserstoff &amp;amp; mehr</title><id>urn:1</id><link href='/eins.html'/>"
        "<updated>2012-03-06T09:00:00Z</updated><author><name>Jürgen Groß</name></author>"
        f"<content type='html'>{html.escape(f'<p>{GERMAN}</p>')}</content></entry>"
    )
    assert sync(feed(server, [entry], ATOM), directory) == 0
    (article,) = kept(directory).values()
    assert (article.id, article.title, article.lang) == ("eins", "Wasserstoff & mehr", "de")
    assert (article.body, article.url) == (GERMAN, f"{server.address}/eins.html")
    assert (str(article.date), article.authors) == ("2012-03-06", ("Jürgen Groß",))


def test_what_drops_out_of_a_feed_stays(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [item(server, str(n), text(str(n))) for n in range(8)]
    assert sync(feed(server, items[:5]), directory) == 0
    before = written(directory)
    assert sync(feed(server, items[3:]), directory) == 0
    assert counts(capsys.readouterr().out.rpartition("feed\n")[2]) == {"added": 3}
    assert kept(directory).keys() == {str(n) for n in range(8)}
    assert {name: written(directory)[name] for name in before} == before
    assert sync(feed(server, []), directory) == 0
    assert len(kept(directory)) == 8


def test_an_item_that_changed_is_read_again(server: Misbehaving, directory: Path) -> None:
    items = [item(server, name, text(name)) for name in ("un", "deux")]
    assert sync(feed(server, items), directory) == 0
    before = written(directory)
    items[0] = item(server, "un", text("Munich"))
    assert sync(feed(server, items), directory) == 0
    assert kept(directory)["un"].body == text("Munich")
    assert [name for name, at in written(directory).items() if before[name] != at] == ["un.md"]


def test_a_feed_that_did_not_change_is_not_even_sent(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reply(visit: Visit) -> None:
        fresh = visit.headers.get("if-none-match") == 'W/"1"' and "if-modified-since" in visit.headers
        answers.append(304 if fresh else 200)
        said = {"etag": 'W/"1"', "last_modified": "Tue, 06 Mar 2012 08:00:00 GMT"}
        visit.send("" if fresh else body, answers[-1], **said)

    answers: list[int] = []
    body = RSS.format(items=item(server, "un", text("un")) + item(server, "deux"))
    source = server.reply("/feed.xml", reply)
    server.page("/a/deux", "", 404)
    assert sync(source, directory) == 1
    server.page("/a/deux", page("deux"))
    assert sync(source, directory) == 0  # in full: something had failed, and must not be forgotten
    capsys.readouterr()
    assert sync(source, directory) == 0
    assert capsys.readouterr().out == "feed\nnothing new: 2 unchanged\n"
    assert answers == [200, 200, 200, 304]
    (directory / "un.md").unlink()
    assert sync(source, directory) == 0
    assert answers == [200, 200, 200, 304, 200]
    assert kept(directory).keys() == {"un", "deux"}


def test_of_a_feed_that_is_cut_off_the_whole_items_are_taken(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = RSS.format(items="".join(item(server, name, text(name)) for name in ("un", "deux", "trois")))
    source = server.page("/feed.xml", whole[: whole.index("fin de la décennie", whole.index("article trois"))])
    assert sync(source, directory) == 1
    assert "the feed is cut off after 2 whole items" in capsys.readouterr().out
    assert kept(directory).keys() == {"un", "deux"}
    server.page("/feed.xml", whole + "<!-- cached -->")
    assert sync(source, directory) == 0
    assert kept(directory)["trois"].body == text("trois")


def test_a_feed_that_is_no_good_xml_is_read_all_the_same(server: Misbehaving, directory: Path) -> None:
    assert (
        sync(feed(server, [item(server, "un", text("un")).replace("<title>", "<title>&nbsp;&eacute; & ")]), directory)
        == 0
    )
    assert kept(directory)["un"].body == text("un")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832;", "😀"),
        ("&#xD83D;&#xDE00;&#8217;", "😀’"),
        ("&#55357;", ""),
        ("&#99999999999;", ""),
        (f"&#{'9' * 5000};&#0000000000233;", "é"),
        ("&#xFFFF;", ""),
    ],
    ids=["pair", "hexadecimal", "half", "beyond", "endless", "none"],
)
def test_references_to_no_character_are_mended_or_left_out(
    server: Misbehaving, directory: Path, written: str, read: str
) -> None:
    source = feed(server, [item(server, "un", text("un")).replace("<title>", f"<title>H{written}2. ")])
    assert sync(source, directory) == 0
    assert kept(directory)["un"].title == f"H{read}2. L’article un"


def test_a_feed_at_which_the_parser_stumbles_is_said_to_be_unreadable(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = RSS.format(items=item(server, "un", text("un")).replace("<title>", "<title>&#55357;"))
    source = server.page("/feed.xml", body.replace("UTF-8", "utf-16").encode("utf-16"))  # not looked through
    assert sync(source, directory) == 2
    assert f"{source}: the feed cannot be read (UnicodeEncodeError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("charset", "said", "content_type"),
    [
        ("iso-8859-1", "iso-8859-1", "text/xml"),
        ("iso-8859-1", "utf-8", "application/rss+xml; charset=utf-8"),
        ("utf-8", "iso-8859-1", "text/html; charset=utf-8"),
        ("utf-16", "utf-16", "application/octet-stream"),
    ],
)
def test_a_feed_in_another_charset_than_is_said(
    server: Misbehaving, directory: Path, charset: str, said: str, content_type: str
) -> None:
    body = RSS.replace("UTF-8", said).format(items=item(server, "un", "<p>Énergie.</p>"))
    assert sync(server.page("/feed.xml", body.encode(charset), content_type=content_type), directory) == 0
    (article,) = kept(directory).values()
    assert (article.body, article.section) == ("Énergie.", "Énergie")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-7", "cp037"])
def test_a_feed_that_defines_entities_is_not_read(
    server: Misbehaving, directory: Path, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A billion laughs, and a file of ours."""
    laughs = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    doctype = f'<!DOCTYPE rss [<!ENTITY a "ha">{laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    body = RSS.replace("?><rss", f"?>{doctype}<rss").replace("UTF-8", encoding)
    body = body.format(items=item(server, "un", text("un")).replace("Le début", "&i; &file;")).replace("’", "'")
    head, _, rest = body.partition("?>")
    data = f"{head}?>".encode() + rest.encode(encoding) if encoding == "utf-7" else body.encode(encoding)
    assert sync(server.page("/feed.xml", data), directory) == 2
    assert "defines entities of its own" in capsys.readouterr().err
    assert kept(directory) == {}


def test_an_item_cannot_make_us_read_what_is_not_public(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = ("http://127.0.0.1:9/", "http://169.254.169.254/latest/", "file:///etc/passwd", "http://[::1]/")
    items = [item(server, str(n)).replace(f"{server.address}/a/{n}", link) for n, link in enumerate(links)]
    assert sync(feed(server, [*items, item(server, "deux", text("deux"))]), directory) == 1
    assert counts(capsys.readouterr().out) == {"added": 1, "failed": 4}
    assert asked(server) == ["/feed.xml", "/feed.xml"]


def test_a_page_that_names_a_feed_says_so(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = "<link rel=alternate type='application/rss+xml' href='/feed.xml'>"
    source = server.page("/", page("Accueil").replace("</head>", f"{link}</head>"))
    assert sync(source, directory) == 2
    assert f"names a feed, which you may give instead: {server.address}/feed.xml" in capsys.readouterr().err
