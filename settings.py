"""One frozen Settings. The environment is read here and nowhere else: `BULLETIN_<NAME>` for each field."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from errors import SettingsError

ROOT = Path(__file__).resolve().parent
READERS = ("trained", "sentences")


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ask-the-bulletin"


@dataclass(frozen=True, slots=True)
class Settings:
    articles: Path = ROOT / "corpus" / "articles"
    """Where the article files are."""
    index: Path = ROOT / "var" / "index"
    """Where built indexes are published."""
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

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"BULLETIN_PORT is {self.port}; a port lies between 0 and 65535.")
        if self.reader not in READERS:
            raise SettingsError(f"BULLETIN_READER is {self.reader!r}; there are {' and '.join(READERS)}.")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise SettingsError(f"BULLETIN_THRESHOLD is {self.threshold}; a probability lies between 0 and 1.")
        for name in ("max_question", "threads"):
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
            except (ValueError, RuntimeError):  # RuntimeError: `~name` of nobody
                raise SettingsError(f"{name} is {value!r}; expected a value of type {known[name].type}.") from None
        return cls(**values)  # type: ignore[arg-type]


def _convert(kind: str, value: str) -> object:
    if kind == "int":
        return int(value)
    if kind.startswith("float"):
        return float(value)
    if kind == "Path" and not value:
        raise ValueError
    return Path(value).expanduser() if kind == "Path" else value
