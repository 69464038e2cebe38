# ruff: noqa: E501 (the lines of HTML are as long as they were)
"""Five page layouts of about 2011, each as a function from an article to the HTML its site would have served."""

from __future__ import annotations

import datetime
import random

from tests.pages.article import TOPICS, Piece, Truth, in_words, marked_up

SPACER = '<td width=10><img src="/img/spacer.gif" width=10 height=1 alt="">&nbsp;</td>'
SECTIONS = sorted({topic["section"] for topic in TOPICS})


def others(truth: Truth, dice: random.Random, count: int) -> list[tuple[str, datetime.date, str]]:
    """Titles, dates and first words of other articles, for navigation."""
    pool = [topic for topic in TOPICS if truth.title not in topic["titles"]]
    picked = dice.sample(pool, count)
    return [
        (dice.choice(t["titles"]), truth.date - datetime.timedelta(days=dice.randint(7, 300)), t["paragraphs"][0])
        for t in picked
    ]


def bulletin(truth: Truth, dice: random.Random) -> str:
    """A: three columns; navigation left, subscription form and counter right; section, title and text in one cell."""
    nav = "".join(
        f'<tr><td bgcolor=#e0e8f0><font size=1>&nbsp;&raquo; <a href="/rub/{n}.htm">{s}</a></font></td></tr>\n'
        for n, s in enumerate(SECTIONS)
    )
    tools = '<a href="print.php"><img src="/img/print.gif" border=0 alt="imprimer"></a> <a href="print.php">Imprimer</a> | <a href="send.php">Envoyer &agrave; un ami</a>'
    rows = "".join(_in_one_cell(piece, dice) for piece in truth.pieces)
    past = "".join(
        f'<li><a href="/actualites/{dice.randint(50000, 70000)}.htm">{t}</a> <font size=1>({d:%d/%m/%Y})</font>\n'
        for t, d, _ in others(truth, dice, 3)
    )
    number = f"BE Allemagne num&eacute;ro {truth.number}"
    dated = (
        f"{number} ({truth.date:%d/%m/%Y})"
        if dice.random() < 0.5
        else f"{number}</b></td><td align=right><b>{truth.date:%d/%m/%Y}"
    )
    title = dice.choice(
        [
            f"Bulletins Electroniques - {truth.title}",
            "BULLETINS ELECTRONIQUES",
            f"{truth.title} | BE Allemagne {truth.number}",
        ]
    )
    return f"""<html><head>@CHARSET@<title>{title}</title>
<script language="JavaScript">function pop(u){{window.open(u,'','width=400')}}</script>
<style type="text/css">.titre {{font-size:16px}} td {{font-family:Verdana}}</style></head>
<body bgcolor=#ffffff leftmargin=0 topmargin=0>
<table width=100% border=0 cellpadding=0 cellspacing=0>
<tr><td colspan=5 bgcolor=#003366><img src="/img/bandeau.jpg" width=760 height=80 alt="Bulletins Electroniques"><br>
<font color=#ffffff size=1>Nous sommes le {in_words(datetime.date(2013, 3, 14), "fr", weekday=True)} - 3.412.118 pages lues depuis le 01/01/2003</font></td></tr>
<tr>{SPACER}<td width=160 valign=top>
<table border=0 cellspacing=1><tr><td><b>Rubriques</b></td></tr>
{nav}<tr><td><form action="/recherche.php" method=get>Rechercher : <input type=text name=q size=12> <select name=pays><option>Allemagne<option>Autriche<option>Japon</select> <input type=submit value=OK></form></td></tr>
</table></td>
<td width=460 valign=top>
<font size=1><a href="/">Accueil</a> &gt; <a href="/allemagne.htm">Allemagne</a> &gt; <a href="/rub/x.htm">{truth.section}</a></font>
<table width=100%><tr><td><b>{dated}</b></td></tr></table>
<table width=100% bgcolor=#f4f4f4><tr><td class=rubrique><font color=#cc0000><b>{truth.section}</b></font></td></tr>
<tr><td class=titre><font size=4><b>{truth.title}</b></font></td></tr></table>
<div align=right><font size=1>{tools}</font></div><br>
<font size=2>{rows}</font>
<hr size=1>
<b>Articles pr&eacute;c&eacute;dents</b><ul>{past}</ul>
<a href="#top">Haut de page</a>
</td>
{SPACER}<td width=140 valign=top><table><tr><td><b>Abonnement gratuit</b><br><form action="/abo.php">Recevez chaque semaine nos bulletins par courriel :<br><input name=mail size=14><input type=submit value="S'abonner"></form></td></tr>
<tr><td><font size=1>Visiteurs en ligne : {dice.randint(3, 90)}<br>Derni&egrave;re mise &agrave; jour : 03/09/2012</font></td></tr></table></td></tr>
<tr><td colspan=5 align=center><font size=1>&copy; ADIT 2001-2012 - <a href="/mentions.htm">Mentions l&eacute;gales</a> - <a href="/contact.htm">Contact</a></font></td></tr>
</table></body></html>"""


