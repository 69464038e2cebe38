"""JSON in, files out: read with a clear word when it is not what was expected, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from errors import QuestionFileError


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, `{}` when there is no such file. Raises QuestionFileError on anything else in it."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(path, f"not JSON ({error}).", getattr(error, "lineno", None)) from None
    if not isinstance(value, dict):
        raise QuestionFileError(path, f"found {type(value).__name__}; expected an object.")
    return value


def write_json(path: Path, value: object) -> None:
    write_atomically(path, (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Beside the file first, then renamed over it: who reads it sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
