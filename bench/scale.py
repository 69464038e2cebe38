"""What an index costs as it grows: time and memory to build, disk, start, memory and time to search, what it misses.

Each size is a bulletin sampled around the public sets (`bench.scale_corpus`), built by what builds every index, and
built and served in processes of its own (`bench.scale_worker`). What was built stays under `var/scale`, so that a
measurement can be taken again. Up to WITH_TOKENS passages each size is also measured with token vectors (84 kB a
passage: a million of them would be 84 GB), to show what they add; they are mapped, and read for ranked passages only.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from app import open_builder, open_encoder
from bench.peer_rounds import machine
from bench.scale_worker import forget
from bench.sets import SETS, convert
from corpus.articles import read_articles
from errors import BulletinError
from eval.files import read_json, write_json
from eval.questions import read_questions
from index.question import prepare
from index.versions.build import build
from index.versions.store import Index, open_index
from records import LANGS
from settings import ROOT, Settings

SIZES = (1_000, 10_000, 100_000, 1_000_000)
WITH_TOKENS = 10_000
QUESTIONS = 1_000
_SEED = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    size: int
    tokens: bool

    @property
    def name(self) -> str:
        return f"{self.size:,}".replace(",", " ") + (" with tokens" if self.tokens else "")

    def folder(self, out: Path) -> Path:
        return out / f"{self.size}{'-tokens' if self.tokens else ''}"


def cases(sizes: Sequence[int]) -> list[Case]:
    return [
        Case(size, tokens) for size in sorted(sizes) for tokens in (False, True) if not tokens or size <= WITH_TOKENS
    ]


def measure(sizes: Sequence[int], data: Path, sets: Path, out: Path, settings: Settings, again: bool) -> dict[str, Any]:
    """Results by the name of the case. `data`: public sets; `sets`: they as bulletins; `out`: what is built and kept.

    `again`: build what is there once more. Raises BulletinError when a worker fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    _prepare_real(data, sets, out, settings)
    results = {}
    with tqdm(cases(sizes), unit="size", disable=not sys.stderr.isatty()) as bar:
        for case in bar:
            bar.set_description(case.name)
            results[case.name] = {
                "size": case.size,
                "tokens": case.tokens,
                **_built(case, out, again),
                **_served(case, out),
            }
    return {"machine": machine(), "cases": results}


def _built(case: Case, out: Path, again: bool) -> dict[str, Any]:
    folder = case.folder(out)
    kept = folder / "build.json"
    if again or not kept.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write_json(folder / "case.json", {"size": case.size, "tokens": case.tokens})
        write_json(kept, _worker("build", folder))
    return read_json(kept)


def _served(case: Case, out: Path) -> dict[str, Any]:
    folder = case.folder(out)
    forget(folder)
    cold = _worker("start", folder, str(time.monotonic()))
    warm = _worker("serve", folder, str(time.monotonic()))
    return {**warm, "cold_start_s": cold["start_s"]}


