"""How likely a reading answers, from the evidence for it; fitted by `python -m eval fit`, stored beside the reader."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic regression on named features."""

    weights: Features
    intercept: float

    def logit(self, features: Features) -> float:
        return self.intercept + sum(weight * features[name] for name, weight in self.weights.items())

    def probability(self, features: Features) -> float:
        return float(1 / (1 + np.exp(-self.logit(features))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """`rank`: evidence for one sentence alone, by which they are put in order; None where the reader has its own.
    `answer`: the probability that a reading answers. An answer is given from the probability `threshold` on. From a
    best logit of `stop` on, the passages that search ranks lower are not read: they would hardly ever win."""

    rank: Logistic | None
    answer: Logistic
    threshold: float
    stop: float = math.inf

    @classmethod
    def load(cls, path: Path) -> Calibration:
        stored = json.loads(path.read_text(encoding="utf-8"))
        rank = Logistic(**stored["rank"]) if "rank" in stored else None
        return cls(rank, Logistic(**stored["answer"]), stored["threshold"], stored.get("stop", math.inf))
