"""Words alone, ours beside tantivy, over an index that `bench scale` left: disk, time to build, to open and to search.

    python -m bench.scale_words var/scale/1000000 --python ENV/bin/python

ENV is an environment with tantivy and nothing of ours (`pip install tantivy==0.27.0`). Both hold the same terms (stems
with their language), are asked the same questions and for 30 passages. Tantivy keeps no positions and no text.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.scale_worker import questions
from errors import one_line_errors
from index.search import CANDIDATES, weighted_terms
from index.stores.lexical import LexicalIndex, stems, words
from index.versions.store import Index, live_name, open_index

_PEER = """
import json, os, sys, time
import tantivy
folder, terms, asked, k = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3])), int(sys.argv[4])
builder = tantivy.SchemaBuilder()
builder.add_integer_field("row", stored=True, fast=True)
builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
schema = builder.build()
began = time.perf_counter()
writer = tantivy.Index(schema, path=folder).writer(heap_size=1_000_000_000, num_threads=1)
for row, line in enumerate(open(terms, encoding="utf-8")):
    writer.add_document(tantivy.Document(row=row, terms=line))
writer.commit()
writer.wait_merging_threads()
built = time.perf_counter()
searcher = tantivy.Index.open(folder).searcher()
opened = time.perf_counter()
wall, processor = [], []
for own in asked:
    start, spent = time.perf_counter(), time.thread_time()
    parts = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "terms", term, "freq")) for term in own]
    searcher.search(tantivy.Query.boolean_query(parts), k)
    wall.append(time.perf_counter() - start)
    processor.append(time.thread_time() - spent)
disk = sum(entry.stat().st_size for entry in os.scandir(folder))
print(json.dumps({"build": built - began, "open": opened - built, "disk": disk, "wall": wall, "processor": processor}))
"""


def ours(lexical: Path, asked: list[dict[str, float]]) -> dict[str, Any]:
    """What the other prints, but for the time to build: `bench scale` tells that."""
    began = time.perf_counter()
    index = LexicalIndex.load(lexical)
    opened = time.perf_counter() - began
    wall, processor = [], []
    for terms in asked:
        start, spent = time.perf_counter(), time.thread_time()
        index.best(terms, CANDIDATES)
        wall.append(time.perf_counter() - start)
        processor.append(time.thread_time() - spent)
    disk = sum(path.stat().st_size for path in lexical.iterdir())
    return {"build": float("nan"), "open": opened, "disk": disk, "wall": wall, "processor": processor}


def theirs(work: Path, index: Index, asked: list[dict[str, float]], python: Path) -> dict[str, Any]:
    work.mkdir(exist_ok=True)
    terms, questions_file, folder = work / "terms.txt", work / "questions.json", work / "index"
    with terms.open("w", encoding="utf-8") as file:
        file.writelines(_lines(index))
    questions_file.write_text(json.dumps([[*own] for own in asked]))
    folder.mkdir()
    command = [str(part) for part in (python, "-c", _PEER, folder, terms, questions_file, CANDIDATES)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _lines(index: Index) -> Iterator[str]:
    known: dict[tuple[str, str], str] = {}
    for passage in tqdm(index.passages, disable=not sys.stderr.isatty()):
        article = index.articles[passage.article_id]
        found = words(f"{article.title}\n{passage.text}")
        for word in found:
            if (article.lang, word) not in known:
                known[article.lang, word] = stems([word], article.lang)[0]
        yield " ".join(known[article.lang, word] for word in found) + "\n"


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale_words", description="Words, ours beside tantivy.")
    parser.add_argument("folder", type=Path, help="of one size that `bench scale` built")
    parser.add_argument("--python", type=Path, required=True, help="of an environment with tantivy")
    options = parser.parse_args(argv)
    directory: Path = options.folder / "index"
    index = open_index(directory)
    asked = [weighted_terms(index, question) for question in questions(options.folder.parent)]
    found = {
        "ours": ours(directory / live_name(directory) / "lexical", asked),
        "tantivy": theirs(options.folder / "tantivy", index, asked, options.python),
    }
    print(f"{len(asked)} questions, {len(index.passages)} passages.\n")
    print("| | build, s | disk, MB | open, ms | search p50, ms | p95 | p95 of the processor |\n|" + " --- |" * 7)
    for name, told in found.items():
        times = [np.percentile(told[which], at) * 1e3 for which, at in (("wall", 50), ("wall", 95), ("processor", 95))]
        cells = (told["build"], told["disk"] / 1e6, told["open"] * 1e3, *times)
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
