"""How many SQL statements a page asks, and how many transactions it begins: few, whatever there is to show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import get_ident

import pytest
from sqlalchemy import Engine, event

from kb.config import Config
from tests.contracts.stores import draft
from tests.site import ReadySite, Visitor, fill
from web import close, create_app

# Statements at most, BEGIN counted: of anyone, of a customer, of an engineer.
KINDS = "anonymous", "gold", "engineer"
PAGES = {
    "/search?q=granite": (4, 8, 10),
    "/search?q=granite&lang=en&sort=title": (4, 8, 10),
    "/search?q=granite+OR+marble": (6, 10, 12),
    "/articles/KB000001": (15, 19, 29),
    "/": (6, 10, 12),
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReadySite, ReadySite]]:
    """One of two articles, and one of twelve, each of more products, all about the same."""
    found = [_site(tmp_path_factory.mktemp("statements"), size) for size in (2, 12)]
    yield found[0], found[1]
    for site in found:
        close(site.app)


def _site(home: Path, size: int) -> ReadySite:
    config = Config(home=home, sign_in_attempts=1000)
    products = "windchill", "creo", "integrity"
    articles = [
        draft(
            f"a{at}", f"The granite of {at}.", title=f"Of granite {at}", lang="en", grants=("public",),
            number=f"KB{at:06}", product=products[at % 3],
        )
        for at in range(1, size + 1)
    ]  # fmt: skip
    fill(config, articles)
    app = create_app(config)
    app.testing = True
    return ReadySite(app, config)


def statements(visitor: Visitor, path: str) -> list[str]:
    """Those of the page when it is asked again; what the site does beside it is none of them."""
    asked: list[str] = []
    own = get_ident()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if get_ident() == own:
            asked.append(statement)

    visitor.get(path)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert visitor.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PAGES)
def test_more_to_show_takes_no_more_statements(sites: tuple[ReadySite, ReadySite], kind: str, path: str) -> None:
    few, many = (statements(site.visitor(kind), path) for site in sites)
    assert len(few) == len(many), (few, many)
    assert len(many) <= PAGES[path][KINDS.index(kind)], many
