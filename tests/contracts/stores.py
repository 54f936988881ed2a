"""The stores that the contract suites run against: one file, and a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kb.accounts import Accounts, NewAccount
from kb.articles import Attachment, Draft, Section
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.rendering.addresses import addresses, article_address
from kb.rendering.cleaning import target
from kb.rendering.markdown import Part, Renderer
from kb.store import Store
from kb.store.articles import (
    Applied,
    ImportRun,
    Product,
    Rendered,
    RenderedAttachment,
    RenderedSection,
    TocEntry,
)
from tests.servers import postgres_url

PRODUCTS = {name: Product(name, {"en": name.title()}) for name in ("windchill", "creo")}


@contextmanager
def sqlite(folder: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{folder / 'kb.sqlite3'}") as store:
        yield store


@contextmanager
def postgresql(folder: Path) -> Iterator[Store]:
    with postgres_url() as url, Store.create(url) as store:
        yield store


def add_people(store: Store, config: Config) -> None:
    """gold@a.example, whose company has Gold for Windchill, and eng@a.example, an engineer."""
    store.save_products(PRODUCTS.values())
    accounts = Accounts(store, config, matrices())
    accounts.add_line("K-1", "Gold Ltd", ContractLine("windchill", "gold", date(2025, 1, 1)))
    accounts.add(NewAccount("gold@a.example", "Gold", "customer", "correct horse battery", "Gold Ltd"))
    accounts.add(NewAccount("eng@a.example", "Engineer", "engineer", "correct horse battery"))


OPENERS: dict[str, Callable[[Path], AbstractContextManager[Store]]] = {"sqlite": sqlite, "postgresql": postgresql}


def draft(id_: str, *sections: str | Section, **others: Any) -> Draft:
    given = {"title": f"Title of {id_}", "lang": "zh-Hant", "product": "windchill", "grants": ("public",)} | others
    parts = tuple(part if isinstance(part, Section) else Section(part) for part in sections or ("內文",))
    return Draft(source="test", id=id_, sections=parts, **given)


def rendered(one: Draft, files: dict[str, tuple[str, ...]] | None = None) -> Rendered:
    """A draft as an import would hand it to the store; `files` are more files, with their grants.

    What its text links to by `id.md` is an article of the same source.
    """
    paths = {target(address) for section in one.sections for address in addresses(section.markdown)}
    links = {path: article_address(path.removesuffix(".md")) for path in paths if path.endswith(".md")}
    html = Renderer().sections([Part(section.markdown, section.grants) for section in one.sections], links)
    sections = tuple(
        RenderedSection(
            section.markdown,
            section.grants,
            part.html,
            part.text,
            part.headings,
            tuple(TocEntry(*entry) for entry in part.toc),
        )
        for section, part in zip(one.sections, html, strict=True)
    )
    own = tuple(RenderedAttachment(file) for file in one.attachments)
    more = tuple(
        RenderedAttachment(Attachment(name, "text/plain", name.encode()), grants)
        for name, grants in (files or {}).items()
    )
    return Rendered(one, one.updated or date(2026, 1, 1), one.digest, sections, own + more, links)


def apply(store: Store, *given: Draft | Rendered, source: str = "test") -> Applied:
    run = ImportRun(
        source,
        datetime.now(UTC),
        PRODUCTS,
        frozenset(each.number for each in (_draft(one) for one in given) if each.number),
    )
    return store.apply([one if isinstance(one, Rendered) else rendered(one) for one in given], run)


def _draft(one: Draft | Rendered) -> Draft:
    return one.draft if isinstance(one, Rendered) else one
