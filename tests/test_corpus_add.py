# ruff: noqa: E501 (pages and documents stand here as they come)
"""Taking files in: every kind of document, the article files that come of them, and `python -m corpus add`."""

from __future__ import annotations

import datetime
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import docx
import matplotlib
import matplotlib.pyplot as plt
import pypdf
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from corpus.__main__ import main
from corpus.articles import read_article, read_articles
from corpus.documents.read import read_document
from corpus.pages.read import article_id, body_of, plain, read_page
from corpus.write import render, write_article
from errors import ArticleError, PageError
from records import LANGS, Article
from settings import ROOT

matplotlib.use("Agg")

FIRST = (
    "Le premier parc éolien commercial allemand en mer Baltique a été mis en service au large de la presqu'île de Darß."
)
SECOND = (
    "La construction a duré à peine plus d'un an ; les pales, longues de 45 mètres, ont été assemblées dans le port."
)
THIRD = (
    "Le raccordement reste le point faible des projets en haute mer, car le câble a coûté un quart de l'investissement."
)


# Articles to files and back


_line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
_field = _line.map(str.strip)
_name = _field.filter(bool)
_body = st.lists(_line, min_size=1, max_size=6).map("\n".join).map(lambda text: "\n".join(_full(text.split("\n"))))
articles = st.builds(
    Article,
    id=st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True),
    title=_name,
    lang=st.sampled_from(LANGS),
    body=_body.filter(str.strip),
    url=st.sampled_from(["", "https://example.org/a?b=c#d", "http://example.org/é:: x".replace(" ", "")]),
    date=st.none() | st.dates(),
    section=_field,
    authors=st.lists(_name, max_size=3).map(tuple),
)


def _full(lines: list[str]) -> list[str]:
    """Without empty lines at either end, as a body is."""
    full = [number for number, line in enumerate(lines) if line.strip()]
    return lines[full[0] : full[-1] + 1] if full else []


@given(article=articles)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read(article: Article, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("articles")
    path = write_article(article, folder)
    assert read_article(path) == article
    assert read_articles(folder) == [article]
    assert path.read_bytes() == render(article).encode()
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    ["null", "~", "yes: no", "# croisière", "- item", "a: b", "[x]", "'", '"', "\\", "a #b", "!tag", "&a", "*a", "%", "@x", "`", "|",
     "{a}", "2011-06-21", "x\u2028y\u2029z", "a\u00a0b", "x\ufeffy", "---", "?", ", ,", "a, b]", "\U0001f600", "e\u0301"],
)  # fmt: skip
def test_titles_that_yaml_would_take_for_something_else(text: str, tmp_path: Path) -> None:
    article = Article("a", text, "fr", "Corps.", section=text, authors=(text, "b"))
    assert read_article(write_article(article, tmp_path)) == article


def test_plain_titles_stand_unquoted() -> None:
    article = Article("a", "L’été à Berlin, n° 5", "fr", "Corps.", date=datetime.date(2011, 6, 21), authors=("A. Bey",))
    head = "---\nid: a\ntitle: L’été à Berlin, n° 5\ndate: 2011-06-21\nlang: fr\nauthors: [A. Bey]\n---\n\nCorps.\n"
    assert render(article) == head


