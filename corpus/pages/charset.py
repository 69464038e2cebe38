"""The bytes of a page to its text, whatever the page and the server say they are.

A text of any length that happens to be valid UTF-8 is UTF-8, so the bytes are believed before the declarations;
pages of 2011 that declare ISO-8859-1 hold windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
"""

from __future__ import annotations

import codecs
import re

__all__ = ["decode"]

_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,80}?encoding=[\"']([\w.:-]+)", re.I
)
_HEAD = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LATIN = ("iso8859-1", "ascii", "iso8859-15")
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(data: bytes, *, charset: str = "") -> str:
    """`data` as text. `charset` is what HTTP said; it is asked only where the bytes themselves do not tell.

    >>> decode("L’été à 3 €".encode("cp1252"), charset="utf-8")
    'L’été à 3 €'
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.removeprefix(bom).decode(encoding, "replace")
    if wide := _without_bom(data):
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _mended(data) if _mostly_utf8(data) else _declared(data, charset)


def _without_bom(data: bytes) -> str:
    head = data[:400]
    if head.count(0) * 3 < len(head):
        return ""
    return "utf-16-be" if head[::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _mostly_utf8(data: bytes) -> bool:
    """A UTF-8 page into which a banner or a counter was pasted in another encoding, or that was cut in a character."""
    sequences = _SEQUENCE.findall(data)
    stray = sum(byte >= 0x80 for byte in data) - sum(map(len, sequences))
    return len(sequences) > 3 * stray


def _mended(data: bytes) -> str:
    pieces, at = [], 0
    for match in _SEQUENCE.finditer(data):
        pieces += [_western(data[at : match.start()]), match[0].decode("utf-8", "replace")]
        at = match.end()
    return "".join([*pieces, _western(data[at:])])


def _declared(data: bytes, charset: str) -> str:
    found = _DECLARED.search(data[:_HEAD])
    said = (found[1] or found[2]).decode("ascii") if found else ""
    for name in (charset, said):
        try:
            known = codecs.lookup(name).name
            if known not in (*_LATIN, "utf-8", "utf-16", "utf-32"):
                return data.decode(known)
            if known == "iso8859-15" and not re.search(rb"[\x80-\x9f]", data):
                return data.decode(known)
        except (LookupError, ValueError):  # no such name, no text encoding, or other bytes than it says
            continue
    return _western(data)


def _western(data: bytes) -> str:
    return data.decode("cp1252", "western")


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """The five bytes windows-1252 leaves open stay the control characters they are, and are dropped later."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("western", _as_latin_1)
