"""The WordPress plugin in a real WordPress: the HTML it writes, its settings page, and an answer seen in Chromium."""

from __future__ import annotations

import contextlib
import html.parser
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from answer.ask import Assistant
from tests.public import WAIT_MS, start
from tests.wordpress import PLUGIN, Site, php, running_site
from web.texts import TEXTS

SERVER = "https://ask.example.org"
HOSTILE = "'\"><script>hacked = 1</script><img src=x onerror='hacked = 1'> $0 \\0 &quot; %s --> ]]>"
THEMES = ("twentytwentythree", "twentytwentyone")
"""Made of blocks, and of templates: WordPress prints scripts at different moments in them."""
READ = HOSTILE.replace("&quot;", '"')
"""As a reader sees it: WordPress's escaping lets an entity stand, which ends no attribute."""
RESERVED = "display:block;height:576px"
DATA = {"data-lang", "data-position", "data-colour", "data-greeting"}

Attributes = dict[str, str | None]


class Ours(html.parser.HTMLParser):
    """What in a page comes from the plugin: the attributes of its scripts and of its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[Attributes] = []
        self.elements: list[Attributes] = []
        self.hostile: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        assert len(given) == len(attributes), f"an attribute twice in {self.get_starttag_text()}"
        if tag == "script" and "/widget.js" in (given.get("src") or ""):
            # WordPress's own: for older themes, and from 6.3 on.
            self.scripts.append({name: given[name] for name in given if name not in ("type", "data-wp-strategy")})
        if tag == "ask-bulletin":
            self.elements.append(given)
        if given.keys() & {"onerror", "onclick", "onfocus"} or given.get("src") == "x":
            self.hostile.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and "hacked" in data:
            self.hostile.append(data)


def ours(site: Site, path: str) -> Ours:
    return Ours(site.read(path))


def data(script: Attributes) -> Attributes:
    return {name: value for name, value in script.items() if name.startswith("data-")}


def store(site: Site, **settings: object) -> None:
    """As other code or an import may leave them: the settings page does not look at these."""
    site.run(f"update_option('ask_bulletin', {php(settings)});")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fresh WordPress with the plugin active; at the end, PHP must have had nothing to say about the plugin."""
    with running_site(tmp_path_factory.mktemp("wordpress")) as site:
        yield site
        assert site.complaints() == []


@pytest.fixture(scope="module")
def server(assistant: Assistant, site: Site) -> str:
    """The address of a server that lets this site call it."""
    return start(assistant, origins=(site.address,))


# What visitors get


