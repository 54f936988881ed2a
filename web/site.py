"""What requests work with: opened once in each process, at the first need, so that forked workers share nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from kb.accounts import Accounts
from kb.case_articles import CaseArticles
from kb.case_reports import CaseReports
from kb.cases import Cases
from kb.changing import Changing
from kb.config import Config
from kb.curating import Curating
from kb.editing import Editing
from kb.entitlements import Matrix
from kb.extended_support import ExtendedSupport
from kb.imports import Imports
from kb.publishing import Publishing
from kb.search import Engine, Keep, Search
from kb.sprs import Sprs
from kb.store import Store
from kb.store.articles import Product
from kb.tasks import Tasks
from kb.watching import Watcher
from kb.webhooks import Webhooks

CATALOGUE_SECONDS = 5.0


class Catalogue:
    """The products with their names, read again when they are older than some seconds. Rights never come from here."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: tuple[float, Mapping[str, Product]] = (float("-inf"), {})

    def products(self) -> Mapping[str, Product]:
        at, products = self._read
        if time.monotonic() - at > CATALOGUE_SECONDS:
            now = self._store.products()
            # The same object for as long as they are the same: what was shown with them is kept by it.
            products = products if now == products else now
            self._read = (time.monotonic(), products)
        return products


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a running knowledge base."""

    config: Config
    store: Store
    engine: Engine
    search: Search
    keep: Keep
    accounts: Accounts
    matrices: tuple[Matrix, ...]
    catalogue: Catalogue
    cases: Cases
    case_reports: CaseReports
    tasks: Tasks
    case_articles: CaseArticles
    imports: Imports
    publishing: Publishing
    editing: Editing
    curating: Curating
    changing: Changing
    webhooks: Webhooks
    watcher: Watcher
    sprs: Sprs
    extended_support: ExtendedSupport

    def close(self) -> None:
        self.publishing.close()
        self.engine.close()
        self.store.close()


class Opened:
    """The site of this process."""

    def __init__(self, open_site: Callable[[], Site]) -> None:
        self._open = open_site
        self._lock = threading.Lock()
        self._site: tuple[int, Site] | None = None

    def site(self) -> Site:
        """Opens it when need be; what that raises is raised again at the next request, until it succeeds."""
        found = self._site
        if found is None or found[0] != os.getpid():
            with self._lock:
                found = self._site
                if found is None or found[0] != os.getpid():
                    found = self._site = (os.getpid(), self._open())
        return found[1]

    def close(self) -> None:
        """Closes what this process opened."""
        with self._lock:
            if self._site and self._site[0] == os.getpid():
                self._site[1].close()
            self._site = None


def install(app: Flask, open_site: Callable[[], Site]) -> Opened:
    opened = Opened(open_site)
    app.extensions["kb-site"] = opened
    return opened


def site() -> Site:
    opened: Opened = current_app.extensions["kb-site"]
    return opened.site()
