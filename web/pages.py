"""The pages beside the chat: an article, opened at the cited words; the widget's script; the shared stylesheet."""

from __future__ import annotations

import gzip
import hashlib
import logging
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from errors import IndexUnavailable
from web import render, widget
from web.desk import Desk
from web.texts import TEXTS, reader_lang

log = logging.getLogger(__name__)

_HERE: Final = Path(__file__).parent
_KEPT_S: Final = 600
"""How long a browser may believe the script it has: a mend reaches every reader within ten minutes."""
READ: Final = ["GET", "HEAD"]
"""What a browser and a probe read with."""


def add_pages(app: FastAPI, desk: Desk, feedback: bool) -> None:
    """`/articles/{id}?start=&quote=` (or `&end=`) and `/widget.js`. `feedback`: whether the widget asks for thumbs."""
    style = "".join((_HERE / name).read_text("utf-8") for name in ("palette.css", "article.css"))
    script = widget.script(feedback).encode()
    packed = gzip.compress(script, 9, mtime=0)
    etag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'

    @app.api_route("/articles/{article_id}", methods=READ, include_in_schema=False)
    async def article(article_id: str, request: Request, start: int = 0, end: int = 0, quote: str = "") -> Response:
        lang = reader_lang(request.headers.get("accept-language"))
        try:
            found = desk.article(article_id)
        except IndexUnavailable as error:
            log.error("%s", error)
            return HTMLResponse(render.page(TEXTS[lang]["unavailable"], "", style, lang), 503)
        if not found:
            return HTMLResponse(render.page(TEXTS[lang]["no_article"], "", style, lang), 404)
        span = render.where_cited(found.body, start, end, quote)
        return HTMLResponse(render.article_page(found, span, style, lang))

    @app.api_route("/widget.js", methods=READ, include_in_schema=False)
    async def widget_script(request: Request) -> Response:
        headers = {
            "Cache-Control": f"public, max-age={_KEPT_S}", "ETag": etag, "Vary": "Accept-Encoding",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }  # fmt: skip
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        kind = "text/javascript; charset=utf-8"
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(script, media_type=kind, headers=headers)
        return Response(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
