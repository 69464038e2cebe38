"""The front matter of an article: the YAML between its two `---` lines, read as plain text and nothing else.

It is `key: text` or `key: [text, text]`. Nothing is ever constructed from it: numbers and dates stay the words they
are written in; tags, anchors, aliases and nesting are refused before they can cost anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from errors import ArticleError

_FIRST_LINE = 2  # of the front matter in its file: line 1 is the opening `---`
_NULLS = ("", "~", "null", "Null", "NULL")
_QUOTE_IT = 'Put a text that holds ": " or begins with one of [ { & * ! | > % @ ` in quotes.'


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands under one key, stripped; "" where nothing does. `line` is the key's in the file, from 1."""

    line: int
    value: str | tuple[str, ...]


def read_front_matter(text: str, path: Path) -> dict[str, Entry]:
    """The keys of the front matter `text` of the file `path`, in order: `"id: a"` gives `{"id": Entry(2, "a")}`.

    Raises ArticleError, with the line, for whatever is not YAML, not keys with texts, or given twice.
    """

    def line_of(index: int) -> int:
        # Counted here: YAML's own marks also count U+0085, U+2028 and U+2029 as line ends, editors do not.
        return _FIRST_LINE + text.count("\n", 0, index)

    entries: dict[str, Entry] = {}
    for key, value in _compose(text, path, line_of).value:
        line = line_of(key.start_mark.index)
        if not isinstance(key, yaml.ScalarNode):
            raise ArticleError(path, "a key of the front matter is a list; expected `key: value` lines.", line)
        if key.value in entries:
            raise ArticleError(path, f"{key.value} is given twice, first on line {entries[key.value].line}.", line)
        entries[key.value] = Entry(line, _value(key.value, value, path, line))
    return entries


def _compose(text: str, path: Path, line_of: Callable[[int], int]) -> Any:
    """The YAML mapping node of `text`."""
    try:
        _refuse_all_but_plain(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        line = line_of(error.position)
        raise ArticleError(path, f"front matter holds U+{error.character:04X}, which YAML refuses.", line) from None
    except yaml.MarkedYAMLError as error:
        raise ArticleError(path, _problem(error), line_of(_mark(error).index)) from None
    if not isinstance(node, yaml.MappingNode):
        raise ArticleError(path, "front matter is not a mapping; expected `key: value` lines.", _FIRST_LINE)
    return node


def _refuse_all_but_plain(text: str) -> None:
    """Raise MarkedYAMLError at the first thing beyond texts and lists of texts under keys.

    Done on events, before anything nests: composing is recursive, and a thousand brackets would exhaust the stack.
    """
    loader, depth = yaml.BaseLoader(text), 0
    try:
        while loader.check_event():
            event = loader.get_event()
            if problem := _refusal(event, depth):
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
    except (ValueError, OverflowError):  # PyYAML lets chr() and int() of an outsized escape through
        raise yaml.MarkedYAMLError(problem="no such character or number", problem_mark=loader.get_mark()) from None


def _refusal(event: Any, depth: int) -> str | None:
    if getattr(event, "anchor", None) is not None:  # an alias has one too: the one it points at
        return "anchors and aliases (& and *) are refused; put a text that begins so in quotes"
    if getattr(event, "tag", None) is not None:
        return "tags (!) are refused; put a text that begins so in quotes"
    if depth == 0 and isinstance(event, yaml.SequenceStartEvent):
        return "it is not a mapping; expected `key: value` lines"
    if depth and isinstance(event, yaml.CollectionStartEvent):
        is_list = isinstance(event, yaml.SequenceStartEvent)
        return None if is_list and depth == 1 else "expected a text or a list of texts under a key, nothing nested"
    return None


def _mark(error: Any) -> Any:
    # A scanner's context is where the token began, its problem where the token failed, often lines further down.
    scanning = isinstance(error, yaml.scanner.ScannerError) and error.context_mark is not None
    return error.context_mark if scanning else error.problem_mark


def _problem(error: Any) -> str:
    said = ": ".join(filter(None, (error.context, error.problem)))
    hint = "" if type(error) is yaml.MarkedYAMLError else f" {_QUOTE_IT}"  # ours say what to do already
    return f"front matter cannot be read: {said}.{hint}"


def _value(key: str, node: Any, path: Path, line: int) -> str | tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        return _text(key, node, path, line)
    return tuple(_text(key, item, path, line) for item in node.value)


def _text(key: str, node: Any, path: Path, line: int) -> str:
    if node.style is None and node.value in _NULLS:
        return ""
    text: str = node.value.strip()
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):  # from an escape or a `|` block: "\0", a lone "\ud800"
            raise ArticleError(path, f"{key} holds U+{ord(character):04X}; expected one line of plain text.", line)
    return text
