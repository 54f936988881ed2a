"""OpenSearch when things go wrong: a cluster that is away, slow, partial or too busy, and writers that die or meet."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from indexer.engines.opensearch import OpenSearchEngine, cluster
from indexer.engines.opensearch.cluster import Action, Breaker, Cluster, Overloaded
from indexer.engines.opensearch.lease import Lease
from indexer.folding import fold
from indexer.sources import NUMBER, TITLE
from indexer.spelling import spellings
from indexer.sync import rebuild
from indexer.weights import Weights
from kb import patience
from kb.config import Config
from kb.question import Query
from kb.search import Busy, EngineDown, IndexDamaged, Search
from tests.contracts.engines import ANALYSIS, opensearch_config
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC, document, put, scope

Answer = tuple[int, Any]
LOOPBACK = Path(__file__).parents[1] / "data" / "loopback.pem"
WHOLE = {"_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0}, "timed_out": False}


@dataclass
class Pretender:
    """A cluster that answers as told, and notes what it was asked."""

    url: str
    answers: Callable[[str, str], Answer] = lambda method, path: (200, WHOLE)
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def serving(told: Pretender, secure: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            told.asked.append((self.command, self.path, dict(self.headers), body))
            status, answer = told.answers(self.command, self.path)
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked did not wait
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Whoever asks may hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if secure:
            server.socket = secure.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{'https' if secure else 'http'}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def pretender() -> Iterator[Pretender]:
    told = Pretender("")
    with serving(told) as told.url:
        yield told


@contextmanager
def asking(url: str, **settings: Any) -> Iterator[Cluster]:
    opened = Cluster(Config(opensearch_url=(url,), opensearch_seconds=1, **settings))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, {**WHOLE, "timed_out": True}), "did not get done in time"),
        ((200, {**WHOLE, "_shards": {"total": 3, "successful": 2, "failed": 1}}), "1 of OpenSearch's shards failed"),
        ((503, {"error": {"root_cause": [{"reason": "no master"}]}}), "503 .* no master"),
        ((429, {"error": {"type": "circuit_breaking_exception"}}), "429 .* circuit_breaking_exception"),
        ((400, {"error": "too many clauses"}), "400 .* too many clauses"),
        ((401, b"Unauthorized"), "401"),
        ((200, b"<html>"), "does not speak JSON"),
    ],
)
def test_what_is_not_a_whole_answer_is_none(pretender: Pretender, answer: Answer, says: str) -> None:
    pretender.answers = lambda method, path: answer
    with asking(pretender.url) as asked, pytest.raises(EngineDown, match=says):
        asked.search("kb", {"query": {"match_all": {}}})


def test_a_cluster_that_does_not_answer_costs_a_reader_no_more_than_the_setting_says(pretender: Pretender) -> None:
    held = threading.Event()
    pretender.answers = lambda method, path: (held.wait(20), (200, WHOLE))[1]
    began = time.monotonic()
    with asking(pretender.url) as asked, pytest.raises(EngineDown, match="cannot be reached"):
        asked.search("kb", {})
    assert time.monotonic() - began < 5
    held.set()


def test_a_cluster_that_answers_each_request_late_costs_a_reader_no_more_in_all(pretender: Pretender) -> None:
    late = threading.Event()
    pretender.answers = lambda method, path: (late.wait(0.4), (200, WHOLE))[1]
    began = time.monotonic()
    with asking(pretender.url) as asked, patience.within(1), pytest.raises(EngineDown):
        for _ in range(20):
            asked.search("kb", {})
    assert time.monotonic() - began < 3
    with asking(pretender.url) as asked:
        assert asked.search("kb", {}) == WHOLE, "the next reader waits anew"


def test_nobody_listening_is_the_engine_being_away() -> None:
    with asking("http://127.0.0.1:9") as asked, pytest.raises(EngineDown, match="cannot be reached"):
        asked.search("kb", {})


def test_another_node_is_asked_when_one_is_away(pretender: Pretender) -> None:
    config = Config(opensearch_url=("http://127.0.0.1:9", pretender.url))
    asked = Cluster(config)
    for _ in range(4):
        assert asked.search("kb", {}) == WHOLE
    asked.close()


def test_a_node_that_is_silent_is_passed_over_soon_and_then_not_asked(pretender: Pretender) -> None:
    # Nobody takes what waits here, so who comes later is not even told that he may wait.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, ExitStack() as stack:
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())
        asked = Cluster(Config(opensearch_url=(f"http://127.0.0.1:{silent.getsockname()[1]}", pretender.url)))
        stack.callback(asked.close)
        began = time.monotonic()
        for _ in range(8):
            assert asked.search("kb", {}) == WHOLE
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"opensearch_token": "abc"}, "Bearer abc"),
        (
            {"opensearch_user": "kb", "opensearch_password": "pä:ss"},
            "Basic " + base64.b64encode("kb:pä:ss".encode()).decode(),
        ),
    ],
)
def test_who_asks_is_told(pretender: Pretender, settings: dict[str, str], header: str) -> None:
    with asking(pretender.url, **settings) as asked:
        asked.search("kb", {})
    headers = {name.lower(): value for name, value in pretender.asked[0][2].items()}
    assert headers["authorization"] == header


def test_a_cluster_that_fails_is_left_alone_and_tried_again_later() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    calls = 0

    def failing() -> None:
        nonlocal calls
        calls += 1
        raise EngineDown("away")

    def working() -> str:
        nonlocal calls
        calls += 1
        return "answer"

    for _ in range(10):
        with pytest.raises(EngineDown):
            breaker.guard(failing)
    assert calls == cluster.FAILURES_IN_A_ROW
    with pytest.raises(EngineDown, match="left alone"):
        breaker.guard(working)
    now += cluster.REST_SECONDS
    with pytest.raises(EngineDown, match="away"):
        breaker.guard(failing)
    with pytest.raises(EngineDown, match="left alone"):
        breaker.guard(working)
    now += cluster.REST_SECONDS
    assert [breaker.guard(working) for _ in range(3)] == ["answer"] * 3


def test_a_question_that_the_cluster_does_not_take_keeps_others_from_nothing(pretender: Pretender) -> None:
    pretender.answers = lambda method, path: (400, {"error": "too many clauses"})
    with asking(pretender.url) as asked:
        for _ in range(10):
            with pytest.raises(EngineDown, match="too many clauses"):
                asked.search("kb", {})
        pretender.answers = lambda method, path: (200, WHOLE)
        assert asked.search("kb", {}) == WHOLE


def test_nodes_are_known_by_their_certificates(pretender: Pretender) -> None:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(LOOPBACK)
    with serving(pretender, secure) as url:
        with asking(url) as asked, pytest.raises(EngineDown, match="certificate verify failed"):
            asked.search("kb", {})
        with asking(url, opensearch_ca=LOOPBACK) as asked:
            assert asked.search("kb", {}) == WHOLE


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of them real."""
    made: list[float] = []
    monkeypatch.setattr("indexer.engines.opensearch.cluster.time.sleep", made.append)
    return made


