"""Building: only what changed is encoded, the result is as if built afresh, and a failure leaves what was live."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from errors import BuildRefused, IndexDamaged
from index.versions.build import build
from index.versions.publish import KEPT_VERSIONS, building
from index.versions.store import FORMAT, open_index, verify, version_names
from records import Article, Encoding
from tests.test_index_fake_encoder import WordEncoder
from tests.test_index_store import set_format, snapshot

CLUSTERS = Article("clusters", "Clusters", "fr", "Le programme compte 91 clusters.\n\nSources :\n– BMWi")
JENA = Article("jena", "Optik in Jena", "de", "Das Institut forscht am Licht.")
YORK = Article("york", "A visit", "en", "Researchers from York came.")
BULLETIN = [CLUSTERS, JENA, YORK]


class FailingEncoder(WordEncoder):
    """Encodes nothing that speaks of York."""

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        if any("York" in text for text in texts):
            raise RuntimeError("the machine is on fire")
        return super().encode_passages(texts, contexts)


def encoded(directory: Path, articles: Sequence[Article]) -> list[str]:
    """The passages that a build of `articles` puts through the encoder."""
    encoder = WordEncoder()
    report = build(articles, encoder, directory)
    assert report.encoded == len(encoder.encoded)
    return encoder.encoded


def with_york(**changes: str) -> list[Article]:
    return [CLUSTERS, JENA, dataclasses.replace(YORK, **changes)]  # type: ignore[arg-type]


def require_equal_to_a_fresh_build(directory: Path, fresh: Path, articles: Sequence[Article]) -> None:
    build(articles, WordEncoder(), fresh)
    one, other = open_index(directory), open_index(fresh)
    assert one.articles == other.articles
    assert list(one.passages) == list(other.passages)
    assert list(one.keys) == list(other.keys)
    numbers = range(len(one.passages))
    assert np.array_equal(one.vectors.rows(numbers), other.vectors.rows(numbers))
    for number in numbers:
        assert np.array_equal(one.tokens.of(number).vectors(), other.tokens.of(number).vectors())
        assert np.array_equal(one.tokens.of(number).spans, other.tokens.of(number).spans)
    question = "clusters Licht York BMWi"
    assert one.lexical.scores(question, "fr").tolist() == other.lexical.scores(question, "fr").tolist()


# What is encoded


def test_a_first_build_encodes_every_passage(tmp_path: Path) -> None:
    assert encoded(tmp_path, BULLETIN) == [  # the longest first
        "Le programme compte 91 clusters.",
        "Das Institut forscht am Licht.",
        "Researchers from York came.",
        "Sources :\n– BMWi",
    ]


def test_builds_log_no_warning_when_nothing_is_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for articles in ([CLUSTERS], BULLETIN, BULLETIN, [JENA]):
        build(articles, WordEncoder(), tmp_path)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_unchanged_corpus_writes_nothing(tmp_path: Path) -> None:
    first = build(BULLETIN, WordEncoder(), tmp_path)
    before = snapshot(tmp_path)
    encoder = WordEncoder()
    second = build(BULLETIN, encoder, tmp_path)
    assert second == dataclasses.replace(first, encoded=0, changed=False)
    assert encoder.encoded == []
    assert snapshot(tmp_path) == before


def test_a_changed_article_is_all_that_is_encoded(tmp_path: Path) -> None:
    build(BULLETIN, WordEncoder(), tmp_path / "index")
    changed = with_york(body="Researchers from York left.")
    assert encoded(tmp_path / "index", changed) == ["Researchers from York left."]
    require_equal_to_a_fresh_build(tmp_path / "index", tmp_path / "fresh", changed)


def test_a_changed_passage_is_all_that_is_encoded(tmp_path: Path) -> None:
    build(BULLETIN, WordEncoder(), tmp_path / "index")
    changed = [dataclasses.replace(CLUSTERS, body=CLUSTERS.body.replace("BMWi", "BMBF")), JENA, YORK]
    assert encoded(tmp_path / "index", changed) == ["Sources :\n– BMBF"]
    require_equal_to_a_fresh_build(tmp_path / "index", tmp_path / "fresh", changed)


def test_a_changed_title_encodes_the_article_again(tmp_path: Path) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    assert encoded(tmp_path, with_york(title="Another visit")) == [YORK.body]


@pytest.mark.parametrize("field", ["url", "section", "lang"])
def test_a_field_that_no_vector_depends_on_is_published_without_encoding(tmp_path: Path, field: str) -> None:
    build(BULLETIN, WordEncoder(), tmp_path / "index")
    changed = with_york(**{field: "fr"})
    assert encoded(tmp_path / "index", changed) == []
    assert getattr(open_index(tmp_path / "index").articles["york"], field) == "fr"
    require_equal_to_a_fresh_build(tmp_path / "index", tmp_path / "fresh", changed)


def test_a_deleted_article_is_gone_and_nothing_is_encoded(tmp_path: Path) -> None:
    build(BULLETIN, WordEncoder(), tmp_path / "index")
    assert encoded(tmp_path / "index", [CLUSTERS, YORK]) == []
    assert list(open_index(tmp_path / "index").articles) == ["clusters", "york"]
    require_equal_to_a_fresh_build(tmp_path / "index", tmp_path / "fresh", [CLUSTERS, YORK])


def test_a_new_article_between_the_others_is_all_that_is_encoded(tmp_path: Path) -> None:
    build([CLUSTERS, YORK], WordEncoder(), tmp_path / "index")
    assert encoded(tmp_path / "index", BULLETIN) == [JENA.body]
    require_equal_to_a_fresh_build(tmp_path / "index", tmp_path / "fresh", BULLETIN)


def test_two_articles_with_the_same_words_keep_their_own_passages(tmp_path: Path) -> None:
    twin = dataclasses.replace(YORK, id="york-2")
    build([YORK, twin], WordEncoder(), tmp_path)
    assert [passage.article_id for passage in open_index(tmp_path).passages] == ["york", "york-2"]


def test_another_encoder_encodes_everything_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    assert build(BULLETIN, WordEncoder("other"), tmp_path).encoded == 4
    assert "Nothing is taken over from the index before" in caplog.text
    assert open_index(tmp_path, "other").manifest["encoder"]["id"] == "other"


def test_many_passages_are_encoded_in_order(tmp_path: Path) -> None:
    long = Article("long", "Long", "fr", "\n\n".join(f"Phrase {i} " + "mot " * 150 for i in range(150)))
    assert build([long], WordEncoder(), tmp_path).passages == 150
    index = open_index(tmp_path)
    for row in (0, 63, 64, 128, 149):
        (encoding,) = WordEncoder().encode_passages([index.passages[row].text], ["Long"])
        assert np.array_equal(index.vectors.rows([row])[0], encoding.vector)


# What is kept


def test_three_versions_are_kept_and_the_newest_is_live(tmp_path: Path) -> None:
    versions = [build(with_york(body=f"Visit {i}."), WordEncoder(), tmp_path).version for i in range(5)]
    assert KEPT_VERSIONS == 3
    assert (tmp_path / "CURRENT").read_text().split() == versions[:1:-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".lock", "CURRENT", *versions[2:]])
    assert open_index(tmp_path).version == versions[-1]


def test_an_index_already_open_outlives_the_version_on_disk(tmp_path: Path) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    index = open_index(tmp_path)
    rows = index.vectors.rows(range(4)).copy()
    for i in range(KEPT_VERSIONS):
        build(with_york(body=f"Visit {i}."), WordEncoder(), tmp_path)
    assert not (tmp_path / index.version).exists()
    assert np.array_equal(index.vectors.rows(range(4)), rows)
    assert index.tokens.of(3).vectors().shape == (4, 512)
    assert index.lexical.scores("York", "en")[3] > 0


# What is refused, and what is left then


def test_no_articles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildRefused, match="no articles"):
        build([], WordEncoder(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_second_builder_is_refused(tmp_path: Path) -> None:
    with building(tmp_path), pytest.raises(BuildRefused, match=f"Another build is at work in {tmp_path}"):
        build(BULLETIN, WordEncoder(), tmp_path)
    assert build(BULLETIN, WordEncoder(), tmp_path).changed


def test_an_encoder_that_fails_leaves_the_live_version(tmp_path: Path) -> None:
    live = build([CLUSTERS, JENA], WordEncoder(), tmp_path).version
    before = snapshot(tmp_path)
    with pytest.raises(RuntimeError, match="on fire"):
        build(BULLETIN, FailingEncoder(), tmp_path)
    assert snapshot(tmp_path) == before
    assert open_index(tmp_path).version == live


def test_an_encoder_that_fails_at_first_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="on fire"):
        build(BULLETIN, FailingEncoder(), tmp_path)
    assert snapshot(tmp_path) == {}


def test_what_a_killed_build_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".building-1").mkdir()
    (tmp_path / ".building-1" / "vectors.faiss").write_text("half")
    build(BULLETIN, WordEncoder(), tmp_path)
    assert not list(tmp_path.glob(".building-*"))


# What a build mends


def require_mended(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The live version is whole and opens without a word."""
    caplog.clear()
    index = open_index(directory)
    assert index.version == (directory / "CURRENT").read_text().split()[0]
    assert list(index.articles.values()) == BULLETIN
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_build_mends_the_only_version(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = build(BULLETIN, WordEncoder(), tmp_path).version
    (tmp_path / live / "articles.jsonl").write_bytes(b"")
    with pytest.raises(IndexDamaged):
        open_index(tmp_path)
    assert build(BULLETIN, WordEncoder(), tmp_path).encoded == 4
    assert "articles.jsonl" in caplog.text
    require_mended(tmp_path, caplog)


def test_a_build_mends_the_live_version_with_the_vectors_of_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build([CLUSTERS, JENA], WordEncoder(), tmp_path)
    live = build(BULLETIN, WordEncoder(), tmp_path).version
    (tmp_path / live / "vectors.faiss").write_bytes(b"")
    assert encoded(tmp_path, BULLETIN) == [YORK.body]
    require_mended(tmp_path, caplog)


def test_a_build_of_what_the_version_before_held_mends_the_live_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    live = build([CLUSTERS, JENA], WordEncoder(), tmp_path).version
    (tmp_path / live / "vectors.faiss").write_bytes(b"")
    build(BULLETIN, WordEncoder(), tmp_path)
    require_mended(tmp_path, caplog)


@pytest.mark.parametrize("data", [b"", b"v-0000000000000000\n", None], ids=["empty", "wrong", "missing"])
def test_a_build_mends_the_pointer(tmp_path: Path, caplog: pytest.LogCaptureFixture, data: bytes | None) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    (tmp_path / "CURRENT").unlink() if data is None else (tmp_path / "CURRENT").write_bytes(data)
    assert encoded(tmp_path, BULLETIN) == []
    require_mended(tmp_path, caplog)


def test_a_build_leaves_no_damaged_version_behind(tmp_path: Path) -> None:
    build([CLUSTERS], WordEncoder(), tmp_path)
    damaged = build([CLUSTERS, JENA], WordEncoder(), tmp_path).version
    (tmp_path / damaged / "articles.jsonl").write_bytes(b"")
    build(BULLETIN, WordEncoder(), tmp_path)
    for name in version_names(tmp_path):
        verify(tmp_path / name)


def test_a_build_replaces_a_version_of_another_format(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    build(BULLETIN, WordEncoder(), tmp_path)
    set_format(tmp_path, FORMAT + 1)
    assert build(BULLETIN, WordEncoder(), tmp_path).encoded == 4
    require_mended(tmp_path, caplog)
