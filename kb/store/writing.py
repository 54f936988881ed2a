"""Changes to articles: each with its note for the index, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from kb.store import batches, database, redirects, staging, versions
from kb.store.articles import Applied, ImportRun, Product, Rendered, SourceChanged
from kb.store.indexing import note
from kb.store.preparing import CHUNK, Prepared, Preparing, last_id
from kb.store.staging import MOMENTS, Staged
from kb.store.tables import article, article_section, attachment, change_note, counter, product, redirect

# So often a batch is prepared anew because others wrote articles meanwhile; then they wait.
ATTEMPTS = 2


def digests(connection: Connection, source: str) -> dict[str, tuple[str, str]]:
    """What the store has of a source: external id → (number, digest)."""
    columns = article.c.external_id, article.c.number, article.c.digest
    found = connection.execute(select(*columns).where(article.c.source == source))
    return {external_id: (number, digest) for external_id, number, digest in found}


def numbers_of_others(connection: Connection, source: str, numbers: Iterable[str]) -> dict[str, str]:
    """Of these numbers those that articles of other sources have: number → the source that has it."""
    found: dict[str, str] = {}
    wanted = iter(sorted(set(numbers)))
    while chunk := list(islice(wanted, CHUNK)):
        statement = select(article.c.number, article.c.source).where(article.c.number.in_(chunk))
        found.update({row.number: row.source for row in connection.execute(statement) if row.source != source})
    return found


def products(connection: Connection) -> dict[str, Product]:
    rows = connection.execute(select(product).order_by(product.c.id))
    return {row.id: Product(row.id, row.names, tuple(row.words)) for row in rows}


def save_products(connection: Connection, given: Iterable[Product]) -> None:
    """New products are added; those there are get these names and words."""
    known = set(connection.scalars(select(product.c.id)))
    for each in given:
        values = {"names": dict(each.names), "words": list(each.words)}
        if each.id in known:
            connection.execute(update(product).where(product.c.id == each.id).values(values))
        else:
            connection.execute(insert(product).values(id=each.id, **values))


def delete_articles(connection: Connection, numbers: Sequence[str]) -> int:
    """Removes them for good and says how many there were."""
    gone = 0
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        ids = list(connection.scalars(select(article.c.id).where(article.c.number.in_(chunk))))
        if ids:
            connection.execute(delete(article).where(article.c.id.in_(ids)))
            note(connection, ids)
        gone += len(ids)
    return gone


class Articles(Protocol):
    """The articles of a batch, as often as they are asked for."""

    def __iter__(self) -> Iterator[Rendered]: ...

    def __len__(self) -> int: ...


def apply(connection: Connection, given: Iterable[Rendered], run: ImportRun) -> Applied:
    """Writes a small batch, within a transaction. Articles the source has already are changed in place and keep their
    number and address.

    SourceChanged when they are no longer those that the batch was compared with.
    """
    with staging.within(connection) as staged:
        number = _begun(connection, run)
        preparing = Preparing.begun(connection, run, staged, number, lambda: nullcontext(connection))
        return _write(connection, run, staged, preparing.all_of(given))


def apply_beside(engine: Engine, given: Articles, run: ImportRun) -> Applied:
    """Writes a batch of any size in a transaction of its own, prepared before this begins."""
    for _ in range(ATTEMPTS):
        with staging.beside(engine) as (connection, staged):
            with connection.begin():
                moment = _moment(connection)
                staged.make(connection)
                number = batches.number_to_come(connection)
                preparing = Preparing.begun(connection, run, staged, number, partial(database.writing, engine))
                prepared = preparing.all_of(given)
            with connection.execution_options(kb_writes=True).begin():
                _begun(connection, run)
                if _moment(connection) == moment:
                    return _write(connection, run, staged, prepared)
    with staging.beside(engine) as (connection, staged), connection.execution_options(kb_writes=True).begin():
        number = _begun(connection, run)
        staged.make(connection)
        preparing = Preparing.begun(connection, run, staged, number, lambda: nullcontext(connection))
        return _write(connection, run, staged, preparing.all_of(given))


def _begun(connection: Connection, run: ImportRun) -> int:
    """The next number of an article; nobody else writes articles from here on. SourceChanged: see `apply`."""
    number = batches.next_number(connection)
    if run.basis is not None and run.basis != batches.basis(connection, None if run.across else run.source):
        raise SourceChanged
    return number


def _moment(connection: Connection) -> tuple[object, ...]:
    """Differs whenever articles, or numbers that lead to them, came or went."""
    counted = (connection.scalar(select(func.count()).select_from(table)) for table in (article, redirect))
    return batches.number_to_come(connection), batches.basis(connection, None), last_id(connection), *counted


def _write(connection: Connection, run: ImportRun, staged: Staged, prepared: Prepared) -> Applied:
    batch = batches.begin(connection, run)
    save_products(connection, run.products.values())
    changed = select(staged.article.c.id).where(staged.article.c.existed)
    ids = list(connection.scalars(changed))
    for start in range(0, len(ids), CHUNK):
        versions.keep(connection, batch, ids[start : start + CHUNK])
    versions.keep_absent(connection, batch, select(staged.article.c.id).where(~staged.article.c.existed))
    _note(connection, staged)
    if ids:
        _change(connection, run, staged)
        for table in (article_section, attachment):
            connection.execute(delete(table).where(table.c.article_id.in_(changed)))
    moments = {name: literal(run.started_at, article.c[name].type) for name in MOMENTS}
    _copy(connection, staged.article, article, ~staged.article.c.existed, **moments)
    _copy(connection, staged.section, article_section)
    _copy(connection, staged.attachment, attachment)
    redirects.add(connection, batch, prepared.redirects)
    connection.execute(update(counter).where(counter.c.name == "article").values(value=prepared.next_number))
    applied = Applied(prepared.new, prepared.changed, prepared.refused, batch)
    batches.finish(connection, applied, run, datetime.now(UTC))
    return applied


def _note(connection: Connection, staged: Staged) -> None:
    """For the index, before anything is written: which articles come or change, and which of them may hide something
    that readers see now, as they get other readers, or have parts for some readers alone."""
    mine, theirs = article.c, staged.article.c
    parts = (
        exists().where(table.c.article_id == theirs.id, table.c.grant_set_id.is_not(None))
        for table in (article_section, attachment, staged.section, staged.attachment)
    )
    others = (mine[name].is_distinct_from(theirs[name]) for name in ("grant_set_id", "confidence", "expires_at"))
    found = select(theirs.id, and_(theirs.existed, or_(*others, *parts))).outerjoin(article, mine.id == theirs.id)
    connection.execute(insert(change_note).from_select(["article_id", "hides"], found.order_by(theirs.id)))


def _change(connection: Connection, run: ImportRun, staged: Staged) -> None:
    """Articles that are there become as they are staged."""
    mine, theirs = article.c, staged.article.c
    same = mine.id == theirs.id, theirs.existed
    # Numbers may pass from one to another: none holds one that it gives up.
    renamed = select(theirs.id).where(theirs.existed, theirs.number != mine.number, theirs.id == mine.id)
    connection.execute(update(article).where(renamed.exists()).values(number=literal("~") + cast(mine.id, String)))
    values: dict[str, ColumnElement[Any]] = {
        each.name: theirs[each.name] for each in article.columns if each.name not in ("id", *MOMENTS)
    }
    now = values["changed_at"] = literal(run.started_at, mine.changed_at.type)
    values["text_at"] = case((mine.text_digest != theirs.text_digest, now), else_=mine.text_at)
    connection.execute(update(article).where(*same).values(values))


def _copy(
    connection: Connection, source: Table, target: Table, *where: ColumnElement[bool], **same: ColumnElement[Any]
) -> None:
    """`same`: the columns that are the same in every row."""
    names = [each.name for each in target.columns if each.name in source.c]
    found = select(*(source.c[name] for name in names), *same.values()).where(*where).order_by(*source.primary_key)
    connection.execute(insert(target).from_select([*names, *same], found))