def _worker(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.scale_worker", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BulletinError(f"{' '.join(command)} ended with status {done.returncode}; see above.")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _prepare_real(data: Path, sets: Path, out: Path, settings: Settings) -> None:
    """Write what the workers sample around and ask: `real.npz` and `real.json` in `out`, once."""
    if (out / "real.json").exists():
        return
    indexes = _real_indexes(data, sets, settings)
    encoder = open_encoder(settings)
    asked = [
        (case.question, case.lang)
        for path in sorted((sets / "questions").glob("*-test.jsonl"))
        if not path.stem.endswith(("-absent-test", "-given-test"))
        for case in read_questions(path)
    ]
    asked = list(dict.fromkeys(asked))
    np.random.default_rng(_SEED).shuffle(asked)
    asked = asked[:QUESTIONS]
    encodings = [
        prepare(text, encoder, lang=lang).encoding
        for text, lang in tqdm(asked, desc="questions", disable=not sys.stderr.isatty())
    ]
    np.savez(
        out / "real.npz",
        passages=np.unique(
            np.concatenate([index.vectors.rows(range(len(index.passages))) for index in indexes]), axis=0
        ),
        questions=np.stack([encoding.vector for encoding in encodings]),
        tokens=np.concatenate([encoding.tokens for encoding in encodings]),
        token_starts=np.cumsum([0, *(len(encoding.tokens) for encoding in encodings)]),
    )
    write_json(out / "real.json", {"questions": asked, "sentences": _sentences(indexes)})


def _real_indexes(data: Path, sets: Path, settings: Settings) -> list[Index]:
    builder = open_builder(settings)
    indexes = {}
    for source in SETS:
        folder = sets / source.bulletin
        convert(source, data, sets, QUESTIONS)
        build(read_articles(folder / "articles"), builder, folder / "index", progress=sys.stderr.isatty())
        indexes[source.bulletin] = open_index(folder / "index", builder.id)
    return list(indexes.values())


def _sentences(indexes: Sequence[Index]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {lang: [] for lang in LANGS}
    for index in indexes:
        for passage in index.passages:
            article = index.articles[passage.article_id]
            found[article.lang] += [article.body[start:end] for start, end in passage.sentences]
    return found


COLUMNS = (
    "passages", "build, s", "most memory while building, MB", "disk, MB", "kB a passage", "start, s (files in memory)",
    "start, s (from disk)", "resident after all questions, MB", "search p50, ms", "search p95, ms",
    "p95 of the processor, ms", "p95 with a filter, ms", "recall@10", "recall@10 with a filter",
)  # fmt: skip


def table(results: Mapping[str, Any]) -> str:
    """Markdown, a line for each size; below it where the time to build goes, and how like the real ones they are."""
    found = results["cases"]
    lines = [f"{results['machine']}.", "", f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
    lines += [f"| {name} | {' | '.join(_cells(case))} |" for name, case in found.items()]
    lines += ["", "| passages | " + " | ".join(_PARTS) + " |", f"|{' --- |' * (len(_PARTS) + 1)}"]
    lines += [f"| {name} | {' | '.join(_parts(case))} |" for name, case in found.items()]
    return "\n".join(lines)


def _cells(case: Mapping[str, Any]) -> list[str]:
    resident = f"{case['resident_mb']:.0f} ({case['anonymous_mb']:.0f} its own, {case['mapped_mb']:.0f} of files)"
    search, filtered = case["search"], case["filtered"]
    return [
        f"{case['build_s']:.0f}", f"{case['peak_mb']:.0f}", f"{case['disk_mb']:.0f}",
        f"{case['disk_mb'] * 1e3 / case['size']:.1f}", f"{case['start_s']:.1f}", f"{case['cold_start_s']:.1f}",
        resident,
        f"{search['wall_50']:.1f}", f"{search['wall_95']:.1f}", f"{search['processor_95']:.1f}",
        f"{filtered['wall_95']:.1f}", f"{case['recall']:.3f}", f"{case['filtered_recall']:.3f}",
    ]  # fmt: skip


_PARTS = (
    "build: texts and words, s", "build: vectors, s", "build: checks, s", "different terms", "vectors p95, ms",
    "words p95, ms", "cosine to the nearest, sampled (real)", "to the tenth", "local dimension",
)  # fmt: skip


def _parts(case: Mapping[str, Any]) -> list[str]:
    seconds, near = case["parts_s"], case["nearness"]
    likeness = [f"{near['sampled'][name]:.3f} ({near['real'][name]:.3f})" for name in ("first", "tenth", "dimension")]
    return [
        *(f"{seconds[name]:.0f}" for name in ("texts and words", "vectors", "checks")), f"{case['terms']}",
        f"{case['vectors']['wall_95']:.1f}", f"{case['words']['wall_95']:.1f}", *likeness,
    ]  # fmt: skip