def test_documents_there_is_no_room_for_wait_and_are_put_again(pretender: Pretender, pauses: list[float]) -> None:
    def answers(method: str, path: str) -> Answer:
        put_now = [json.loads(line)["index"]["_id"] for line in pretender.asked[-1][3].splitlines()[::2]]
        if len(pretender.asked) == 1:
            return 429, {"error": {"type": "rejected_execution_exception"}}
        full = {"3"} if len(pretender.asked) == 2 else set()
        return 200, {
            "errors": True,
            "items": [{"index": {"_id": one, "status": 429 if one in full else 201}} for one in put_now],
        }

    pretender.answers = answers
    with asking(pretender.url) as asked:
        asked.put_all("kb", [Action(str(n), {"n": n}) for n in range(5)])
    sent = [[json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]] for *_, body in pretender.asked]
    assert sent == [["0", "1", "2", "3", "4"], ["0", "1", "2", "3", "4"], ["3"]]
    assert pauses == [cluster.BACKING_OFF[0]] * 2


def test_a_cluster_that_stays_too_busy_is_given_up(pretender: Pretender, pauses: list[float]) -> None:
    pretender.answers = lambda method, path: (503, {"error": "busy"})
    with asking(pretender.url) as asked, pytest.raises(Overloaded, match="busy"):
        asked.put_all("kb", [Action("1", {})])
    assert pauses == list(cluster.BACKING_OFF)


