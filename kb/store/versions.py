"""Articles as they were before a batch changed them, and putting them back.

Copied within the database: neither keeping nor restoring takes memory for texts or files, and what comes back is what
there was, to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, literal, select, update

from kb.store.tables import article, article_section, article_version, attachment, attachment_version, section_version

PARTS = ((article_section, section_version), (attachment, attachment_version))
WHOLE = tuple(each.name for each in article.columns if each.name != "id")


def keep(connection: Connection, batch_id: int, ids: Sequence[int]) -> None:
    """Keeps articles, with sections and attachments, as they are now."""
    columns = ["batch_id", "article_id", "existed", *WHOLE]
    found = select(literal(batch_id), article.c.id, literal(True), *(article.c[name] for name in WHOLE))
    connection.execute(insert(article_version).from_select(columns, found.where(article.c.id.in_(ids))))
    kept = article_version.c.batch_id == batch_id, article_version.c.article_id.in_(ids)
    for table, version in PARTS:
        names = _shared(table)
        parts = select(article_version.c.id, *(table.c[name] for name in names)).join(
            article_version, article_version.c.article_id == table.c.article_id
        )
        connection.execute(insert(version).from_select(["version_id", *names], parts.where(*kept)))


def keep_absent(connection: Connection, batch_id: int, ids: Select[tuple[int]]) -> None:
    """Keeps of new articles that there were none."""
    new = ids.subquery()
    found = select(literal(batch_id), new.c.id, literal(False)).order_by(new.c.id)
    connection.execute(insert(article_version).from_select(["batch_id", "article_id", "existed"], found))


def free_numbers(connection: Connection, ids: Sequence[int]) -> None:
    """Articles about to be restored may have passed their numbers to one another: none holds one for the moment."""
    values = [{"id_": id_, "aside": f"~{id_}"} for id_ in ids]
    if values:
        statement = update(article).where(article.c.id == bindparam("id_")).values(number=bindparam("aside"))
        connection.execute(statement, values)


def restore(connection: Connection, batch_id: int, ids: Sequence[int]) -> None:
    """Puts articles back as the batch found them; they are still there, and their numbers are free."""
    kept = article_version.c.batch_id == batch_id, article_version.c.article_id.in_(ids)
    found = [dict(row._mapping) for row in connection.execute(select(article_version).where(*kept))]
    values = [{"id_": row["article_id"], **{f"{name}_": row[name] for name in WHOLE}} for row in found]
    named = {name: bindparam(f"{name}_", type_=article.c[name].type) for name in WHOLE}
    connection.execute(update(article).where(article.c.id == bindparam("id_")).values(named), values)
    for table, version in PARTS:
        names = _shared(table)
        connection.execute(delete(table).where(table.c.article_id.in_(ids)))
        parts = select(article_version.c.article_id, *(version.c[name] for name in names)).join(
            article_version, article_version.c.id == version.c.version_id
        )
        ordered = parts.where(*kept).order_by(version.c.id)
        connection.execute(insert(table).from_select(["article_id", *names], ordered))


def _shared(table: Table) -> list[str]:
    return [each.name for each in table.columns if each.name not in ("id", "article_id")]
