"""A cluster that fails, and a copy that breaks off: typed errors, nothing half live, and it goes on by itself."""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from answer.ask import Assistant
from app import copy_to_milvus, open_assistant, searched
from bench.cluster import stores
from bench.machines import LiteServer, a_cluster, free_port, post
from errors import IndexUnavailable, SettingsError
from index import __main__ as command
from index.milvus.publish import live_collection, publish_to_milvus
from index.milvus.store import TIMEOUT_S, MilvusStore, collection_of, connect
from index.versions.build import build
from index.versions.publish import roll_back
from index.versions.store import Index, live_name, open_index
from records import Article
from settings import ROOT, Settings
from tests.public import start
from tests.test_index_fake_encoder import WordEncoder

QUESTION = "how many clusters are in go-cluster?"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with a_cluster(tmp_path_factory.mktemp("milvus")) as cluster:
        yield cluster


def version(directory: Path, count: int, word: str = "congrès") -> Index:
    """A published version of `count` articles."""
    articles = [Article(f"a{n:04}", "T", "fr", f"Le {word} numéro {n} de Berlin.") for n in range(count)]
    build(articles, WordEncoder(), directory)
    return open_index(directory)


# Publishing


def test_what_is_held_is_not_copied_again(cluster: LiteServer, tmp_path: Path) -> None:
    index, client = version(tmp_path, 7), connect(cluster.uri)
    assert [publish_to_milvus(index, client) for _ in range(2)] == [7, 0]
    assert live_collection(client) == collection_of(index.version)


