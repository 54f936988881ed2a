"""The engines that the contract suite runs against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from indexer.analysis import Analysis
from indexer.engines.tantivy import TantivyEngine
from indexer.engines.whoosh import WhooshEngine
from indexer.weights import Weights
from kb.search import Engine

ANALYSIS = Analysis()


def open_whoosh(folder: Path) -> Engine:
    return WhooshEngine(folder / "whoosh", ANALYSIS, Weights())


def open_tantivy(folder: Path) -> Engine:
    return TantivyEngine(folder / "tantivy", ANALYSIS, Weights())


OPENERS: dict[str, Callable[[Path], Engine]] = {"whoosh": open_whoosh, "tantivy": open_tantivy}