def test_a_document_that_is_refused_fails_the_batch(pretender: Pretender) -> None:
    refused = {"_id": "1", "status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no such field"}}
    pretender.answers = lambda method, path: (200, {"errors": True, "items": [{"index": refused}]})
    with asking(pretender.url) as asked, pytest.raises(EngineDown, match="refused document 1: no such field"):
        asked.put_all("kb", [Action("1", {})])


def test_the_store_answers_while_the_cluster_is_away_and_it_recovers_by_itself(
    tmp_path: Path, opensearch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = opensearch_config(opensearch, tmp_path)
    engine = OpenSearchEngine(config, ANALYSIS, Weights())
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"), draft("b", title="無法登入", grants=("staff",)))
        rebuild(store, engine)
        search = Search(store, engine, fold, spellings)
        assert not search.find(Query("登入"), PUBLIC).plain
        with monkeypatch.context() as broken:
            broken.setattr(Cluster, "_once", _away)
            for _ in range(5):
                answered = search.find(Query("登入系統"), PUBLIC)
                assert (answered.plain, answered.total) == (True, 1)
                assert search.total(Query("登入系統"), PUBLIC) == 1
        assert search.find(Query("登入系統"), PUBLIC).plain, "the cluster is left alone for a moment"
        monkeypatch.setattr(cluster, "REST_SECONDS", 0.0)
        engine._cluster._breaker._rests_until = 0.0
        answered = search.find(Query("登入系統"), PUBLIC)
        assert (answered.plain, answered.total) == (False, 1)
    engine.close()


def _away(*_: object) -> None:
    raise EngineDown("OpenSearch cannot be reached")


@pytest.fixture
def engine(tmp_path: Path, opensearch: str) -> Iterator[OpenSearchEngine]:
    opened = OpenSearchEngine(opensearch_config(opensearch, tmp_path), ANALYSIS, Weights())
    yield opened
    opened.close()


def found(engine: OpenSearchEngine, text: str, grant: str = "public") -> list[int]:
    return [hit.article for hit in engine.search(Query(text, page_size=100), scope(grant)).hits]


def test_a_batch_is_seen_whole_or_not_at_all(engine: OpenSearchEngine) -> None:
    words, articles = ("磁碟", "授權"), range(1, 31)
    put(engine, [document(article, words[0]) for article in articles])
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            # Both in one search, so of one commit.
            hits = engine.search(Query(f"{words[0]} OR {words[1]}", page_size=100), PUBLIC)
            seen.append((hits.total, len({hit.score for hit in hits.hits})))

    watching = threading.Thread(target=watch)
    watching.start()
    for turn in range(1, 7):
        put(engine, [document(article, words[turn % 2]) for article in articles])
    done.set()
    watching.join()
    assert len(seen) > 3
    assert {total for total, _ in seen} == {len(articles)}
    assert {kinds for _, kinds in seen} == {1}, "an answer mixed the old and the new"


def test_what_a_writer_that_died_left_behind_never_shows(engine: OpenSearchEngine) -> None:
    put(engine, [document(1, "無法登入")])

    class Died(BaseException):
        pass

    # As a kill would: nothing is taken back, and the lease is not given back.
    with pytest.raises(Died), pytest.MonkeyPatch.context() as dying:
        dying.setattr("indexer.engines.opensearch.writing.BatchWriter.cancel", lambda self: False)
        dying.setattr(Lease, "_leave", lambda self: None)
        with engine.writer() as writer:
            writer.replace(1, [document(1, "磁碟已滿")])
            writer.replace(2, [document(2, "磁碟已滿")])
            writer._send()
            raise Died
    with pytest.raises(Busy), engine.writer():
        pass
    with pytest.MonkeyPatch.context() as later:
        later.setattr("indexer.engines.opensearch.lease.time.time", lambda: 4e9)
        put(engine, [document(3, "授權過期")])
    assert (found(engine, "磁碟"), found(engine, "登入"), found(engine, "授權")) == ([], [1], [3])
    assert set(engine.contents()) == {1, 3}


def test_a_writer_that_lost_its_lease_changes_nothing(engine: OpenSearchEngine) -> None:
    put(engine, [document(1, "無法登入")])
    with pytest.raises(Busy, match="ran out"), engine.writer() as writer:
        writer.replace(1, [document(1, "磁碟已滿")])
        writer.check = _lost
    assert (found(engine, "磁碟"), found(engine, "登入")) == ([], [1])


def _lost() -> None:
    raise Busy("the right to write the index ran out")


def test_an_article_given_twice_in_a_batch_is_what_was_given_last(engine: OpenSearchEngine) -> None:
    many = [document(article, "無法登入") for article in range(1, 202)]
    with engine.writer() as writer:
        for one in many:
            writer.replace(one.article, [one, document(one.article, "無法登入", key=f"{one.article}.1")])
        writer.replace(1, [document(1, "磁碟已滿")])
        writer.replace(2, [])
    assert found(engine, "磁碟") == [1]
    assert set(engine.contents()) == {one.article for one in many} - {2}
    assert dict(engine.contents())[1].keys() == {"1.0"}


def test_what_was_replaced_long_ago_is_deleted(engine: OpenSearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.engines.opensearch.writing.GRACE_SECONDS", -1.0)
    for turn in range(3):
        put(engine, [document(1, f"無法登入 {turn}")])
    index = engine.status().generation.partition(".")[0]
    engine._cluster.tell("POST", f"/{index}/_refresh")
    # One that shows, one that was replaced by it, and the state.
    assert engine._cluster.tell("GET", f"/{index}/_count")["count"] == 3
    assert engine.status().documents == 1


@pytest.mark.parametrize("at_once", [1, 2, 3, 2_000])
def test_all_terms_that_begin_alike_are_told(
    engine: OpenSearchEngine, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.engines.opensearch.source.VALUES_AT_ONCE", at_once)
    numbers = [1, 2, 10, 11, 19, 20, 100, 101, 199, 1000, 1999]
    put(engine, [document(number, "a+b a", grants=[f"creo:{number}"]) for number in numbers])
    told = engine._current()
    assert told.terms(NUMBER, "1") == ["1", "10", "100", "1000", "101", "11", "19", "199", "1999"]
    assert told.terms(NUMBER, "19") == ["19", "199", "1999"]
    assert (told.terms(NUMBER, "20"), told.terms(NUMBER, "3"), told.terms(NUMBER, "1.*")) == (["20"], [], [])
    assert told.terms(TITLE, "ka+") == ["ka+b"]
    assert told.audiences() == sorted(f"creo:{number}" for number in numbers)
    assert found(engine, "number:1999", "creo:1999") == [1999]


def test_the_index_tells_what_it_was_written_by(engine: OpenSearchEngine) -> None:
    put(engine, [document(1, "無法登入")])
    status = engine.status()
    assert not status.stale and status.bytes > 0 and status.generation.endswith("-000001.1")
    made = engine._cluster.tell("GET", f"/{engine._commits.alias}")[status.generation.partition(".")[0]]
    assert made["mappings"]["_meta"] == {"fingerprint": status.expected, "generation": "000001"}
    assert made["mappings"]["dynamic"] == "strict"
    put(engine, [document(1, "無法登入")], rebuild=True)
    assert engine.status().generation.endswith("-000002.1")
    names = engine._cluster.tell("GET", f"/{engine._commits.alias}-*")
    assert [name for name in names if not name.endswith("-lock")] == [status.generation[:-8] + "000002"]


def test_an_alias_that_somebody_gave_to_other_indexes_is_taken_back(engine: OpenSearchEngine) -> None:
    alias = engine._commits.alias
    with engine.writer() as writer:
        writer.replace(1, [document(1, "無法登入")])
    try:
        engine._cluster.tell("PUT", "/other")
        engine._cluster.tell("POST", "/_aliases", {"actions": [{"add": {"index": "other", "alias": alias}}]})
        with pytest.raises(IndexDamaged, match="other indexes"):
            engine.status()
        with engine.writer(rebuild=True) as writer:
            writer.replace(1, [document(1, "無法登入")])
        assert engine.status().documents == engine.search(Query("登入"), PUBLIC).total == 1
        assert engine._cluster.tell("GET", "/other/_alias")["other"]["aliases"] == {}
    finally:
        engine._cluster.tell("DELETE", "/other")
