"""What the index is made of and what it has yet to learn.

For `sync` and `check`, which know no scope; of a page it only says what the index must not count for its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, bindparam, case, delete, exists, func, insert, or_, select, update

from kb.articles import CONFIDENCES
from kb.entitlements import Scope
from kb.store import file_texts
from kb.store.articles import ChangeNote, IndexSource, SectionRow
from kb.store.case_tables import case_link
from kb.store.feedback import upsert
from kb.store.feedback_tables import vote
from kb.store.grants import readable_sets
from kb.store.reading import within
from kb.store.rows import ARTICLE, article_row
from kb.store.tables import article, article_section, attachment, change_note, counter, grant_set

CHUNK = 500
# What the index cannot be asked to leave out, as there is more of it.
MOST_HIDDEN = 5_000
# The counter of the engine that takes the notes: 1 where it has missed some.
TAKER = "notes:"
# The counters of what the index carries: by now, and after the batch that is being written, if it comes to that.
MARKS = MARK_NOW, MARK_NEXT = "mark:now", "mark:next"
OPEN = [each for each in CONFIDENCES if each != "archived"]
# Readers lost it at its moment; archived, it has a note.
_EXPIRED = and_(article.c.confidence.in_(OPEN), article.c.expires_at <= bindparam("now"))
_MISSED = and_(counter.c.name.startswith(TAKER), or_(counter.c.name != bindparam("taker"), counter.c.value != 0))
_HIDING = select(or_(exists().where(change_note.c.hides), exists().where(_EXPIRED), exists().where(_MISSED)))


def articles_for_index(connection: Connection, ids: Sequence[int] | None, after: int, limit: int) -> list[IndexSource]:
    """Articles in the order of their ids: those named, or all, beyond the id `after`."""
    statement = select(*ARTICLE, grant_set.c.grants).join(grant_set, article.c.grant_set_id == grant_set.c.id)
    statement = statement.where(article.c.id > after).order_by(article.c.id).limit(limit)
    if ids is not None:
        wanted = sorted(each for each in set(ids) if each > after)[:limit]
        statement = statement.where(article.c.id.in_(wanted))
    rows = [article_row(found) for found in connection.execute(statement)]
    sections = _sections(connection, [row.id for row in rows])
    files = file_texts.for_index(connection, [row.id for row in rows])
    votes = _votes(connection, [row.id for row in rows])
    links = _links(connection, [row.id for row in rows])
    return [
        IndexSource(
            row,
            tuple(sections.get(row.id, ())),
            tuple(files.get(row.id, ())),
            *votes.get(row.id, (0, 0)),
            links.get(row.id, 0),
        )
        for row in rows
    ]


def _votes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each article that has votes, how many say it helped, and how many that it did not."""
    helped = func.sum(case((vote.c.helpful, 1), else_=0))
    statement = select(vote.c.article_id, helped, func.count()).where(vote.c.article_id.in_(ids))
    found = connection.execute(statement.group_by(vote.c.article_id))
    return {article_id: (int(yes), int(all_) - int(yes)) for article_id, yes, all_ in found}


