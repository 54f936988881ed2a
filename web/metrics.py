"""Figures for whoever watches the site, as Prometheus reads them: never a question, a title or who asked."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.exceptions import NotFound

from kb.config import Config
from kb.search import EngineDown
from kb.store import StoreError
from kb.store.database import at_once
from web.site import site

blueprint = Blueprint("metrics", __name__)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
# A proxy says one of these of whoever stands behind it.
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class Metrics:
    """What one application counts. Under several processes, prometheus-client adds up what each has in its files."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self.registry = CollectorRegistry()
        self._searches = Histogram(
            "kb_search_seconds",
            "Searches by who answered: the engine, or the store in its place, plainly",
            ("engine", "answer"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._requests = Counter(
            "kb_requests",
            "Requests by the part of the site and the status",
            ("endpoint", "status"),
            registry=self.registry,
        )

    def searched(self, seconds: float, plain: bool) -> None:
        labels = ("store", "plain") if plain else (self._engine, "full")
        self._searches.labels(*labels).observe(seconds)

    def answered(self, response: Response) -> Response:
        self._requests.labels(request.endpoint or "none", str(response.status_code)).inc()
        return response

    def text(self) -> bytes:
        """Everything there is to tell, what the store and the index say included."""
        counted: Collector = self.registry
        if os.path.isdir(os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")):
            counted = MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]
        return generate_latest(_Both(counted, _Standing()))


class _Both(CollectorRegistry):
    def __init__(self, *collectors: Collector) -> None:
        super().__init__()
        self._all = collectors

    def collect(self) -> Iterator[Metric]:
        for collector in self._all:
            yield from collector.collect()


class _Standing(Collector):
    """How store and index stand now; what is away is left out, and its `kb_up` is 0."""

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("kb_up", "Whether store and index can be used", labels=("part",))
        for part, told in (("store", _store), ("index", _index)):
            try:
                yield from told()
                up.add_metric((part,), 1)
            except (StoreError, EngineDown, OSError):
                up.add_metric((part,), 0)
        yield up


def _store() -> list[Metric]:
    waiting = GaugeMetricFamily("kb_changes_waiting", "Changes of articles that the index has yet to learn")
    jobs = GaugeMetricFamily("kb_import_jobs", "Imports that were sent, by how far they are", labels=("state",))
    # Prometheus waits ten seconds for an answer.
    with at_once():
        waiting.add_metric((), site().store.waiting())
        for state, count in site().imports.counts().items():
            jobs.add_metric((state,), count)
    return [waiting, jobs]


def _index() -> list[Metric]:
    status = site().engine.status()
    if not status.generation:
        raise EngineDown("there is no index")
    of = ("engine", "generation")
    documents = GaugeMetricFamily("kb_index_documents", "Documents in the index that serves", labels=of)
    documents.add_metric((status.engine, status.generation), status.documents)
    octets = GaugeMetricFamily("kb_index_bytes", "Size of the index that serves", labels=of)
    octets.add_metric((status.engine, status.generation), status.bytes)
    stale = GaugeMetricFamily("kb_index_stale", "1 when the index was written by other rules than today's")
    stale.add_metric((), int(status.stale))
    return [documents, octets, stale]


def install(app: Flask, config: Config) -> Metrics:
    metrics = Metrics(config.engine)
    app.extensions["kb-metrics"] = metrics
    app.after_request(metrics.answered)
    return metrics


@blueprint.get("/metrics")
def tell() -> Response:
    """To this machine alone, or to who has the token of the settings; to others there is no such page."""
    if not _may_know(current_app.extensions["kb-config"]):
        raise NotFound
    metrics: Metrics = current_app.extensions["kb-metrics"]
    return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_know(config: Config) -> bool:
    if config.metrics_token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {config.metrics_token}".encode())
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in FORWARDED)
