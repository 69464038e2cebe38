"""`python -m train run|export|compress|evaluate|question|letters`: to the weights in the tree. Each has --help."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from answer.export import WEIGHTS
from answer.joint_reader import JointReader, load_reader, save_weights
from answer.letter import WEIGHTS as LETTER_WEIGHTS
from app import open_builder, open_encoder
from errors import BulletinError, one_line_errors, positive
from index.encoding.bert import SplitEncoder
from index.encoding.weights import QUESTION_CHANGES, QUESTION_LAYER, bundled_model, bundled_name, bundled_weights
from settings import ROOT, Settings
from train import compress, letters, question, tagger
from train.data import Library, article_uses, read_library, source_files
from train.loop import CHECKPOINT, CURVE, RATE, Recipe, runner, train
from train.pairs import Corpus
from train.report import curve_picture, evaluate, table
from train.states import library_states

WRITTEN, TRANSLATED = (Path(__file__).with_name(f"{name}.jsonl") for name in ("written", "translated"))
"""Near misses above all, written to train the reader; SQuAD and PIAF in other languages (docs/reader.md)."""


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    settings = Settings.from_environment()
    torch.set_num_threads(settings.threads)
    return int(options.command(options, settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train the reader, questions to find, and what finds a question in a letter.",
    )
    verbs = parser.add_subparsers(required=True, metavar="run|export|compress|evaluate|question|letters")
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/, xquad/, afriqa-fr/"
    )
    states = argparse.ArgumentParser(add_help=False)
    states.add_argument(
        "--written", type=Path, default=WRITTEN, metavar="FILE", help="more questions (default: %(default)s)"
    )
    states.add_argument(
        "--translated",
        type=Path,
        default=TRANSLATED,
        metavar="FILE",
        help="SQuAD and PIAF translated (default: %(default)s)",
    )
    states.add_argument("--states", type=Path, default=ROOT / "var" / "states", help="cache (default: %(default)s)")
    _reading(verbs, data, states)
    asked = verbs.add_parser(
        "question",
        parents=[data],
        help="train a question's last layers to find (half an hour; writes at its end)",
    )
    asked.add_argument("--steps", type=positive, default=question.STEPS, help="of 16 questions (default: %(default)s)")
    asked.add_argument(
        "--share", type=_share, default=question.SHARE, help="of the trained in the average (default: %(default)s)"
    )
    asked.add_argument("--weights", type=Path, default=QUESTION_CHANGES, help="default: %(default)s")
    asked.set_defaults(command=_question)
    letter = verbs.add_parser(
        "letters", help="train what finds the question in a letter (some minutes; needs no --data)"
    )
    letter.add_argument("--letters", type=Path, default=letters.LETTERS, metavar="FILE", help="default: %(default)s")
    letter.add_argument(
        "--written", type=Path, default=WRITTEN, metavar="FILE", help="bare questions (default: %(default)s)"
    )
    letter.add_argument("--epochs", type=positive, default=tagger.EPOCHS, help="default: %(default)s")
    letter.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    letter.add_argument("--weights", type=Path, default=LETTER_WEIGHTS, help="default: %(default)s")
    letter.set_defaults(command=_letters)
    return parser


def _reading(verbs: Any, data: argparse.ArgumentParser, states: argparse.ArgumentParser) -> None:
    """The verbs of the reader."""
    out = argparse.ArgumentParser(add_help=False)
    out.add_argument("--out", type=Path, default=ROOT / "var" / "reader", metavar="DIR", help="default: %(default)s")

    run = verbs.add_parser("run", parents=[data, states, out], help="train; goes on from the last checkpoint in --out")
    run.add_argument("--steps", type=positive, default=4000, help="of 16 pairs (default: %(default)s)")
    run.add_argument(
        "--start", type=Path, metavar="WEIGHTS", help="go on from these instead of the encoder's own layers"
    )
    run.add_argument("--rate", type=float, default=RATE, help="highest learning rate (default: %(default)s)")
    run.add_argument("--seed", type=int, default=0, help="of dropout and of the data's order (default: %(default)s)")
    run.add_argument("--validate-every", type=positive, default=600, metavar="STEPS", help="default: %(default)s")
    run.add_argument(
        "--bfloat16", action=argparse.BooleanOptionalAction, default=_has_bfloat16(),
        help="multiply in 16 bits (default: where the processor has instructions for it, %(default)s here)",
    )  # fmt: skip
    run.set_defaults(command=_run)

    export = verbs.add_parser("export", parents=[out], help=f"what the last checkpoint changed, to {WEIGHTS.name}")
    export.add_argument("--weights", type=Path, default=WEIGHTS, help="default: %(default)s")
    export.add_argument("--start", type=Path, metavar="WEIGHTS", help="what the run went on from, to be averaged with")
    export.add_argument("--share", type=_share, default=0.75, help="of the checkpoint in that (default: %(default)s)")
    export.add_argument("--picture", type=Path, help="also draw the learning curve, as a PNG")
    export.set_defaults(command=_export)

    compressed = verbs.add_parser(
        "compress", parents=[data, states, out], help="8 bits, 16 bits, low rank: megabytes and F1"
    )
    compressed.add_argument("--most", type=positive, default=60, help="questions a line (default: %(default)s)")
    compressed.set_defaults(command=_compress)

    scores = verbs.add_parser(
        "evaluate", parents=[data, states], help="the passage given, on articles left out of training"
    )
    scores.add_argument("--weights", type=Path, default=WEIGHTS, help="default: %(default)s")
    scores.add_argument("--split", choices=("val", "test"), default="test", help="default: %(default)s")
    scores.add_argument("--most", type=positive, help="questions a line; all by default")
    scores.set_defaults(command=_evaluate)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    recipe = Recipe(
        options.steps, rate=options.rate, seed=options.seed, bfloat16=options.bfloat16,
        validate_every=options.validate_every,
    )  # fmt: skip
    torch.manual_seed(recipe.seed)
    model = bundled_weights()
    reader = load_reader(model, options.start) if options.start else JointReader(model)
    origin = _origin(source_files(options.data, options.written, options.translated))
    if options.start:
        origin["start"] = _sha256(options.start)
    train(reader.to(_device()), _corpus(options, settings), recipe, options.out, origin)
    return 0


def _share(text: str) -> float:
    """For argparse's `type=`: a part of the whole, 0 to 1."""
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _compress(options: argparse.Namespace, settings: Settings) -> int:
    print(compress.table(_trained(options.out), bundled_weights(), _corpus(options, settings), options.most))
    return 0


