"""A database that refuses: the reason is told in a sentence, with what to do, and without a statement or a password."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kb.config import Config
from kb.store import Store, StoreError
from tests.command import KB, free_port, surroundings
from tests.contracts.stores import add_people
from tests.servers import postgres_url
from web import close, create_app

STANDBY = "target_session_attrs=read-write"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_url() as found:
        with Store.create(found) as store:
            add_people(store, Config())
        yield found


@pytest.fixture
def read_only(url: str) -> str:
    return url + "&options=-c%20default_transaction_read_only%3Don"


def kb(home: Path, url: str, *words: str) -> tuple[int, str]:
    found = subprocess.run(
        [*KB, *words], env=surroundings(home) | {"KB_STORE_URL": url}, capture_output=True, text=True
    )
    assert "SELECT" not in found.stderr and "sqlalche.me" not in found.stderr and "Traceback" not in found.stderr
    return found.returncode, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("state", "says"),
    [("25006", STANDBY), ("53100", "the disk of the database is full"), ("42501", "belong to the account")],
)
def test_what_is_no_fault_of_ours_is_told_without_the_statement(url: str, state: str, says: str) -> None:
    refusing = text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}', DETAIL = 'secret'; END $$")
    with Store.open(url) as store:
        with pytest.raises(StoreError, match=says) as caught, store.writing() as connection:
            connection.execute(refusing)
        assert "RAISE" not in str(caught.value) and "secret" not in str(caught.value)


def test_a_fault_of_ours_stays_one(url: str) -> None:
    with Store.open(url) as store, pytest.raises(DBAPIError), store.writing() as connection:
        connection.execute(text("SELECT nothing"))


def test_at_a_standby_it_is_read_and_who_signs_in_is_told_to_come_back(read_only: str, tmp_path: Path) -> None:
    app = create_app(Config(home=tmp_path, store_url=read_only))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.get("/").status_code == 200
    answer = client.post("/sign-in", data={"email": "eng@a.example", "password": "correct horse battery"})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    close(app)


@pytest.mark.slow
def test_at_a_standby_an_import_says_what_to_set(read_only: str, tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("---\ntitle: A\nlang: en\nproduct: creo\ngrants: [public]\n---\n\nText\n")
    code, said = kb(tmp_path / "home", read_only, "import", str(page))
    assert code == 1 and STANDBY in said and said.count("\n") <= 2


@pytest.mark.slow
def test_a_server_that_is_not_there_is_named_with_its_setting_and_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    for command in ("init", "sync", "status"):
        code, said = kb(tmp_path, f"postgresql://kb:pa55@127.0.0.1:{port}/kb", command)
        assert code == 1 and f"of KB_STORE_URL, database kb at 127.0.0.1:{port}, cannot be opened" in said
        assert "pa55" not in said and said.count("\n") == 1


@pytest.mark.slow
def test_the_store_that_is_ready_is_named(url: str, tmp_path: Path) -> None:
    database = url.partition("?")[0].rpartition("/")[2]
    code, said = kb(tmp_path, url, "init")
    assert code == 0 and said.startswith(f"The store is ready: database {database} at /")
    assert (
        kb(tmp_path, f"sqlite:///{tmp_path}/kb.sqlite3", "init")[1] == f"The store is ready: {tmp_path}/kb.sqlite3.\n"
    )


@pytest.mark.parametrize("url", ["postgresql+psycopg://kb:pa55@host:54a2/kb", "pa55", "postgresql+pa55://host"])
def test_an_address_that_is_none_is_not_shown(url: str) -> None:
    with pytest.raises(StoreError, match="KB_STORE_URL") as caught, closing(Store.open(url)):
        pass
    assert "pa55" not in str(caught.value)
