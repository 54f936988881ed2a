"""Licences to write, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from kb.store.draft_tables import licence
from kb.store.tables import account


@dataclass(frozen=True, slots=True)
class Licence:
    """`product` "": every product."""

    email: str
    product: str
    level: str


def of_account(connection: Connection, account_id: int) -> dict[str, str]:
    """Product → level."""
    found = connection.execute(select(licence.c.product, licence.c.level).where(licence.c.account_id == account_id))
    return {row.product: row.level for row in found}


def every(connection: Connection) -> list[Licence]:
    columns = account.c.email, licence.c.product, licence.c.level
    statement = select(*columns).join(account, account.c.id == licence.c.account_id)
    return [Licence(*row) for row in connection.execute(statement.order_by(account.c.email, licence.c.product))]


def name(connection: Connection, account_id: int, product: str, level: str | None) -> None:
    """In the place of what the account had for the product; None: nothing."""
    connection.execute(delete(licence).where(licence.c.account_id == account_id, licence.c.product == product))
    if level is not None:
        connection.execute(insert(licence).values(account_id=account_id, product=product, level=level))
