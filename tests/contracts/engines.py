"""The engines that the contract suites run against."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from indexer.analysis import Analysis
from indexer.engines.opensearch import OpenSearchEngine
from indexer.engines.tantivy import TantivyEngine
from indexer.engines.whoosh import WhooshEngine
from indexer.weights import Weights
from kb.config import Config
from kb.search import Engine

ANALYSIS = Analysis()

# Opens the index of a folder: twice the same folder, twice the same index.
Opener = Callable[[Path], Engine]


def open_whoosh(folder: Path) -> Engine:
    return WhooshEngine(folder / "whoosh", ANALYSIS, Weights())


def open_tantivy(folder: Path) -> Engine:
    return TantivyEngine(folder / "tantivy", ANALYSIS, Weights())


def opensearch_config(url: str, folder: Path) -> Config:
    """Settings for an index of this folder's own in a cluster that all tests share."""
    name = "t" + hashlib.sha256(str(folder).encode()).hexdigest()[:20]
    return Config(home=folder, opensearch_url=(url,), opensearch_index=name, opensearch_replicas=0)


def open_opensearch(url: str, folder: Path) -> Engine:
    return OpenSearchEngine(opensearch_config(url, folder), ANALYSIS, Weights())


EMBEDDED: dict[str, Opener] = {"whoosh": open_whoosh, "tantivy": open_tantivy}
NAMES = (*EMBEDDED, "opensearch")


def served_by(url: str) -> Opener:
    return partial(open_opensearch, url)