def test_a_copy_that_broke_off_is_made_anew(cluster: LiteServer, tmp_path: Path) -> None:
    """Killed by SIGKILL while it inserts: the alias stays, and the next copy is whole."""
    client = connect(cluster.uri)
    first = version(tmp_path / "first", 3)
    publish_to_milvus(first, client)
    second = version(tmp_path / "second", 2500)
    code = (
        "import sys; from pathlib import Path; from index.versions.store import open_index;"
        "from index.milvus.store import connect; from index.milvus.publish import publish_to_milvus;"
        f"publish_to_milvus(open_index(Path({str(tmp_path / 'second')!r})), connect({cluster.uri!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as publisher:
        while not client.has_collection(collection_of(second.version)):
            assert publisher.poll() is None
        publisher.kill()
    assert live_collection(client) == collection_of(first.version)
    with pytest.raises(IndexUnavailable, match=r"of the 2500 passages of|not in memory|released|index not"):
        MilvusStore.open(client, second)
    assert publish_to_milvus(second, client) == 2500
    assert live_collection(client) == collection_of(second.version)
    rows, _ = MilvusStore.open(client, second).nearest(second.vectors.rows(np.array([2400]))[0], 1)
    assert second.passages[int(rows[0])].text == second.passages[2400].text


def test_a_copy_that_gives_back_something_else_is_not_named(cluster: LiteServer, tmp_path: Path) -> None:
    client = connect(cluster.uri)
    first, second = version(tmp_path / "first", 4), version(tmp_path / "second", 4, "forum")
    publish_to_milvus(second, client)
    publish_to_milvus(first, client, [second.version])
    collection = collection_of(second.version)
    (record,) = client.query(collection, ids=[0], output_fields=["*"])
    client.upsert(collection, [{**record, "dense": np.eye(WordEncoder.dim, dtype=np.float32)[5].tolist()}])
    with pytest.raises(IndexUnavailable, match=r"^Milvus gives back other vectors than v-\w+ has; it is not named\.$"):
        publish_to_milvus(second, client, [second.version])
    assert live_collection(client) == collection_of(first.version)
    client.drop_collection(collection)


def test_old_collections_go_and_those_that_stay_are_kept(cluster: LiteServer, tmp_path: Path) -> None:
    client = connect(cluster.uri)
    client.create_collection("somebody_elses", dimension=4)
    versions = [version(tmp_path / str(n), n) for n in (2, 3, 4, 5)]
    for index in versions[:3]:
        publish_to_milvus(index, client, [versions[0].version])
    names = [collection_of(index.version) for index in versions]
    held = set(client.list_collections())
    assert held == {"somebody_elses", *names[:3]}
    publish_to_milvus(versions[3], client)
    assert set(client.list_collections()) == {"somebody_elses", names[2], names[3]}  # readers may still be on the third
    client.drop_collection("somebody_elses")


def test_many_passages_have_a_graph_that_finds_nearly_all_of_the_nearest(cluster: LiteServer, tmp_path: Path) -> None:
    chance, client = np.random.default_rng(1), connect(cluster.uri)
    bodies = [" ".join(f"w{n}" for n in chance.zipf(1.3, 12) % 400) for _ in range(1500)]
    build([Article(f"a{n}", "T", "fr", f"Texte {body}.") for n, body in enumerate(bodies)], WordEncoder(), tmp_path)
    index = open_index(tmp_path)
    publish_to_milvus(index, client, exact_up_to=1000)
    assert client.describe_index(collection_of(index.version), "dense")["index_type"] == "HNSW"
    store, found = MilvusStore.open(client, index), 0
    for _ in range(50):
        vector = WordEncoder().encode_question(" ".join(f"w{n}" for n in chance.zipf(1.3, 6) % 400)).vector
        tenth = index.store.nearest(vector, 10)[1][-1]  # many are alike: any as near as the tenth will do
        found += int(np.count_nonzero(store.nearest(vector, 10)[1] >= tenth - 1e-5))
    assert found >= 0.98 * 500


def test_a_version_is_copied_before_it_is_live_and_a_cluster_that_is_down_stops_it(
    cluster: LiteServer, tmp_path: Path
) -> None:
    there = Settings(index=tmp_path, store="milvus", milvus=cluster.uri)
    articles = [Article(f"a{n}", "T", "fr", f"Berlin {n}.") for n in range(4)]
    build(articles[:2], WordEncoder(), tmp_path, copy=partial(copy_to_milvus, there))
    first = live_name(tmp_path)
    nowhere = dataclasses.replace(there, milvus=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(IndexUnavailable, match="connecting to"):
        build(articles, WordEncoder(), tmp_path, copy=partial(copy_to_milvus, nowhere))
    assert live_name(tmp_path) == first == open_index(tmp_path).version
    build(articles, WordEncoder(), tmp_path, copy=partial(copy_to_milvus, there))
    second = live_name(tmp_path)
    assert second != first
    assert live_collection(connect(cluster.uri)) == collection_of(second)
    with pytest.raises(IndexUnavailable, match="connecting to"):
        roll_back(tmp_path, "words", copy=partial(copy_to_milvus, nowhere))
    assert live_name(tmp_path) == second
    assert roll_back(tmp_path, "words", copy=partial(copy_to_milvus, there)) == first
    assert live_collection(connect(cluster.uri)) == collection_of(first)
    assert searched(there, open_index(tmp_path)).store.nearest(WordEncoder().encode_question("Berlin").vector, 9)[
        0
    ].tolist() == [0, 1]


def test_the_two_stores_are_measured_side_by_side(tmp_path: Path) -> None:
    head, _, _, _, *rows = stores(version(tmp_path, 250)).splitlines()
    assert head.startswith("250 passages, 200 questions; ")
    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    assert [name for name, *_ in cells] == ["nearest 60", "wordiest 60", "words of 120 rows", "vectors of 120 rows"]
    assert all(0 < float(p50) <= float(p95) for _, *numbers in cells for p50, p95 in (numbers[:2], numbers[2:]))


# A cluster that fails


def test_nobody_there_and_somebody_silent_are_told_in_time(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match=r"^Milvus: connecting to http://127\.0\.0\.1:\d+ failed \("):
        connect(f"http://127.0.0.1:{free_port()}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(IndexUnavailable, match="connecting to"):
            connect(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - begun < TIMEOUT_S + 10
    with pytest.raises(IndexUnavailable, match="connecting to milvus"):
        connect("milvus")


def test_a_store_goes_on_after_its_cluster_was_silent_and_after_it_was_killed(tmp_path: Path) -> None:
    index = version(tmp_path / "index", 5)
    vector = WordEncoder().encode_question("Berlin 3").vector
    with a_cluster(tmp_path) as cluster:
        publish_to_milvus(index, connect(cluster.uri))
        store = MilvusStore.open(connect(cluster.uri), index)
        before = store.nearest(vector, 5)[0].tolist()
        cluster.freeze()
        with pytest.raises(IndexUnavailable, match="Deadline"):
            store.nearest(vector, 5)
        cluster.thaw()
        assert store.nearest(vector, 5)[0].tolist() == before
        cluster.kill()
        with pytest.raises(IndexUnavailable, match=r"^Milvus: asking bulletin_v_\w+ failed \("):
            store.nearest(vector, 5)
        with pytest.raises(IndexUnavailable):
            store.vectors(np.arange(2))
        cluster.start()  # with what was acknowledged; nothing is in memory yet
        assert store.nearest(vector, 5)[0].tolist() == before
        assert store.wordiest({"fr:berlin": 1.0}, 9)[0].tolist() == [0, 1, 2, 3, 4]


def test_a_missing_package_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(SettingsError, match=r"Run `pip install -r requirements-milvus\.txt`, or set BULLETIN_STORE=fi"):
        connect("http://127.0.0.1:1")
    assert "pymilvus==" in (ROOT / "requirements-milvus.txt").read_text("utf-8")


def test_who_serves_from_files_needs_none_of_it() -> None:
    code = "import sys, app; sys.exit(any(name.split('.')[0] in ('pymilvus', 'grpc') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# The whole way


@pytest.fixture
def there(settings: Settings, tmp_path: Path) -> Iterator[tuple[Settings, LiteServer]]:
    """Settings of a server that searches in a cluster of its own."""
    with a_cluster(tmp_path) as cluster:
        yield dataclasses.replace(settings, store="milvus", milvus=cluster.uri, reader="sentences"), cluster


def test_from_the_command_to_an_answer_and_through_a_failure(
    there: tuple[Settings, LiteServer], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, cluster = there
    assert command.main(["milvus", "--index", str(settings.index)]) == 2
    assert "No cluster is named: give --uri" in capsys.readouterr().err
    with pytest.raises(IndexUnavailable, match="Run `python -m index milvus`"):
        open_assistant(settings)
    assert command.main(["milvus", "--index", str(settings.index), "--uri", cluster.uri]) == 0
    assert "8 of 8 passages copied" in capsys.readouterr().out
    monkeypatch.setenv("BULLETIN_STORE", "milvus")
    monkeypatch.setenv("BULLETIN_MILVUS", cluster.uri)
    assert command.main(["search", QUESTION, "--index", str(settings.index)]) == 0
    assert "91 clusters" in capsys.readouterr().out

    assistant = open_assistant(settings)
    assert isinstance(assistant.index.store, MilvusStore)
    here: Assistant = open_assistant(dataclasses.replace(settings, store="files"))
    assert _told(assistant) == _told(here)

    port = int(start(assistant, rate="1000/minute", feedback_days=0).rstrip("/").rpartition(":")[2])
    assert post(port, "/api/ask", {"question": QUESTION})[0] == 200
    cluster.kill()
    status, headers, body = post(port, "/api/ask", {"question": QUESTION})
    assert (status, json.loads(body)["error"]["type"], "retry-after" in headers) == (503, "unavailable", True)
    cluster.start()
    assert post(port, "/api/ask", {"question": QUESTION})[0] == 200


def _told(assistant: Assistant) -> dict[str, object]:
    return {**assistant.ask(QUESTION).to_json(), "timings_ms": {}}
