"""Releases of products, and the last day of their standard support, as rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, select

from kb.store.feedback import upsert
from kb.store.spr_tables import product_release


@dataclass(frozen=True, slots=True)
class Release:
    """Versions of a product that begin with `name`, "": all; `standard_ends` is the last day of standard support."""

    product: str
    name: str
    standard_ends: date


def releases(connection: Connection, products: Collection[str] | None = None) -> list[Release]:
    """Of these products, or of all, the one whose support ends first first."""
    columns = product_release.c.product, product_release.c.name, product_release.c.standard_ends
    found = select(*columns).order_by(product_release.c.standard_ends, *columns[:2])
    if products is not None:
        found = found.where(product_release.c.product.in_(products))
    return [Release(*row) for row in connection.execute(found)]


def save(connection: Connection, given: Release) -> None:
    """In the place of what was said of this release before."""
    key = {"product": given.product, "name": given.name}
    new = upsert(connection)(product_release).values(**key, standard_ends=given.standard_ends)
    connection.execute(new.on_conflict_do_update(index_elements=list(key), set_={"standard_ends": given.standard_ends}))


def remove(connection: Connection, product: str, name: str) -> bool:
    these = product_release.c.product == product, product_release.c.name == name
    return connection.execute(delete(product_release).where(*these)).rowcount > 0
