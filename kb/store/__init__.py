"""The store: the truth about articles, customers and what readers said. SQLite, or PostgreSQL by URL.

Articles leave it in two ways only: under a scope (`read`, `readable`, `browse`, …), checked again for every article and
section, or whole to the index (`articles_for_index`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from types import TracebackType
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from kb.articles import Attachment
from kb.entitlements import EVERYONE, Scope
from kb.question import Needed, Query
from kb.store import (
    batches,
    checksum,
    claiming,
    database,
    feedback,
    file_texts,
    finding,
    idempotency,
    indexing,
    mappings,
    originals,
    reading,
    redirects,
    staging,
    writing,
)
from kb.store.articles import (
    Applied,
    ArticleRow,
    AttachmentRow,
    Batch,
    ChangeNote,
    FileText,
    ImportRun,
    IndexSource,
    Product,
    Readable,
)
from kb.store.database import StoreError
from kb.store.feedback import Gap, Vote
from kb.store.file_texts import FileProblem, ReadOut, UnreadFile
from kb.store.originals import Original
from kb.store.writing import Articles

__all__ = ["Gap", "Store", "StoreError", "Vote"]

T = TypeVar("T")


class Store:
    """One database. Safe to share between threads, not across a fork. Any use may raise StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """A store whose schema is the newest; StoreError says what to do when it is not."""
        engine = database.connect(url)
        try:
            database.check_schema(engine)
        except StoreError:
            engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def create(cls, url: str) -> Store:
        """Makes the schema, or brings it to the newest, and opens the store. Does no harm when done twice."""
        engine = database.connect(url)
        try:
            database.upgrade(engine)
        except StoreError:
            engine.dispose()
            raise
        return cls(engine)

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return database.place(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sweep(self, before: float) -> None:
        """Removes from beside the store what processes left that were killed before this time."""
        staging.sweep(self._engine, before)

    def check(self) -> None:
        """StoreError when it cannot be asked now: a server that is away is not waited for here."""
        with database.at_once():
            self.browse(EVERYONE, 1)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection whose statements all see the same state."""
        return _as_store_errors(database.reading(self._engine))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: commits on a clean exit, changes nothing on an error."""
        with _as_store_errors(database.writing(self._engine)) as connection:
            yield connection
            idempotency.mark(connection)

    # Under a scope

    def checked(
        self, ids: Sequence[int], scope: Scope, engine: str
    ) -> tuple[dict[int, Readable], frozenset[int] | None]:
        """Of these articles those the scope may read, and what of others the index must not count for it.

        The latter are articles that the scope may not read, or not all of, and that are gone, have expired or have
        other readers than the index of this engine, which has yet to learn of it, may have them for. None: it cannot
        be told, as they are more than MOST_HIDDEN, or that index has missed changes.
        """
        if not scope:
            return {}, frozenset()
        with self.reading() as connection:
            return reading.readable(connection, sorted(set(ids)), scope), indexing.hidden(connection, scope, engine)

    def checked_rows(
        self, ids: Sequence[int], scope: Scope, engine: str
    ) -> tuple[dict[int, ArticleRow], frozenset[int] | None]:
        """The same without their text."""
        if not scope:
            return {}, frozenset()
        with self.reading() as connection:
            return reading.readable_rows(connection, sorted(set(ids)), scope), indexing.hidden(
                connection, scope, engine
            )

    def readable(self, ids: Sequence[int], scope: Scope) -> dict[int, Readable]:
        """Of these articles those the scope may read, without their HTML."""
        if not scope or not ids:
            return {}
        with self.reading() as connection:
            return reading.readable(connection, sorted(set(ids)), scope)

    def readable_rows(self, ids: Sequence[int], scope: Scope) -> dict[int, ArticleRow]:
        """The same without their text."""
        if not scope or not ids:
            return {}
        with self.reading() as connection:
            return reading.readable_rows(connection, sorted(set(ids)), scope)

    def read(self, number: str, scope: Scope) -> Readable | None:
        """An article with its HTML and translations. Not there and not yours: None, after the same work."""
        if not scope:
            return None
        with self.reading() as connection:
            return reading.read(connection, number, scope)

    def redirect(self, number: str, scope: Scope) -> str | None:
        """The number of the readable article that a number leads to which another article, or none, has by now."""
        if not scope:
            return None
        with self.reading() as connection:
            return redirects.target(connection, number, scope)

    def attachment(self, number: str, name: str, scope: Scope) -> Attachment | None:
        """A file of an article with its content."""
        if not scope:
            return None
        with self.reading() as connection:
            return reading.attachment_of(connection, number, name, scope)

    def attachments(self, article_id: int, scope: Scope) -> list[AttachmentRow]:
        """The files of an article that the scope may have."""
        if not scope:
            return []
        with self.reading() as connection:
            return reading.attachments_of(connection, article_id, scope)

    def file_texts(self, ids: Sequence[int], scope: Scope) -> dict[int, list[FileText]]:
        """What those files of these articles say that the scope may have."""
        if not scope or not ids:
            return {}
        with self.reading() as connection:
            return file_texts.readable(connection, sorted(set(ids)), scope)

    def browse(self, scope: Scope, limit: int, product: str = "", lang: str = "") -> list[ArticleRow]:
        """The articles last updated, newest first, of one product and language if they are named."""
        if not scope:
            return []
        with self.reading() as connection:
            return reading.newest(connection, scope, limit, product, lang)

    def listed(self, scope: Scope, beyond: int, limit: int) -> list[ArticleRow]:
        """So many articles beyond so many, oldest first."""
        if not scope:
            return []
        with self.reading() as connection:
            return reading.listed(connection, scope, beyond, limit)

    def find(
        self, words: Sequence[Sequence[str]], query: Query, scope: Scope, needed: Sequence[Needed] = ()
    ) -> list[int]:
        """Articles by number, title and text, without an engine; see kb.store.finding."""
        if not scope:
            return []
        with self.reading() as connection:
            return finding.find(connection, words, query, scope, needed)

    def counts_by_product(self, scope: Scope) -> dict[str, int]:
        """How many articles of each product the scope may read; products without any are left out."""
        if not scope:
            return {}
        with self.reading() as connection:
            return reading.counts_by_product(connection, scope)

    # For the index

    def articles_for_index(
        self, ids: Sequence[int] | None = None, after: int = 0, limit: int = 500
    ) -> list[IndexSource]:
        """Articles in the order of their ids, those named or all, from beyond the id `after`."""
        with self.reading() as connection:
            return indexing.articles_for_index(connection, ids, after, limit)

    def unread_files(self, ids: Sequence[int] | None = None) -> list[UnreadFile]:
        """Files of these articles, or of all, whose text the index needs and nobody has read out yet."""
        with self.reading() as connection:
            return file_texts.unread(connection, ids)

    def file_content(self, file: UnreadFile) -> bytes:
        """b"" when it is gone by now."""
        with self.reading() as connection:
            return file_texts.content(connection, file)

    def keep_file_texts(self, given: Sequence[ReadOut]) -> None:
        with self.writing() as connection:
            file_texts.keep(connection, given)

    def file_text_problems(self, digests: Sequence[str]) -> dict[str, str]:
        """For who brings files. Of these those that were read out: digest → why not all of it, "" when it is all."""
        with self.reading() as connection:
            return file_texts.problems(connection, digests)

    def file_problems(self, article_id: int) -> dict[str, FileProblem]:
        """Of the files of an article those that search does not know, or not whole: name → why. For colleagues."""
        with self.reading() as connection:
            return file_texts.problems_of(connection, article_id)

    def forget_file_texts(self) -> None:
        """Of files that are gone."""
        with self.writing() as connection:
            file_texts.forget_gone(connection)

    def article_ids(self) -> list[int]:
        with self.reading() as connection:
            return indexing.article_ids(connection)

    def notes(self, limit: int) -> list[ChangeNote]:
        """The oldest changes the index has yet to learn."""
        with self.reading() as connection:
            return indexing.notes(connection, limit)

    def waiting(self) -> int:
        """How many changes the index has yet to learn."""
        with self.reading() as connection:
            return indexing.waiting(connection)

    def claimed(self, limit: int) -> AbstractContextManager[list[ChangeNote]]:
        """The oldest notes that no other process has: crossed off on a clean exit, left on an error.

        No article is in two hands at a time. Busy while another process has them all.
        """
        return _as_store_errors(claiming.claimed(self._engine, limit))

    def alone(self, patience: float = 0) -> AbstractContextManager[Callable[[], None]]:
        """Nobody claims notes meanwhile; gives a check, StoreError, that this still holds. Busy when somebody still
        does after so many seconds."""
        return _as_store_errors(claiming.alone(self._engine, patience))

    def done(self, note_ids: Sequence[int]) -> None:
        """Crosses notes off."""
        with self.writing() as connection:
            indexing.done(connection, note_ids)

    def has_missed(self, engine: str) -> bool:
        """Whether the index of another engine learnt of changes that this one, as far as is known, did not."""
        with self.reading() as connection:
            return indexing.has_missed(connection, engine)

    def take_notes(self, engine: str, missed: bool = False) -> bool:
        """From now on notes are for the index of this engine. Whether it has `missed`, or `has_missed`, any before:
        then it is to be compared with the store, until it is said to have `caught_up`."""
        with self.reading() as connection:
            if not missed and indexing.takes_notes(connection, engine):
                return False
        with self.writing() as connection:
            return indexing.take_notes(connection, engine, missed)

    def expect(self, now: int, then: int) -> None:
        """The index carries the mark `now`, 0: none, and after the batch that is being written `then`."""
        with self.writing() as connection:
            indexing.expect(connection, now, then)

    def expects(self, mark: int) -> bool:
        """Whether an index that carries this mark belongs to the store as it is: where not, one of them was put back
        from another time."""
        with self.reading() as connection:
            return indexing.expects(connection, mark)

    def caught_up(self, engine: str) -> None:
        """The index of an engine holds what the store says. Nothing, where another has taken the notes since."""
        with self.writing() as connection:
            indexing.caught_up(connection, engine)

    def note_all(self) -> None:
        """Notes a change for every article."""
        with self.writing() as connection:
            indexing.note_all(connection)

    # Imports

    def products(self) -> dict[str, Product]:
        with self.reading() as connection:
            return writing.products(connection)

    def save_products(self, given: Iterable[Product]) -> None:
        """New products are added; those there are get these names and words."""
        with self.writing() as connection:
            writing.save_products(connection, given)

    def digests(self, source: str) -> dict[str, tuple[str, str]]:
        """What the store has of a source: external id → (number, digest)."""
        with self.reading() as connection:
            return writing.digests(connection, source)

    def numbers_of_others(self, source: str, numbers: Iterable[str]) -> dict[str, str]:
        """Of these numbers those that articles of other sources have: number → the source that has it."""
        with self.reading() as connection:
            return writing.numbers_of_others(connection, source, numbers)

    def apply(self, batch: Articles, run: ImportRun) -> Applied:
        """Writes a whole import in one transaction, with a note for the index of each article. An error: nothing."""
        with _as_store_errors(nullcontext()):
            return writing.apply_beside(self._engine, batch, run)

    def basis(self, source: str | None) -> str:
        """Differs whenever articles of the source, or of any, were written or put back."""
        with self.reading() as connection:
            return batches.basis(connection, source)

    def originals(self, source: str, external_ids: Sequence[str]) -> dict[str, Original]:
        """Of these articles of a source those there are, as they were written."""
        with self.reading() as connection:
            return originals.of_source(connection, source, external_ids)

    def mapping(self, source: str) -> dict[str, str]:
        """Which column of the source's tables is which key of ours, as its last import had it."""
        with self.reading() as connection:
            return mappings.find(connection, source)

    def keep_mapping(self, source: str, keys: Mapping[str, str]) -> None:
        with self.writing() as connection:
            mappings.keep(connection, source, keys)

    def batches(self, limit: int = 50) -> list[Batch]:
        """What was written last, the newest first."""
        with self.reading() as connection:
            return batches.newest(connection, limit)

    def batch(self, batch_id: int) -> Batch | None:
        with self.reading() as connection:
            return batches.find(connection, batch_id)

    def roll_back(self, batch_id: int, account_id: int | None, at: datetime) -> Batch:
        """Puts articles, files, rights and products back as before the batch, or changes nothing: RollbackRefused."""
        with self.writing() as connection:
            return batches.roll_back(connection, batch_id, account_id, at)

    def checksum(self) -> str:
        """A hash over all that is written of products and articles, the same for the same content in another store."""
        with self.reading() as connection:
            return checksum.checksum(connection)

    def delete(self, numbers: Sequence[str]) -> int:
        """Removes articles for good and says how many there were."""
        with self.writing() as connection:
            return writing.delete_articles(connection, numbers)

    # What readers tell

    def vote(self, given: Vote) -> None:
        """One vote for each voter and article: a later one takes the place of the earlier."""
        with self.writing() as connection:
            feedback.save_vote(connection, given, datetime.now(UTC))

    def search_gap(self, query: str, lang: str, scope: Scope) -> None:
        """Counts a search that found nothing."""
        with self.writing() as connection:
            feedback.save_gap(connection, query, lang, scope, datetime.now(UTC))

    def gaps(self, limit: int = 100) -> list[Gap]:
        """Questions without an answer, the most asked first."""
        with self.reading() as connection:
            return feedback.gaps(connection, limit)


@contextmanager
def _as_store_errors(opened: AbstractContextManager[T]) -> Iterator[T]:
    """What the database itself refuses is a StoreError; a fault of ours (a constraint that does not hold) stays one."""
    try:
        with opened as given:
            yield given
    except DBAPIError as error:
        if database.cannot_be_used(error):
            raise StoreError(f"the store cannot be used now: {database.told(error)}") from error
        raise