def _links(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """For each article linked to cases, to how many."""
    counted = select(case_link.c.article_id, func.count()).where(case_link.c.article_id.in_(ids))
    found = connection.execute(counted.group_by(case_link.c.article_id))
    return {article_id: int(cases) for article_id, cases in found}


def _sections(connection: Connection, ids: Sequence[int]) -> dict[int, list[SectionRow]]:
    columns = [article_section.c[name] for name in ("article_id", "ordinal", "headings", "text")]
    statement = (
        select(*columns, grant_set.c.grants)
        .outerjoin(grant_set, article_section.c.grant_set_id == grant_set.c.id)
        .where(article_section.c.article_id.in_(ids))
        .order_by(article_section.c.article_id, article_section.c.ordinal)
    )
    found: dict[int, list[SectionRow]] = {}
    for row in connection.execute(statement):
        section = SectionRow(row.ordinal, frozenset(row.grants or ()), "", row.text, tuple(row.headings), ())
        found.setdefault(row.article_id, []).append(section)
    return found


def article_ids(connection: Connection) -> list[int]:
    return list(connection.scalars(select(article.c.id).order_by(article.c.id)))


def notes(connection: Connection, limit: int) -> list[ChangeNote]:
    """The oldest notes of changes, articles that are gone included."""
    statement = select(change_note.c.id, change_note.c.article_id).order_by(change_note.c.id).limit(limit)
    return [ChangeNote(*found) for found in connection.execute(statement)]


def waiting(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(change_note)) or 0


def hidden(connection: Connection, scope: Scope, engine: str) -> frozenset[int] | None:
    """See `Store.checked`."""
    given = {"now": datetime.now(UTC), "taker": TAKER + engine}
    if not connection.scalar(_HIDING, given):
        return frozenset()
    if has_missed(connection, engine):
        return None
    sets = readable_sets(connection, scope)
    parts = (
        exists().where(table.c.article_id == article.c.id, table.c.grant_set_id.not_in(sets))
        for table in (article_section, attachment)
    )
    whole = and_(*within(connection, scope), *(~part for part in parts))
    changed = (
        select(change_note.c.article_id)
        .outerjoin(article, article.c.id == change_note.c.article_id)
        .where(change_note.c.hides, or_(article.c.id.is_(None), ~whole))
    )
    expired = select(article.c.id).where(_EXPIRED, ~whole)
    ids = list(connection.scalars(changed.union(expired).limit(MOST_HIDDEN + 1), given))
    return frozenset(ids) if len(ids) <= MOST_HIDDEN else None


def done(connection: Connection, note_ids: Sequence[int]) -> None:
    for start in range(0, len(note_ids), CHUNK):
        connection.execute(delete(change_note).where(change_note.c.id.in_(note_ids[start : start + CHUNK])))


def _takers(connection: Connection) -> dict[str, bool]:
    """The engine that notes are for, if any took them yet, and whether it has missed some."""
    found = connection.execute(select(counter.c.name, counter.c.value).where(counter.c.name.startswith(TAKER)))
    return {row.name.removeprefix(TAKER): bool(row.value) for row in found}


def has_missed(connection: Connection, engine: str) -> bool:
    """See `Store.has_missed`."""
    return _takers(connection) not in ({}, {engine: False})


def takes_notes(connection: Connection, engine: str) -> bool:
    """Whether the notes are for this engine, and all before were."""
    return _takers(connection) == {engine: False}


def take_notes(connection: Connection, engine: str, missed: bool) -> bool:
    """See `Store.take_notes`."""
    missed, name = missed or has_missed(connection, engine), TAKER + engine
    connection.execute(delete(counter).where(counter.c.name.startswith(TAKER), counter.c.name != name))
    _count(connection, name, int(missed))
    return missed


def _count(connection: Connection, name: str, value: int) -> None:
    new = upsert(connection)(counter).values(name=name, value=value)
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def expect(connection: Connection, now: int, then: int) -> None:
    """See `Store.expect`."""
    _count(connection, MARK_NOW, now)
    _count(connection, MARK_NEXT, then)


def expects(connection: Connection, mark: int) -> bool:
    """See `Store.expects`."""
    marks = list(connection.scalars(select(counter.c.value).where(counter.c.name.in_(MARKS))))
    return mark in (marks or [0])


def caught_up(connection: Connection, engine: str) -> None:
    """See `Store.caught_up`."""
    connection.execute(update(counter).where(counter.c.name == TAKER + engine).values(value=0))


def note(connection: Connection, ids: Iterable[int]) -> None:
    """A note for each of these articles, gone or not; who may read them may have changed."""
    if rows := [{"article_id": id_, "hides": True} for id_ in ids]:
        connection.execute(insert(change_note), rows)


def note_all(connection: Connection) -> None:
    """A note for every article there is."""
    connection.execute(insert(change_note).from_select(["article_id"], select(article.c.id).order_by(article.c.id)))
