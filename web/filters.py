"""Filters that a reader of the chat may set: the sections there are, and what comes back from the page.

The page's fields are native ones that `chat.js` draws, for the keyboard and for screen readers; what they hold arrives
as one text, `{"section", "since", "until"}` in JSON, the dates as typed: "2012", "06/2012", "21/06/2012".
"""

from __future__ import annotations

import datetime
from typing import Final

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answer.days import days_named
from answer.names import names_of
from records import Filters
from web.desk import Desk
from web.pages import READ

MAX_FILTERS: Final = 600
"""Characters of the text that holds the filters."""


class FiltersUnreadable(ValueError):
    """A date that is none, or something that the page does not send."""


class _Typed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    section: str = Field("", max_length=200)
    since: str = Field("", max_length=40)
    until: str = Field("", max_length=40)


def add_filters(app: FastAPI, desk: Desk) -> None:
    """`GET /sections`: those of the articles that are served now, so that the page offers none that has gone."""

    @app.api_route("/sections", methods=READ, include_in_schema=False)
    def sections() -> JSONResponse:  # in a thread: a new version's articles are read for it
        assistant = desk.assistant
        names = names_of(assistant.index.version, assistant.articles)
        return JSONResponse(
            {"sections": sorted(names.sections, key=str.casefold)}, headers={"Cache-Control": "no-store"}
        )


def read_filters(text: str | None) -> Filters | None:
    """What the page's fields hold; None when they are empty.

    Raises FiltersUnreadable when a date is none or the text is not the page's.
    """
    if not text:
        return None
    if len(text) > MAX_FILTERS:
        raise FiltersUnreadable(f"{len(text)} characters; at most {MAX_FILTERS}.")
    try:
        typed = _Typed.model_validate_json(text)
    except ValidationError as error:
        raise FiltersUnreadable(str(error.errors()[0]["msg"])) from None
    filters = Filters(typed.section.strip(), _day(typed.since, 0), _day(typed.until, 1))
    return filters if filters != Filters() else None


def _day(typed: str, end: int) -> datetime.date | None:
    """The first (`end` 0) or last day (1) of what was typed."""
    if not typed.strip():
        return None
    if days := days_named(typed):
        return days[end]
    raise FiltersUnreadable(f"{typed!r} is no day, month or year.")
