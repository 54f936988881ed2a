"""One writer at a time, across machines: a document that says who writes and until when, renewed while he does.

A writer that dies leaves it behind, and another takes it over when it has run out. The clocks of the machines must
agree to some seconds.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from indexer.engines.opensearch.cluster import Cluster, Conflict, Missing
from kb.search import Busy, EngineDown

LEASE_SECONDS = 30.0
RENEWED_EVERY = 5.0
ID = "writer"

log = logging.getLogger(__name__)


class Lease:
    """The right to write, held in the index `name`.

    `clean` says whether who held it before left nothing half done; `finished`, set by who holds it, says it for the
    next.
    """

    clean = False
    finished = False

    def __init__(self, cluster: Cluster, name: str, replicas: int) -> None:
        self._cluster, self._name, self._replicas = cluster, name, replicas
        self._holder = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._version = (0, 0)
        self._until = 0.0

    @contextmanager
    def held(self) -> Iterator[Lease]:
        """Holds it for as long as the block runs. Busy when another has it."""
        self._take()
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(ended,), daemon=True)
        renewing.start()
        try:
            yield self
        finally:
            ended.set()
            renewing.join()
            self._leave()

    def check(self) -> None:
        """Busy when it has run out: from then on another may write."""
        if time.monotonic() >= self._until:
            raise Busy("the right to write the index ran out before it could be renewed")

    def _take(self) -> None:
        now = time.time()
        try:
            found = self._cluster.tell("GET", f"/{self._name}/_doc/{ID}")
        except Missing:
            self._make()
            self.clean = True
            self._put({"op_type": "create"})
            return
        self.clean = found["_source"]["clean"]
        if found["_source"]["until"] > now:
            raise Busy(f"another process is writing the index: {found['_source']['holder']}")
        self._put({"if_seq_no": str(found["_seq_no"]), "if_primary_term": str(found["_primary_term"])})

    def _make(self) -> None:
        settings = {"number_of_shards": 1, "number_of_replicas": self._replicas}
        properties: Mapping[str, Any] = {
            "holder": {"type": "keyword", "index": False},
            "until": {"type": "double", "index": False},
            "clean": {"type": "boolean", "index": False},
        }
        try:
            self._cluster.tell("GET", f"/{self._name}")
        except Missing:
            body = {"settings": settings, "mappings": {"dynamic": "strict", "properties": properties}}
            self._cluster.tell("PUT", f"/{self._name}", body)

    def _put(self, params: Mapping[str, str], seconds: float = LEASE_SECONDS) -> None:
        before = time.monotonic()
        body = {"holder": self._holder, "until": time.time() + seconds, "clean": self.finished}
        try:
            done = self._cluster.tell("PUT", f"/{self._name}/_doc/{ID}", body, **params)
        except Conflict as error:
            raise Busy("another process is writing the index") from error
        self._version = (done["_seq_no"], done["_primary_term"])
        self._until = before + seconds

    def _again(self, seconds: float) -> None:
        seq_no, term = self._version
        self._put({"if_seq_no": str(seq_no), "if_primary_term": str(term)}, seconds)

    def _renew(self, ended: threading.Event) -> None:
        while not ended.wait(RENEWED_EVERY):
            try:
                self._again(LEASE_SECONDS)
            except Busy:
                self._until = 0.0
                return
            except EngineDown as error:
                log.warning("the right to write the index could not be renewed: %s", error)

    def _leave(self) -> None:
        try:
            self._again(0.0)
        except (Busy, EngineDown) as error:
            log.warning("the right to write the index could not be given back: %s", error)
