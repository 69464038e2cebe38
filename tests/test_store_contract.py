"""What every vector store promises, held against brute force in NumPy: the version's own files, and Milvus."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.machines import a_cluster
from errors import IndexUnavailable
from eval.questions import read_questions
from index.milvus.publish import live_collection, publish_to_milvus
from index.milvus.store import MilvusStore, collection_of, connect
from index.question import prepare
from index.search import CANDIDATES, search, search_within
from index.stores.lexical import stems, words
from index.versions.build import build
from index.versions.publish import roll_back
from index.versions.store import Index, open_index, open_version
from records import Article, Encoder, Filters, Found, Lang, VectorStore
from settings import ROOT, Settings
from tests.test_index_fake_encoder import WordEncoder

SECTIONS = ("Énergie", "espace", 'Dit "Focus" \\ n° 3', "")
SUBJECTS: tuple[tuple[Lang, str], ...] = (
    ("fr", "Le congrès numéro {n} des clusters à Berlin. La ministre a parlé de l’hydrogène."),
    ("de", "Die Batterie Nummer {n} aus Ulm enthält kein Kobalt.\n\nForscher in Jena messen Licht."),
    ("en", "Telescope {n} at the South Pole looks for neutrinos from Berlin."),
)


def bulletin() -> list[Article]:
    def one(n: int) -> Article:
        lang, body = SUBJECTS[n % 3]
        day = datetime.date(2011, 1, 1) + datetime.timedelta(days=9 * n) if n % 5 else None
        return Article(f"a{n:03}", f"Titre {n % 7}", lang, body.format(n=n), "", day, SECTIONS[n % 4])

    return [one(n) for n in range(90)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    directory = tmp_path_factory.mktemp("index")
    build(bulletin(), WordEncoder(), directory)
    return open_index(directory)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_cluster(tmp_path_factory.mktemp("milvus")) as cluster:
        yield cluster.uri


Stored = Callable[[Index], Index]


def in_milvus(uri: str, index: Index) -> Index:
    client = connect(uri)
    publish_to_milvus(index, client, [index.version])
    return dataclasses.replace(index, store=MilvusStore.open(client, index))


@pytest.fixture(scope="module", params=["files", "milvus"])
def stored(request: pytest.FixtureRequest) -> Stored:
    """An index, searched in this store."""
    if request.param == "files":
        return lambda index: index
    uri: str = request.getfixturevalue("uri")
    return lambda index: in_milvus(uri, index)


@pytest.fixture(scope="module")
def store(stored: Stored, index: Index) -> VectorStore:
    return stored(index).store


# Brute force


def admitted(index: Index, filters: Filters | None) -> NDArray[np.bool_]:
    articles = [index.articles[passage.article_id] for passage in index.passages]
    return np.array([filters is None or filters.admit(article) for article in articles])


def bm25(index: Index, terms: Mapping[str, float]) -> NDArray[np.float32]:
    """Lucene's BM25 with k1 = 1.5 and b = 0.75, from the texts."""
    articles = [index.articles[passage.article_id] for passage in index.passages]
    held = [
        Counter(stems(words(f"{article.title}\n{passage.text}"), article.lang))
        for article, passage in zip(articles, index.passages, strict=True)
    ]
    lengths = np.array([count.total() for count in held])
    scores = np.zeros(len(held))
    for term, weight in terms.items():
        often = np.array([count[term] for count in held])
        with_it = np.count_nonzero(often)
        idf = math.log1p((len(held) - with_it + 0.5) / (with_it + 0.5))
        scores += weight * idf * often / (often + 1.5 * (0.25 + 0.75 * lengths / lengths.mean()))
    return scores.astype(np.float32)


def require_best(found: Found, scores: NDArray[np.float32], allowed: NDArray[np.bool_], k: int) -> None:
    """`found` is the best `k` of the `allowed` rows by `scores`, whichever of several alike come last."""
    rows, given = found
    assert rows.dtype == np.int64
    assert given.dtype == np.float32
    assert rows.shape == given.shape
    assert len(set(rows.tolist())) == len(rows) == min(k, np.count_nonzero(allowed))
    assert allowed[rows].all()
    assert np.allclose(given, scores[rows], atol=1e-5)
    assert np.allclose(given, np.sort(scores[allowed])[::-1][: len(rows)], atol=1e-5)
    order = list(zip((-given).tolist(), rows.tolist(), strict=True))
    assert order == sorted(order)


