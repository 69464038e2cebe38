"""What machines that watch the service ask: is it alive, can it answer, what has it done."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from web.desk import Desk
from web.metrics import CONTENT_TYPE
from web.pages import READ


def add_probes(app: FastAPI, desk: Desk) -> None:
    """`/healthz`: the process answers. `/readyz`: the index is whole (503 where it is not). `/metrics`: Prometheus."""

    @app.api_route("/healthz", methods=READ, include_in_schema=False)
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @app.api_route("/readyz", methods=READ, include_in_schema=False)
    def readyz() -> Response:  # in a thread: it may read every file of the index
        readiness = desk.readiness
        version = readiness.version
        if problem := readiness.problem():
            return JSONResponse({"ready": False, "index_version": version, "problem": problem}, 503)
        return JSONResponse({"ready": True, "index_version": version})

    @app.api_route("/metrics", methods=READ, include_in_schema=False)
    async def metrics() -> Response:
        return Response(desk.metrics.exposition(), media_type=CONTENT_TYPE)
