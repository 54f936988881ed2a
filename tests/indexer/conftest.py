"""A store to import into, and importing with one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.importing import ImportOptions, import_articles
from kb.config import Config
from kb.reports import Report
from kb.store import Store
from kb.store.articles import Product

Bring = Callable[..., Report]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'kb.sqlite3'}") as opened:
        opened.save_products([Product("windchill", {"en": "Windchill"}, ("Windchill",)), Product("creo")])
        yield opened


@pytest.fixture
def bring(store: Store, tmp_path: Path) -> Bring:
    def run(path: Path, **options: Any) -> Report:
        settings = {"home": tmp_path / "home", "render_seconds": 10, **options.pop("settings", {})}
        return import_articles(path, ImportOptions(**{"grants": ("public",), **options}), store, Config(**settings))

    return run