@pytest.mark.parametrize("theme", THEMES)
def test_a_shortcode_loads_the_script_with_what_is_set(site: Site, theme: str) -> None:
    site.run(f"switch_theme({php(theme)});")
    store(site, server=SERVER, lang="de", position="left", colour="#003189", greeting="Guten Tag & hallo")
    assert ours(site, site.post("[ask_bulletin]")).scripts == [
        {
            "src": f"{SERVER}/widget.js",
            "id": "ask-bulletin-js",
            "defer": None,
            "data-lang": "de",
            "data-position": "left",
            "data-colour": "#003189",
            "data-greeting": "Guten Tag & hallo",
        }
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_what_a_shortcode_says_goes_before_what_is_set(site: Site, theme: str) -> None:
    site.run(f"switch_theme({php(theme)});")
    store(site, server=SERVER, lang="de", position="left", colour="#003189", greeting="Hallo", everywhere="1")
    shortcode = '[ask_bulletin lang="fr" position="right" colour="#0a0" greeting="Posez-moi vos questions"]'
    (script,) = ours(site, site.post(shortcode)).scripts
    assert data(script) == {
        "data-lang": "fr",
        "data-position": "right",
        "data-colour": "#0a0",
        "data-greeting": "Posez-moi vos questions",
    }


@pytest.mark.parametrize("shortcode", ["[ask_bulletin inline lang=en]", '[ask_bulletin lang="en" inline="true"]'])
def test_inline_puts_the_panel_where_the_shortcode_stands(site: Site, shortcode: str) -> None:
    store(site, server=SERVER, greeting="Bonjour")
    page = ours(site, site.post(f"Before {shortcode} after"))
    assert page.elements == [{"inline": None, "lang": "en", "greeting": "Bonjour", "style": RESERVED}]
    assert [script["src"] for script in page.scripts] == [f"{SERVER}/widget.js"]


def test_inline_can_be_said_not_to_be(site: Site) -> None:
    store(site, server=SERVER)
    page = ours(site, site.post('[ask_bulletin inline="no"]'))
    assert (len(page.elements), len(page.scripts)) == (0, 1)


def test_a_page_without_the_shortcode_loads_nothing_of_ours(site: Site) -> None:
    store(site, server=SERVER)
    for path in (site.post("A page like any other, which says: ask."), "/"):
        assert re.findall("ask.bulletin|widget.js|ask.example.org", site.read(path)) == []


def test_every_page_has_it_once_when_so_set(site: Site) -> None:
    store(site, server=SERVER, everywhere="1")
    for path in (site.post("No shortcode."), site.post("[ask_bulletin] [ask_bulletin]"), "/"):
        assert len(ours(site, path).scripts) == 1


def test_the_sites_language_is_the_widgets_unless_set(site: Site) -> None:
    """As a plugin for sites in several languages changes it, page by page."""
    langs = site.run(
        "foreach (array('fr_FR', 'de_DE_formal', 'en_GB', 'es_ES') as $locale) {"
        " add_filter('locale', $is = fn() => $locale);"
        " $given = array(array('lang' => 'auto'), array('lang' => 'fr'));"
        " foreach ($given as $one) echo AskBulletin\\attributes($one + AskBulletin\\DEFAULTS)['lang'] ?? '-', ' ';"
        " remove_filter('locale', $is);"
        "}"
    )
    assert langs.split() == ["fr", "fr", "de", "fr", "en", "fr", "-", "fr"]


def test_without_a_server_visitors_see_nothing_and_the_admin_is_told(site: Site) -> None:
    site.run("delete_option('ask_bulletin');")
    page = ours(site, site.post("[ask_bulletin] [ask_bulletin inline]"))
    assert (page.scripts, page.elements) == ([], [])
    told = site.run("echo do_shortcode('[ask_bulletin]'); wp_set_current_user(0); echo do_shortcode('[ask_bulletin]');")
    assert told == (
        "<p>Ask the Bulletin is not shown: its server has no address yet. "
        f'<a href="{site.address}/wp-admin/options-general.php?page=ask-bulletin">Settings</a></p>'
    )


def test_a_feed_has_no_element_that_nothing_brings_to_life(site: Site) -> None:
    store(site, server=SERVER)
    site.post("In the feed: [ask_bulletin inline]")
    feed = site.read("/feed/")
    assert "In the feed:" in feed
    assert "ask-bulletin" not in feed
    assert "[ask_bulletin" not in feed


# Hostile words


def test_hostile_settings_stay_words(site: Site) -> None:
    store(site, server=SERVER, greeting=HOSTILE, colour=HOSTILE, position=HOSTILE, lang=HOSTILE)
    page = ours(site, site.post("[ask_bulletin][ask_bulletin inline]"))
    assert page.hostile == []
    (script,), (element,) = page.scripts, page.elements
    assert data(script) == {"data-lang": "en", "data-position": "right", "data-greeting": READ}
    assert element == {"inline": None, "lang": "en", "greeting": READ, "style": RESERVED}


@pytest.mark.parametrize(
    "settings",
    [
        {"server": "javascript:alert(1)//"},
        {"server": SERVER + '/"><script>hacked=1</script>'},
        {"server": {"a": SERVER}},
        {"server": None},
        {},
        "nonsense",
    ],
)
def test_a_server_that_is_none_is_no_server(site: Site, settings: object) -> None:
    given = {**settings, "everywhere": "1"} if isinstance(settings, dict) else settings
    site.run(f"update_option('ask_bulletin', {php(given)});")
    page = ours(site, site.post("[ask_bulletin][ask_bulletin inline]"))
    assert (page.scripts, page.elements, page.hostile) == ([], [], [])


HOSTILE_SHORTCODES = (
    'greeting="\'><script>hacked = 1</script>"',
    "greeting='\"><img src=x onerror=hacked=1>'",
    'greeting="&#34;&gt;&lt;script&gt;hacked = 1&lt;/script&gt;"',
    "greeting='\" onclick=\"hacked=1'",
    'colour="red;background:url(//evil.test)"',
    "colour='\"><script>hacked = 1</script>'",
    'position="left onfocus=hacked=1" lang="fr onfocus=hacked=1"',
    'server="https://evil.test" src="https://evil.test" onclick="hacked=1"',
)


@pytest.mark.parametrize("author", ["author", "admin"])
def test_a_hostile_shortcode_is_harmless(site: Site, author: str) -> None:
    """An author is someone without `unfiltered_html`; an admin may write scripts, but a shortcode brings none."""
    store(site, server=SERVER)
    contents = [f"[ask_bulletin {given}][ask_bulletin inline {given}]" for given in HOSTILE_SHORTCODES]
    for given, path in zip(HOSTILE_SHORTCODES, site.posts(contents, author), strict=True):
        page = ours(site, path)
        assert page.hostile == [], given
        (script,), (element,) = page.scripts, page.elements
        assert script["src"] == f"{SERVER}/widget.js", given
        assert script.keys() <= {"src", "id", "defer", *DATA}, given
        assert (script["data-lang"], script["data-position"]) == ("en", "right"), given
        assert element.keys() <= {"inline", "lang", "greeting", "style"}, given
        assert element["style"] == RESERVED
        assert element["lang"] == "en", given


# What editors set


ADDRESSES = {
    "https://ask.example.org": "https://ask.example.org",
    "  HTTPS://ask.example.org:8443/bulletin/  ": "HTTPS://ask.example.org:8443/bulletin",
    "http://localhost:7860": "http://localhost:7860",
    "http://127.0.0.1:7860": "http://127.0.0.1:7860",
    "http://[::1]:7860": "http://[::1]:7860",
    "": "",
    "http://ask.example.org": None,
    "http://localhost.example.org": None,
    "http://localhost@example.org": None,
    "ftp://ask.example.org": None,
    "javascript:alert(1)": None,
    "//ask.example.org": None,
    "ask.example.org": None,
    "https://": None,
    "https://ask.example.org/?a": None,
    "https://ask.example.org/#a": None,
    "https://user:word@ask.example.org": None,
    "https://ask.example.org/\nhttps://b": None,
    'https://ask.example.org/"': None,
}
"""What may be typed, and what of it is kept on a site that the public reads."""


def test_addresses(site: Site) -> None:
    clean = f"array_map(fn($typed) => AskBulletin\\clean('server', $typed), {php(list(ADDRESSES))})"
    kept = json.loads(site.run(f"echo json_encode({clean});", environment="production"))
    assert dict(zip(ADDRESSES, kept, strict=True)) == ADDRESSES
    local = site.run("echo AskBulletin\\clean('server', 'http://bulletin.test');", environment="local")
    assert local == "http://bulletin.test"


@contextlib.contextmanager
def signed_in(browser: Browser, site: Site, path: str, name: str = "admin") -> Iterator[Page]:
    """The page at `path` as this user sees it, after the form that asks who it is."""
    session = browser.new_context()
    page = session.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{site.address}/wp-login.php?redirect_to={site.address}{path}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(name)
    page.get_by_role("button", name="Log In").click()
    page.wait_for_url(f"**{path}")
    try:
        yield page
    finally:
        session.close()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save Changes").click()


def test_an_admin_activates_the_plugin_and_sets_it(browser: Browser, site: Site) -> None:
    site.run(f"deactivate_plugins({php(PLUGIN)}); delete_option('ask_bulletin');")
    with signed_in(browser, site, "/wp-admin/plugins.php") as page:
        row = page.locator(f"tr[data-plugin='{PLUGIN}']")
        row.get_by_role("link", name="Activate").click()
        row.get_by_role("link", name="Settings").click()
        expect(page.get_by_role("heading", name="Ask the Bulletin")).to_be_visible()
        expect(page.get_by_text("BULLETIN_ORIGINS")).to_contain_text(f"this site: {site.address}")
        page.get_by_label("Server").fill(f" {SERVER}/ ")
        page.get_by_label("Language").select_option("Deutsch")
        page.get_by_label("Side of the button").select_option("Left")
        page.get_by_label("Colour").fill("#0a0")
        page.get_by_label("Greeting").fill('2 < 3 "Fragen" & Antworten')
        page.get_by_label("Show on every page").check()
        save(page)
        expect(page.get_by_text("Settings saved.")).to_be_visible()
        expect(page.get_by_label("Server")).to_have_value(SERVER)
        expect(page.get_by_label("Greeting")).to_have_value('2 < 3 "Fragen" & Antworten')
        (script,) = ours(site, "/").scripts
        assert data(script) == {
            "data-lang": "de",
            "data-position": "left",
            "data-colour": "#0a0",
            "data-greeting": '2 < 3 "Fragen" & Antworten',
        }
        page.get_by_label("Show on every page").uncheck()
        save(page)
        expect(page.get_by_label("Show on every page")).not_to_be_checked()
    assert ours(site, "/").scripts == []


def test_what_cannot_be_is_not_saved_and_the_admin_is_told(browser: Browser, site: Site) -> None:
    store(site, server=SERVER, colour="#0a0", greeting="Bonjour")
    with signed_in(browser, site, "/wp-admin/options-general.php?page=ask-bulletin") as page:
        page.get_by_label("Server").fill(HOSTILE)
        page.get_by_label("Colour").fill("blue")
        page.get_by_label("Greeting").fill("Bonsoir")
        save(page)
        told = page.locator(".notice-error")
        expect(told).to_have_count(2)
        expect(told.nth(0)).to_contain_text(f"Not saved: server is “{READ}”; expected an address that begins with")
        expect(told.nth(1)).to_contain_text("Not saved: colour is “blue”; expected # and three or six digits")
        expect(page.get_by_label("Server")).to_have_value(SERVER)
        expect(page.get_by_label("Colour")).to_have_value("#0a0")
        expect(page.get_by_label("Greeting")).to_have_value("Bonsoir")
        assert page.evaluate("window.hacked") is None


def test_only_an_admin_may_set_it(browser: Browser, site: Site) -> None:
    with signed_in(browser, site, "/wp-admin/options-general.php?page=ask-bulletin", "author") as page:
        expect(page.get_by_text("Sorry, you are not allowed to access this page.")).to_be_visible()
        expect(page.get_by_label("Server")).to_have_count(0)


def test_nothing_is_left_behind(site: Site) -> None:
    store(site, server=SERVER)
    site.run(f"deactivate_plugins({php(PLUGIN)}); activate_plugin({php(PLUGIN)}); deactivate_plugins({php(PLUGIN)});")
    left = site.run(f"uninstall_plugin({php(PLUGIN)}); echo json_encode(get_option('ask_bulletin'));")
    site.run(f"activate_plugin({php(PLUGIN)});")
    assert left == "false"


def test_php_finds_no_fault(site: Site) -> None:
    plugin = Path(__file__).parent.parent / "web" / "wordpress" / "ask-bulletin.php"
    done = subprocess.run(["php", "-d", "error_reporting=-1", "-l", plugin], capture_output=True, text=True)
    assert done.stdout.startswith("No syntax errors"), done.stdout + done.stderr


# The whole way


@contextlib.contextmanager
def visit(browser: Browser, site: Site, path: str, *allowed: str) -> Iterator[Page]:
    """A visitor's page, which asks nobody but the site and those `allowed`, and complains of nothing."""
    session = browser.new_context(locale="en-GB")
    page = session.new_page()
    page.set_default_timeout(WAIT_MS)
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site.address + path)
    try:
        yield page
        assert page.evaluate("window.hacked") is None
        assert [url for url in requested if not url.startswith((site.address, "data:", "blob:", *allowed))] == []
        assert complaints == []
    finally:
        session.close()