def _in_one_cell(piece: Piece, dice: random.Random) -> str:
    """Paragraphs parted by <br><br>, lists typed with dashes."""
    text = marked_up(piece.text, dice)
    if piece.kind == "list":
        return "".join(f"- {marked_up(item, dice)}<br>\n" for item in piece.items) + "<br>\n"
    if piece.kind == "table":
        return _table(piece, "border=1 cellpadding=2") + "<br>\n"
    if piece.kind == "figure":
        return f'<table align=right width=180><tr><td><img src="/img/{dice.randint(1, 99)}.jpg" width=170 alt="photo"></td></tr><tr><td><font size=1>{text}</font></td></tr></table>\n'
    if piece.kind == "notes":
        return (
            "<br>\n"
            + "".join(
                f"<font size=1>[{n}] {marked_up(note, dice)}</font><br>\n" for n, note in enumerate(piece.items, 1)
            )
            + "<br>\n"
        )
    if piece.kind == "label":
        return f"<b>{text}</b><br>\n"
    if piece.kind == "source":
        return f"{text}<br>\n"
    if piece.kind in ("h",):
        return f"<b>{text}</b><br><br>\n"
    if piece.kind == "quote":
        return f"<i>{text}</i><br><br>\n"
    return f"{text}<br>\n<br>\n"


def _table(piece: Piece, attributes: str) -> str:
    head, *rows = piece.items
    cells = "".join(f"<th>{cell}" for cell in head)
    return (
        f"<table {attributes}><tr>{cells}\n"
        + "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) + "\n" for row in rows)
        + "</table>\n"
    )


LABELS = {
    "fr": (
        "Rubrique :",
        "Num&eacute;ro :",
        "Date :",
        "Auteur(s) :",
        "Dossier de presse",
        "A lire &eacute;galement",
        "Plan du site",
        "Page pr&eacute;c&eacute;dente",
    ),
    "de": ("Rubrik:", "Ausgabe:", "Datum:", "Autoren:", "Pressemappe", "Lesen Sie auch", "Sitemap", "Zur&uuml;ck"),
    "en": ("Section:", "Issue:", "Date:", "Authors:", "Press kit", "Read also", "Site map", "Previous page"),
}


