"""A single OpenSearch node asked directly: filter, three facets, exact total, its highlighter."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tests import components
from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, Missing
from tests.servers import opensearch_url

INDEX = "peer"
KEYWORD = {"type": "keyword"}
TEXT = {"type": "text", "analyzer": "whitespace"}
MAPPING = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    "mappings": {
        "properties": {
            **dict.fromkeys(("scope", "product", "lang", "year"), KEYWORD),
            **dict.fromkeys(("title", "text"), TEXT),
        }
    },
}
BULK = 500


@contextmanager
def opened(_: str, prepared: Prepared, __: Path) -> Iterator[OpenSearchPeer]:
    if components.java() is None or components.opensearch() is None:
        raise Missing("OpenSearch, or a Java of 21 or newer: make setup installs them, or says how")
    with opensearch_url() as url:
        peer = OpenSearchPeer(url, prepared)
        peer.fill(prepared.cut())
        yield peer


class OpenSearchPeer:
    def __init__(self, url: str, prepared: Prepared) -> None:
        self._url, self._scopes = url, prepared.scopes
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _send(self, method: str, path: str, body: str = "") -> Any:
        request = urllib.request.Request(f"{self._url}/{path}", body.encode(), method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        with self._opener.open(request, timeout=300) as answer:
            return json.load(answer)

    def fill(self, rows: Iterable[Any]) -> None:
        self._send("PUT", INDEX, json.dumps(MAPPING))
        waiting = iter(rows)
        while batch := list(islice(waiting, BULK)):
            lines = [f'{{"index": {{}}}}\n{json.dumps(row)}\n' for row in batch]
            if self._send("POST", f"{INDEX}/_bulk", "".join(lines))["errors"]:
                raise RuntimeError("OpenSearch refused some articles")
        self._send("POST", f"{INDEX}/_forcemerge?max_num_segments=1")
        self._send("POST", f"{INDEX}/_refresh")

    def ask(self, text: str) -> Found:
        asked = " ".join(words(text))
        match = {"multi_match": {"query": asked, "fields": ["title^6", "text"], "type": "most_fields"}}
        body = {
            "size": 10,
            "track_total_hits": True,
            "query": {"bool": {"must": match, "filter": {"terms": {"scope": self._scopes}}}},
            "aggs": {name: {"terms": {"field": name, "size": 300}} for name in ("product", "lang", "year")},
            "highlight": {"fields": {"title": {}, "text": {}}},
        }
        found = self._send("POST", f"{INDEX}/_search?request_cache=false", json.dumps(body))
        values = sum(len(facet["buckets"]) for facet in found["aggregations"].values())
        return Found(found["hits"]["total"]["value"], len(found["hits"]["hits"]), values)

    def octets(self) -> int:
        stats = self._send("GET", f"{INDEX}/_stats/store")
        return int(stats["_all"]["total"]["store"]["size_in_bytes"])