DAY = datetime.date(2011, 9, 1)
FILTERS = (
    None,
    Filters(),
    Filters("énergie"),
    Filters("ÉNERGIE"),
    Filters("Espace", DAY),
    Filters('dit "focus" \\ n° 3'),
    Filters(since=DAY),
    Filters(until=DAY),
    Filters("énergie", DAY, datetime.date(2012, 3, 1)),
    Filters(since=DAY, until=DAY),
    Filters("Climat"),
    Filters('Climat\n\r\t\\"\' or row >= 0 or section == "'),
    Filters("\x00\ud800" + "x" * 70_000),
)
TERMS: tuple[Mapping[str, float], ...] = (
    {"fr:berlin": 1.0},
    {"fr:berlin": 0.5, "en:berlin": 2.0, "de:kobalt": 0.125, "fr:12": 3.0},
    {"de:forsch": 0.3, "nothing:like": 5.0},
    {"fr:hydrogen": 1e-3},
)


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: repr(filters)[:60])
@pytest.mark.parametrize("k", [1, 30, 500])
def test_the_nearest_are_those_of_brute_force(
    index: Index, store: VectorStore, filters: Filters | None, k: int
) -> None:
    for question in ("Berlin 12", "Licht in Jena", "nothing of it"):
        vector = WordEncoder().encode_question(question).vector
        scores = index.vectors.rows(np.arange(len(index.passages))) @ vector
        require_best(store.nearest(vector, k, filters), scores, admitted(index, filters), k)


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: repr(filters)[:60])
@pytest.mark.parametrize("k", [1, 30, 500])
def test_the_wordiest_are_those_of_brute_force(
    index: Index, store: VectorStore, filters: Filters | None, k: int
) -> None:
    for terms in TERMS:
        scores = bm25(index, terms)
        require_best(store.wordiest(terms, k, filters), scores, admitted(index, filters) & (scores > 0), k)


def test_rows_have_their_scores_and_vectors_in_the_order_asked_for(index: Index, store: VectorStore) -> None:
    rows = np.array([7, 3, 3, len(index.passages) - 1, 0], np.int64)
    for terms in TERMS:
        assert np.allclose(store.word_scores(terms, rows), bm25(index, terms)[rows], atol=1e-5)
    own = [WordEncoder().encode_passages([p.text], [index.articles[p.article_id].title])[0] for p in index.passages]
    assert np.allclose(store.vectors(rows), np.stack([own[row].vector for row in rows]), atol=1e-6)


def test_nothing_asked_for_is_nothing_found(store: VectorStore) -> None:
    nothing = np.empty(0, np.int64)
    found = store.wordiest({}, 5), store.wordiest({"fr:unheard": 1.0}, 5)
    assert [(rows.tolist(), scores.tolist()) for rows, scores in found] == [([], [])] * 2
    assert store.word_scores({"fr:berlin": 1.0}, nothing).shape == (0,)
    assert store.vectors(nothing).shape == (0, WordEncoder.dim)
    assert store.word_scores({}, np.arange(3)).tolist() == store.word_scores({"fr:unheard": 1.0}, np.arange(3)).tolist()
    assert store.word_scores({}, np.arange(3)).tolist() == [0, 0, 0]


# Whole searches


def hits(index: Index, question: str, filters: Filters | None = None) -> list[tuple[str, int, float, float]]:
    found = search(index, prepare(question, WordEncoder(), lang="fr"), 100, filters)
    return [(hit.article.id, hit.passage.start, round(hit.score, 4), round(hit.words, 4)) for hit in found]


def test_a_search_finds_the_same_in_both(index: Index, stored: Stored) -> None:
    here = stored(index)
    for question, filters in itertools.product(("hydrogène 12 Berlin", "Kobalt in Ulm 41", "telescope 5"), FILTERS[:9]):
        # Which of many alike become candidates is the store's own affair: those above the last are held.
        ours, theirs = hits(index, question, filters), hits(here, question, filters)
        assert len(ours) == len(theirs) or min(len(ours), len(theirs)) >= CANDIDATES
        assert [hit[2] for hit in ours[:10]] == pytest.approx([hit[2] for hit in theirs[:10]], abs=1e-4)
        tenth = ours[9][2] if len(ours) > 9 else -1.0
        assert {hit for hit in ours if hit[2] > tenth + 1e-3} == {hit for hit in theirs if hit[2] > tenth + 1e-3}
    asked = prepare("hydrogène", WordEncoder(), lang="fr")
    assert [hit.score for hit in search_within(index, asked, "a003")] == pytest.approx(
        [hit.score for hit in search_within(here, asked, "a003")]
    )


