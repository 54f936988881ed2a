"""The first page: a search box, what one may read, what is new, what one's packages include."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template

from kb.articles import LANGUAGES
from kb.entitlements import ContractLine
from kb.store.articles import ArticleRow
from web import names
from web.language import today
from web.site import site

blueprint = Blueprint("home", __name__)
NEWEST = 8
PRODUCTS = 12


@dataclass(frozen=True, slots=True)
class Holding:
    """A contract line as its holder reads it: the services it includes beside the package's name."""

    line: ContractLine
    in_force: bool
    services: tuple[str, ...]


@blueprint.get("/")
def page() -> str:
    store = site().store
    counts = store.counts_by_product(g.viewer.scope)
    ranked = sorted(counts, key=lambda product: (-counts[product], product))
    return render_template(
        "home.html",
        products=[(product, counts[product]) for product in ranked[:PRODUCTS]],
        total=sum(counts.values()),
        newest=_one_language(store.browse(g.viewer.scope, NEWEST * len(LANGUAGES)))[:NEWEST],
        holdings=holdings(),
    )


def _one_language(rows: list[ArticleRow]) -> list[ArticleRow]:
    """Of translations of one article the one in the reader's language, else the first."""
    best: dict[tuple[str, str], ArticleRow] = {}
    for row in rows:
        key = (row.source, row.group or f"number {row.number}")
        if key not in best or (row.lang == g.language != best[key].lang):
            best[key] = row
    return list(best.values())


def holdings() -> list[Holding]:
    """The reader's contract lines, those in force first."""
    now = today()
    found = []
    for line in g.viewer.lines:
        in_force = line.starts <= now and (line.ends is None or now <= line.ends)
        services = tuple(
            row.names[g.language]
            for row in names.matrix().rows
            if row.right and f"{line.product}:{row.right}" in g.viewer.scope.grants
        )
        found.append(Holding(line, in_force, services if in_force else ()))
    return sorted(found, key=lambda holding: not holding.in_force)
