"""One hash over the content of a store: whatever two stores hold, equal hashes mean equal articles for every reader."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, Table, select

from kb.store.tables import article, article_section, attachment, grant_set, product

# What tells when and by which import an article came, or is the store's own way of naming things.
NOT_CONTENT = frozenset(
    "id article_id grant_set_id digest created_at changed_at content text_at text_digest sketch".split()
)


def checksum(connection: Connection) -> str:
    """SHA-256 in hex over products, articles, sections, attachments and their grants, in the order of identities."""
    found = hashlib.sha256()
    for row in connection.execute(select(product).order_by(product.c.id)):
        _add(found, "product", dict(row._mapping))
    identity = article.c.source, article.c.external_id
    columns = select(*_columns(article), grant_set.c.grants).join(grant_set, article.c.grant_set_id == grant_set.c.id)
    for row in connection.execute(columns.order_by(*identity)):
        _add(found, "article", dict(row._mapping))
    for table, ordered, kept in (
        (article_section, article_section.c.ordinal, ()),
        (attachment, attachment.c.name, (attachment.c.digest,)),
    ):
        parts = (
            select(*identity, *_columns(table), *kept, grant_set.c.grants)
            .join(article, article.c.id == table.c.article_id)
            .outerjoin(grant_set, table.c.grant_set_id == grant_set.c.id)
            .order_by(*identity, ordered)
        )
        for row in connection.execute(parts.execution_options(yield_per=500)):
            _add(found, table.name, dict(row._mapping))
    return found.hexdigest()


def _columns(table: Table) -> list[Any]:
    return [each for each in table.columns if each.name not in NOT_CONTENT]


def _add(found: Any, kind: str, values: dict[str, Any]) -> None:
    packed = json.dumps([kind, values], ensure_ascii=False, sort_keys=True, default=str)
    found.update(packed.encode("utf-8", "surrogatepass") + b"\n")
