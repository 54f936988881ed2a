"""From the articles of a batch to the rows that they will be: numbers settled, links led to where they will be.

Reads the store and writes nothing of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count, islice
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from kb.articles import Draft
from kb.entitlements import Grants
from kb.store import updating
from kb.store.articles import ImportRun, Key, Rendered
from kb.store.grants import GrantSets
from kb.store.staging import Staged
from kb.store.tables import article, redirect

CHUNK = 200
# Begins an address that waits for the number of an article.
PENDING = "kb-article:"
FREE: Key = ("", "")
LINK = re.compile(r' (href|src)="kb-article:([0-9a-f]+)([^"]*)"')
ADDRESS = re.compile(r"kb-article:([0-9a-f]+)(.*)\Z", re.DOTALL)
_IDS = text("SELECT nextval(pg_get_serial_sequence('article', 'id')) FROM generate_series(1, :wanted)")
_LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = 'article'")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that stands in its staged tables, and what is to be written beside it."""

    new: int
    changed: int
    refused: tuple[str, ...]
    next_number: int
    redirects: Mapping[str, int]  # number given up, or brought as a former one → article


def last_id(connection: Connection) -> int:
    """SQLite: the highest id that an article ever had."""
    return int(connection.scalar(_LAST_ID) or 0) if connection.dialect.name == "sqlite" else 0


@dataclass
class NewIds:
    """Ids that no article ever had. SQLite: as long as nobody else writes one."""

    connection: Connection
    last: int

    def take(self, wanted: int) -> list[int]:
        if self.connection.dialect.name == "postgresql":
            return list(self.connection.scalars(_IDS, {"wanted": wanted}))
        first, self.last = self.last + 1, self.last + wanted
        return list(range(first, self.last + 1))


