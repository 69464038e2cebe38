"""Settings: defaults that work, one environment variable a field, and every mistake named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from errors import SettingsError
from settings import ROOT, Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().articles == ROOT / "corpus" / "articles"
    assert Settings().index == ROOT / "var" / "index"
    assert (Settings().host, Settings().port, Settings().max_question) == ("127.0.0.1", 7860, 1000)


def test_every_field_can_be_set() -> None:
    given = {
        "BULLETIN_ARTICLES": "/a", "BULLETIN_INDEX": "/i", "BULLETIN_CACHE": "/c", "BULLETIN_MODEL": "m",
        "BULLETIN_QUERY_PREFIX": "", "BULLETIN_PASSAGE_PREFIX": "p: ", "BULLETIN_READER": "sentences",
        "BULLETIN_THRESHOLD": "0.6", "BULLETIN_HOST": "0.0.0.0", "BULLETIN_PORT": "80",
        "BULLETIN_MAX_QUESTION": "500", "BULLETIN_THREADS": "4", "BULLETIN_WAITING": "5", "BULLETIN_RATE": "3/second",
        "BULLETIN_ORIGINS": "https://a.test, https://b.test:8443", "BULLETIN_PROXIES": "10.0.0.0/8,::1",
        "BULLETIN_STORE": "milvus", "BULLETIN_MILVUS": "http://m:19530", "BULLETIN_MILVUS_TOKEN": "t",
        "BULLETIN_FEEDBACK": "/f", "BULLETIN_FEEDBACK_DAYS": "0", "BULLETIN_LOG_QUESTIONS": "yes",
    }  # fmt: skip
    assert set(given) == {f"BULLETIN_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert Settings.from_environment(given) == Settings(
        Path("/a"), Path("/i"), "milvus", "http://m:19530", "t", Path("/c"), "m", "", "p: ", "sentences", 0.6,
        "0.0.0.0", 80, 500, 4,
        ("https://a.test", "https://b.test:8443"), ("10.0.0.0/8", "::1"), "3/second", 5, Path("/f"), 0, True,
    )  # fmt: skip


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLETIN_PORT", "8080")
    assert Settings.from_environment().port == 8080


def test_other_variables_are_left_alone() -> None:
    assert Settings.from_environment({"PORT": "x", "bulletin_port": "x", "MY_BULLETIN_PORT": "x"}) == Settings()


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert Settings.from_environment({"BULLETIN_INDEX": "~/index"}).index == Path("/home/someone/index")


def test_the_cache_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/tmp/cache")
    assert Settings().cache == Path("/var/tmp/cache/ask-the-bulletin")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"^BULLETIN_INDX, BULLETIN_PROT: no such setting; there are BULLETIN_"):
        Settings.from_environment({"BULLETIN_PROT": "1", "BULLETIN_INDX": "x"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BULLETIN_PORT", "web", r"^BULLETIN_PORT is 'web'; expected a value of type int\.$"),
        ("BULLETIN_PORT", "", r"^BULLETIN_PORT is ''; expected"),
        ("BULLETIN_PORT", "70000", r"^BULLETIN_PORT is 70000; a port lies between 0 and 65535\.$"),
        ("BULLETIN_PORT", "-1", r"^BULLETIN_PORT is -1; a port"),
        ("BULLETIN_MAX_QUESTION", "0", r"^BULLETIN_MAX_QUESTION is 0; it must be at least 1\.$"),
        ("BULLETIN_THREADS", "0", r"^BULLETIN_THREADS is 0; it must be at least 1\.$"),
        ("BULLETIN_THRESHOLD", "1.5", r"^BULLETIN_THRESHOLD is 1\.5; a probability lies between 0 and 1\.$"),
        ("BULLETIN_THRESHOLD", "nan", r"^BULLETIN_THRESHOLD is nan; a probability"),
        ("BULLETIN_THRESHOLD", "high", r"^BULLETIN_THRESHOLD is 'high'; expected a value of type float \| None\.$"),
        ("BULLETIN_ORIGINS", "https://a.test/path", r"^BULLETIN_ORIGINS has 'https://a\.test/path'; an origin is like"),
        ("BULLETIN_ORIGINS", "*", r"^BULLETIN_ORIGINS has '\*'; an origin"),
        ("BULLETIN_PROXIES", "nginx", r"^BULLETIN_PROXIES has 'nginx'; expected an address or network"),
        ("BULLETIN_RATE", "0/minute", r"^BULLETIN_RATE is '0/minute'; expected a number per time, like 30/minute\.$"),
        ("BULLETIN_FEEDBACK_DAYS", "-1", r"^BULLETIN_FEEDBACK_DAYS is -1; 0 keeps nothing"),
        ("BULLETIN_FEEDBACK_DAYS", "999999", r"^BULLETIN_FEEDBACK_DAYS is 999999; 0 keeps nothing"),
        (
            "BULLETIN_LOG_QUESTIONS",
            "perhaps",
            r"^BULLETIN_LOG_QUESTIONS is 'perhaps'; expected a value of type bool\.$",
        ),
        ("BULLETIN_READER", "llm", r"^BULLETIN_READER is 'llm'; there are trained and sentences\.$"),
        ("BULLETIN_STORE", "faiss", r"^BULLETIN_STORE is 'faiss'; there are files and milvus\.$"),
        ("BULLETIN_STORE", "milvus", r"^BULLETIN_STORE is milvus, and BULLETIN_MILVUS names no cluster: http://"),
        ("BULLETIN_THREADS", "1.5", r"^BULLETIN_THREADS is '1\.5'; expected a value of type int\.$"),
        ("BULLETIN_INDEX", "", r"^BULLETIN_INDEX is ''; expected"),
        ("BULLETIN_CACHE", "~no-such-user/cache", r"^BULLETIN_CACHE is '~no-such-user/cache'; expected"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({name: value})


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Settings(milvus_token="secret"))


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
