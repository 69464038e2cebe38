"""Reading a paragraph alone, as the quality table has it: the right one, and one of another topic."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from app import open_assistant
from bench.quality import given_rates
from bench.sets import ABOUT
from corpus.articles import read_articles
from eval.questions import read_questions
from index.encoding.encoder import SentenceEncoder
from index.versions.build import build
from records import Article
from settings import ROOT, Settings

GO_CLUSTER = "go-cluster-2014"


def go_cluster() -> Article:
    return next(article for article in read_articles(ROOT / "corpus" / "articles") if article.id == GO_CLUSTER)


def rates(articles: list[Article], builder: SentenceEncoder, folder: Path) -> dict[str, Any]:
    build(articles, builder, folder)
    cases = read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl")[::4]
    cases = [dataclasses.replace(case, tags=(*case.tags, f"{ABOUT}{GO_CLUSTER}")) for case in cases]
    return given_rates(open_assistant(dataclasses.replace(Settings(), index=folder)), cases)


def test_a_paragraph_of_another_topic_is_read_beside_the_right_one(builder: SentenceEncoder, tmp_path: Path) -> None:
    own = go_cluster()
    other = next(iter(read_articles(ROOT / "eval" / "bulletins" / "dated")))
    found = rates([own, other], builder, tmp_path / "two")
    assert found["given_f1"] > 0.5
    assert found["elsewhere_answered"] == 0
    assert found["given_refused"] < found["near_miss_refused"]
    assert len(found["given_claims"]) == 17

    # The answer's own article under another title is "another topic", too: what is told apart is read, not assumed.
    copied = dataclasses.replace(own, id="copy", title="Un autre titre")
    assert rates([own, copied], builder, tmp_path / "copied")["elsewhere_answered"] > 0.5


def test_without_an_article_of_another_title_there_is_no_other_topic(builder: SentenceEncoder, tmp_path: Path) -> None:
    assert rates([go_cluster()], builder, tmp_path / "one")["elsewhere_answered"] is None
