"""The trained reader as a torch module, and its weights on disk. For training and exporting; not imported to serve."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from errors import ModelError
from index.encoding.bert import SPLIT_LAYER, SplitEncoder, layers
from index.encoding.weights import WheelModel

_BEGIN, _END = 0, 2
"""Token ids of <s> and </s>."""


class Marks(NamedTuple):
    """What the reader says of each pair, as logits."""

    start: Tensor
    """(b, 1 + p): where the answer starts; column 0 says that it is not here."""
    end: Tensor
    """(b, 1 + p): its last token."""
    relevance: Tensor
    """(b,): whether the passage answers the question."""


class JointReader(nn.Module):
    """Half-way states of question and passage (`index.encoding.weights.SPLIT_LAYER`) to Marks.

    Devlin et al. 2019, for SQuAD 2.0.
    """

    def __init__(self, model: WheelModel, dropout: float = 0.1) -> None:
        super().__init__()
        with torch.inference_mode():  # what the encoder's own first and last token look like half-way
            half, _ = SplitEncoder(model)(torch.tensor([[_BEGIN, _END]]), torch.ones(1, 2, dtype=torch.int64))
        self.first, self.between = (nn.Parameter(row.clone()) for row in half[0])
        self.of_question, self.of_passage = (nn.Parameter(torch.zeros(model.hidden)) for _ in range(2))
        self.layers = layers(model, range(SPLIT_LAYER, model.layers))
        self.span = nn.Linear(model.hidden, 2)
        self.relevant = nn.Linear(model.hidden, 1)
        self.dropout = dropout
        self.in_bfloat16 = False
        """Whether the layers multiply in bfloat16 in training; the weights themselves stay in float32."""

    def forward(self, question: Tensor, question_mask: Tensor, passage: Tensor, passage_mask: Tensor) -> Marks:
        """States float32 (b, q, hidden) and (b, p, hidden); masks bool (b, q) and (b, p), True at a token."""
        b = passage.shape[0]
        first, between = (row.expand(b, 1, -1) for row in (self.first, self.between))
        states = torch.cat([first, question + self.of_question, between, passage + self.of_passage], 1)
        one = torch.ones_like(passage_mask[:, :1])
        mask = torch.cat([one, question_mask, one, passage_mask], 1)[:, None, None, :]
        with torch.autocast(states.device.type, torch.bfloat16, enabled=self.training and self.in_bfloat16):
            for layer in self.layers:
                states = layer(states, mask, self.dropout if self.training else 0.0)
        seen = torch.cat([states[:, :1], states[:, question.shape[1] + 2 :]], 1)
        allowed = torch.cat([one, passage_mask], 1)
        start, end = self.span(seen).masked_fill(~allowed[..., None], -1e4).unbind(-1)
        return Marks(start, end, self.relevant(states[:, 0])[:, 0])


RANK = 128
"""Of the change to each matrix; what it saves and what it costs is in docs/reader.md (`python -m train compress`)."""


def save_weights(reader: JointReader, model: WheelModel, path: Path, metadata: dict[str, str]) -> None:
    """What training changed of the model's own layers, as two matrices of rank RANK for each (LoRA, Hu et al. 2022),
    and all that it added to them, in 16 bits."""
    untrained = JointReader(model).state_dict()
    stored: dict[str, Tensor] = {}
    for name, tensor in reader.state_dict().items():
        if low_rank(tensor):
            stored[f"{name}.left"], stored[f"{name}.right"] = adapters(tensor - untrained[name], RANK)
        else:
            stored[name] = tensor.half()
    save_file(stored, path, metadata)


def load_reader(model: WheelModel, path: Path) -> JointReader:
    """The reader that `save_weights` wrote, on top of the model's own layers. Raises ModelError when it is not that."""
    reader = JointReader(model)
    try:
        stored = load_file(path)
        state = {
            name: tensor + stored.pop(f"{name}.left").float() @ stored.pop(f"{name}.right").float()
            if low_rank(tensor)
            else stored.pop(name).float()
            for name, tensor in reader.state_dict().items()
        }
        if stored:
            raise KeyError(f"nothing is called {min(stored)}")
        reader.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path} is not the reader's weights ({' '.join(str(error).split())[:200]}).") from error
    return reader


def low_rank(tensor: Tensor) -> bool:
    """Whether a parameter is a layer's matrix, whose change is kept as adapters."""
    return tensor.ndim == 2 and min(tensor.shape) > RANK


def adapters(change: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """float16 (n, rank) and (rank, m) whose product is nearest to `change` (n, m) (Eckart & Young 1936)."""
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    root = s[:rank].sqrt()
    return (u[:, :rank] * root).half().contiguous(), (root[:, None] * v[:rank]).half().contiguous()
