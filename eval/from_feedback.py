"""Thumbs down to question-file lines, for an editor to complete: what should have been answered, or that it should not.

A line is made of what the server answered; `answers` is left empty and `answerable` is a guess, so that a line nobody
has looked at scores nothing on containment. `said` and `comment` are for the editor; the reader of question files
leaves keys it does not know alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from answer.feedback import Entry


def question_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """One JSON line for each question that was given a thumb down, the comments of the same question together."""
    grouped: dict[tuple[str, str, tuple[str, ...]], list[Entry]] = {}
    for entry in entries:
        if entry.verdict == "down":
            grouped.setdefault((entry.answer["question"], entry.answer["lang"], entry.turns), []).append(entry)
    for same in grouped.values():
        yield json.dumps(_line(same), ensure_ascii=False)


def _line(same: Sequence[Entry]) -> dict[str, Any]:
    latest = same[-1]
    answer = latest.answer
    comments = list(dict.fromkeys(entry.comment for entry in same if entry.comment))
    return {
        "id": f"feedback-{same[0].id}",
        "lang": answer["lang"],
        "question": answer["question"],
        **({"turns": list(latest.turns)} if latest.turns else {}),
        "articles": list(dict.fromkeys(citation["article_id"] for citation in answer["citations"])),
        "answers": [],
        "answerable": True,
        "tags": ["feedback"],
        "said": answer["answer"],
        "comment": " / ".join(comments),
        "times": len(same),
    }