@pytest.mark.parametrize(
    "broken", [{"id": "a b"}, {"title": ""}, {"body": " \n"}, {"body": "a\r\nb"}, {"body": "a\x07"}, {"title": " x"}]
)
def test_what_no_file_can_hold_is_not_written(broken: dict[str, str], tmp_path: Path) -> None:
    fields = {"id": "a", "title": "T", "lang": "fr", "body": "Corps."} | broken
    with pytest.raises(ArticleError, match="not written"):
        write_article(Article(**fields), tmp_path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_an_article_is_replaced_where_it_lies(tmp_path: Path) -> None:
    place = tmp_path / "2011" / "be-518.md"
    write_article(Article("x", "Avant", "fr", "Corps."), tmp_path, path=place)
    write_article(Article("x", "Après", "fr", "Corps."), tmp_path, path=place)
    assert [read_article(path).title for path in tmp_path.rglob("*.md")] == ["Après"]


# Names and fragments


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("http://www.bulletins-electroniques.com/actualites/67029.htm", "67029"),
        ("https://x.fr/fr/édition-2014%20bis/", "edition-2014-bis"),
        ("https://x.fr/?p=12", "p-12"),
        ("https://x.fr/a/index.php", "a-index"),
        ("https://x.fr/", "x.fr"),
        ("Straße à l'Œuvre.v2.HTML", "Strasse-a-l-OEuvre.v2"),
        (".cache.md", "cache"),
        ("go-cluster-2014.md", "go-cluster-2014"),
    ],
)
def test_ids(name: str, expected: str) -> None:
    assert article_id(name) == expected


@given(name=st.text(max_size=200))
def test_every_name_has_an_id_that_a_file_admits(name: str) -> None:
    article = Article(article_id(name), "T", "fr", "Corps.")
    assert article.id == article_id(name) and not article.id.startswith(".")
    assert render(article).startswith(f"---\nid: {article.id}\n") or article.id in render(article)
    assert len(article.id) <= 100


def test_a_fragment_of_wordpress() -> None:
    fragment = (
        "<h2>Le bilan</h2>\n<p>L&rsquo;&eacute;t&eacute; 5 &lt; 6<br />suite</p><ul><li>un</li><li>deux<ul><li>trois</li></ul></li></ul>"
        "<form><input name=q> <button>Chercher</button></form><script>x()</script><style>p{}</style><nav>Menu</nav>"
        "<div class='sharedaddy'>Partager</div><p hidden>caché</p><p>fin\x07 e\u0301</p>"
    )
    assert body_of(fragment) == "Le bilan\n\nL’été 5 < 6\nsuite\n\n- un\n- deux\n\n- trois\n\nfin é"
    assert body_of("") == body_of("<!-- rien -->") == body_of(" \n ") == ""
    assert plain("L&rsquo;<em>H<sub>2</sub></em> &amp; &#8211; a") == "L’H2 & – a"


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_fragment_is_a_body_that_a_file_keeps(text: str) -> None:
    body = body_of(f"<p>{text}</p>x")
    assert body.endswith("x") and "\r" not in body and "\x00" not in body
    assert render(Article("a", "T", "fr", body))


# Pages of today


WORDPRESS = (ROOT / "tests" / "pages" / "wordpress.html").read_text(encoding="utf-8")
WORDPRESS = WORDPRESS.replace("{first}", FIRST).replace("{second}", SECOND).replace("{third}", THIRD)


def test_a_wordpress_page_is_its_article_and_nothing_else() -> None:
    article = read_page(WORDPRESS.encode())
    body = "\n\n".join([
        FIRST, f"{SECOND} Cela fait 185 GWh[1].", "Le port", "Les pales dans le port. © EnBW", "- fondations de 2010 ;\n- câble de 77 km.",
        "Parc | MW\nBaltic 1 | 48", THIRD, "Sources :", "- Communiqué d’EnBW, 02/05/2016", "[1] Soit 0,03 %.",
    ])  # fmt: skip
    assert article == Article(
        "un-parc-eolien", "Un parc éolien", "fr", body, url="https://www.science-allemagne.fr/fr/un-parc-eolien/",
        date=datetime.date(2016, 5, 12), section="Environnement", authors=("Claire Vasseur",),
    )  # fmt: skip


