"""A small real site: store, index, accounts and all, for tests of pages, API and browser."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from indexer.engines import open_engine
from indexer.sync import rebuild
from kb.accounts import TOKEN_SCOPES, Accounts, NewAccount
from kb.articles import Draft
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store
from kb.store.articles import ImportRun, Product
from tests.contracts.stores import rendered
from tests.site_articles import SOURCE, drafts
from web import close, create_app

PRODUCTS = {
    "support": Product("support", {"zh-Hant": "支援服務", "zh-Hans": "支持服务", "en": "Support services"}),
    "windchill": Product("windchill", {"en": "Windchill"}, ("Windchill",)),
    "creo": Product("creo", {"en": "Creo"}, ("Creo",)),
    "integrity": Product("integrity", {"en": "Integrity Lifecycle"}),
}
HOLDINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "silver": (("creo", "silver"),),
    "gold": (("windchill", "gold"),),
    "gold_plus": (("windchill", "gold_plus"), ("integrity", "gold_plus")),
    "mixed": (("windchill", "gold"), ("creo", "silver")),
    "ended": (("windchill", "gold_plus"),),
}
STAFF = ("engineer", "author", "operator")
KINDS = ("anonymous", *HOLDINGS, *STAFF)
TOKEN = re.compile(r'name="csrf_token" (?:type="hidden" )?value="([^"]+)"')


class Visitor:
    """A browser without scripts."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, fields: Mapping[str, str], form: str = "/sign-in") -> TestResponse:
        """Sends a form with the token that the page `form` holds."""
        token = TOKEN.search(self.get(form).get_data(as_text=True))
        assert token, f"{form} holds no form"
        return self.client.post(path, data={**fields, "csrf_token": token[1]})

    def send(self, method: str, path: str) -> TestResponse:
        if method in ("GET", "POST"):
            return self.get(path) if method == "GET" else self.post(path, {})
        return self.client.open(path, method=method)


@dataclass
class ReadySite:
    """A site and the people who have an account on it."""

    app: Flask
    config: Config
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        found: Store = self.app.extensions["kb-site"].site().store
        return found

    @property
    def accounts(self) -> Accounts:
        found: Accounts = self.app.extensions["kb-site"].site().accounts
        return found

    @staticmethod
    def credentials(kind: str) -> dict[str, str]:
        return {"email": f"{kind}@example.com", "password": f"{kind}-password"}

    def visitor(self, kind: str) -> Visitor:
        """Someone of this kind, signed in just now."""
        visitor = Visitor(self.app.test_client())
        if kind != "anonymous":
            assert visitor.post("/sign-in", self.credentials(kind)).status_code == 303, kind
        return visitor

    def token(self, kind: str) -> str:
        if kind not in self._tokens:
            self._tokens[kind] = self.accounts.add_token(
                self.credentials(kind)["email"], f"tests {secrets.token_hex(8)}", scopes=TOKEN_SCOPES
            )
        return self._tokens[kind]


def fill(config: Config, given: list[Draft] | None = None, products: Mapping[str, Product] = PRODUCTS) -> None:
    """Makes store, accounts and index, of the usual articles or of those given."""
    config.prepare_home()
    with Store.create(config.store_url) as store:
        run = ImportRun(SOURCE, datetime.now(UTC), products)
        store.apply([rendered(each) for each in (drafts(date.today()) if given is None else given)], run)
        accounts = Accounts(store, config, matrices(config.matrix))
        for kind in KINDS[1:]:
            _add(accounts, kind)
        engine = open_engine(config)
        rebuild(store, engine)
        engine.close()


def _add(accounts: Accounts, kind: str) -> None:
    role = kind if kind in STAFF else "customer"
    customer = None if kind in STAFF else f"{kind} company"
    given = ReadySite.credentials(kind)
    accounts.add(NewAccount(given["email"], kind.title(), role, given["password"], customer))
    today = date.today()
    ends = today - timedelta(30) if kind == "ended" else today + timedelta(300)
    for product, package in HOLDINGS.get(kind, ()):
        accounts.add_line(f"C-{kind}", customer, ContractLine(product, package, today - timedelta(400), ends))


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The site on a port of its own; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a site that nobody has used yet, to be copied."""
    home = tmp_path_factory.mktemp("untouched")
    fill(Config(home=home, sign_in_attempts=1000))
    return home


@pytest.fixture(scope="session")
def site(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadySite]:
    """One that all tests share, with what the others left in it."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(untouched, home)
    yield from _ready(Config(home=home, sign_in_attempts=1000))


@pytest.fixture(scope="session")
def visitors(site: ReadySite) -> dict[str, Visitor]:
    """One of each kind. Leave them as they are: for what changes a session, ask `site.visitor` for a new one."""
    return {kind: site.visitor(kind) for kind in KINDS}


@pytest.fixture
def throttled_site(site: ReadySite, tmp_path: Path) -> Iterator[ReadySite]:
    """The same with few attempts at signing in."""
    shutil.copytree(site.config.home, tmp_path / "home")
    yield from _ready(Config(home=tmp_path / "home", sign_in_attempts=4))


@pytest.fixture
def secure_site(site: ReadySite) -> Iterator[ReadySite]:
    """The same as it is behind HTTPS."""
    yield from _ready(replace(site.config, cookie_secure=True))


@pytest.fixture
def asking_site(site: ReadySite) -> Iterator[ReadySite]:
    """The same with people to ask elsewhere."""
    ask, case = (f"https://{name}.example/new?text={{question}}" for name in ("ask", "case"))
    yield from _ready(replace(site.config, community_url=ask, case_url=case))


@pytest.fixture
def plain_site(site: ReadySite, tmp_path: Path) -> Iterator[ReadySite]:
    """The same without its index."""
    shutil.copytree(site.config.home, tmp_path / "home")
    shutil.rmtree(tmp_path / "home" / "index")
    yield from _ready(replace(site.config, home=tmp_path / "home", store_url=f"sqlite:///{tmp_path}/home/kb.sqlite3"))


@pytest.fixture
def import_site(untouched: Path, tmp_path: Path) -> Iterator[ReadySite]:
    """One of the test's own, to change as it likes, with a small limit on files."""
    shutil.copytree(untouched, tmp_path / "home")
    yield from _ready(Config(home=tmp_path / "home", sign_in_attempts=1000, import_max_mb=1))


@pytest.fixture
def broken_site(tmp_path: Path) -> Iterator[ReadySite]:
    """A site whose store was never made."""
    config = Config(home=tmp_path / "home")
    config.prepare_home()
    yield from _ready(config)


def _ready(config: Config) -> Iterator[ReadySite]:
    app = create_app(config)
    app.testing = True
    yield ReadySite(app, config)
    close(app)
