"""A page that was asked before is kept; what it shows, and who may see it, is as the store has it at that moment.

Two applications over one store stand for two processes: neither tells the other anything.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from indexer.engines import open_engine
from indexer.sync import drain, rebuild
from kb import snippets
from kb.articles import Draft
from kb.config import Config
from kb.store import Store
from kb.store.articles import Product
from kb.store.file_texts import ReadOut
from tests.contracts.stores import apply, draft, rendered
from tests.servers import postgres_url
from tests.site import ReadySite, Visitor, fill
from web import close, create_app

GOLD, GOLD_PLUS = ("windchill:gold", "windchill:gold_plus"), ("windchill:gold_plus",)
FILE: dict[str, tuple[str, ...]] = {"first.log": GOLD}
ASKED = "/search?q=quartz+feldspar"
IN_VAIN, WITHOUT = "/search?q=quartz+-old", "Without <q>-old</q>: 1 article"


def article(text: str = "The quartz is old.", grants: tuple[str, ...] = GOLD) -> Draft:
    return draft("kept", text, title="Of quartz", lang="en", grants=grants)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    home = tmp_path_factory.mktemp("kept")
    with ExitStack() as stack:
        url = stack.enter_context(postgres_url()) if request.param == "postgresql" else f"sqlite:///{home}/kb.sqlite3"
        config = Config(home=home, store_url=url, sign_in_attempts=1000)
        fill(config, [])
        yield config


@pytest.fixture
def processes(filled: Config) -> Iterator[list[ReadySite]]:
    shutil.rmtree(filled.home / "index")
    with Store.open(filled.store_url) as store:
        apply(store, rendered(article(), FILE))
        store.keep_file_texts([ReadOut(hashlib.sha256(b"first.log").hexdigest(), "Here feldspar is told of.")])
        engine = open_engine(filled)
        rebuild(store, engine)
        engine.close()
    sites = [ReadySite(create_app(filled), filled) for _ in range(2)]
    for site in sites:
        site.app.testing = True
    yield sites
    for site in sites:
        close(site.app)


@pytest.fixture
def readers(processes: list[ReadySite]) -> list[Visitor]:
    """Of each process one who may read it, and has asked for it before."""
    readers = [site.visitor("gold") for site in processes]
    for reader in readers:
        page = shown(reader)
        assert "Of <mark>quartz</mark>" in page and "is old" in page and "Here <mark>feldspar</mark>" in page
        assert shown(reader) == page
    return readers


def shown(reader: Visitor, asked: str = ASKED) -> str:
    """The page without the token of its forms."""
    page = reader.get(asked, headers={"Accept-Language": "en"}).get_data(as_text=True)
    return page[page.index("<main") : page.index("</main>")]


def test_passages_are_not_made_again(readers: list[Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    before = shown(readers[0])
    monkeypatch.setattr(snippets, "marked", None)
    assert shown(readers[0]) == before


def test_what_an_article_says_now_is_shown(processes: list[ReadySite], readers: list[Visitor]) -> None:
    apply(processes[0].store, rendered(article("The quartz is new."), FILE))
    for reader in readers:
        assert "is new" in (page := shown(reader)) and "is old" not in page


def test_a_right_that_is_withdrawn_is_gone(processes: list[ReadySite], readers: list[Visitor]) -> None:
    apply(processes[0].store, rendered(article(grants=GOLD_PLUS), {"first.log": GOLD_PLUS}))
    for reader in readers:
        assert "quartz</mark>" not in shown(reader)


def test_so_is_the_right_to_a_file(processes: list[ReadySite], readers: list[Visitor]) -> None:
    apply(processes[0].store, rendered(article(), {"first.log": GOLD_PLUS}))
    assert not any("feldspar</mark>" in shown(reader) for reader in readers)
    engine = open_engine(processes[0].config)
    drain(processes[0].store, engine)
    engine.close()
    for reader in readers:
        assert "Of <mark>quartz</mark>" in (page := shown(reader)) and "feldspar</mark>" not in page


def test_an_article_that_is_deleted_is_gone(processes: list[ReadySite], readers: list[Visitor]) -> None:
    with processes[1].store.reading() as connection:
        number = connection.exec_driver_sql("SELECT number FROM article WHERE external_id = 'kept'").scalar_one()
    processes[1].store.delete([str(number)])
    for reader in readers:
        assert "quartz</mark>" not in shown(reader)


def test_what_to_ask_instead_is_what_there_is_now(
    processes: list[ReadySite], readers: list[Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [shown(reader, IN_VAIN) for reader in readers]
    assert all(WITHOUT in page for page in before)
    with monkeypatch.context() as patched:
        patched.setattr("web.search._made", None)
        assert [shown(reader, IN_VAIN) for reader in readers] == before, "made anew"
    apply(processes[0].store, rendered(article(grants=GOLD_PLUS), {"first.log": GOLD_PLUS}))
    for reader in readers:
        assert WITHOUT not in shown(reader, IN_VAIN)


def test_a_product_is_called_what_it_is_called_now(
    processes: list[ReadySite], readers: list[Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.site.CATALOGUE_SECONDS", 0.0)
    processes[0].store.save_products([Product("windchill", {"en": "Windmill"})])
    for reader in readers:
        assert "Windmill" in shown(reader)
    processes[0].store.save_products([Product("windchill", {"en": "Windchill"})])


def test_every_reader_and_language_has_a_page_of_its_own(processes: list[ReadySite], readers: list[Visitor]) -> None:
    assert "quartz</mark>" not in shown(processes[0].visitor("silver"))
    ours = readers[0].get(ASKED, headers={"Accept-Language": "zh-TW"}).get_data(as_text=True)
    assert "找到 1 篇" in ours and "quartz</mark>" in ours


def test_a_page_below_a_path_leads_to_its_own_addresses(readers: list[Visitor]) -> None:
    for path in (ASKED, "/sign-in"):
        own = readers[0].get(path).get_data(as_text=True)
        below = readers[0].get(path, environ_overrides={"SCRIPT_NAME": "/kb"}).get_data(as_text=True)
        assert 'href="/entitlements"' in own and 'href="/kb/' not in own
        assert 'href="/kb/entitlements"' in below and 'href="/static' not in below and 'href="/articles' not in below


@pytest.mark.parametrize("first", ["anonymous", "ended"])
def test_who_asked_the_same_before_changes_nothing(processes: list[ReadySite], first: str) -> None:
    """A contract that has ended reads what is read without one: whether one has signed in is seen all the same."""
    asked = f"/search?q=no+such+{first}"
    readers = {kind: processes[0].visitor(kind) for kind in ("anonymous", "ended")}
    pages = {kind: shown(readers[kind], asked) for kind in sorted(readers, key=lambda kind: kind != first)}
    assert pages["anonymous"].count('href="/sign-in"') == 1 and 'href="/sign-in"' not in pages["ended"]
