"""Batches: what was written as one, and taking it back as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kb.store import jobs, redirects, versions
from kb.store.articles import Applied, Batch, ImportRun, Obstacle, RollbackRefused, SourceChanged
from kb.store.case_tables import case_link, support_case
from kb.store.indexing import note
from kb.store.spr_tables import product_release, spr
from kb.store.tables import article, article_version, batch, contract_line, counter, product

CHUNK = 200
Row = Any


def next_number(connection: Connection) -> int:
    """The next number of an article. Until the transaction ends nobody else writes articles: batches never mix."""
    locked = select(counter.c.value).where(counter.c.name == "article").with_for_update()
    if (value := connection.scalar(locked)) is not None:
        return int(value)
    # Another may write the very first at this moment: then his is waited for.
    add = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(add(counter).values(name="article", value=1).on_conflict_do_nothing())
    return int(connection.scalar(locked) or 1)


def number_to_come(connection: Connection) -> int:
    """The next number of an article, unless others write articles."""
    return int(connection.scalar(select(counter.c.value).where(counter.c.name == "article")) or 1)


def basis(connection: Connection, source: str | None) -> str:
    """Differs whenever articles of the source, or of any, were written or put back."""
    counted = select(func.max(batch.c.id), func.count(batch.c.rolled_back_at))
    if source is not None:
        counted = counted.where(batch.c.source == source)
    last, rolled_back = connection.execute(counted).one()
    return f"{last or 0}.{rolled_back}"


def begin(connection: Connection, run: ImportRun) -> int:
    names = [each.id for each in run.products.values()]
    found = connection.execute(select(product).where(product.c.id.in_(names)))
    before = {row.id: {"names": row.names, "words": row.words} for row in found}
    values = {"products": {name: before.get(name) for name in names}, "counts": {}}
    statement = insert(batch).values(source=run.source, account_id=run.account_id, started_at=run.started_at, **values)
    return int(connection.scalar(statement.returning(batch.c.id)) or 0)


def finish(connection: Connection, applied: Applied, run: ImportRun, at: datetime) -> None:
    """SourceChanged when the run's job was done already, by another worker."""
    if run.job_id is not None and not jobs.applied(connection, run.job_id, applied.batch):
        raise SourceChanged
    counts = {"new": applied.new, "changed": applied.changed}
    connection.execute(update(batch).where(batch.c.id == applied.batch).values(finished_at=at, counts=counts))


def newest(connection: Connection, limit: int) -> list[Batch]:
    """The last batches, the newest first."""
    return [_batch(row) for row in connection.execute(select(batch).order_by(batch.c.id.desc()).limit(limit))]


def find(connection: Connection, batch_id: int) -> Batch | None:
    row = connection.execute(select(batch).where(batch.c.id == batch_id)).one_or_none()
    return _batch(row) if row else None


def _batch(row: Row) -> Batch:
    return Batch(row.id, row.source, row.account_id, row.started_at, row.counts, row.rolled_back_at, row.rolled_back_by)


def roll_back(connection: Connection, batch_id: int, account_id: int | None, at: datetime) -> Batch:
    """Every article, attachment, right and product as before the batch; RollbackRefused changes nothing."""
    next_number(connection)
    found = connection.execute(select(batch).where(batch.c.id == batch_id)).one_or_none()
    if found is None or found.rolled_back_at is not None:
        raise RollbackRefused
    if obstacles := tuple(_obstacles(connection, batch_id)):
        raise RollbackRefused(obstacles)
    kept = select(article_version.c.article_id, article_version.c.existed)
    touched = list(connection.execute(kept.where(article_version.c.batch_id == batch_id)))
    # New ones first: one of them may have the number that another had before.
    for ids in _chunks([each.article_id for each in touched if not each.existed]):
        connection.execute(delete(article).where(article.c.id.in_(ids)))
    changed = [each.article_id for each in touched if each.existed]
    redirects.take_back(connection, batch_id)
    versions.free_numbers(connection, changed)
    for ids in _chunks(changed):
        versions.restore(connection, batch_id, ids)
    note(connection, [each.article_id for each in touched])
    _restore_products(connection, found.products)
    values = {"rolled_back_at": at, "rolled_back_by": account_id}
    connection.execute(update(batch).where(batch.c.id == batch_id).values(values))
    return _batch(connection.execute(select(batch).where(batch.c.id == batch_id)).one())


def _obstacles(connection: Connection, batch_id: int) -> Iterator[Obstacle]:
    of_batch = article_version.c.batch_id == batch_id
    gone = (
        select(article_version.c.number, article_version.c.title)
        .outerjoin(article, article.c.id == article_version.c.article_id)
        .where(of_batch, article.c.id.is_(None))
    )
    for row in connection.execute(gone):
        yield Obstacle("gone", row.number or "", row.title or "")
    yield from _later(connection, batch_id)
    linked = (
        select(article.c.number, article.c.title, support_case.c.number.label("case_number"))
        .join(article_version, article_version.c.article_id == article.c.id)
        .join(case_link, case_link.c.article_id == article.c.id)
        .join(support_case, support_case.c.id == case_link.c.case_id)
        .where(of_batch, article_version.c.existed.is_(False))
        .order_by(article.c.number)
    )
    for each in connection.execute(linked):
        yield Obstacle("linked", each.number, each.title, each.case_number)
    touched = select(article_version.c.article_id).where(of_batch)
    taken = (
        select(article.c.number, article.c.title, article.c.source)
        .join(article_version, article_version.c.number == article.c.number)
        .where(of_batch, article.c.id.not_in(touched))
    )
    for other in connection.execute(taken):
        yield Obstacle("number_taken", other.number, other.title, other.source)


def _later(connection: Connection, batch_id: int) -> Iterator[Obstacle]:
    this, later = article_version.alias(), article_version.alias()
    statement: Select[Any] = (
        select(article.c.number, article.c.title, func.max(batch.c.id).label("batch_id"))
        .join(this, this.c.article_id == article.c.id)
        .join(later, later.c.article_id == article.c.id)
        .join(batch, batch.c.id == later.c.batch_id)
        .where(this.c.batch_id == batch_id, batch.c.id > batch_id, batch.c.rolled_back_at.is_(None))
        .group_by(article.c.number, article.c.title)
        .order_by(article.c.number)
    )
    for row in connection.execute(statement):
        yield Obstacle("changed_since", row.number, row.title, str(row.batch_id))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _restore_products(connection: Connection, before: Mapping[str, Any]) -> None:
    """Those added go, unless something else is of them by now; those changed are as they were."""
    for name, values in before.items():
        if values is not None:
            connection.execute(update(product).where(product.c.id == name).values(values))
        elif not any(
            connection.scalar(select(func.count()).select_from(table).where(table.c.product == name))
            for table in (article, contract_line, support_case, spr, product_release)
        ):
            connection.execute(delete(product).where(product.c.id == name))