def fiche(truth: Truth, dice: random.Random) -> str:
    """B: label cells above the text, every paragraph a row of its own, teasers with running text on the right."""
    section, number, date, author, kit, also, plan, back = LABELS[truth.lang]
    shown = dice.choice(
        [
            f"{truth.date:%d/%m/%Y}",
            f"{truth.date:%d.%m.%Y}",
            in_words(truth.date, truth.lang),
            in_words(truth.date, truth.lang, weekday=True),
        ]
    )
    if truth.lang == "en":
        shown = in_words(truth.date, "en")
    rows = "".join(f"<TR><TD COLSPAN=2 CLASS=texte>{_as_row(piece, dice)}\n" for piece in truth.pieces)
    teasers = "".join(
        f'<TR><TD><A HREF="art{n}.asp"><B>{t}</B></A><BR><FONT SIZE=1>{d:%d/%m/%Y}</FONT><BR>{text[:150]}... <A HREF="art{n}.asp">&gt;&gt;</A></TD></TR>\n'
        for n, (t, d, text) in enumerate(others(truth, dice, 3))
    )
    names = (
        " et ".join(truth.authors)
        if truth.lang == "fr"
        else (" und " if truth.lang == "de" else " and ").join(truth.authors)
    )
    labels = [(section, truth.section), (number, str(truth.number)), (date, shown), (author, names)]
    cells = "".join(f"<TR><TD WIDTH=90 NOWRAP><B>{label}</B></TD><TD>{value}</TD></TR>\n" for label, value in labels)
    heading = f"<TR><TD COLSPAN=2 ALIGN=center CLASS=titre><H2>{truth.title}</H2></TD></TR>\n"
    top = cells + heading if dice.random() < 0.5 else heading + cells
    title = dice.choice(
        [
            truth.title,
            "Science &amp; Technologie en Allemagne",
            f"Service scientifique - {truth.title} - n&deg; {truth.number}",
        ]
    )
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML><HEAD>@CHARSET@<TITLE>{title}</TITLE><META NAME="GENERATOR" CONTENT="Microsoft FrontPage 4.0"><META NAME="date" CONTENT="2004-02-17"></HEAD>
<BODY LINK=#0000cc>
<CENTER><TABLE WIDTH=760 BORDER=0 CELLSPACING=0>
<TR><TD COLSPAN=3><IMG SRC="logo.gif" WIDTH=200 HEIGHT=60 ALT="Ambassade de France"></TD></TR>
<TR><TD COLSPAN=3 BGCOLOR=#cccccc ALIGN=center><A HREF="index.asp">Accueil</A> | <A HREF="une.asp">A la une</A> | <A HREF="archives.asp">Archives</A> | <A HREF="liens.asp">Liens</A> | <A HREF="plan.asp">{plan}</A></TD></TR>
<TR><TD WIDTH=560 VALIGN=top>
<TABLE WIDTH=100% CELLPADDING=4>
{top}<TR><TD COLSPAN=2><IMG SRC="filet.gif" WIDTH=540 HEIGHT=1>&nbsp;</TD></TR>
{rows}<TR><TD COLSPAN=2 ALIGN=right><A HREF="javascript:history.back()">{back}</A> &nbsp; <A HREF="javascript:print()">Imprimer cette page</A></TD></TR>
</TABLE></TD>
<TD WIDTH=5 BGCOLOR=#cccccc>&nbsp;</TD>
<TD WIDTH=195 VALIGN=top><TABLE><TR><TD><B>{also}</B></TD></TR>
{teasers}<TR><TD><A HREF="kit.asp">{kit}</A></TD></TR></TABLE></TD></TR>
<TR><TD COLSPAN=3 ALIGN=center><FONT SIZE=1>Page vue {dice.randint(100, 9000)} fois. Webmestre : <A HREF="mailto:web@botschaft-frankreich.de">web@botschaft-frankreich.de</A> - Mise &agrave; jour le 22/11/2012</FONT></TD></TR>
</TABLE></CENTER></BODY></HTML>"""


def _as_row(piece: Piece, dice: random.Random) -> str:
    """What a row's cell holds; paragraphs and cells are not closed."""
    text = marked_up(piece.text, dice)
    if piece.kind == "list":
        return "<UL>" + "".join(f"<LI>{marked_up(item, dice)}\n" for item in piece.items) + "</UL>"
    if piece.kind == "table":
        return _table(piece, "BORDER=1 ALIGN=center")
    if piece.kind == "figure":
        return f'<CENTER><IMG SRC="photos/{dice.randint(1, 99)}.jpg" WIDTH=300><BR><I>{text}</I></CENTER>'
    if piece.kind == "notes":
        return "<HR SIZE=1 WIDTH=30% ALIGN=left>" + "".join(
            f"<P><FONT SIZE=1>[{n}] {marked_up(note, dice)}</FONT>\n" for n, note in enumerate(piece.items, 1)
        )
    if piece.kind == "h":
        return f"<H4>{text}</H4>"
    if piece.kind == "label":
        return f"<B><FONT COLOR=#003366>{text}</FONT></B>"
    if piece.kind == "quote":
        return f"<BLOCKQUOTE><I>{text}</I></BLOCKQUOTE>"
    return f"<P>{text}"


