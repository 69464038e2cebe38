"""The composition root: settings in, everything wired by hand, the chat served. `python app.py --help`."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import sys
from pathlib import Path

from answer.ask import Assistant
from answer.sentence_reader import Calibration, SentenceReader
from corpus.articles import read_articles
from errors import one_line_errors
from index.build import build
from index.encoder import SentenceEncoder
from index.store import open_index
from settings import Settings


def open_encoder(settings: Settings) -> SentenceEncoder:
    return SentenceEncoder(
        settings.model,
        settings.cache,
        query_prefix=settings.query_prefix,
        passage_prefix=settings.passage_prefix,
        threads=settings.threads,
    )


def open_assistant(settings: Settings, encoder: SentenceEncoder | None = None) -> Assistant:
    """The live index with its encoder, loaded unless given. Raises IndexUnavailable, IndexMismatch or ModelError."""
    encoder = encoder or open_encoder(settings)
    index = open_index(settings.index, encoder.id)
    calibration = Calibration.load()
    return Assistant(index, encoder, SentenceReader(calibration), calibration.threshold, settings.max_question)


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    settings = Settings.from_environment()
    parser = argparse.ArgumentParser(prog="python app.py", description="Serve the chat.")
    parser.add_argument("--host", default=settings.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--index", type=Path, default=settings.index, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--build", action="store_true", help="bring the index up to date with the articles first")
    options = vars(parser.parse_args(argv))
    update = options.pop("build")
    settings = dataclasses.replace(settings, **options)
    # The libraries make a million objects that stay; looking for garbage among them took a quarter of the start.
    gc.disable()
    from web.chat import serve  # gradio takes seconds to import; --help and errors need not wait for it

    encoder = open_encoder(settings)
    if update:
        build(read_articles(settings.articles), encoder, settings.index, progress=sys.stderr.isatty())
    assistant = open_assistant(settings, encoder)
    gc.freeze()
    gc.enable()
    serve(assistant, settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