def test_a_page_of_plain_divs_with_meta_tags() -> None:
    page = f"""<html lang="fr"><head><title>Baltique | Le journal</title><meta name="author" content="Marie Bey"><meta name="DC.date" content="2015-03-04">
    </head><body><div class="menu"><a href="/">Accueil</a></div><div class="breadcrumb"><a href="/">Accueil</a> › <a href="/e">Energie</a> › Baltique</div>
    <div class="content"><h1>Baltique</h1><p class="date">4 mars 2015</p><div>{FIRST}</div><p>{SECOND}</p><p>En bref : c'est fait.</p></div>
    <div class="related"><h3>Lire aussi</h3><a href="/1">Alpha Ventus</a></div><div class="footer">Mentions légales</div></body></html>"""
    article = read_page(page.encode(), url="https://journal.fr/2015/baltique.html")
    assert article.id == "baltique" and article.url == "https://journal.fr/2015/baltique.html"
    assert (article.title, article.section, article.authors) == ("Baltique", "Energie", ("Marie Bey",))
    assert article.date == datetime.date(2015, 3, 4)
    assert article.body == f"{FIRST}\n\n{SECOND}\n\nEn bref : c'est fait."


@pytest.mark.parametrize("kind", ["[{}]", '{"a": 1}', '[["Article"], "Thing"]', "null", "5"])
def test_what_json_ld_calls_no_article_is_none(kind: str) -> None:
    linked = f'<script type="application/ld+json">{{"@type": {kind}, "headline": "Autre"}}</script>'
    page = f"<html><head>{linked}</head><body><article><h1>Un parc</h1><p>{FIRST}</p></article></body></html>"
    assert read_page(page.encode(), id="a") == Article("a", "Un parc", "fr", FIRST)


# Other documents


def _typeset(text: str, width: int = 44) -> str:
    """Rows as a printer sets them: long words are cut at a row's end, with a hyphen."""
    rows = [""]
    for word in text.split():
        room = width - len(rows[-1]) - 2
        if len(rows[-1]) + len(word) < width:
            rows[-1] += f" {word}"
        elif re.fullmatch(r"[a-zé]{8,}[.,]?", word) and room > 3:
            rows[-1] += f" {word[:4]}-"
            rows.append(word[4:])
        else:
            rows.append(word)
    return "<br>".join(rows)


PRINTED = f"""<html lang="fr"><head><style>body {{font: 12pt serif}} p {{white-space: nowrap}}</style></head><body>
<h1>Un parc éolien en mer Baltique</h1><p>Rubrique : Environnement<br>Date : 21 juin 2011<br>Auteur : Claire Vasseur</p>
{"".join(f"<p>{_typeset(f'{number}. {FIRST} {SECOND} {THIRD}')}</p>" for number in "ABCDEFGH")}<p>Sources :<br>BMBF, 03/05/2011</p></body></html>"""


def test_a_printed_page(browser: Browser, tmp_path: Path) -> None:
    """Two pages with running titles, and words cut at the rows' ends with hyphens."""
    page = browser.new_page()
    page.set_content(PRINTED)
    running = "<div style='font-size: 9px; margin-left: 2cm'>BE Allemagne 518 - {}</div>"
    page.pdf(
        path=tmp_path / "parc.pdf", width="11cm", height="20cm", display_header_footer=True, header_template=running.format("Bulletin"),
        footer_template=running.format("<span class=pageNumber></span> / <span class=totalPages></span>"),
        margin={"top": "2cm", "bottom": "2cm", "left": "1cm", "right": "1cm"},
    )  # fmt: skip
    page.close()
    reader = pypdf.PdfReader(tmp_path / "parc.pdf")
    assert len(reader.pages) > 1 and PRINTED.count("-<br>") > 15
    article = read_document(tmp_path / "parc.pdf")
    assert (article.id, article.title, article.section) == ("parc", "Un parc éolien en mer Baltique", "Environnement")
    assert (article.date, article.authors, article.lang) == (datetime.date(2011, 6, 21), ("Claire Vasseur",), "fr")
    paragraphs = [f"{number}. {FIRST} {SECOND} {THIRD}" for number in "ABCDEFGH"]
    assert article.body.replace("’", "'") == "\n\n".join([*paragraphs, "Sources :\nBMBF, 03/05/2011"])


