"""Changes to articles: each with its note for the index, in one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, insert, literal, select, update

from kb.articles import Draft
from kb.store import batches, redirects, versions
from kb.store.articles import Applied, ImportRun, Key, Product, Rendered, SourceChanged
from kb.store.grants import GrantSets
from kb.store.indexing import note
from kb.store.tables import article, article_section, attachment, counter, product, redirect

CHUNK = 200
# Begins an address that waits for the number of an article.
PENDING = "kb-article:"
FREE: Key = ("", "")
LINK = re.compile(r' (href|src)="kb-article:([0-9a-f]+)([^"]*)"')
ADDRESS = re.compile(r"kb-article:([0-9a-f]+)(.*)\Z", re.DOTALL)


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


def apply(connection: Connection, given: Iterable[Rendered], run: ImportRun) -> Applied:
    """Writes an import. Articles the source has already are changed in place and keep their number and address.

    SourceChanged when they are no longer those that the import was compared with.
    """
    number = batches.next_number(connection)
    if run.basis is not None and run.basis != batches.basis(connection, None if run.across else run.source):
        raise SourceChanged
    batch_id = batches.begin(connection, run)
    save_products(connection, run.products.values())
    applied = _Applying.begun(connection, run, batch_id, number).all_of(given)
    batches.finish(connection, applied, run, datetime.now(UTC))
    return applied


@dataclass
class _Applying:
    """An import on its way in."""

    connection: Connection
    run: ImportRun
    batch: int
    ids: dict[Key, int]  # article by what it is known by
    numbers: dict[Key, str]
    owners: dict[str, Key | None]  # who has a number; None: another source; FREE: nobody
    given_up: frozenset[str]  # numbers that lead to articles that had them
    next_number: int
    sets: GrantSets
    linking: list[tuple[int, int, str]] = field(default_factory=list)  # (article, ordinal, source): with links
    waiting: set[Key] = field(default_factory=set)  # articles whose `links` wait for numbers
    former: dict[str, int] = field(default_factory=dict)  # number brought as a former one → article
    renamed: dict[str, int] = field(default_factory=dict)  # number given up → article

    @classmethod
    def begun(cls, connection: Connection, run: ImportRun, batch: int, next_number: int) -> _Applying:
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
        return cls(connection, run, batch, ids, numbers, owners, given_up, next_number, GrantSets(connection))

    def all_of(self, batch: Iterable[Rendered]) -> Applied:
        applied = Applied(batch=self.batch)
        each = iter(batch)
        while chunk := list(islice(each, CHUNK)):
            done = self._write(chunk)
            applied = Applied(
                applied.new + done.new, applied.changed + done.changed, applied.refused + done.refused, self.batch
            )
        self._link()
        self._redirect()
        self.connection.execute(update(counter).where(counter.c.name == "article").values(value=self.next_number))
        return applied

    def _write(self, chunk: Sequence[Rendered]) -> Applied:
        new: dict[Key, Rendered] = {}
        changed: dict[Key, Rendered] = {}
        refused = []
        for rendered in chunk:
            key = self.run.key(rendered.draft)
            if not self._number(rendered):
                refused.append(rendered.draft.id)
            elif key in self.ids:
                changed[key] = rendered
            else:
                new[key] = rendered
        # Changed ones first: a number that one gives up may be a new one's.
        self._update(list(changed.values()))
        self._insert(list(new.values()))
        written = {**new, **changed}
        if written:
            self._write_parts(list(written.values()))
            note(self.connection, [self.ids[key] for key in written])
        return Applied(len(new), len(changed), tuple(refused))

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

    def _insert(self, new: Sequence[Rendered]) -> None:
        if not new:
            return
        began = {"created_at": self.run.started_at, "text_at": self.run.started_at}
        values = [{**self._values(each), **began} for each in new]
        statement = insert(article).returning(article.c.id, sort_by_parameter_order=True)
        for each, id_ in zip(new, self.connection.scalars(statement, values), strict=True):
            self.ids[self.run.key(each.draft)] = id_
        versions.keep_absent(self.connection, self.batch, [self._id(each) for each in new])

    def _id(self, rendered: Rendered) -> int:
        return self.ids[self.run.key(rendered.draft)]

    def _update(self, changed: Sequence[Rendered]) -> None:
        if not changed:
            return
        ids = [self._id(each) for each in changed]
        versions.keep(self.connection, self.batch, ids)
        for table in (article_section, attachment):
            self.connection.execute(delete(table).where(table.c.article_id.in_(ids)))
        values = [{**self._values(each), "id_": id_} for each, id_ in zip(changed, ids, strict=True)]
        for each in values:
            each["text_"] = each["text_digest"]
        now = literal(self.run.started_at, article.c.text_at.type)
        text_at = case((article.c.text_digest != bindparam("text_"), now), else_=article.c.text_at)
        self.connection.execute(update(article).where(article.c.id == bindparam("id_")).values(text_at=text_at), values)

    def _values(self, rendered: Rendered) -> dict[str, Any]:
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
            "updated": rendered.updated,
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
            "changed_at": self.run.started_at,
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

    def _write_parts(self, written: Sequence[Rendered]) -> None:
        self.former.update((number, self._id(each)) for each in written for number in each.draft.former_numbers)
        sections = [row for each in written for row in self._section_values(each)]
        if sections:
            self.connection.execute(insert(article_section), sections)
        if files := [row for each in written for row in self._file_values(each)]:
            self.connection.execute(insert(attachment), files)

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
        key = article_section.c
        for article_id, ordinal, source in self.linking:
            this = (key.article_id == article_id, key.ordinal == ordinal)
            html = self.connection.scalar(select(key.html).where(*this)) or ""
            linked = LINK.sub(partial(self._attribute, source), html)
            self.connection.execute(update(article_section).where(*this).values(html=linked))
        for key_ in sorted(self.waiting):
            source, mine = key_[0], article.c.id == self.ids[key_]
            links = self.connection.scalar(select(article.c.links).where(mine)) or {}
            found = {name: address for name, given in links.items() if (address := self._address(source, given))}
            self.connection.execute(update(article).where(mine).values(links=found))

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

    def _redirect(self) -> None:
        """A number that an article gave up, or had elsewhere, leads to it from now on: one of another source never."""
        former = {number: id_ for number, id_ in self.former.items() if self._owner(number) is not None}
        redirects.add(self.connection, self.batch, {**former, **self.renamed})


def text_digest(draft: Draft) -> str:
    """Of what translators translate: equal means that a translation is as good as before."""
    text = "\0".join((draft.title, *(section.markdown for section in draft.sections)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
