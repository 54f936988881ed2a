"""Asking a cluster: one way in for every request, with time limits, back-off and a circuit breaker.

Nothing partial is ever taken for a whole answer: shards that failed, or a search cut short, count as no answer at all.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, ConnectionError, NotFoundError, SerializationError, TransportError
from urllib3 import Timeout

from kb import patience
from kb.config import Config
from kb.search import EngineDown

FAILURES_IN_A_ROW = 3
REST_SECONDS = 5.0
WRITING_SECONDS = 60
# A node that is cut off says nothing: the next one is asked while the reader still waits, and this one not soon again.
CONNECTING_SECONDS = 1.0
# Waited before a request that the cluster has no room for is made again: two minutes in all.
BACKING_OFF = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
TOO_BUSY = frozenset({429, 503})
BULK_BYTES = 4_000_000

A = TypeVar("A")

Body = Mapping[str, Any]


class Answered(EngineDown):
    """The cluster is there, but has no answer to this request."""


class Missing(Answered):
    """There is no such index or document."""


class Conflict(Exception):
    """Somebody else wrote first."""


class Breaker:
    """After some failures in a row, spares a cluster that is away further requests, and their readers the wait.

    Some seconds later one request is let through; when it succeeds, all are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._failures, self._rests_until = 0, 0.0

    def guard(self, ask: Callable[[], A]) -> A:
        """What `ask` gives. EngineDown without asking while the cluster is left alone."""
        with self._lock:
            now = self._clock()
            if self._failures >= FAILURES_IN_A_ROW:
                if now < self._rests_until:
                    raise EngineDown(
                        f"OpenSearch failed {self._failures} times in a row and is left alone for a moment"
                    )
                self._rests_until = now + REST_SECONDS
        try:
            answer = ask()
        except Answered:
            self._succeeded()
            raise
        except EngineDown:
            with self._lock:
                self._failures += 1
                self._rests_until = self._clock() + REST_SECONDS
            raise
        self._succeeded()
        return answer

    def _succeeded(self) -> None:
        with self._lock:
            self._failures = 0


@dataclass(frozen=True)
class Action:
    """A document to put, whole, under an id."""

    id: str
    document: Body