def _trained(out: Path) -> dict[str, torch.Tensor]:
    if not (out / CHECKPOINT).exists():
        raise BulletinError(f"{out / CHECKPOINT} is missing; `python -m train run --out {out}` writes it.")
    state: dict[str, torch.Tensor] = torch.load(out / CHECKPOINT, weights_only=True, map_location="cpu")["model"]
    return state


def _export(options: argparse.Namespace, _: Settings) -> int:
    model = bundled_weights()
    reader = JointReader(model)
    trained, share = _trained(options.out), options.share
    if options.start:
        # Between two sets of weights of one descent lie better ones (Wortsman et al. 2022).
        before = load_reader(model, options.start).state_dict()
        trained = {name: share * tensor + (1 - share) * before[name] for name, tensor in trained.items()}
    reader.load_state_dict(trained)
    curve = options.out / CURVE
    made = json.loads(curve.read_text("utf-8")) | ({"share": share} if options.start else {})
    beside = options.weights.with_suffix(".new")  # a file cut short would be taken for the weights
    save_weights(
        reader, model, beside, {"made": json.dumps({key: value for key, value in made.items() if key != "curve"})}
    )
    beside.replace(options.weights)
    print(f"{options.weights}: {options.weights.stat().st_size / 1e6:.1f} MB")
    if options.picture:
        curve_picture(curve, options.picture)
    return 0


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    reader = load_reader(bundled_weights(), options.weights)
    corpus = _corpus(options, settings)
    print(table(evaluate(corpus, runner(reader.to(_device()), corpus), options.split, options.most)))
    return 0


def _question(options: argparse.Namespace, settings: Settings) -> int:
    model, recipe = bundled_weights(), question.Recipe(options.steps, options.share)
    tokenizer, library = _library(options, settings)
    network = SplitEncoder(model, QUESTION_LAYER)
    use = article_uses(options.data, library)
    asking = question.encoded(library, use, open_builder(settings), tokenizer)
    curve = question.train_question(network, asking, recipe)
    made = {"recipe": asdict(recipe), "from": _origin(source_files(options.data)), "curve": curve}
    question.save_changes(network, model, options.weights, made)
    print(f"{options.weights}: {options.weights.stat().st_size / 1e6:.1f} MB\n\n{question.table(curve)}")
    return 0


def _letters(options: argparse.Namespace, settings: Settings) -> int:
    marked = letters.read_letters(options.letters)
    train_on, held = letters.variants(marked, letters.bare_questions(options.written), options.seed)
    encoder = open_encoder(settings)
    trained, curve = tagger.train_tagger(tagger.encoded(train_on, encoder), options.epochs, options.seed)
    made = {"epochs": options.epochs, "seed": options.seed, "loss": curve}
    trained.save(options.weights, {"made": json.dumps(made | _origin([options.letters, options.written]))})
    print(f"{options.weights}: {options.weights.stat().st_size / 1e6:.1f} MB\n")
    print(tagger.table(trained, tagger.encoded(held, encoder)))
    return 0


def _origin(files: Sequence[Path]) -> dict[str, Any]:
    return {"encoder": bundled_name(), "data": {path.name: _sha256(path) for path in files}}


def _library(options: argparse.Namespace, settings: Settings, *generated: Path) -> tuple[Tokenizer, Library]:
    tokenizer = Tokenizer.from_file(str(bundled_model(settings.cache) / "tokenizer.json"))
    return tokenizer, read_library(
        options.data, lambda text: len(tokenizer.encode(text, add_special_tokens=False)), *generated
    )


def _corpus(options: argparse.Namespace, settings: Settings) -> Corpus:
    tokenizer, library = _library(options, settings, options.written, options.translated)
    encoder = SplitEncoder(bundled_weights()).eval().to(_device())
    return Corpus(library, *library_states(options.states, encoder, tokenizer, library))


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_bfloat16() -> bool:
    return torch.cuda.is_available() or bool(torch.cpu.get_capabilities().get("avx512_bf16"))


if __name__ == "__main__":
    sys.exit(main())
