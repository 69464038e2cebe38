"""Syncing a real WordPress: after whatever editors do to it, the articles are what visitors can read, and no more."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import corpus.sync
from corpus.__main__ import main
from corpus.articles import read_article
from corpus.ledger import open_ledger
from corpus.sources.fetch import Fetcher, Limits
from corpus.sources.guard import Allowed
from corpus.sources.recognise import source_name
from corpus.sources.wordpress import WordPress
from records import Article
from tests.syncing import HAND, counts, written
from tests.wordpress import Site, php, running_site

POSTS = 210
TEXT = (
    "<!-- wp:paragraph --><p>Le projet n° %1$d a reçu <b>%1$d</b>&nbsp;millions d&rsquo;euros du ministère,"
    " qui veut que les stations d&rsquo;hydrogène soient prêtes avant la fin de la décennie.</p><!-- /wp:paragraph -->"
    "<script>x()</script><p>Les partenaires de la région se réunissent chaque année, au printemps, à&nbsp;:</p>"
    "<ul><li>Berlin</li><li>Munich</li></ul>"
)
PLAIN = (
    "Le projet n° 9 a reçu 9\xa0millions d’euros du ministère, qui veut que les stations d’hydrogène soient prêtes"
    " avant la fin de la décennie.\n\nLes partenaires de la région se réunissent chaque année, au printemps, à\xa0:"
    "\n\n- Berlin\n- Munich"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A WordPress in French with 210 posts in two categories, by two authors, from different years."""
    with running_site(tmp_path_factory.mktemp("wordpress")) as site:
        site.run(
            "global $wpdb; wp_delete_post(1, true);"
            "wp_update_user(array('ID' => 1, 'display_name' => 'Anne L&eacute;ger'));"
            "foreach (array('Énergie & climat', 'Santé') as $name) wp_insert_term($name, 'category');"
            "$energy = get_term_by('name', 'Énergie &amp; climat', 'category')->term_id;"
            "$health = get_term_by('name', 'Santé', 'category')->term_id;"
            "$author = get_user_by('login', 'author')->ID; wp_defer_term_counting(true);"
            "$wpdb->query('START TRANSACTION');"
            f"for ($n = 1; $n <= {POSTS}; $n++) wp_insert_post(array("
            " 'post_title' => \"L'hydrogène & l'article n° $n\", 'post_name' => \"article-$n\","
            " 'post_status' => 'publish',"
            " 'post_date' => sprintf('20%02d-%02d-10 09:30:00', 10 + $n % 9, 1 + $n % 12),"
            " 'post_category' => array($n % 2 ? $energy : $health), 'post_author' => $n % 3 ? 1 : $author,"
            f" 'post_content' => sprintf({php(TEXT)}, $n)));"
            "$wpdb->query('COMMIT'); wp_defer_term_counting(false);"
        )
        yield site
        assert site.complaints() == []


