"""One frozen Settings. The environment is read here and nowhere else: `BULLETIN_<NAME>` for each field."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from errors import SettingsError

ROOT = Path(__file__).resolve().parent
READERS = ("trained", "sentences")
STORES = ("files", "milvus")
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")
_RATE = re.compile(r"[1-9]\d*/(second|minute|hour|day)")


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ask-the-bulletin"


@dataclass(frozen=True, slots=True)
class Settings:
    articles: Path = ROOT / "corpus" / "articles"
    """Where the article files are."""
    index: Path = ROOT / "var" / "index"
    """Where built indexes are published."""
    store: str = "files"
    """Where passages are searched: `files`, the published index itself, or `milvus`, a cluster that holds a copy."""
    milvus: str = ""
    """The cluster's address (`http://host:19530`); a path ending in `.db`: Milvus Lite in this process."""
    milvus_token: str = field(default="", repr=False)
    """Its `user:password` or token, where it asks for one."""
    cache: Path = field(default_factory=_cache_home)
    """Where the encoder's weights are unpacked, once."""
    model: str = "multilingual-e5-small"
    """The bundled weights, or any sentence-transformers model by name or path."""
    query_prefix: str | None = None
    """Put before a question; unset: what the model's own configuration says."""
    passage_prefix: str | None = None
    """Put before a passage; unset: what the model's own configuration says."""
    reader: str = "trained"
    """`trained`: marks the words that answer (bundled model only); `sentences`: scores sentences, for any model."""
    threshold: float | None = None
    """Probability from which on an answer is given; unset: as fitted (`eval fit`). Higher refuses more."""
    host: str = "127.0.0.1"
    port: int = 7860
    max_question: int = 1000
    """Characters; a longer question is turned away with a clear word."""
    threads: int = 2
    """Processor threads for the encoder."""
    origins: tuple[str, ...] = ()
    """Origins (`https://site.example`), comma between, of the sites that may embed the chat and call the API."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks, comma between, of proxies whose word for the client's address is believed."""
    rate: str = "30/minute"
    """Questions that one address may ask: a number per second, minute, hour or day."""
    waiting: int = 10
    """Questions that may wait for their turn; the next one is told to come back."""
    feedback: Path = ROOT / "var" / "feedback.sqlite"
    """Where readers' thumbs up and down are kept."""
    feedback_days: int = 90
    """Days they are kept; 0: no feedback is asked for, and what was kept is deleted."""
    log_questions: bool = False
    """Whether the log holds the text of questions, or only that one was asked."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"BULLETIN_PORT is {self.port}; a port lies between 0 and 65535.")
        if self.reader not in READERS:
            raise SettingsError(f"BULLETIN_READER is {self.reader!r}; there are {' and '.join(READERS)}.")
        if self.store not in STORES:
            raise SettingsError(f"BULLETIN_STORE is {self.store!r}; there are {' and '.join(STORES)}.")
        if self.store == "milvus" and not self.milvus:
            raise SettingsError("BULLETIN_STORE is milvus, and BULLETIN_MILVUS names no cluster: http://host:19530.")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise SettingsError(f"BULLETIN_THRESHOLD is {self.threshold}; a probability lies between 0 and 1.")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"BULLETIN_ORIGINS has {origin!r}; an origin is like https://site.example, no path."
                )
        for proxy in self.proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise SettingsError(
                    f"BULLETIN_PROXIES has {proxy!r}; expected an address or network ({error})."
                ) from None
        if not _RATE.fullmatch(self.rate):
            raise SettingsError(f"BULLETIN_RATE is {self.rate!r}; expected a number per time, like 30/minute.")
        if not 0 <= self.feedback_days <= 36_500:
            raise SettingsError(
                f"BULLETIN_FEEDBACK_DAYS is {self.feedback_days}; 0 keeps nothing, 90 keeps 90 days, 36500 is the most."
            )
        for name in ("max_question", "threads", "waiting"):
            if getattr(self, name) < 1:
                raise SettingsError(f"BULLETIN_{name.upper()} is {getattr(self, name)}; it must be at least 1.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings with every `BULLETIN_<NAME>` that is set. Raises SettingsError on an unknown name or a bad value."""
        known = {f"BULLETIN_{f.name.upper()}": f for f in fields(cls)}
        given = {name: value for name, value in environment.items() if name.startswith("BULLETIN_")}
        if unknown := sorted(given.keys() - known.keys()):
            raise SettingsError(f"{', '.join(unknown)}: no such setting; there are {', '.join(known)}.")
        values: dict[str, object] = {}
        for name, value in given.items():
            try:
                values[known[name].name] = _convert(str(known[name].type), value)
            except (KeyError, ValueError, RuntimeError):  # RuntimeError: `~name` of nobody
                raise SettingsError(f"{name} is {value!r}; expected a value of type {known[name].type}.") from None
        return cls(**values)  # type: ignore[arg-type]


def _convert(kind: str, value: str) -> object:
    if kind == "int":
        return int(value)
    if kind.startswith("float"):
        return float(value)
    if kind == "bool":
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if kind == "Path" and not value:
        raise ValueError
    return Path(value).expanduser() if kind == "Path" else value