def _pdf(path: Path, draw: bool) -> Path:
    figure = plt.figure(figsize=(4, 4))
    figure.add_axes((0, 0, 1, 1)).imshow([[0, 1], [1, 0]])
    if draw:
        figure.text(0.1, 0.9, "Un titre en grand", fontsize=20)
        figure.text(0.1, 0.5, FIRST[:60], fontsize=8)
    figure.savefig(path)
    plt.close(figure)
    return path


def test_pdfs_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    scan = _pdf(tmp_path / "scan.pdf", draw=False)
    writer = pypdf.PdfWriter(clone_from=_pdf(tmp_path / "open.pdf", draw=True))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(scan.read_bytes()[:400])
    odd = tmp_path / "odd.pdf"
    odd.write_bytes((tmp_path / "open.pdf").read_bytes().replace(b"/FlateDecode", b"/OtherDecode"))
    for path, told in (
        (tmp_path / "locked.pdf", "is encrypted"),
        (cut, "damaged PDF|no text"),
        (odd, r"is a damaged PDF \(NotImplementedError: Unsupported filter /OtherDecode\)"),
    ):
        with pytest.raises(PageError, match=told):
            read_document(path)


def test_a_scan_has_no_text(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(tmp_path / "scan.pdf")
    with pytest.raises(PageError, match=r"holds no text, only pictures of it \(a scan\?\)"):
        read_document(tmp_path / "scan.pdf")


def _word(path: Path) -> Path:
    document = docx.Document()
    core = document.core_properties
    core.author, core.category, core.language, core.created = (
        "Claire Vasseur",
        "Espace",
        "fr-FR",
        datetime.datetime(2012, 3, 4, 5, 6),
    )
    document.add_heading("Le DLR fait voler un planeur", 0)
    document.add_paragraph(FIRST)
    document.add_heading("Les essais", 1)
    document.add_paragraph("un premier vol", style="List Bullet")
    document.add_paragraph("un second", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("Avion", "kW", "Antares", "25"), strict=True
    ):
        cell.text = text
    paragraph = document.add_paragraph("Une masse de 10")
    paragraph.add_run("9").font.superscript = True
    paragraph.add_run(" particules, ce qui suffit.")
    document.save(str(path))
    return path


def test_a_word_document(tmp_path: Path) -> None:
    body = "\n\n".join(
        [
            FIRST,
            "Les essais",
            "- un premier vol\n- un second",
            "Avion | kW\nAntares | 25",
            "Une masse de 10⁹ particules, ce qui suffit.",
        ]
    )
    expected = Article(
        "note",
        "Le DLR fait voler un planeur",
        "fr",
        body,
        date=datetime.date(2012, 3, 4),
        section="Espace",
        authors=("Claire Vasseur",),
    )
    assert read_document(_word(tmp_path / "note.docx")) == expected
    assert (
        read_document((tmp_path / "note.docx").rename(tmp_path / "note.pdf")) == expected
    )  # by what it is, not its name


def test_footnotes_of_a_word_document_are_called_and_told(tmp_path: Path) -> None:
    """python-docx makes none: the parts are put in as Word writes them."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    note = '<w:footnote w:id="2"><w:p><w:r><w:t xml:space="preserve"> Hors taxes.</w:t></w:r></w:p></w:footnote>'
    changed = {
        "word/document.xml": (FIRST + "</w:t></w:r>", FIRST + '</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'),
        "word/_rels/document.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="rId99" Type="{relation}" Target="footnotes.xml"/></Relationships>',
        ),
        "[Content_Types].xml": ("</Types>", f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'),
    }
    with zipfile.ZipFile(_word(tmp_path / "a.docx")) as old, zipfile.ZipFile(tmp_path / "b.docx", "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name in changed:
                before, after = (part.encode() for part in changed[name])
                assert before in text
                text = text.replace(before, after)
            new.writestr(name, text)
        new.writestr("word/footnotes.xml", f'<w:footnotes {w}><w:footnote w:id="0"/>{note}</w:footnotes>')
    body = read_document(tmp_path / "b.docx").body
    assert body.startswith(f"{FIRST}[1]\n\nLes essais") and body.endswith("\n\n[1] Hors taxes.")


def test_a_word_document_in_content_controls_is_read_whole(tmp_path: Path) -> None:
    """As Word's templates frame paragraphs, inside cells too, and as it keeps what was moved while changes are tracked."""

    def framed(element: Any, properties: str = "") -> None:
        frame = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtPr>{properties}</w:sdtPr><w:sdtContent/></w:sdt>")
        element.addprevious(frame)
        frame[1].append(element)

    document = docx.Document(str(_word(tmp_path / "a.docx")))
    expected = read_document(tmp_path / "a.docx")
    first, table = document.paragraphs[1]._p, document.tables[0]
    cell, other = table.rows[0].cells
    for inner in (first, first, cell.paragraphs[0]._p, other._tc, table.rows[1]._tr, table._tbl):  # one in another, too
        framed(inner)
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    framed(document.add_paragraph("Les essais 1")._p, gallery)
    framed(document.add_paragraph("Cliquez ici pour entrer du texte.")._p, "<w:showingPlcHdr/>")
    run = document.add_paragraph("Les essais, qui ont été déplacés.")._p[0]
    moved = parse_xml(f'<w:moveFrom {nsdecls("w")} w:id="1" w:author="A"/>')
    run.addprevious(moved)
    moved.append(run)
    document.save(str(tmp_path / "a.docx"))
    assert read_document(tmp_path / "a.docx") == expected


def test_archives_that_are_no_document(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.docx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 60_000_000)
    other = tmp_path / "table.docx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
    hollow = tmp_path / "hollow.docx"
    with zipfile.ZipFile(hollow, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    with zipfile.ZipFile(_word(tmp_path / "note.docx")) as archive:
        part = archive.getinfo("word/document.xml")
    data, start = (tmp_path / "note.docx").read_bytes(), part.header_offset + 30 + len(part.filename)
    torn = tmp_path / "torn.docx"
    torn.write_bytes(data[:start] + b"\xff" * 20 + data[start + 20 :])
    for path, told in (
        (bomb, "unpacks to 60,000,000 bytes"),
        (other, "no Word document"),
        (hollow, "damaged DOCX"),
        (torn, "is a damaged DOCX .*while decompressing data"),
    ):
        with pytest.raises(PageError, match=told):
            read_document(path)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_what_is_no_character_is_left_out(name: str, tmp_path: Path) -> None:
    title = {"a.txt": "{}", "a.md": "# {}", "a.html": "<h1>{}</h1><p>"}[name].format("Un\uffff parc\x07")
    (tmp_path / name).write_text(f"{title}\n\n\ufffe{FIRST}", encoding="utf-8")
    assert read_document(tmp_path / name) == Article("a", "Un parc", "fr", FIRST)


def test_markdown_and_text(tmp_path: Path) -> None:
    markdown = f"# Le *parc* éolien\n\nDate : 21/06/2011\n\n{FIRST} Voir [ici](https://x.fr).\n\n## Après\n\n* un\n* deux\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    (tmp_path / "note.md").write_text(markdown, encoding="utf-8")
    body = f"{FIRST} Voir ici.\n\nAprès\n\n- un\n- deux\n\na | b\n1 | 2"
    day = datetime.date(2011, 6, 21)
    assert read_document(tmp_path / "note.md") == Article("note", "Le parc éolien", "fr", body, date=day)
    text = f"Le parc éolien\r\n\r\nRubrique : Espace\r\n\r\n{FIRST}\r\n\r\n- un\r\n- deux\r\n\r\nSources :\r\nBMBF, 03/05/2011\r\n"
    (tmp_path / "lettre.txt").write_bytes(text.encode("cp1252"))
    body = f"{FIRST}\n\n- un\n- deux\n\nSources :\nBMBF, 03/05/2011"
    assert read_document(tmp_path / "lettre.txt") == Article("lettre", "Le parc éolien", "fr", body, section="Espace")


def test_front_matter_names_what_it_names(tmp_path: Path) -> None:
    whole = tmp_path / "fichier.md"
    whole.write_text(f"---\nid: autre\ntitle: T\nlang: fr\n---\n\n# pas un titre\n{FIRST}\n", encoding="utf-8")
    assert read_document(whole) == Article("autre", "T", "fr", f"# pas un titre\n{FIRST}")
    partial = tmp_path / "blog.md"
    partial.write_text(
        f"---\ntitle: Blog\nauthor: A. Bey\ncategories: [Espace, TIC]\ndate: 21/06/2011\nlayout: post\n---\n\n{FIRST}\n\n**{SECOND}**\n",
        encoding="utf-8",
    )
    expected = Article(
        "blog",
        "Blog",
        "fr",
        f"{FIRST}\n\n{SECOND}",
        date=datetime.date(2011, 6, 21),
        section="Espace, TIC",
        authors=("A. Bey",),
    )
    assert read_document(partial) == expected
    for wrong, told in (("id: a b", "cannot be used"), ("date: hier", "expected a day"), ("url: [", "cannot be read")):
        partial.write_text(f"---\ntitle: T\nlang: fr\n{wrong}\n---\n\n{FIRST}\n", encoding="utf-8")
        with pytest.raises(ArticleError, match=told):
            read_document(partial)


LEAD = "Bref résumé du congrès."


@pytest.mark.parametrize(
    ("name", "text", "title", "body"),
    [
        ("a.txt", f"{FIRST}\n\n{SECOND}", FIRST, [FIRST, SECOND]),
        ("a.txt", f"{FIRST} {SECOND}", f"{FIRST} La construction a duré à peine …", [f"{FIRST} {SECOND}"]),
        ("a.txt", f"Bulletin 518 - 21/06/2011\n\nUn parc\n\nRubrique : Espace\n\n{FIRST}", "Bulletin 518 - 21/06/2011", ["Un parc", FIRST]),
        ("a.md", f"{FIRST}\n\n# Les essais\n\n{SECOND}", FIRST, [FIRST, "Les essais", SECOND]),
        ("a.md", f"{LEAD}\n\n# Introduction\n\n{FIRST}", "Introduction", [LEAD, FIRST]),
        ("a.md", f"---\ntitle: Un parc\n---\n\n{LEAD}\n\n# Introduction\n\n{FIRST}", "Un parc", [LEAD, "Introduction", FIRST]),
        ("a.md", f"---\ntitle: Un parc\n---\n\n{FIRST}\n\n# Les essais\n\n{SECOND}", "Un parc", [FIRST, "Les essais", SECOND]),
        ("a.md", f"---\ntitle: Un parc\n---\n\n# Un parc\n\n{LEAD}\n\n{FIRST}", "Un parc", [LEAD, FIRST]),
    ],
)  # fmt: skip
def test_wherever_the_title_stands_no_text_is_lost(
    name: str, text: str, title: str, body: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    article = read_document(tmp_path / name)
    assert (article.title, article.body) == (title, "\n\n".join(body))
    assert article.section != LEAD


def test_what_stands_above_a_heading_is_its_section_only_where_it_is_no_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"Environnement\n\n# Un parc\n\n{FIRST}", encoding="utf-8")
    assert read_document(tmp_path / "a.md") == Article("a", "Un parc", "fr", FIRST, section="Environnement")


def test_a_word_document_may_begin_with_its_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph(FIRST)
    document.add_heading("Les essais", 1)
    document.add_paragraph(SECOND)
    document.save(str(tmp_path / "a.docx"))
    article = read_document(tmp_path / "a.docx")
    assert (article.title, article.body) == (FIRST, f"{FIRST}\n\nLes essais\n\n{SECOND}")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("vide.html", b" \n", "is empty"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(50), r"old Word file \(\.doc\)"),
        ("a.txt", bytes(range(32)) * 20, "is no text"),
        ("a.md", b"# Seul un titre\n", "no text"),
        ("a.html", b"<div>" * 2_100_000, "10,500,000 bytes"),
    ],
)
def test_files_that_are_no_articles(name: str, data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PageError, match=told):
        read_document(tmp_path / name)