@pytest.fixture(scope="module")
def articles(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an article that someone wrote, and all of the site's, once synced."""
    directory = tmp_path_factory.mktemp("articles")
    (directory / "by-hand.md").write_text(HAND)
    settle(site)
    assert sync(site, directory) == 0
    return directory


def sync(site: Site, directory: Path, *options: str) -> int:
    return main(["sync", site.address, "--articles", str(directory), "--allow", "127.0.0.1", "--delay", "0", *options])


def settle(site: Site) -> None:
    """Let what was changed just now be past: what is only some seconds old may change again, and is read again."""
    site.run(
        'global $wpdb; $wpdb->query("UPDATE $wpdb->posts SET post_modified = post_modified - INTERVAL 1 MINUTE,'
        " post_modified_gmt = post_modified_gmt - INTERVAL 1 MINUTE"
        ' WHERE post_modified_gmt > UTC_TIMESTAMP() - INTERVAL 10 SECOND");'
    )


def public(site: Site) -> dict[str, str]:
    """What the database says is published and open to all: titles by address."""
    printed = site.run(
        "global $wpdb; foreach ($wpdb->get_results(\"SELECT * FROM $wpdb->posts WHERE post_type = 'post'"
        " AND post_status = 'publish' AND post_password = ''\") as $post)"
        " $titles[get_permalink($post)] = $post->post_title; echo json_encode($titles ?? new stdClass);"
    )
    titles: dict[str, str] = json.loads(printed)
    return {address: title.replace("&amp;", "&").replace("'", "’") for address, title in titles.items()}


def kept(directory: Path) -> dict[str, Article]:
    """The site's articles in the directory; the one made by hand must be there as it was."""
    assert (directory / "by-hand.md").read_text() == HAND
    articles = [read(path, path.stat().st_mtime_ns) for path in directory.glob("*.md")]
    return {article.id: article for article in articles if article.id != "by-hand"}


@functools.cache
def read(path: Path, written_at: int) -> Article:
    return read_article(path)


def assert_in_step(site: Site, directory: Path) -> None:
    assert {article.url: article.title for article in kept(directory).values()} == public(site)


def requests(site: Site) -> int:
    """So many requests the site has had: PHP's server answers one a connection."""
    return (site.folder / "server.log").read_text().count(" Accepted")


def test_an_article_is_what_the_post_says(site: Site, articles: Path) -> None:
    article = kept(articles)["article-9"]
    assert article == Article(
        id="article-9",
        title="L’hydrogène & l’article n° 9",
        lang="fr",
        body=PLAIN,
        url=article.url,
        date=article.date,
        section="Énergie & climat",
        authors=("author",),
    )
    assert article.url.startswith(site.address)
    assert str(article.date) == "2010-10-10"
    assert kept(articles)["article-10"].authors == ("Anne Léger",)


def test_all_of_them_are_there(site: Site, articles: Path) -> None:
    assert len(kept(articles)) == POSTS
    assert_in_step(site, articles)


def test_a_sync_that_finds_nothing_asks_little_and_writes_nothing(
    site: Site, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, asked = written(articles), requests(site)
    assert sync(site, articles) == 0
    assert capsys.readouterr().out == f"wordpress\nnothing new: {POSTS} unchanged\n"
    assert written(articles) == before
    assert requests(site) - asked == 3 + 3  # the home page, sections and authors; 210 posts, a hundred at a time


def post_id(slug: str) -> str:
    return f"get_page_by_path({php(slug)}, OBJECT, 'post')->ID"


def update(slug: str, **changes: str) -> str:
    return f"wp_update_post(array('ID' => {post_id(slug)}, {php(changes)[6:-1]}));"


def insert(slug: str, **fields: str) -> str:
    post = {"post_name": slug, "post_title": f"Nouveau {slug}", "post_status": "publish", "post_content": "Un texte."}
    return f"wp_insert_post({php({**post, **fields})});"


EDITS: dict[str, tuple[str, dict[str, int]]] = {
    "edited": (
        update("article-1", post_content="Corrigé &amp; complété.") + update("article-2", post_title="Autre titre"),
        {"changed": 2},
    ),
    "deleted": (f"wp_delete_post({post_id('article-3')}, true);", {"removed": 1}),
    "trashed": (f"$GLOBALS['wpdb']->query('DO 0'); wp_trash_post({post_id('article-4')});", {"removed": 1}),
    "restored": (
        "$post = get_page_by_path('article-4__trashed', OBJECT, 'post')->ID; wp_untrash_post($post);"
        "wp_update_post(array('ID' => $post, 'post_status' => 'publish'));",
        {"added": 1},
    ),
    "made a draft": (update("article-5", post_status="draft"), {"removed": 1}),
    "published again": (update("article-5", post_status="publish"), {"added": 1}),
    "made private": (update("article-6", post_status="private"), {"removed": 1}),
    "given a password": (update("article-7", post_password="secret"), {"removed": 1}),
    "freed of the password": (update("article-7", post_password=""), {"added": 1}),
    "scheduled": (
        insert("planned", post_status="future", post_date="2038-01-01 08:00:00", post_date_gmt="2038-01-01 08:00:00"),
        {},
    ),
    "scheduled, and live by now": (
        f"$post = {post_id('planned')}; wp_publish_post($post); global $wpdb; $then = '2020-01-01 08:00:00';"
        "$wpdb->query(\"UPDATE $wpdb->posts SET post_date = '$then', post_date_gmt = '$then', post_modified = '$then',"
        " post_modified_gmt = '$then' WHERE ID = $post\");",
        {"added": 1},
    ),
    "new, and backdated": (
        insert("backdated", post_date="2011-06-21 08:00:00")
        + "global $wpdb; $wpdb->query(\"UPDATE $wpdb->posts SET post_modified = '2011-06-21 08:00:00',"
        " post_modified_gmt = '2011-06-21 08:00:00' WHERE post_name = 'backdated'\");",
        {"added": 1},
    ),
    "a draft, a page and a revision that were never posts": (
        insert("draft", post_status="draft")
        + insert("page", post_type="page")
        + insert("pending", post_status="pending"),
        {},
    ),
    "given another slug": (update("article-8", post_name="renamed"), {"changed": 1}),
    "of two at once": (
        insert("twins", post_title="Un") + insert("twins", post_title="Deux"),
        {"added": 2},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_after_editors_worked_the_articles_are_what_visitors_read(
    site: Site, articles: Path, edit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, expected = EDITS[edit]
    before = written(articles)
    site.run(code)
    settle(site)
    assert sync(site, articles) == 0
    printed = capsys.readouterr().out
    assert counts(printed) == expected
    assert_in_step(site, articles)
    touched = {name for name, at in written(articles).items() if before.get(name) != at}
    assert len(touched) == expected.get("added", 0) + expected.get("changed", 0)


def test_everything_at_once(site: Site, articles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred posts, more than a page of the list: edited, deleted, drafted and new, between two syncs."""
    number = "get_page_by_path(\"article-$n\", OBJECT, 'post')->ID"
    new = "'post_title' => \"Neuf $n\", 'post_name' => \"neuf-$n\", 'post_status' => 'publish', 'post_content' => 'a'"
    site.run(
        "global $wpdb; $wpdb->query('START TRANSACTION'); wp_defer_term_counting(true);"
        f"for ($n = 20; $n < 60; $n++) wp_update_post(array('ID' => {number}, 'post_title' => \"Revu $n\"));"
        f"for ($n = 60; $n < 90; $n++) wp_delete_post({number}, true);"
        f"for ($n = 90; $n < 100; $n++) wp_update_post(array('ID' => {number}, 'post_status' => 'draft'));"
        f"for ($n = 0; $n < 20; $n++) wp_insert_post(array({new}));"
        "$wpdb->query('COMMIT'); wp_defer_term_counting(false);"
    )
    settle(site)
    assert sync(site, articles) == 0
    assert counts(capsys.readouterr().out) == {"added": 20, "changed": 40, "removed": 40}
    assert_in_step(site, articles)


def test_a_section_or_an_author_that_is_renamed_changes_their_articles(site: Site, articles: Path) -> None:
    """Neither touches a post's time of change."""
    site.run(
        "$health = get_term_by('name', 'Santé', 'category')->term_id;"
        "wp_update_term($health, 'category', array('name' => 'Santé publique'));"
        "wp_update_user(array('ID' => 1, 'display_name' => 'Anne Martin'));"
    )
    assert sync(site, articles) == 0
    article = kept(articles)["article-10"]
    assert (article.section, article.authors) == ("Santé publique", ("Anne Martin",))
    assert kept(articles)["article-11"].section == "Énergie & climat"


def test_a_change_within_the_second_of_the_last_sync_is_not_missed(site: Site, articles: Path) -> None:
    site.run(update("article-12", post_title="Premier"))
    assert sync(site, articles) == 0
    site.run(
        f"$before = get_post({post_id('article-12')}); {update('article-12', post_title='Second')} global $wpdb;"
        "$times = array('post_modified' => $before->post_modified, 'post_modified_gmt' => $before->post_modified_gmt);"
        "$wpdb->update($wpdb->posts, $times, array('ID' => $before->ID));"
    )
    assert sync(site, articles) == 0
    assert kept(articles)["article-12"].title == "Second"


def test_a_post_that_stumbles_costs_its_neighbours_nothing(site: Site, articles: Path) -> None:
    """A plugin that dies on one post makes the site answer 500 to every request that post is part of."""
    plugin = site.folder / "site" / "wp-content" / "mu-plugins"
    plugin.mkdir()
    (plugin / "dies.php").write_text("<?php add_shortcode('dies', function () { http_response_code(500); exit; });")
    site.run("".join(update(f"article-{n}", post_content="[dies]" if n == 104 else "Revu.") for n in range(101, 109)))
    settle(site)
    with (
        Fetcher(Allowed.parse(["127.0.0.1"]), Limits(delay=0, backoff=0.01)) as fetcher,
        open_ledger(articles, source_name(site.address)) as ledger,
    ):
        summary = corpus.sync.sync(WordPress(site.address, fetcher), ledger, articles)
    assert sorted(summary.changed) == sorted(f"article-{n}" for n in range(101, 109) if n != 104)
    assert [problem for _, problem in summary.failed] == ["answers 500"]
    assert (summary.added, summary.removed) == ([], [])
    assert kept(articles)["article-104"].body.startswith("Le projet n° 104")
    site.run(update("article-104", post_content="Guéri."))
    settle(site)
    assert sync(site, articles) == 0
    assert kept(articles)["article-104"].body == "Guéri."


def test_a_post_without_text_is_named_and_the_rest_goes_on(
    site: Site, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run(insert("picture", post_content="<img src='/a.png' alt=''>") + insert("beside"))
    settle(site)
    assert sync(site, articles) == 1
    assert "/picture/ has no text" in capsys.readouterr().out.splitlines()[-1]
    assert "beside" in kept(articles)
    site.run(f"wp_delete_post({post_id('picture')}, true);")
    assert sync(site, articles) == 0


def test_a_site_that_forgets_its_posts_empties_nothing_unless_told(
    site: Site, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    had = kept(articles)
    publish = "UPDATE $wpdb->posts SET post_status = '%s' WHERE post_status = '%s' AND post_name LIKE '%s'"
    site.run(f'global $wpdb; $wpdb->query("{publish % ("lost", "publish", "%")}");')
    assert sync(site, articles) == 1
    assert f"{len(had)} of its {len(had)} articles are gone at once" in capsys.readouterr().out
    assert kept(articles) == had
    assert sync(site, articles, "--dry-run", "--remove-all") == 0
    assert kept(articles) == had
    assert sync(site, articles, "--remove-all") == 0
    assert kept(articles) == {}
    site.run(f'global $wpdb; $wpdb->query("{publish % ("publish", "lost", "article-11%")}");')
    assert sync(site, articles) == 0
    assert_in_step(site, articles)


def test_its_feed_and_its_sitemap_are_what_they_are(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though WordPress names its API in them as well."""
    (tmp_path / "by-hand.md").write_text(HAND)
    options = ["--articles", str(tmp_path), "--allow", "127.0.0.1", "--delay", "0"]
    assert main(["sync", f"{site.address}/feed/", *options]) == 0
    assert capsys.readouterr().out.startswith("feed\n")
    assert {article.url for article in kept(tmp_path).values()} <= public(site).keys()
    assert len(kept(tmp_path)) == 10
    assert main(["sync", f"{site.address}/feed/", *options]) == 0
    assert capsys.readouterr().out == "feed\nnothing new: 10 unchanged\n"
    assert main(["sync", f"{site.address}/wp-sitemap.xml", *options, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("sitemap, dry run")


def test_plain_permalinks_and_tags_as_sections(site: Site, tmp_path: Path) -> None:
    (tmp_path / "by-hand.md").write_text(HAND)
    site.run(
        f"wp_set_post_tags({post_id('article-110')}, 'Focus');"
        "global $wp_rewrite; $wp_rewrite->set_permalink_structure(''); flush_rewrite_rules();"
    )
    assert sync(site, tmp_path, "--section-of", "tags", "--lang", "de") == 0
    article = kept(tmp_path)["article-110"]
    assert (article.section, article.lang, article.url.rpartition("?p=")[0]) == ("Focus", "de", f"{site.address}/")
    assert kept(tmp_path)["article-111"].section == ""
    assert_in_step(site, tmp_path)
