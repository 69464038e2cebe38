"""The trained reader as it is served: an ONNX graph in the cache, made once from the weights in the tree.

In 32 bits: in eight (dynamic; seven for weights, as processors without VNNI want it) it read faster, but quoted other
sentences too often.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from errors import ModelError
from index.encoding.export import made_apart
from index.encoding.weights import SPLIT_LAYER, bundled_name, bundled_weights, publish_once

WEIGHTS = Path(__file__).with_name("reader.safetensors")
_GRAPH = "reader.onnx"
_RECIPE = 2
"""Raise it when other files come out of the same weights, so that they are written anew."""


def served_reader(cache: Path) -> Path:
    """The graph, made on first use by a process of its own.

    Raises ModelError when it cannot be made.
    """
    target = _directory(cache)
    made_apart(target, "answer", cache, "the reader")
    return target / _GRAPH


def export(cache: Path) -> Path:
    """The same, made in this process. Raises ModelError when the weights cannot be read."""
    target = _directory(cache)
    publish_once(target, _write)
    return target / _GRAPH


def weights_sha256() -> str:
    """Raises ModelError when the weights cannot be read."""
    try:
        return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{WEIGHTS} cannot be read ({error.strerror}); it is part of the repository.") from error


def _directory(cache: Path) -> Path:
    return cache / f"reader-{weights_sha256()[:12]}-{bundled_name()}-onnx-split{SPLIT_LAYER}-{_RECIPE}"


def _write(directory: Path) -> None:
    import torch

    from answer.joint_reader import load_reader
    from index.encoding.bert import for_serving

    model = bundled_weights()
    reader = for_serving(load_reader(model, WEIGHTS))
    pairs, asked, read = (torch.export.Dim(name, max=512) for name in ("pairs", "asked", "read"))
    torch.onnx.export(
        reader,
        # Sizes that differ and are not one: equal ones would be taken for the same, one for a constant.
        (
            torch.zeros(2, 5, model.hidden), torch.ones(2, 5, dtype=torch.bool),
            torch.zeros(2, 7, model.hidden), torch.ones(2, 7, dtype=torch.bool),
        ),
        directory / _GRAPH,
        input_names=["question", "question_mask", "passage", "passage_mask"],
        output_names=["start", "end", "relevance"],
        dynamic_shapes=({0: pairs, 1: asked}, {0: pairs, 1: asked}, {0: pairs, 1: read}, {0: pairs, 1: read}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )  # fmt: skip