class Cluster:
    """The nodes of the settings. Safe between threads."""

    def __init__(self, config: Config, breaker: Breaker | None = None) -> None:
        self._seconds = config.opensearch_seconds
        self._breaker = breaker or Breaker()
        # What fails is told once, by whoever asked; the library would also tell of each document that is not there.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self._client = OpenSearch(
            hosts=list(config.opensearch_url),
            headers=_signed(config),
            ca_certs=str(config.opensearch_ca) if config.opensearch_ca else None,
            timeout=self._seconds,
            # Each thread of readers, and one that asks beside it.
            pool_maxsize=2 * config.threads,
            # A node that cannot be reached: the next one. One that answers has said its word.
            max_retries=len(config.opensearch_url),
            retry_on_status=(),
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Body | None = None, **params: str) -> Any:
        """A whole answer, within the time that is left to whoever waits. EngineDown when there is none."""
        return self._breaker.guard(lambda: self._whole(self._once(method, path, body, params, self._left())))

    def _left(self) -> float:
        if seconds := patience.left(self._seconds):
            return seconds
        raise EngineDown("OpenSearch takes longer than a reader is kept waiting")

    def search(self, index: str, body: Body) -> Any:
        timed = {"timeout": f"{self._seconds}s", **body}
        params = {"allow_partial_search_results": "false", "include_named_queries_score": "true"}
        return self.ask("POST", f"/{index}/_search", timed, **params)

    def tell(self, method: str, path: str, body: Body | str | None = None, **params: str) -> Any:
        """For writing: patient, and again when the cluster says it is too busy. EngineDown when it stays so."""
        for pause in (*BACKING_OFF, None):
            try:
                return self._whole(self._once(method, path, body, params, WRITING_SECONDS))
            except Overloaded:
                if pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError

    def put_all(self, index: str, actions: Iterable[Action]) -> None:
        """Puts documents; those that the cluster had no room for, again and again. EngineDown when one is refused."""
        waiting = list(actions)
        for pause in (*BACKING_OFF, None):
            waiting = self._put(index, waiting)
            if not waiting:
                return
            if pause is not None:
                time.sleep(pause)
        raise Overloaded(f"OpenSearch had no room for {len(waiting)} documents, however long they waited")

    def _put(self, index: str, actions: Sequence[Action]) -> list[Action]:
        """Those there was no room for."""
        again: list[Action] = []
        for some in _chunks(actions):
            answer = self.tell("POST", f"/{index}/_bulk", "".join(text for _, text in some))
            for (action, _), item in zip(some, answer["items"], strict=True):
                (done,) = item.values()
                if done["status"] in TOO_BUSY:
                    again.append(action)
                elif done["status"] >= 300:
                    raise EngineDown(f"OpenSearch refused document {action.id}: {_reason(done)}")
        return again

    def _once(self, method: str, path: str, body: Body | str | None, params: Mapping[str, str], seconds: float) -> Any:
        try:
            # The library hands the time on to urllib3 as it is, which knows of two.
            timeout: Any = Timeout(connect=CONNECTING_SECONDS, read=seconds)
            return self._client.transport.perform_request(method, path, params=dict(params), body=body, timeout=timeout)
        except NotFoundError as error:
            raise Missing(path) from error
        except ConflictError as error:
            raise Conflict(path) from error
        except ConnectionError as error:
            raise EngineDown(f"OpenSearch cannot be reached: {error.error}") from error
        except SerializationError as error:
            raise EngineDown("OpenSearch cannot be reached: what answers in its place does not speak JSON") from error
        except TransportError as error:
            kind = next((kind for statuses, kind in KINDS if error.status_code in statuses), EngineDown)
            raise kind(f"OpenSearch answered {error.status_code} to {method} {path}: {_reason(error.info)}") from error

    @staticmethod
    def _whole(answer: Any) -> Any:
        if not isinstance(answer, dict):
            return answer
        if error := answer.get("error"):
            raise EngineDown(f"OpenSearch could not answer: {_reason({'error': error})}")
        if answer.get("timed_out"):
            raise EngineDown("OpenSearch did not get done in time")
        if failed := answer.get("_shards", {}).get("failed"):
            raise EngineDown(f"{failed} of OpenSearch's shards failed: an answer without them would be a part of one")
        return answer


def _signed(config: Config) -> dict[str, str]:
    if config.opensearch_token:
        return {"authorization": f"Bearer {config.opensearch_token}"}
    if config.opensearch_user:
        # The library would write it in Latin-1, which has no Chinese.
        pair = f"{config.opensearch_user}:{config.opensearch_password}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


class Overloaded(EngineDown):
    """The cluster has no room for the request now."""


# A request that is too large or not understood would fail a second time, and says nothing of others.
KINDS: Sequence[tuple[frozenset[int], type[EngineDown]]] = ((TOO_BUSY, Overloaded), (frozenset({400, 413}), Answered))


def _chunks(actions: Sequence[Action]) -> Iterator[list[tuple[Action, str]]]:
    """Actions with their lines, as many together as make a request of a good size."""
    some: list[tuple[Action, str]] = []
    size = 0
    for action in actions:
        text = _lines(({"index": {"_id": action.id}}, action.document))
        some.append((action, text))
        size += len(text)
        if size >= BULK_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _lines(bodies: Iterable[Body]) -> str:
    return "".join(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n" for body in bodies)


def _reason(info: Any) -> str:
    """The cause, as the cluster tells it, in short."""
    error = info.get("error", info) if isinstance(info, dict) else info
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        error = causes[0].get("reason") or causes[0].get("type")
    return str(error)[:300]