@dataclass
class Preparing:
    """A batch on its way in."""

    connection: Connection
    run: ImportRun
    staged: Staged
    ids: dict[Key, int]  # article by what it is known by
    numbers: dict[Key, str]
    owners: dict[str, Key | None]  # who has a number; None: another source; FREE: nobody
    given_up: frozenset[str]  # numbers that lead to articles that had them
    next_number: int
    sets: GrantSets
    new_ids: NewIds
    places: Iterator[int] = field(default_factory=count)
    linking: list[tuple[int, int, str]] = field(default_factory=list)  # (article, ordinal, source): with links
    waiting: set[Key] = field(default_factory=set)  # articles whose `links` wait for numbers
    former: dict[str, int] = field(default_factory=dict)  # number brought as a former one → article
    renamed: dict[str, int] = field(default_factory=dict)  # number given up → article

    @classmethod
    def begun(
        cls,
        connection: Connection,
        run: ImportRun,
        staged: Staged,
        next_number: int,
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> Preparing:
        """`writing`: where sets of grants that are new may be written."""
        ids, numbers, owners = {}, {}, {}
        statement = select(article.c.id, article.c.source, article.c.external_id, article.c.number)
        if run.only is not None:
            statement = statement.where(article.c.source == run.source, article.c.external_id.in_(sorted(run.only)))
        for id_, source, external_id, number in connection.execute(statement):
            key = source, external_id
            owners[number] = key if run.has(source) else None
            if run.has(source):
                ids[key], numbers[key] = id_, number
        given_up = frozenset(connection.scalars(select(redirect.c.number)))
        sets = GrantSets(connection, writing)
        return cls(
            connection,
            run,
            staged,
            ids,
            numbers,
            owners,
            given_up,
            next_number,
            sets,
            NewIds(connection, last_id(connection)),
        )

    def all_of(self, batch: Iterable[Rendered]) -> Prepared:
        new = changed = 0
        refused: list[str] = []
        each = iter(batch)
        while chunk := list(islice(each, CHUNK)):
            written: dict[Key, Rendered] = {}
            for rendered in chunk:
                if self._number(rendered):
                    written[self.run.key(rendered.draft)] = rendered
                else:
                    refused.append(rendered.draft.id)
            there = frozenset(written) & self.ids.keys()
            self._stage(written, there)
            new, changed = new + len(written) - len(there), changed + len(there)
        self._link()
        return Prepared(new, changed, tuple(refused), self.next_number, self._redirects())

    def _stage(self, written: Mapping[Key, Rendered], there: frozenset[Key]) -> None:
        if not written:
            return
        new = [key for key in written if key not in there]
        self.ids.update(zip(new, self.new_ids.take(len(new)), strict=True))
        self.sets.know(_grants_of(written.values()))
        days = updating.days_that_stay(self.connection, {key: written[key] for key in there})
        rows = [
            {"id": self.ids[key], "existed": key in there, **self._values(each, days.get(key, each.updated))}
            for key, each in written.items()
        ]
        self.connection.execute(insert(self.staged.article), rows)
        self._stage_parts(list(written.values()))

    def _number(self, rendered: Rendered) -> bool:
        """Settles the number of an article; False when the one it brings is another's."""
        brought, key = rendered.draft.number, self.run.key(rendered.draft)
        if brought is None:
            if key not in self.numbers:
                self._take(self._free_number(), key)
            return True
        if self._owner(brought) not in (FREE, key):
            return False
        self._take(brought, key)
        return True

    def _take(self, number: str, key: Key) -> None:
        before = self.numbers.get(key, number)
        if before != number:
            self.owners[before] = FREE
            self.renamed[before] = self.ids[key]
        self.numbers[key] = number
        self.owners[number] = key

    def _owner(self, number: str) -> Key | None:
        """Who has a number: a key of the run's, None for another source's, FREE for nobody."""
        if number not in self.owners and self.run.only is not None:
            found = self.connection.execute(
                select(article.c.source, article.c.external_id).where(article.c.number == number)
            ).one_or_none()
            self.owners[number] = (
                FREE if found is None else (found.source, found.external_id) if self.run.has(found.source) else None
            )
        return self.owners.get(number, FREE)

    def _free_number(self) -> str:
        while True:
            number = f"KB{self.next_number:06d}"
            self.next_number += 1
            if (
                self._owner(number) == FREE
                and number not in self.given_up
                and number not in self.former
                and number not in self.run.numbers
            ):
                return number

    def _id(self, rendered: Rendered) -> int:
        return self.ids[self.run.key(rendered.draft)]

    def _values(self, rendered: Rendered, updated: date) -> dict[str, Any]:
        draft, key = rendered.draft, self.run.key(rendered.draft)
        return {
            "number": self.numbers[key],
            "source": key[0],
            "external_id": draft.id,
            "group": draft.group,
            "title": draft.title,
            "lang": draft.lang,
            "product": draft.product,
            "type": draft.type,
            "category": draft.category,
            "versions": list(draft.versions),
            "updated": updated,
            "grant_set_id": self.sets.id_of(draft.grants),
            "also_asked_as": list(draft.also_asked_as),
            "confidence": draft.confidence,
            "extra": dict(draft.extra),
            "links": self._links(rendered, key),
            "digest": rendered.digest,
            "owner": draft.owner,
            "review_on": draft.review_on,
            "expires_at": draft.expires_at,
            "text_digest": text_digest(draft),
            "sketch": rendered.sketch,
        }

    def _links(self, rendered: Rendered, key: Key) -> dict[str, str]:
        """Where its relative addresses lead, as far as that is known by now."""
        found = dict(rendered.links)
        for name, given in rendered.links.items():
            link = ADDRESS.match(given)
            if link and self._stays(key, link[1]):
                found[name] = self._address(key[0], given) or given
        if any(address.startswith(PENDING) for address in found.values()):
            self.waiting.add(key)
        return found

    def _stage_parts(self, written: Sequence[Rendered]) -> None:
        self.former.update((number, self._id(each)) for each in written for number in each.draft.former_numbers)
        sections = [row for each in written for row in self._section_values(each)]
        if sections:
            self.connection.execute(insert(self.staged.section), sections)
        if files := [row for each in written for row in self._file_values(each)]:
            self.connection.execute(insert(self.staged.attachment), files)

    def _section_values(self, rendered: Rendered) -> Iterator[Mapping[str, Any]]:
        id_, key = self._id(rendered), self.run.key(rendered.draft)
        for ordinal, section in enumerate(rendered.sections):
            html = LINK.sub(partial(self._now, key), section.html) if PENDING in section.html else section.html
            if PENDING in html:
                self.linking.append((id_, ordinal, key[0]))
            yield {
                "article_id": id_,
                "ordinal": ordinal,
                "grant_set_id": self.sets.id_or_none(section.grants),
                "headings": list(section.headings),
                "toc": [list(entry) for entry in section.toc],
                "text": section.text,
                "html": html,
                "markdown": section.markdown,
            }

    def _file_values(self, rendered: Rendered) -> Iterator[Mapping[str, Any]]:
        for each in rendered.attachments:
            yield {
                "place": next(self.places),
                "article_id": self._id(rendered),
                "name": each.file.name,
                "media_type": each.file.media_type,
                "size": len(each.file.content),
                "digest": each.file.digest,
                "grant_set_id": self.sets.id_or_none(each.grants),
                "content": each.file.content,
            }

    def _link(self) -> None:
        """Gives links to articles that had no number when theirs were written their addresses, now that all have."""
        section, key = self.staged.section, self.staged.section.c
        for article_id, ordinal, source in self.linking:
            this = (key.article_id == article_id, key.ordinal == ordinal)
            html = self.connection.scalar(select(key.html).where(*this)) or ""
            linked = LINK.sub(partial(self._attribute, source), html)
            self.connection.execute(update(section).where(*this).values(html=linked))
        for key_ in sorted(self.waiting):
            source, mine = key_[0], self.staged.article.c.id == self.ids[key_]
            links = self.connection.scalar(select(self.staged.article.c.links).where(mine)) or {}
            found = {name: address for name, given in links.items() if (address := self._address(source, given))}
            self.connection.execute(update(self.staged.article).where(mine).values(links=found))

    def _now(self, key: Key, link: re.Match[str]) -> str:
        """With its address; as it is where the article it leads to has no number yet, or may be given another."""
        return (self._attribute(key[0], link) or link[0]) if self._stays(key, link[2]) else link[0]

    def _stays(self, key: Key, hexed: str) -> bool:
        """Whether the number of the article that a link of the article `key` leads to is what it will be."""
        return not self.run.numbers or bytes.fromhex(hexed).decode("utf-8", "replace") == key[1]

    def _attribute(self, source: str, link: re.Match[str]) -> str:
        address = self._address(source, f"kb-article:{link[2]}{link[3]}")
        return f' {link[1]}="{address}"' if address else ""

    def _address(self, source: str, given: str) -> str:
        """Where a link leads; "" when the source has no such article. What is an address already stays one."""
        link = ADDRESS.match(given)
        if not link:
            return given
        number = self._number_of((source, bytes.fromhex(link[1]).decode("utf-8", "replace")))
        return f"/articles/{number}{link[2]}" if number else ""

    def _number_of(self, key: Key) -> str:
        """The number of an article; "" when there is none."""
        if key not in self.numbers and self.run.only is not None:
            same = article.c.source == key[0], article.c.external_id == key[1]
            return self.connection.scalar(select(article.c.number).where(*same)) or ""
        return self.numbers.get(key, "")

    def _redirects(self) -> Mapping[str, int]:
        """A number that an article gave up, or had elsewhere, leads to it from now on: one of another source never."""
        former = {number: id_ for number, id_ in self.former.items() if self._owner(number) is not None}
        return {**former, **self.renamed}


def _grants_of(batch: Iterable[Rendered]) -> Iterator[Grants]:
    for each in batch:
        yield frozenset(each.draft.grants)
        own = *(section.grants for section in each.sections), *(file.grants for file in each.attachments)
        yield from (frozenset(grants) for grants in own if grants)


def text_digest(draft: Draft) -> str:
    """Of what translators translate: equal means that a translation is as good as before."""
    text = "\0".join((draft.title, *(section.markdown for section in draft.sections)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