def ask_and_read(page: Page) -> None:
    """Ask in English, and read the bulletin's French words with their article."""
    page.get_by_role("textbox", name=TEXTS["en"]["question_label"]).fill("how many clusters are in go-cluster?")
    page.keyboard.press("Enter")
    reply = page.locator("ask-bulletin .reply")
    expect(reply).to_have_attribute("lang", "en", timeout=WAIT_MS)
    quote = reply.locator("blockquote").first
    expect(quote.locator("[lang=fr]").first).to_contain_text("91 clusters")
    source = quote.get_by_role("link")
    expect(source).to_contain_text("Congrès annuel des clusters")
    assert str(source.get_attribute("href")).startswith("http")


def test_from_the_settings_page_to_a_cited_answer(browser: Browser, site: Site, server: str) -> None:
    site.run(f"delete_option('ask_bulletin'); switch_theme({php(THEMES[0])});")
    with signed_in(browser, site, "/wp-admin/options-general.php?page=ask-bulletin") as page:
        page.get_by_label("Server").fill(server)
        page.get_by_label("Greeting").fill(HOSTILE)
        save(page)
        expect(page.get_by_text("Settings saved.")).to_be_visible()
    with visit(browser, site, site.post("Ask us. [ask_bulletin]"), server) as page:
        page.get_by_role("button", name=TEXTS["en"]["title"]).click()
        expect(page.locator("ask-bulletin .welcome")).to_contain_text(READ)
        ask_and_read(page)


