"""What things are called, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, g

from kb.entitlements import PUBLIC, STAFF, Matrix, matrix_on
from web.language import OWN_NAMES, today
from web.messages import text
from web.site import site


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        product_name=product, package_name=right, names_of=listed, audience=audience, own_names=OWN_NAMES
    )


def matrix() -> Matrix:
    """The version of the guide's matrix in force today."""
    return matrix_on(today(), site().matrices)


def product(identifier: str) -> str:
    """A product's name; the identifier itself where the catalogue has none."""
    found = site().catalogue.products().get(identifier)
    return found.name(g.language) if found else identifier


def right(identifier: str) -> str:
    """A package's or a service's name."""
    found = matrix()
    names = found.packages.get(identifier) or next((row.names for row in found.rows if row.right == identifier), {})
    return str(names.get(g.language, identifier))


def listed(identifiers: Iterable[str]) -> str:
    """Products in one line."""
    return (", " if g.language == "en" else "、").join(sorted(map(product, identifiers)))


def facet_value(facet: str, value: str) -> str:
    if facet == "product":
        return product(value)
    if facet == "lang":
        return next((name for lang, name in OWN_NAMES.items() if lang == value), value)
    return text(f"{facet}.{value}") if facet in ("type", "date") else value


def audience(grants: Iterable[str]) -> list[tuple[str, str]]:
    """Who a set of grants stands for, of those the reader holds: (kind, name), packages in the matrix's order."""
    held = set(grants) & g.viewer.scope.grants
    if PUBLIC in held:
        return [("public", text("audience.public"))]
    packages = list(matrix().packages)
    found = []
    for grant in sorted(held - {STAFF}, key=lambda grant: _order(grant, packages)):
        name, _, entitled = grant.partition(":")
        found.append((entitled if entitled in packages else "service", f"{product(name)} {right(entitled)}"))
    return found or ([("staff", text("audience.staff"))] if STAFF in held else [])


def _order(grant: str, packages: list[str]) -> tuple[str, int, str]:
    name, _, entitled = grant.partition(":")
    return name, packages.index(entitled) if entitled in packages else len(packages), entitled
