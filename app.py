"""The composition root: settings in, everything wired by hand, chat and API served. `python app.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import gc
import sys
from functools import partial
from pathlib import Path

from answer import sentence_reader, span_reader
from answer.ask import Assistant
from answer.calibration import Calibration
from answer.export import served_reader
from answer.letter import LetterReader
from answer.sentence_reader import SentenceReader
from answer.span_reader import SpanModel, SpanReader
from corpus.articles import read_articles
from errors import one_line_errors
from index.encoding.encoder import SentenceEncoder
from index.encoding.onnx_encoder import OnnxEncoder
from index.encoding.updating import UpdatingEncoder
from index.encoding.weights import BUNDLED
from index.milvus.publish import publish_to_milvus
from index.milvus.store import MilvusStore, connect
from index.spelling import Spelling
from index.versions.build import build
from index.versions.publish import Copy
from index.versions.seen import SeenFiles
from index.versions.store import Index, open_index, open_version, version_names
from records import Encoder, Reader
from settings import Settings

_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""


def open_encoder(settings: Settings) -> Encoder:
    """What questions are encoded with: the bundled model without torch, any other as its builder has it."""
    if settings.model != BUNDLED:
        return open_builder(settings)
    return OnnxEncoder(
        settings.cache,
        query_prefix=settings.query_prefix,
        passage_prefix=settings.passage_prefix,
        threads=settings.threads,
    )


def open_builder(settings: Settings) -> SentenceEncoder:
    """What passages are encoded with when an index is built; its vectors can be compared with `open_encoder`'s."""
    return SentenceEncoder(
        settings.model,
        settings.cache,
        query_prefix=settings.query_prefix,
        passage_prefix=settings.passage_prefix,
        threads=settings.threads,
    )


def open_updater(settings: Settings) -> Encoder:
    """What passages are encoded with when an index is brought up to date: where they are few, without loading torch."""
    builder = open_builder(settings)
    if settings.model != BUNDLED:
        return builder
    few = partial(
        OnnxEncoder,
        settings.cache,
        precision="fp32",
        query_prefix=settings.query_prefix,
        passage_prefix=settings.passage_prefix,
        threads=settings.threads,
    )
    return UpdatingEncoder(few, builder)


def open_span_model(settings: Settings) -> SpanModel:
    """What the trained reader reads with. Raises ModelError when it cannot be prepared."""
    return SpanModel(served_reader(settings.cache), settings.threads)


def open_letters(settings: Settings) -> LetterReader | None:
    """What finds the question in a letter, on the bundled encoder's states; of no other encoder it can."""
    return LetterReader.open() if settings.model == BUNDLED else None


def searched(settings: Settings, index: Index) -> Index:
    """The index, searched where the settings say. Raises IndexUnavailable when the cluster does not hold it."""
    if settings.store == "files":
        return index
    return dataclasses.replace(index, store=MilvusStore.open(connect(settings.milvus, settings.milvus_token), index))


def open_copy(settings: Settings) -> Copy | None:
    """Where a version is copied to before it is live; None where its files are all there is."""
    return partial(copy_to_milvus, settings) if settings.store == "milvus" else None


def copy_to_milvus(settings: Settings, index: Index) -> int:
    """Have the cluster of the settings hold this version. Returns how many passages were copied, 0 where it did."""
    client = connect(settings.milvus, settings.milvus_token)
    return publish_to_milvus(index, client, version_names(settings.index), progress=sys.stderr.isatty())


def open_assistant(settings: Settings, seen: SeenFiles | None = None) -> Assistant:
    """The live index, its encoder and a reader. Raises IndexUnavailable, IndexMismatch or ModelError."""
    encoder = open_encoder(settings)
    index = searched(settings, open_index(settings.index, encoder.id, seen))
    reader: Reader
    # The trained reader goes on from the bundled encoder's half-way states; no other encoder has these.
    if settings.reader == "trained" and settings.model == BUNDLED:
        calibration = Calibration.load(span_reader.CALIBRATION)
        reader = SpanReader(open_span_model(settings), calibration)
    else:
        calibration = Calibration.load(sentence_reader.CALIBRATION)
        reader = SentenceReader(calibration)
    threshold = calibration.threshold if settings.threshold is None else settings.threshold
    spelling = Spelling.open(settings.cache)
    return Assistant(index, encoder, reader, threshold, settings.max_question, spelling, open_letters(settings))


def reopen(settings: Settings, seen: SeenFiles, assistant: Assistant, name: str) -> Assistant:
    """The same over the version `name`. Raises IndexDamaged, IndexMismatch, and OSError when it vanishes meanwhile."""
    index = open_version(settings.index / name, assistant.encoder.id, seen)
    return dataclasses.replace(assistant, index=searched(settings, index))


def _one_arena() -> None:
    """Have all threads allocate from one place: glibc gives each an arena, and keeps in all what was freed in them.

    With an arena each, two hundred conversations cost more than tests/test_load.py allows; with one, half of that.
    """
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    settings = Settings.from_environment()
    parser = argparse.ArgumentParser(prog="python app.py", description="Serve the chat, the API and the widget.")
    parser.add_argument("--host", default=settings.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--index", type=Path, default=settings.index, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--build", action="store_true", help="bring the index up to date with the articles first")
    options = vars(parser.parse_args(argv))
    update = options.pop("build")
    settings = dataclasses.replace(settings, **options)
    # The libraries make a million objects that stay; looking for garbage among them took a quarter of the start.
    gc.disable()
    _one_arena()
    from web.serving import serve  # gradio takes seconds to import; --help and errors need not wait for it

    if update:
        articles, copy = read_articles(settings.articles), open_copy(settings)
        build(articles, open_updater(settings), settings.index, copy=copy, progress=sys.stderr.isatty())
    seen = SeenFiles()
    serve(_settled(open_assistant(settings, seen)), settings, partial(reopen, settings, seen))
    return 0


def _settled(assistant: Assistant) -> Assistant:
    """It, with all that was made until now out of the garbage collector's way. Nobody here keeps it: its index is to be
    let go of when another version is taken."""
    gc.freeze()
    gc.enable()
    return assistant


if __name__ == "__main__":
    sys.exit(main())
