"""Syncing the pages of a sitemap, from a server that misbehaves."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.misbehaving import Misbehaving, Visit, misbehaving
from tests.syncing import HAND, asked, counts, kept, page, sitemap, sync, text, written

LAUGHS = '<!DOCTYPE urlset [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with misbehaving() as server:
        yield server


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "by-hand.md").write_text(HAND)
    return tmp_path


def listed(server: Misbehaving, pages: dict[str, str]) -> str:
    """A sitemap of these paths and their `lastmod`; a page for each that has none yet."""
    for path in pages:
        if path not in server.replies:
            server.page(path, page(path.strip("/")))
    return server.page("/sitemap.xml", sitemap({server.address + path: lastmod for path, lastmod in pages.items()}))


def test_each_page_becomes_an_article(server: Misbehaving, directory: Path) -> None:
    assert sync(listed(server, {"/un": "", "/deux": ""}), directory) == 0
    articles = kept(directory)
    assert articles.keys() == {"un", "deux"}
    article = articles["un"]
    assert (article.title, article.url, str(article.date)) == ("un", f"{server.address}/un", "2012-03-06")
    assert article.body == text("un")


def test_only_a_page_with_another_lastmod_is_read_again(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = listed(server, {"/a": "2012-01-01", "/b": "2012-01-01", "/c": "2012-01-01"})
    assert sync(source, directory) == 0
    before = written(directory)
    asked(server)
    capsys.readouterr()
    assert sync(source, directory) == 0
    assert asked(server) == ["/sitemap.xml"]
    assert capsys.readouterr().out == "sitemap\nnothing new: 3 unchanged\n"
    server.page("/b", page("b", text("Munich")))
    listed(server, {"/a": "2012-01-01", "/b": "2012-02-02", "/c": "2012-02-02", "/d": "2012-02-02"})
    asked(server)
    assert sync(source, directory) == 0
    assert asked(server) == ["/sitemap.xml", "/b", "/c", "/d"]
    assert counts(capsys.readouterr().out) == {"added": 1, "changed": 1}
    assert kept(directory)["b"].body == text("Munich")
    assert {name for name, at in written(directory).items() if before.get(name) != at} == {"b.md", "d.md"}


def test_without_a_lastmod_a_page_is_asked_whether_it_changed(server: Misbehaving, directory: Path) -> None:
    def reply(visit: Visit) -> None:
        fresh = visit.headers.get("if-none-match") == '"1"'
        visit.send("" if fresh else page("a"), 304 if fresh else 200, etag='"1"')
        answers.append(304 if fresh else 200)

    answers: list[int] = []
    server.reply("/a", reply)
    source = listed(server, {"/a": "", "/b": ""})
    assert sync(source, directory) == 0
    before = written(directory)
    assert sync(source, directory) == 0
    assert answers == [200, 304]
    assert written(directory) == before
    (directory / "a.md").unlink()
    assert sync(source, directory) == 0  # what is lost is read again, whatever has not changed
    assert answers == [200, 304, 200]
    assert kept(directory).keys() == {"a", "b"}


@pytest.mark.parametrize(("status", "stays"), [(404, False), (410, False), (503, True), (403, True), (200, True)])
def test_a_page_is_withdrawn_when_it_left_the_sitemap_and_is_gone(
    server: Misbehaving, directory: Path, status: int, stays: bool
) -> None:
    source = listed(server, {"/a": "1", "/b": "1"})
    assert sync(source, directory) == 0
    listed(server, {"/b": "1"})
    server.page("/a", page("a"), status, retry_after="9999")
    assert sync(source, directory) == 0
    assert kept(directory).keys() == ({"a", "b"} if stays else {"b"})


def test_a_page_that_moved_is_one_article_still(server: Misbehaving, directory: Path) -> None:
    source = listed(server, {"/a": "1", "/b": "1", "/c": "1"})
    assert sync(source, directory) == 0
    listed(server, {"/new/a": "1", "/b": "1", "/c": "1"})
    server.page("/new/a", page("a"))
    server.page("/a", "", 301, location="/new/a")
    assert sync(source, directory) == 0
    assert kept(directory).keys() == {"a", "b", "c"}
    assert kept(directory)["a"].url.endswith("/new/a")


def test_a_page_that_fails_is_no_reason_to_remove_it(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = listed(server, {"/a": "1", "/b": "1"})
    assert sync(source, directory) == 0
    listed(server, {"/a": "2", "/b": "2"})
    server.page("/a", "", 404)
    assert sync(source, directory) == 1
    assert f"  {server.address}/a: answers 404\n" in capsys.readouterr().out
    assert kept(directory).keys() == {"a", "b"}
    server.page("/a", page("a", text("Munich")))
    assert sync(source, directory) == 0  # what failed is tried again, though its lastmod is the same
    assert kept(directory)["a"].body == text("Munich")


def test_sitemaps_of_sitemaps_gzipped_or_not(server: Misbehaving, directory: Path) -> None:
    for path in ("/a", "/b", "/c"):
        server.page(path, page(path[1:]))
    server.page("/1.xml", sitemap({f"{server.address}/a": ""}))
    server.page(
        "/2.xml.gz", gzip.compress(sitemap({f"{server.address}/b": ""}).encode()), content_type="application/x-gzip"
    )
    server.page("/4.xml", sitemap({f"{server.address}/c": ""}))
    deeper = {f"{server.address}/4.xml": "", f"{server.address}/3.xml": ""}  # which lists itself, too
    server.page("/3.xml", sitemap(deeper, inner="sitemap", outer="sitemapindex"))
    below = {f"{server.address}/{name}": "" for name in ("1.xml", "2.xml.gz", "3.xml")}
    source = server.page("/index.xml", sitemap(below, inner="sitemap", outer="sitemapindex"))
    assert sync(source, directory) == 0
    assert kept(directory).keys() == {"a", "b", "c"}


def test_a_sitemap_that_goes_on_for_ever_is_left(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(9):
        below = {f"{server.address}/{n + 1}.xml": ""}
        server.page(f"/{n}.xml", sitemap(below, inner="sitemap", outer="sitemapindex"))
    assert sync(f"{server.address}/0.xml", directory) == 1
    assert f"  {server.address}/4.xml: lies below 3 other sitemaps; it was not read." in capsys.readouterr().out
    assert set(asked(server)) == {f"/{n}.xml" for n in range(4)}


def test_while_a_part_of_the_sitemap_is_missing_nothing_is_removed(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.page("/a", page("a"))
    server.page("/b", page("b"))
    server.page("/1.xml", sitemap({f"{server.address}/a": ""}))
    whole = sitemap({f"{server.address}/b": ""})
    server.page("/2.xml", whole)
    below = {f"{server.address}/1.xml": "", f"{server.address}/2.xml": ""}
    source = server.page("/index.xml", sitemap(below, inner="sitemap", outer="sitemapindex"))
    assert sync(source, directory) == 0
    server.page("/b", "", 410)
    server.page("/2.xml", whole[:-20])
    assert sync(source, directory) == 1
    assert "/2.xml: the sitemap is not whole" in capsys.readouterr().out
    assert kept(directory).keys() == {"a", "b"}
    server.page("/2.xml", sitemap({}))
    assert sync(source, directory) == 0
    assert kept(directory).keys() == {"a"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (sitemap({"http://127.0.0.2/a": ""})[:-30], "not whole"),
        (f"{LAUGHS}]>" + "<urlset><url><loc>http://127.0.0.2/&i;</loc></url></urlset>", "entit"),
        ('<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset>&a;</urlset>', "entities of its own"),
        (gzip.compress(sitemap({}).encode())[:-5], "cannot be unpacked"),
        (gzip.compress(b"<urlset>" + bytes(60_000_000)), "more than"),
        ("<html><body>Bienvenue</body></html>", "is no WordPress site, feed or sitemap"),
        ("", "is no WordPress site, feed or sitemap"),
        (b"\x89PNG\r\n\x1a\n" + zlib.compress(b"picture"), "is no WordPress site, feed or sitemap"),
    ],
    ids=["cut off", "laughs", "file", "gzip cut off", "gzip bomb", "page", "empty", "picture"],
)
def test_what_is_no_sitemap_is_said_to_be_none(
    server: Misbehaving, directory: Path, body: str | bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(server.page("/sitemap.xml", body), directory) == 2
    assert told in capsys.readouterr().err
    assert kept(directory) == {}


def test_pages_of_every_kind_are_named_and_never_stop_the_rest(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latin = page("Élan").replace("charset=utf-8", "charset=iso-8859-1")
    bad = {
        "/missing": "answers 404",
        "/empty": "is empty",
        "/picture": "",
        "/inside": "leads to http://127.0.0.1:9/secret: is a loopback host",
        "/file": "is redirected to an address that is none of the web's: 'file:///etc/passwd'",
        "/bomb": "unpacks to more than 20,000,000 bytes long (--max-bytes)",
        "/deep": "",
    }
    server.page("/empty", "")
    server.page("/picture", b"\x89PNG\r\n\x1a\n" + bytes(2000))
    server.page("/inside", "", 302, location="http://127.0.0.1:9/secret")
    server.page("/file", "", 302, location="file:///etc/passwd")
    server.page("/bomb", gzip.compress(bytes(30_000_000)), content_encoding="gzip")
    server.page("/deep", "<div>" * 200_000)
    server.page("/missing", "", 404)
    server.page("/latin", latin.encode("latin-1", "replace"), content_type="text/html; charset=utf-8")
    server.page("/octets", page("octets"), content_type="application/octet-stream")
    server.reply("/slow-start", lambda visit: visit.send(page("slow-start"), 200 if visit.number == 2 else 503))
    source = listed(server, {"/first": "", **dict.fromkeys(bad, ""), "/latin": "", "/octets": "", "/slow-start": ""})
    assert sync(source, directory) == 1
    printed = capsys.readouterr().out
    assert counts(printed) == {"added": 4, "failed": len(bad)}
    for path, problem in bad.items():
        assert f"  {server.address}{path}: {problem}" in printed
    articles = kept(directory)
    assert articles.keys() == {"first", "latin", "octets", "slow-start"}
    assert articles["latin"].title == "Élan"


def test_pages_of_one_name_do_not_overwrite_each_other(server: Misbehaving, directory: Path) -> None:
    source = listed(server, {"/2011/vin.htm": "1", "/2012/vin.htm": "1"})
    assert sync(source, directory) == 0
    first, second = sorted(kept(directory))
    assert (first, second.rpartition("-")[0]) == ("vin", "vin")
    assert {article.url for article in kept(directory).values()} == {
        f"{server.address}/2011/vin.htm",
        f"{server.address}/2012/vin.htm",
    }
    before = written(directory)
    listed(server, {"/2012/vin.htm": "2", "/2011/vin.htm": "2"})
    assert sync(source, directory) == 0
    assert written(directory) == before


def test_what_may_not_be_read_ends_before_anything_is_asked(
    server: Misbehaving, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = listed(server, {"/a": ""}).replace("127.0.0.2", "127.0.0.3")
    assert sync(source, directory) == 2
    assert "is a loopback host; if it may be read, pass --allow 127.0.0.3" in capsys.readouterr().err
    assert sync(source.replace("http://", "http://anne:secret@"), directory) == 2
    assert "secret" not in capsys.readouterr().err
    assert asked(server) == []