BYLINES = {
    "fr": ("Publi&eacute; le", "par", "et"),
    "de": ("Ver&ouml;ffentlicht am", "von", "und"),
    "en": ("Published on", "by", "and"),
}


def embassy(truth: Truth, dice: random.Random) -> str:
    """C: one form around the whole page, section above the title, date and authors in a sentence below it."""
    on, by, and_ = BYLINES[truth.lang]
    names = (
        f" {and_} ".join([", ".join(truth.authors[:-1]), truth.authors[-1]])
        if len(truth.authors) > 1
        else truth.authors[0]
    )
    nav = "".join(f'<li class="nav"><a href="rubrique.aspx?id={n}">{s}</a></li>\n' for n, s in enumerate(SECTIONS))
    body = "".join(_as_word(piece, dice) for piece in truth.pieces)
    same = "".join(
        f'<a href="article.aspx?id={n}">{t}</a> - {in_words(d, "fr")}<br/>\n'
        for n, (t, d, _) in enumerate(others(truth, dice, 4))
    )
    title = dice.choice([f"{truth.title} - Ambassade de France en Allemagne", "Ambassade de France en Allemagne"])
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office"><head>@CHARSET@<title>{title}</title>
<link rel="stylesheet" type="text/css" href="style.css" /></head><body onload="init()">
<form name="aspnetForm" method="post" action="article.aspx" id="aspnetForm">
<input type="hidden" name="__VIEWSTATE" value="/wEPDwUKMTY1NDU2MTA1Mg9kFgJmD2QWAgIDD2QWBAIBD2QWAgIB" />
<div id="haut"><table width="980"><tr><td><img src="marianne.gif" alt="Libert&eacute;" /></td><td align="right"><a href="?l=fr">fran&ccedil;ais</a> <a href="?l=de">deutsch</a> <input name="q" type="text" /><input type="submit" value="Chercher" /></td></tr></table></div>
<table width="980" cellspacing="0"><tr><td width="200" valign="top" id="menu"><p><b>Th&egrave;mes</b></p><ul>{nav}</ul>
<p><b>Agenda</b><br/>{in_words(datetime.date(2012, 10, 5), "fr")} : colloque franco-allemand sur l'&eacute;nergie, Institut fran&ccedil;ais de Berlin, entr&eacute;e libre<br/>{in_words(datetime.date(2012, 11, 20), "fr")} : journ&eacute;e des jeunes chercheurs</p></td>
<td valign="top" id="contenu">
<p class="rub">{truth.section}</p>
<p><font size="5" color="#000066"><strong>{truth.title}</strong></font></p>
<p><small>{on} {in_words(truth.date, truth.lang, weekday=dice.random() < 0.5)} {by} {names}</small></p>
{body}
<p>&nbsp;</p>
<table width="100%" bgcolor="#eeeeee"><tr><td><b>Dans la m&ecirc;me rubrique</b><br/>
{same}</td></tr></table>
<p><b>Votre commentaire</b><br/><textarea name="c" rows="4" cols="40"></textarea><br/><input type="submit" value="Envoyer" /></p>
<p align="center"><a href="send.aspx"><img src="mail.gif" alt="" /> Envoyer cet article par courriel</a> <a href="print.aspx"><img src="print.gif" alt="" /> Version imprimable</a></p>
</td></tr></table>
<div id="pied">Ambassade de France en Allemagne, Pariser Platz 5, 10117 Berlin - <a href="mentions.aspx">Mentions l&eacute;gales</a> - N&deg; {truth.number}</div>
</form></body></html>"""


def _as_word(piece: Piece, dice: random.Random) -> str:
    """As pasted from Word."""
    text = marked_up(piece.text, dice)
    if piece.kind == "list":
        return "".join(
            f'<p class="MsoListParagraph" style="text-indent:-18pt"><span style="font-family:Symbol">&middot;&nbsp;&nbsp;&nbsp;</span>{marked_up(item, dice)}<o:p></o:p></p>\n'
            for item in piece.items
        )
    if piece.kind == "table":
        return _table(piece, 'class="MsoNormalTable" border="1"')
    if piece.kind == "figure":
        return f'<table align="right" width="200"><tr><td align="center"><img src="img/{dice.randint(1, 99)}.jpg" width="190" /><br/><small>{text}</small></td></tr></table>\n'
    if piece.kind == "notes":
        return '<br clear="all"/><hr align="left" size="1" width="33%"/>' + "".join(
            f'<p class="MsoFootnoteText"><a href="#_ftnref{n}" name="_ftn{n}">[{n}]</a> {marked_up(note, dice)}</p>\n'
            for n, note in enumerate(piece.items, 1)
        )
    if piece.kind == "h":
        return f"<h3>{text}</h3>\n"
    if piece.kind == "label":
        return f"<p><u>{text}</u></p>\n"
    if piece.kind == "quote":
        return f'<p class="citation" align="center"><em>{text}</em></p>\n'
    return f'<p class="MsoNormal"><span lang="FR">{text}<o:p></o:p></span></p>\n'


def plain_centre(truth: Truth, dice: random.Random) -> str:
    """D: a page made by hand: one cell for everything, rules between its parts, navigation above and below."""
    links = " | ".join(f'<A HREF="{n}.html">{s}</A>' for n, s in enumerate(SECTIONS[:6]))
    body = "".join(_by_hand(piece, dice) for piece in truth.pieces)
    (before, *_), (after, *_) = others(truth, dice, 2)
    where = {"fr": "Berlin, le", "de": "Berlin, den", "en": "Berlin,"}[truth.lang]
    words = {"fr": "Lettre", "de": "Brief", "en": "Letter"}[truth.lang]
    return f"""<HTML>
