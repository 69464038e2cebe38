"""What the tests share: the real encoder, the real article in a real index, a real browser. Nothing here is faked."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from answer.ask import Assistant
from app import open_assistant, open_builder, open_encoder
from corpus.articles import read_articles
from index.encoding.encoder import SentenceEncoder
from index.versions.build import build
from records import Encoder
from settings import ROOT, Settings
from tests.public import start
from tests.visiting import Site, a_site

ONE_CORE = Settings(threads=1)
"""Two processes test at once, on two cores."""


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The one that serves."""
    return open_encoder(ONE_CORE)


@pytest.fixture(scope="session")
def builder() -> SentenceEncoder:
    """The one that builds, and the reference of the other."""
    return open_builder(ONE_CORE)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, builder: SentenceEncoder) -> Settings:
    """Settings whose index was built from the articles in the tree."""
    settings = dataclasses.replace(ONE_CORE, index=tmp_path_factory.mktemp("index"))
    build(read_articles(settings.articles), builder, settings.index)
    return settings


@pytest.fixture(scope="session")
def assistant(settings: Settings) -> Assistant:
    return open_assistant(settings)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which `scripts/browser` installs, kept from calling home."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(Path("/usr/bin/chromium")),
            args=["--no-sandbox", "--disable-quic", "--disable-dev-shm-usage", "--disable-gpu", *quiet],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script: put into a page, `axe.run()` finds what shuts readers out. Installed on first use."""
    installed = subprocess.run([ROOT / "scripts" / "axe"], check=True, capture_output=True, text=True)
    return Path(installed.stdout.strip()).read_text("utf-8")


# A site on another origin, and a server that it may call


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with a_site() as site:
        yield site


@pytest.fixture(scope="module")
def public(settings: Settings, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a server that `site` may call."""
    return site.settings(settings, tmp_path_factory.mktemp("feedback"))


@pytest.fixture(scope="module")
def server(assistant: Assistant, public: Settings) -> str:
    return start(assistant, public)


@pytest.fixture(scope="module")
def serve(public: Settings) -> Callable[..., str]:
    """Starts a server of another kind: `serve(assistant, **settings)`."""
    return lambda assistant, **changes: start(assistant, public, **changes)
