"""`python -m tests.pages.make`: writes the fixture pages, each with its truth beside it; the same ones every time.

`known/` are the pages the reader was written on: two topics of three in the first three layouts. `held_out/` are the
other topics in those layouts, and two further layouts. Their scores were first
looked at when all known pages were right; one fault seen there, in a label (`No|ra`), was mended afterwards.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from tests.pages.article import TOPICS, Truth, write_article
from tests.pages.layouts import bulletin, embassy, fiche, issue, plain_centre

HERE = Path(__file__).parent
LAYOUTS: dict[str, Callable[[Truth, random.Random], str]] = {
    "bulletin": bulletin, "fiche": fiche, "embassy": embassy, "plain": plain_centre, "issue": issue,
}  # fmt: skip
CHARSETS = (
    # what the page declares, what its bytes are
    ("iso-8859-1", "cp1252"),
    ("utf-8", "utf-8"),
    ("utf-8", "cp1252"),
    ("iso-8859-1", "utf-8"),
    ("", "cp1252"),
    ("", "utf-8"),
)
HELD_OUT_TOPICS = (2, 5, 8, 11)


def main() -> None:
    for number, (layout, topic) in enumerate((layout, topic) for layout in LAYOUTS for topic in range(len(TOPICS))):
        further = layout in ("plain", "issue")
        if further and topic % 2 != (layout == "issue"):
            continue
        _write(layout, topic, number, held_out=further or topic in HELD_OUT_TOPICS)


def _write(layout: str, topic: int, number: int, *, held_out: bool) -> None:
    dice = random.Random(f"{layout} {topic}")
    variant = min(list(LAYOUTS).index(layout), 3)
    signed = layout in ("bulletin", "plain")
    id_ = f"{layout}-{TOPICS[topic]['key']}"
    truth = write_article(TOPICS[topic], variant, id_, dice, signed=signed, typographic=number % 2 == 1)
    declared, charset = CHARSETS[number % len(CHARSETS)]
    page = LAYOUTS[layout](truth, dice).replace("@CHARSET@", _declaration(declared))
    folder = HERE / ("held_out" if held_out else "known")
    folder.mkdir(exist_ok=True)
    (folder / f"{truth.id}.html").write_bytes(page.encode(charset))
    told = json.dumps(truth.to_json() | {"declared": declared, "bytes": charset}, ensure_ascii=False, indent=1)
    (folder / f"{truth.id}.json").write_text(told + "\n", encoding="utf-8")


def _declaration(charset: str) -> str:
    return f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""


if __name__ == "__main__":
    main()