<HEAD>@CHARSET@
<TITLE>{words} {truth.number}: {truth.title}</TITLE>
</HEAD>
<BODY BGCOLOR="#FFFFE0" BACKGROUND="papier.gif">
<CENTER><TABLE BORDER=2 WIDTH="90%"><TR><TD>
<CENTER><IMG SRC="entete.gif"><BR><SMALL>[ {links} ]</SMALL></CENTER>
<HR>
<P ALIGN=RIGHT>{where} {in_words(truth.date, truth.lang)}
<P><FONT FACE="Arial" COLOR=GREEN>{truth.section.upper() if dice.random() < 0.3 else truth.section}</FONT>
<CENTER><FONT SIZE="+2"><B>{truth.title}</B></FONT></CENTER>
{body}
<HR>
<CENTER><A HREF="{truth.number - 1}.html">&lt;&lt; {before}</A> &nbsp;&nbsp; <A HREF="index.html">Sommaire</A> &nbsp;&nbsp; <A HREF="{truth.number + 1}.html">{after} &gt;&gt;</A></CENTER>
<P><CENTER><IMG SRC="/cgi-bin/counter.cgi?df=lettre.dat" ALT="compteur"> visiteurs depuis le 12 janvier 2001
<BR><SMALL>Page r&eacute;alis&eacute;e avec Netscape Composer. Optimis&eacute; pour 800 x 600.</SMALL></CENTER>
</TABLE></CENTER>
</BODY></HTML>"""


def _by_hand(piece: Piece, dice: random.Random) -> str:
    text = marked_up(piece.text, dice)
    if piece.kind == "list":
        return "<UL>\n" + "".join(f"<LI>{marked_up(item, dice)}\n" for item in piece.items) + "</UL>\n"
    if piece.kind == "table":
        return "<CENTER>" + _table(piece, "BORDER=1") + "</CENTER>\n"
    if piece.kind == "figure":
        return f'<P><IMG SRC="fig.jpg" ALIGN=LEFT HSPACE=8><SMALL>{text}</SMALL><BR CLEAR=ALL>\n'
    if piece.kind == "notes":
        return (
            "<P>"
            + "<BR>\n".join(f"<SMALL>[{n}] {marked_up(note, dice)}</SMALL>" for n, note in enumerate(piece.items, 1))
            + "\n"
        )
    if piece.kind == "h":
        return f"<P><B><U>{text}</U></B>\n"
    if piece.kind == "label":
        return f"<P><B>{text}</B>\n"
    if piece.kind == "quote":
        return f"<BLOCKQUOTE>{text}</BLOCKQUOTE>\n"
    if piece.kind in ("source", "sign"):
        return f"<BR>{text}\n"
    return f"<P>{text}\n"


ENDS = {
    "fr": ("Sommaire de ce num&eacute;ro", "Fiche", "Mis en ligne le", "Th&egrave;me", "R&eacute;daction"),
    "de": ("Inhalt dieser Ausgabe", "Zum Artikel", "Erschienen am", "Ressort", "Verfasser"),
    "en": ("In this issue", "About this article", "Date of publication", "Topic", "Written by"),
}


def issue(truth: Truth, dice: random.Random) -> str:
    """E: the issue's contents with summaries on the left; date, section and authors in a box below the text."""
    contents, box, on, theme, by = ENDS[truth.lang]
    toc = "".join(
        f'<tr><td class="toc"><a href="{n}.php">{t}</a><br><span class="p">{text[: dice.randint(80, 200)]}...</span></td></tr>\n'
        for n, (t, _, text) in enumerate(others(truth, dice, 4))
    )
    half = len(truth.pieces) // 2
    first, second = (
        "".join(_in_divs(piece, dice) for piece in part) for part in (truth.pieces[:half], truth.pieces[half:])
    )
    shown = f"{truth.date:%d.%m.%Y}" if truth.lang == "de" else in_words(truth.date, truth.lang)
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">
<html><head>@CHARSET@<title>No {truth.number} - {truth.title}</title><meta name="keywords" content="recherche, Allemagne, science"><meta name="author" content="Webmaster"></head>
<body><div align="center"><table width="900" class="cadre" cellpadding="0"><tr><td colspan="2" class="bandeau"><a href="/"><img src="b.png" alt="La lettre scientifique"></a><div class="date">{in_words(datetime.date(2012, 2, 29), truth.lang)}</div></td></tr>
<tr><td class="gauche" width="250" valign="top"><table><tr><td><b>{contents}</b></td></tr>{toc}</table></td>
<td class="droite" valign="top"><table width="100%"><tr><td><h1 class="t">{truth.title}</h1></td></tr>
<tr><td><table width="100%"><tr><td>{first}</td></tr></table></td></tr>
<tr><td>{second}</td></tr>
<tr><td><table class="fiche" border="1"><tr><th colspan="2">{box}</th></tr><tr><td>{theme}</td><td>{truth.section}</td></tr><tr><td>{on}</td><td>{shown}</td></tr><tr><td>{by}</td><td>{", ".join(truth.authors)}</td></tr></table></td></tr>
</table></td></tr><tr><td colspan="2" class="pied"><a href="abo.php">Abonnement</a> <a href="desabo.php">D&eacute;sabonnement</a> <a href="rss.php">RSS</a></td></tr></table></div></body></html>"""


def _in_divs(piece: Piece, dice: random.Random) -> str:
    text = marked_up(piece.text, dice)
    if piece.kind == "list":
        return "<ul>" + "".join(f"<li>{marked_up(item, dice)}</li>" for item in piece.items) + "</ul>"
    if piece.kind == "table":
        return _table(piece, 'class="donnees"')
    if piece.kind == "figure":
        return f'<div class="image"><img src="i.jpg"><div class="legende">{text}</div></div>'
    if piece.kind == "notes":
        return "".join(
            f'<div class="note">[{n}] {marked_up(note, dice)}</div>' for n, note in enumerate(piece.items, 1)
        )
    return f"<div><b>{text}</b></div>" if piece.kind in ("h", "label") else f"<div>{text}</div>"
