"""What an index of OpenSearch is made of: its settings, its fields, and a document in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.documents import Indexed
from indexer.sources import EVERYTHING, NUMBER, SOUND, TITLE
from kb.config import Config

# Terms with the level of their impact, where it is not the least. No term has the sign that parts them.
GRADED, LEVEL = "g", "~"

_FACET = {"type": "keyword"}
_KEPT = {"type": "keyword", "index": False}
_NUMBER = {"type": "integer", "index": False}
# What our analysis made is parted by spaces, and parted at spaces: nothing is analysed anew. A condition scores as its
# boost says.
_TERMS = {"type": "text", "analyzer": "terms", "index_options": "docs", "norms": False, "similarity": "boolean"}
# Tells whether a text stands in it, character by character.
_TEXT = {"type": "wildcard", "doc_values": False}

PROPERTIES: Mapping[str, Any] = {
    "article": {"type": "long"},
    "group": {"type": "long"},
    # The commit that brought it; see `indexer.engines.opensearch.commits`.
    "born": {"type": "long"},
    "key": _KEPT,
    "digest": _KEPT,
    "audience": _FACET,
    "product": _FACET,
    "version": _FACET,
    "type": _FACET,
    "lang": _FACET,
    "confidence": _KEPT,
    "updated": {"type": "integer"},
    "helpful": _NUMBER,
    "title_length": _NUMBER,
    "order": _KEPT,
    NUMBER: {"type": "keyword"},
    TITLE: {"type": "keyword", "similarity": "boolean"},
    SOUND: _TERMS,
    EVERYTHING: _TERMS,
    GRADED: _TERMS,
    "title": _TEXT,
    "body": _TEXT,
    "state": {"type": "object", "enabled": False},
}


def place(key: str, born: int) -> str:
    """The id of a document: of an article's newer and older ones, each has its own."""
    return f"{key}@{born}"


def graded(term: str, level: int) -> str:
    return f"{term}{LEVEL}{level}"


def created(config: Config, meta: Mapping[str, str]) -> dict[str, Any]:
    """The body of the request that makes an index."""
    return {
        "settings": {
            "number_of_shards": config.opensearch_shards,
            "number_of_replicas": config.opensearch_replicas,
            # A change shows when its commit says so, and no sooner.
            "refresh_interval": -1,
            "translog.durability": "request",
            "analysis": {"analyzer": {"terms": {"type": "whitespace"}}},
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": meta,
            "_source": {"includes": ["title", "body", "state"]},
            "properties": PROPERTIES,
        },
    }


def written(made: Indexed, born: int) -> dict[str, Any]:
    """A document as it is put into an index."""
    document = made.document
    return {
        "article": document.article,
        "group": document.group,
        "born": born,
        "key": document.key,
        "digest": document.digest,
        "audience": document.audience.key,
        "product": document.product,
        "version": list(document.versions),
        "type": document.type,
        "lang": document.lang,
        "confidence": document.confidence,
        "updated": document.updated.toordinal(),
        "helpful": made.helpful,
        "title_length": made.title_length,
        "order": made.sort_key,
        NUMBER: made.number,
        TITLE: made.titled.split(),
        SOUND: made.grams,
        EVERYTHING: " ".join(filter(None, made.levels)),
        GRADED: " ".join(
            graded(term, level) for level, terms in enumerate(made.levels) if level for term in terms.split()
        ),
        "title": made.title,
        "body": made.body,
    }
