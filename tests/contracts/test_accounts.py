"""Accounts, sessions, tokens and contracts, on every database the store runs on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.accounts import WINDOW, AccountError, Accounts, NewAccount
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store
from tests.contracts.stores import OPENERS, PRODUCTS

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PASSWORD = "correct horse battery"


@pytest.fixture(params=sorted(OPENERS), scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path_factory.mktemp("accounts")) as opened:
        opened.save_products(PRODUCTS.values())
        yield opened


@pytest.fixture
def accounts(store: Store, tmp_path: Path) -> Iterator[Accounts]:
    config = Config(home=tmp_path, sign_in_attempts=3)
    yield Accounts(store, config, matrices())
    with store.writing() as connection:
        for table in (
            "sign_in_attempt", "session", "api_token", "account", "contract_line", "contract", "customer"
        ):  # fmt: skip
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (names of ours)


def customer(email: str = "li@example.com", name: str = "Li") -> NewAccount:
    return NewAccount(email, name, "customer", PASSWORD, customer="Example Ltd")


def test_the_right_password_opens_a_session_until_it_is_closed(accounts: Accounts) -> None:
    accounts.add(customer())
    token = accounts.sign_in(" LI@Example.com ", PASSWORD, "192.0.2.1", datetime.now(UTC)).token
    assert token
    account = accounts.session(token)
    assert account and account.email == "li@example.com"
    accounts.sign_out(token)
    assert accounts.session(token) is None
    assert accounts.session("another") is None


def test_a_session_ends_by_itself(accounts: Accounts) -> None:
    accounts.add(customer())
    long_ago = datetime.now(UTC) - timedelta(days=400)
    token = accounts.sign_in("li@example.com", PASSWORD, "192.0.2.1", long_ago).token
    assert token and accounts.session(token) is None


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("li@example.com", "wrong password"),
        ("no@example.com", PASSWORD),
        ("", ""),
        ("\ud800", "\ud800"),
        ("\x00@x.y", "\x00"),
    ],
)
def test_wrong_is_told_alike(accounts: Accounts, email: str, password: str) -> None:
    accounts.add(customer())
    answer = accounts.sign_in(email, password, "192.0.2.1", NOW)
    assert (answer.token, answer.retry_at) == (None, None)


def test_after_too_many_failures_one_waits_even_with_the_right_password(accounts: Accounts) -> None:
    accounts.add(customer())
    for _ in range(3):
        assert accounts.sign_in("li@example.com", "wrong password", "192.0.2.1", NOW).retry_at is None
    held = accounts.sign_in("li@example.com", PASSWORD, "192.0.2.2", NOW)
    assert held.token is None and held.retry_at == NOW + WINDOW
    assert accounts.sign_in("li@example.com", PASSWORD, "192.0.2.2", NOW + WINDOW + timedelta(seconds=1)).token


def test_many_tries_at_once_count_as_many(accounts: Accounts) -> None:
    accounts.add(customer())
    answers: list[bool] = []

    def attempt() -> None:
        answers.append(accounts.sign_in("li@example.com", "wrong password", "192.0.2.1", NOW).retry_at is None)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answers) <= 3


def test_an_account_that_is_disabled_is_out_at_once(accounts: Accounts) -> None:
    accounts.add(customer())
    token = accounts.sign_in("li@example.com", PASSWORD, "192.0.2.1", datetime.now(UTC)).token
    bearer = accounts.add_token("li@example.com", "script")
    assert token and accounts.bearer(bearer, TODAY)
    accounts.set_active("li@example.com", False)
    assert accounts.session(token) is None and accounts.bearer(bearer, TODAY) is None
    assert accounts.sign_in("li@example.com", PASSWORD, "192.0.2.1", NOW).token is None


def test_a_new_password_ends_what_the_old_one_opened(accounts: Accounts) -> None:
    accounts.add(customer())
    token = accounts.sign_in("li@example.com", PASSWORD, "192.0.2.1", datetime.now(UTC)).token
    accounts.set_password("li@example.com", "another password")
    assert token and accounts.session(token) is None
    assert accounts.sign_in("li@example.com", PASSWORD, "192.0.2.1", NOW).token is None
    assert accounts.sign_in("li@example.com", "another password", "192.0.2.1", NOW).token


def test_tokens_are_shown_once_and_revoked_by_name(accounts: Accounts, store: Store) -> None:
    accounts.add(customer())
    token = accounts.add_token("li@example.com", "script", days=1)
    account = accounts.bearer(token, TODAY)
    assert account and account.email == "li@example.com"
    with store.reading() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM api_token")).all())
    with pytest.raises(AccountError, match="already"):
        accounts.add_token("li@example.com", "script")
    accounts.revoke_token("li@example.com", "script")
    assert accounts.bearer(token, TODAY) is None
    with pytest.raises(AccountError, match="no token"):
        accounts.revoke_token("li@example.com", "script")
    ended = accounts.add_token("li@example.com", "ended", days=-1)
    assert accounts.bearer(ended, TODAY) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (NewAccount("li", "Li", "customer", PASSWORD, "X"), "not an e-mail"),
        (NewAccount("l i@x.y", "Li", "customer", PASSWORD, "X"), "not an e-mail"),
        (NewAccount("li@x.y", " ", "customer", PASSWORD, "X"), "name"),
        (NewAccount("li@x.y", "Li", "boss", PASSWORD), "unknown role 'boss'; known are"),
        (NewAccount("li@x.y", "Li", "customer", PASSWORD), "--customer"),
        (NewAccount("li@x.y", "Li", "engineer", PASSWORD, "X"), "--customer is for customers"),
        (NewAccount("li@x.y", "Li", "engineer", "short"), "12 to 1000 characters"),
        (NewAccount("li@x.y", "Li", "engineer", PASSWORD, lang="fr"), "unknown language 'fr'"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_the_reason(accounts: Accounts, given: NewAccount, says: str) -> None:
    with pytest.raises(AccountError, match=says):
        accounts.add(given)
    assert accounts.all() == []


def test_an_e_mail_has_one_account(accounts: Accounts) -> None:
    accounts.add(customer())
    with pytest.raises(AccountError, match="already"):
        accounts.add(customer("LI@example.com"))


def line(product: str = "windchill", package: str = "gold", **others: object) -> ContractLine:
    return ContractLine(product, package, date(2026, 1, 1), **{"ends": date(2026, 12, 31), **others})  # type: ignore[arg-type]


def test_rights_follow_the_contract_from_its_first_day_to_its_last(accounts: Accounts) -> None:
    accounts.add(customer())
    accounts.add_line("C-1", "Example Ltd", line())
    accounts.add_line("C-1", None, line("creo", "silver"))
    for day, expected in (
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ):
        grants = accounts.viewer_of("li@example.com", day).scope.grants
        assert ("windchill:gold" in grants) is expected, day
        assert ("creo:silver" in grants) is expected, day
        assert "public" in grants and "creo:gold" not in grants and "staff" not in grants


def test_an_add_on_has_an_end_of_its_own(accounts: Accounts) -> None:
    accounts.add(customer())
    accounts.add_line("C-1", "Example Ltd", line(add_ons={"extended_support": date(2026, 6, 30)}))
    assert "windchill:extended_support" in accounts.viewer_of("li@example.com", date(2026, 6, 30)).scope.grants
    assert "windchill:extended_support" not in accounts.viewer_of("li@example.com", date(2026, 7, 1)).scope.grants


def test_a_contract_that_is_ended_ends_rights_at_once(accounts: Accounts) -> None:
    accounts.add(customer())
    accounts.add_line("C-1", "Example Ltd", line())
    assert accounts.end_contract("C-1", TODAY - timedelta(days=1)) == 1
    assert accounts.viewer_of("li@example.com", TODAY).scope.grants == {"public"}
    with pytest.raises(AccountError, match="no contract C-2"):
        accounts.end_contract("C-2", TODAY)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (line("nothing"), "unknown product 'nothing'; known are creo, windchill"),
        (line(package="bronze"), "unknown package 'bronze'; known are silver, gold, gold_plus"),
        (line(add_ons={"tea": None}), "unknown add-on 'tea'"),
        (line(ends=date(2025, 1, 1)), "before it starts"),
        (line(add_ons={"extended_support": date(2025, 1, 1)}), "before the line starts"),
    ],
)
def test_a_line_that_cannot_be_is_refused(accounts: Accounts, given: ContractLine, says: str) -> None:
    with pytest.raises(AccountError, match=says):
        accounts.add_line("C-1", "Example Ltd", given)
    assert accounts.contracts() == []


def test_a_contract_is_one_customers(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="--customer"):
        accounts.add_line("C-1", None, line())
    accounts.add_line("C-1", "Example Ltd", line())
    with pytest.raises(AccountError, match="Example Ltd's"):
        accounts.add_line("C-1", "Another", line())


def test_staff_hold_every_grant_spelled_out(accounts: Accounts) -> None:
    accounts.add(NewAccount("en@example.com", "En", "engineer", PASSWORD))
    grants = accounts.viewer_of("en@example.com", TODAY).scope.grants
    assert {"public", "staff", "windchill:gold_plus", "creo:performance_advisor_advanced"} <= grants