def test_the_bulletins_own_questions_find_the_same_in_both(
    settings: Settings, encoder: Encoder, stored: Stored
) -> None:
    index = open_index(settings.index, encoder.id)
    here = stored(index)
    for case in read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl")[::3]:
        question = prepare(case.question, encoder)
        ours, theirs = search(index, question, 8), search(here, question, 8)
        assert [hit.passage for hit in ours] == [hit.passage for hit in theirs]
        assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], abs=1e-5)


# Versions


def publish(uri: str | None, articles: Sequence[Article], directory: Path) -> None:
    """As `python -m index publish` does, with the cluster of `uri` if there is one."""
    copy = (
        (lambda index: publish_to_milvus(index, connect(uri), [path.name for path in directory.glob("v-*")]))
        if uri
        else None
    )
    build(articles, WordEncoder(), directory, copy=copy)


def opened(uri: str | None, directory: Path) -> Index:
    """The live version: as CURRENT names it, or as the alias does."""
    if not uri:
        return open_index(directory)
    client = connect(uri)
    name = live_collection(client)
    (version,) = [path for path in directory.glob("v-*") if collection_of(path.name) == name]
    index = open_version(version, "words")
    return dataclasses.replace(index, store=MilvusStore.open(client, index))


@pytest.fixture(params=["files", "milvus"])
def cluster(request: pytest.FixtureRequest) -> str | None:
    """Where versions go besides their directory."""
    return request.getfixturevalue("uri") if request.param == "milvus" else None


def test_an_article_that_was_withdrawn_is_gone_from_the_next_version(cluster: str | None, tmp_path: Path) -> None:
    def finds(index: Index) -> list[str]:
        vector = WordEncoder().encode_question("Zypries").vector
        rows = [*index.store.nearest(vector, 50)[0], *index.store.wordiest({"fr:zypr": 1.0, "fr:zypri": 1.0}, 50)[0]]
        return [index.passages[row].article_id for row in rows if "Zypries" in index.passages[row].text]

    articles = [*bulletin()[:20], Article("z", "T", "fr", "Zypries parle.")]
    publish(cluster, articles, tmp_path)
    before = opened(cluster, tmp_path)
    assert set(finds(before)) == {"z"}
    publish(cluster, articles[:-1], tmp_path)
    after = opened(cluster, tmp_path)
    assert finds(after) == []
    assert len(after.store.nearest(np.eye(WordEncoder.dim, dtype=np.float32)[0], 500)[0]) == len(after.passages)
    assert set(finds(before)) == {"z"}  # whoever reads the old version goes on reading it


def test_readers_see_one_version_or_the_other_while_they_are_swapped(cluster: str | None, tmp_path: Path) -> None:
    def version(word: str) -> list[Article]:
        return [
            Article(f"{word}{n}", "T", "fr", f"Le {word} numéro {n}.") for n in range(5 if word == "premier" else 8)
        ]

    stop, seen = threading.Event(), Counter[str]()

    def read() -> None:
        while not stop.is_set():
            index = opened(cluster, tmp_path)
            rows, _ = index.store.nearest(WordEncoder().encode_question("numéro 3").vector, 100)
            found = {index.passages[row].article_id for row in rows}
            assert found == {passage.article_id for passage in index.passages}
            seen[min(found)[:-1]] += 1

    publish(cluster, version("premier"), tmp_path)
    first = open_index(tmp_path).version
    publish(cluster, version("second"), tmp_path)
    second = open_index(tmp_path).version
    copy = (lambda index: publish_to_milvus(index, connect(cluster), [first, second])) if cluster else None
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for swap in range(40):
            roll_back(tmp_path, "words", (first, second)[swap % 2], copy)
        stop.set()
    for reader in readers:
        reader.result()
    assert set(seen) == {"premier", "second"}


def test_a_version_that_the_cluster_lacks_is_told_with_what_to_do(uri: str, tmp_path: Path) -> None:
    build(bulletin()[:3], WordEncoder(), tmp_path)
    with pytest.raises(
        IndexUnavailable, match=r"^Milvus holds 0 of the 3 passages of v-\w+\. Run `python -m index milv"
    ):
        MilvusStore.open(connect(uri), open_index(tmp_path))
