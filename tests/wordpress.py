"""A real WordPress for the tests: started by `scripts/wordpress`, with our plugin active; told what to do in PHP."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.machines import free_port

SCRIPT = Path(__file__).parent.parent / "scripts" / "wordpress"
PLUGIN = "ask-bulletin/ask-bulletin.php"
START_S = 120
"""Two busy cores start WordPress in this time; an idle machine in two seconds."""


@dataclass(frozen=True, slots=True)
class Site:
    address: str
    folder: Path

    def run(self, code: str, environment: str = "local") -> str:
        """What this PHP prints, run as the admin in a site that says it is of this kind of environment."""
        done = subprocess.run(
            [SCRIPT, "eval", self.folder, code],
            env={**os.environ, "WP_ENVIRONMENT_TYPE": environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def post(self, content: str, author: str = "admin") -> str:
        """The path of a page that `author` published, with WordPress's own rules for what an author may write."""
        return self.posts([content], author)[0]

    def posts(self, contents: Sequence[str], author: str = "admin") -> list[str]:
        """The path of a page for each of `contents`."""
        paths = self.run(
            f"wp_set_current_user(get_user_by('login', {php(author)})->ID);"
            f"foreach ({php(contents)} as $content) {{"
            " $post = array('post_title' => 'A page', 'post_status' => 'publish', 'post_content' => $content);"
            " echo wp_make_link_relative(get_permalink(wp_insert_post(wp_slash($post)))), ' ';"
            "}"
        )
        return paths.split()

    def read(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path) as response:
            page: str = response.read().decode()
        return page

    def complaints(self) -> list[str]:
        """What PHP said about our plugin."""
        log = self.folder / "debug.log"
        return [line for line in log.read_text().splitlines() if "ask-bulletin" in line] if log.exists() else []


def php(value: object) -> str:
    """`value` as an expression of PHP."""
    if isinstance(value, Mapping):
        return "array(" + ", ".join(f"{php(key)} => {php(item)}" for key, item in value.items()) + ")"
    if isinstance(value, list | tuple):
        return "array(" + ", ".join(php(item) for item in value) + ")"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


@contextlib.contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A fresh site in the empty `folder`, with an admin and an author (name and password alike).

    The test is skipped where WordPress is missing and only root could install it.
    """
    installed = subprocess.run([SCRIPT, "install"], capture_output=True, text=True)
    if installed.returncode and os.getuid():
        pytest.skip(installed.stderr.strip())
    assert installed.returncode == 0, installed.stderr
    # pdeathsig: when the tests are killed outright, the site goes as well.
    command: list[str | Path] = ["setpriv", "--pdeathsig", "TERM", SCRIPT, "start", folder, str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            assert running.stdout
            ready, _, _ = select.select([running.stdout], [], [], START_S)
            address = running.stdout.readline().strip() if ready else "nothing"
            assert address.startswith("http://"), address
            site = Site(address, folder)
            site.run(
                f"activate_plugin({php(PLUGIN)});"
                "wp_insert_user(array('user_login' => 'author', 'user_pass' => 'author', 'role' => 'author'));"
            )
            yield site
        finally:
            running.terminate()