def test_html_under_another_name_is_html(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_bytes(WORDPRESS.encode())
    assert read_document(tmp_path / "page.txt").title == "Un parc éolien"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("page", [WORDPRESS, f"<h1>Un parc éolien</h1><p>{FIRST}</p>"], ids=["whole", "fragment"])
def test_html_in_utf_16_is_html(encoding: str, page: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(page.encode(encoding))
    article = read_document(tmp_path / "page.html")
    assert article.title == "Un parc éolien" and article.body.startswith(FIRST)


@pytest.mark.parametrize("name", ["page.html", "page.txt"])
def test_thousands_of_comments_above_a_page_are_read_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text('<!--#set var="a" -->\n' * 2000 + WORDPRESS, encoding="utf-8")
    assert read_document(tmp_path / name).title == "Un parc éolien"
    (tmp_path / "a.html").write_text(
        '<!--#set var="a" -->\n' * 2000 + f"<h1>Un parc</h1><p>{FIRST}</p>", encoding="utf-8"
    )
    assert read_document(tmp_path / "a.html") == Article("a", "Un parc", "fr", FIRST)


# The command


PAGES = ROOT / "tests" / "pages" / "known"


def add(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    status = main(["add", *map(str, arguments)])
    return status, capsys.readouterr().out.splitlines()


def test_a_folder_is_added_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "articles"
    assert add(capsys, PAGES, "--articles", directory, "--dry-run")[1][-1].startswith(
        "24 added, 0 changed, 0 unchanged, 0 failed. Nothing"
    )
    assert not directory.exists()
    assert add(capsys, PAGES, "--articles", directory) == (0, ["24 added, 0 changed, 0 unchanged, 0 failed."])
    times = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    assert add(capsys, PAGES, "--articles", directory) == (0, ["0 added, 0 changed, 24 unchanged, 0 failed."])
    assert {path: path.stat().st_mtime_ns for path in directory.iterdir()} == times
    assert main(["check", "--articles", str(directory)]) == 0


def test_what_fails_is_told_and_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, directory = tmp_path / "source", tmp_path / "articles"
    (source / ".git").mkdir(parents=True)
    (source / "two").mkdir()
    for name, text in (
        ("a.txt", f"Un\n\n{FIRST}"),
        ("vide.html", ""),
        ("two/a.md", f"# Deux\n\n{SECOND}"),
        ("b.txt", f"B\n\n{THIRD}"),
    ):
        (source / name).write_text(text, encoding="utf-8")
    (source / ".git" / "c.txt").write_text("caché", encoding="utf-8")
    (source / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    status, lines = add(capsys, source, source / "a.txt", tmp_path / "rien", "--articles", directory)
    assert status == 1
    assert lines == [
        f"failed: {source}/two/a.md: has the id 'a', as {source}/a.txt has; give one of them another name or an id.",
        f"failed: {source}/vide.html: is empty; expected an article.",
        f"failed: {tmp_path}/rien: No such file or directory",
        "2 added, 0 changed, 0 unchanged, 3 failed.",
    ]
    assert [(article.id, article.title) for article in read_articles(directory)] == [("a", "Un"), ("b", "B")]


def test_whatever_a_file_makes_a_library_raise_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(path: Path) -> Article:
        if path.name == "a.txt":
            raise RuntimeError("odd")
        return read_document(path)

    monkeypatch.setattr("corpus.add.read_document", stumble)
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"Un\n\n{FIRST}", encoding="utf-8")
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    status, lines = add(capsys, tmp_path / "a.txt", loop, tmp_path / "b.txt", "--articles", tmp_path / "articles")
    assert (status, lines) == (
        1,
        [
            f"failed: {tmp_path}/a.txt: cannot be read (RuntimeError: odd)",
            f"failed: {loop}: Too many levels of symbolic links",
            "1 added, 0 changed, 0 unchanged, 2 failed.",
        ],
    )


def test_names_that_are_no_utf_8_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named, empty = (tmp_path / os.fsdecode(name) for name in (b"caf\xe9.txt", b"\xe9.txt"))
    named.write_text(f"Un\n\n{FIRST}", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    status, lines = add(capsys, named, empty, "--articles", tmp_path / "articles", "--dry-run")
    assert status == 1 and lines[:2] == [
        f"added: caf from {tmp_path}/caf\\udce9.txt",
        f"failed: {tmp_path}/\\udce9.txt: is empty; expected an article.",
    ]


def test_changes_replace_and_others_are_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory, source = tmp_path / "articles", tmp_path / "a.txt"
    write_article(Article("a", "Un", "fr", FIRST), directory, path=directory / "2011" / "premier.md")
    source.write_text(f"Un\n\n{SECOND}", encoding="utf-8")
    assert add(capsys, source, "--articles", directory, "--lang", "en") == (
        0,
        [f"changed: a from {source}", "0 added, 1 changed, 0 unchanged, 0 failed."],
    )
    assert read_article(directory / "2011" / "premier.md") == Article("a", "Un", "en", SECOND)
    write_article(Article("un-parc-eolien", "Un", "fr", FIRST, url="https://ailleurs.de/x"), directory)
    (tmp_path / "p.html").write_text(
        WORDPRESS.replace("<head>", '<head><meta name="article-id" content="un-parc-eolien">'), encoding="utf-8"
    )
    status, lines = add(capsys, tmp_path / "p.html", "--articles", directory)
    assert status == 1 and "from https://ailleurs.de/x; give it another name or an id." in lines[0]
    (directory / "b.md").write_text("pas un article", encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"B\n\n{FIRST}", encoding="utf-8")
    status, lines = add(capsys, tmp_path / "b.txt", "--articles", directory)
    assert status == 1 and "which cannot be read; run `python -m corpus check`." in lines[0]
    assert (directory / "b.md").read_text(encoding="utf-8") == "pas un article"


def test_what_cannot_be_written_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(f"Un\n\n{FIRST}", encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["add", str(tmp_path / "a.txt"), "--articles", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("error: [Errno 17] File exists:")


def test_what_a_killed_run_left_is_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    half, living = (tmp_path / f".a.md.{pid}.tmp" for pid in (int(gone.stdout), os.getppid()))
    half.write_text("---\nid: a", encoding="utf-8")
    living.write_text("---\nid: a", encoding="utf-8")
    (tmp_path / "a.txt").write_text(f"Un\n\n{FIRST}", encoding="utf-8")
    assert add(capsys, tmp_path / "a.txt", "--articles", tmp_path)[0] == 0
    assert not half.exists() and living.exists()
    living.unlink()
    assert read_article(tmp_path / "a.md").body == FIRST


def test_a_thousand_pages_survive_being_killed(tmp_path: Path) -> None:
    """SIGKILL at several moments: every file that is there is whole, and the next run goes on."""
    source, directory = tmp_path / "source", tmp_path / "articles"
    source.mkdir()
    for number in range(1000):
        (source / f"page-{number:04}.txt").write_text(f"Titre {number}\n\n{FIRST}", encoding="utf-8")
    command = [sys.executable, "-m", "corpus", "add", str(source), "--articles", str(directory)]
    before: dict[str, int] = {}
    for wanted in (1, 300):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(_written(directory)) < wanted:
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        written = _written(directory)
        assert wanted <= len(written) < 1000
        assert {article.body for article in read_articles(directory)} == {FIRST}
        assert before.items() <= written.items()  # what was there was not written again
        before = written
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == f"{1000 - len(before)} added, 0 changed, {len(before)} unchanged, 0 failed.\n"
    assert sorted(path.name for path in directory.iterdir()) == [f"page-{number:04}.md" for number in range(1000)]


def _written(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in directory.glob("*.md")}