@pytest.mark.parametrize("theme", THEMES)
def test_a_panel_in_its_place_gives_a_cited_answer(browser: Browser, site: Site, server: str, theme: str) -> None:
    site.run(f"switch_theme({php(theme)});")
    store(site, server=server, everywhere="1")
    with visit(browser, site, site.post("Ask us here: [ask_bulletin inline] And read on."), server) as page:
        expect(page.locator("ask-bulletin")).to_have_count(1)
        expect(page.get_by_text("Ask us here:").locator("..").locator("ask-bulletin")).to_be_visible()
        ask_and_read(page)


def test_a_hostile_authors_page_is_harmless_in_a_browser(browser: Browser, site: Site, server: str) -> None:
    store(site, server=server)
    shortcode = "[ask_bulletin inline greeting='\"><img src=x onerror=hacked=1>' colour='\"><script>hacked=1</script>']"
    with visit(browser, site, site.post(f"{shortcode}<script>hacked = 1</script>", "author"), server) as page:
        ask_and_read(page)


def test_a_page_without_the_shortcode_asks_only_the_site(browser: Browser, site: Site, server: str) -> None:
    store(site, server=server)
    with visit(browser, site, site.post("A page like any other.")) as page:
        expect(page.get_by_text("A page like any other.")).to_be_visible()
        assert page.locator("ask-bulletin").count() == 0
