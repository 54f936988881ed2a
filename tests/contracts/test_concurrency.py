"""Many at the same store at once, on every database: nothing lost, nothing twice, nobody made to wait for long."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import ProgrammingError

from indexer.sync import drain
from kb.articles import Draft
from kb.entitlements import EVERYONE, Scope
from kb.question import Query
from kb.search import Busy, Document, Hits, IndexStatus, Suggestion, Writer
from kb.store import Store, Vote, database, jobs, migrating
from kb.store.tables import account
from tests.contracts.stores import apply, draft
from tests.servers import postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kb.sqlite3'}"
        return
    with postgres_url() as found:
        yield found


@contextmanager
def stores(url: str, count: int) -> Iterator[list[Store]]:
    """Each with connections of its own, as each process has."""
    Store.create(url).close()
    opened = [Store.open(url) for _ in range(count)]
    try:
        yield opened
    finally:
        for each in opened:
            each.close()


def at_once(*doing: Callable[[], object]) -> list[object]:
    """All begin together; the first error is raised."""
    gate = threading.Barrier(len(doing))

    def begin(one: Callable[[], object]) -> object:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(doing)) as pool:
        return [done.result() for done in [pool.submit(begin, one) for one in doing]]


class SharedIndex:
    """What a server keeps that takes changes from anyone at any time: titles, and where two were at one article."""

    name = "shared"

    def __init__(self) -> None:
        self.titles: dict[int, str] = {}
        self._writing: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.clashes: list[int] = []

    @contextmanager
    def writer(self, *, rebuild: bool = False, mark: int | None = None) -> Iterator[Writer]:
        assert not rebuild
        pending: dict[int, Sequence[Document]] = {}

        class Pending:
            def replace(self, article: int, documents: Sequence[Document]) -> None:
                pending[article] = documents

        yield Pending()
        self._commit(pending)

    def _commit(self, pending: dict[int, Sequence[Document]]) -> None:
        with self._lock:
            self.clashes += [article for article in pending if self._writing[article]]
            self._writing.update(pending.keys())
        time.sleep(0.01)
        with self._lock:
            self._writing.subtract(pending.keys())
            self.titles |= {article: documents[0].title for article, documents in pending.items() if documents}

    def tidy(self) -> None:
        pass

    def status(self) -> IndexStatus:
        return IndexStatus("shared", "1", 1, "same", "same", 0)

    def search(self, query: Query, scope: Scope) -> Hits:
        raise NotImplementedError

    def suggest(
        self,
        prefix: str,
        scope: Scope,
        limit: int = 8,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        raise NotImplementedError

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> None:
        raise NotImplementedError

    def contents(self) -> dict[int, dict[str, str]]:
        raise NotImplementedError

    def close(self) -> None: ...


def test_several_drain_the_notes_and_the_last_state_of_each_article_stands(url: str) -> None:
    with stores(url, 4) as (author, *syncing):
        apply(author, *(draft(f"a{n}") for n in range(30)))
        index, over = SharedIndex(), threading.Event()

        def follow(store: Store) -> None:
            while not (over.is_set() and store.waiting() == 0):
                try:
                    drain(store, index)
                except Busy:
                    time.sleep(0.005)

        def edit() -> None:
            for round_ in range(6):
                apply(author, *(draft(f"a{n}", title=f"round {round_}") for n in range(30)))
            over.set()

        at_once(edit, *(lambda store=store: follow(store) for store in syncing))
        assert index.clashes == [], "an article was in two hands at once"
        assert set(index.titles.values()) == {"round 5"} and len(index.titles) == 30


def test_what_one_has_claimed_is_left_to_him_and_comes_back_when_he_fails(url: str) -> None:
    with stores(url, 2) as (one, other):
        apply(one, draft("a"), draft("b"))
        with pytest.raises(RuntimeError), one.claimed(10) as mine:
            assert len(mine) == 2
            if url.startswith("sqlite"):
                with pytest.raises(Busy), other.claimed(10):
                    pass
            else:
                with other.claimed(10) as rest:
                    assert rest == []
            raise RuntimeError("the index is away")
        with other.claimed(10) as again:
            assert len(again) == 2
        assert one.waiting() == 0


def test_nobody_claims_while_one_rebuilds(url: str) -> None:
    with stores(url, 2) as (one, other):
        apply(one, draft("a"))
        with one.alone() as check:
            check()
            with pytest.raises(Busy), other.claimed(10):
                pass
            with pytest.raises(Busy), other.alone():
                pass
        with other.claimed(10) as notes:
            assert len(notes) == 1


def test_a_rebuild_lets_those_who_drain_finish(url: str) -> None:
    with stores(url, 3) as (one, other, third):
        apply(one, draft("a"))
        claimed, over = threading.Event(), threading.Event()

        def drain_slowly() -> None:
            with one.claimed(10):
                claimed.set()
                over.wait(10)

        def rebuild() -> None:
            claimed.wait(10)
            with pytest.raises(Busy), other.alone(0.2):
                pass
            threading.Timer(0.3, over.set).start()
            with other.alone(10), pytest.raises(Busy), third.claimed(10):
                pass

        at_once(drain_slowly, rebuild)
        assert one.waiting() == 0


def test_readers_who_vote_and_ask_in_vain_at_once_are_all_counted(url: str) -> None:
    with stores(url, 4) as opened:
        apply(opened[0], draft("a"))
        article = opened[0].article_ids()[0]

        def tell(store: Store, reader: int) -> None:
            for n in range(10):
                store.vote(Vote(article, f"{reader}.{n}", True))
                store.search_gap("no such thing", "en", EVERYONE)

        at_once(*(lambda store=store, at=at: tell(store, at) for at, store in enumerate(opened)))
        source = opened[0].articles_for_index()[0]
        assert (source.helped, opened[0].gaps()[0].count) == (40, 40)


def test_imports_written_at_once_keep_numbers_unique_and_lose_no_article(url: str) -> None:
    with stores(url, 4) as opened:
        at_once(
            *(
                lambda store=store, at=at: [apply(store, _of(f"source{at}", n), source=f"source{at}") for n in range(3)]
                for at, store in enumerate(opened)
            )
        )
        numbers = [number for at in range(4) for number, _ in opened[0].digests(f"source{at}").values()]
        assert len(numbers) == len(set(numbers)) == 12


def _of(source: str, n: int) -> Draft:
    return replace(draft(f"{source}-{n}"), source=source)


def test_each_import_that_waits_is_taken_by_one_worker(url: str) -> None:
    with stores(url, 3) as opened:
        now = datetime.now(UTC)
        with opened[0].writing() as connection:
            values = {"email": "a@example.com", "name": "A", "role": "author", "password_hash": "", "created_at": now}
            connection.execute(insert(account).values({**values, "active": True, "demo": False}))
            for n in range(12):
                jobs.add(connection, jobs.NewJob(1, "s", f"{n}.csv", 1), [b"x"], now)

        def work(store: Store, worker: str) -> list[int]:
            taken = []
            for _ in range(12):
                with store.writing() as connection:
                    if job := jobs.claim(connection, worker, now, now - timedelta(minutes=1)):
                        taken.append(job.id)
            return taken

        taken = at_once(*(lambda store=store, at=at: work(store, str(at)) for at, store in enumerate(opened)))
        flat = [job for each in taken for job in each]  # type: ignore[attr-defined]
        assert sorted(flat) == list(range(1, 13)), "each once, none left"


def test_readers_read_on_while_the_schema_is_brought_to_the_newest() -> None:
    """One of them for long, in the way of a step: the step must not make the others queue behind it."""
    with postgres_url() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        _at_revision(url, "0002")
        over, waits = threading.Event(), [0.0]

        def read() -> None:
            with engine.connect() as connection, suppress(ProgrammingError):  # a step of these drops the table
                while not over.is_set():
                    began = time.monotonic()
                    connection.execute(text("SELECT count(*) FROM article, import_run"))
                    waits.append(time.monotonic() - began)
                    time.sleep(0.005)

        def read_for_long() -> None:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                connection.execute(text("SELECT count(*) FROM article, import_run"))
                time.sleep(2.5)

        def upgrade() -> None:
            time.sleep(0.2)
            Store.create(url).close()
            over.set()

        at_once(read, read_for_long, upgrade)
        engine.dispose()
        assert len(waits) > 50 and max(waits) < 1.2, f"a reader waited {max(waits):.1f} s"


def test_an_index_over_cases_is_made_while_others_write_them() -> None:
    """And one that was given up half-way is made anew."""
    with postgres_url() as url:
        _at_revision(url, "0016")
        engine, over, waits = create_engine(url, isolation_level="AUTOCOMMIT"), threading.Event(), [0.0]
        with engine.connect() as connection:
            connection.execute(text("CREATE INDEX ix_support_case_watch_at ON support_case (id)"))
            half_made = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_support_case_watch_at'::regclass"
            connection.execute(text(half_made))

        def write() -> None:
            with engine.connect() as connection:
                while not over.is_set():
                    began = time.monotonic()
                    connection.execute(text("UPDATE support_case SET watch_at = now()"))
                    waits.append(time.monotonic() - began)
                    time.sleep(0.005)

        def write_for_long() -> None:
            with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
                connection.execute(text("UPDATE support_case SET watch_at = now()"))
                time.sleep(1.5)

        def upgrade() -> None:
            time.sleep(0.2)
            Store.create(url).close()
            over.set()

        at_once(write, write_for_long, upgrade)
        with engine.connect() as connection:
            asked = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_support_case_watch_at'"
            made = connection.scalar(text(asked))
        engine.dispose()
        assert made and "(watch_at)" in made
        assert len(waits) > 50 and max(waits) < 1.2, f"a writer waited {max(waits):.1f} s"


def _at_revision(url: str, revision: str) -> None:
    engine = database.connect(url)
    with database.writing(engine) as connection:
        migrating.upgrade(connection, revision)
    engine.dispose()


def test_of_two_servers_in_the_url_the_one_that_takes_writes_is_used() -> None:
    with postgres_url() as url:
        at, _, folder = url.partition("?host=")
        both = f"{at}?host=127.0.0.1:1&host={folder}:5432&target_session_attrs=read-write"
        with Store.create(both) as store:
            apply(store, draft("a"))
            assert len(store.article_ids()) == 1
