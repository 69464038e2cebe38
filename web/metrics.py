"""What an operator's Prometheus reads: how many questions, how they ended, how long each stage took."""

from __future__ import annotations

from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from records import Answer

Surface = Literal["chat", "api", "stream", "tool", "feedback"]
"""Where a question came from; `tool`: Gradio's named endpoint, for gradio_client and MCP; `feedback`: asked before, and
asked again to keep a thumb with the answer."""
Outcome = Literal["answered", "refused", "unusable", "busy", "unavailable", "failed"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one server; each has a registry of its own, so that two in one process do not add up."""

    def __init__(self, index_version: str) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "bulletin_questions", "Questions, by where from and how they ended.", ["surface", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "bulletin_stage_seconds", "Time of each stage of an answer.", ["stage"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._turned_away = Counter(
            "bulletin_turned_away", "Requests that the guard did not let in.", ["reason"], registry=self._registry
        )
        self._feedback = Counter("bulletin_feedback", "Thumbs up and down.", ["verdict"], registry=self._registry)
        self.waiting = Gauge("bulletin_waiting", "Questions that wait for their turn.", registry=self._registry)
        self._index = Gauge("bulletin_index", "The version that is served.", ["version"], registry=self._registry)
        self._swaps = Counter(
            "bulletin_index_swaps", "New versions, by whether they were taken.", ["outcome"], registry=self._registry
        )
        self.serves(index_version)

    def serves(self, index_version: str) -> None:
        self._index.clear()
        self._index.labels(index_version).set(1)

    def swapped(self, outcome: Literal["taken", "refused"]) -> None:
        self._swaps.labels(outcome).inc()

    def answered(self, surface: Surface, answer: Answer) -> None:
        self.ended(surface, answer.status)
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def ended(self, surface: Surface, outcome: Outcome) -> None:
        self._questions.labels(surface, outcome).inc()

    def turned_away(self, reason: str) -> None:
        self._turned_away.labels(reason).inc()

    def rated(self, verdict: str) -> None:
        self._feedback.labels(verdict).inc()

    def exposition(self) -> bytes:
        """All of them in Prometheus's text format 0.0.4."""
        return generate_latest(self._registry)
