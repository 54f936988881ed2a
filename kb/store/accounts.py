"""Customers, their contracts and accounts, as rows; sessions, tokens and attempts to sign in by hash alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from kb.entitlements import ContractLine
from kb.store.case_tables import support_case
from kb.store.tables import account, api_token, contract, contract_line, customer, session, sign_in_attempt


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may sign in. `customer_id` is set for customers alone."""

    id: int
    email: str
    name: str
    role: str
    customer_id: int | None
    customer: str | None
    lang: str | None
    active: bool
    demo: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """A customer's contract, its lines by id."""

    number: str
    customer: str
    lines: Mapping[int, ContractLine]


@dataclass(frozen=True, slots=True)
class Token:
    """An API token by its name; the token itself is shown once, when it is made."""

    email: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be kept, by its hash. `expires_at` None: never."""

    token_hash: str
    account_id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose a token is, and what it may be used for."""

    account: Account
    token_id: int
    scopes: frozenset[str]


ACCOUNT = (
    account.c.id,
    account.c.email,
    account.c.name,
    account.c.role,
    account.c.customer_id,
    customer.c.name.label("customer"),
    account.c.lang,
    account.c.active,
    account.c.demo,
)
ACCOUNTS = account.outerjoin(customer, account.c.customer_id == customer.c.id)


def account_by_email(connection: Connection, email: str) -> tuple[Account, str] | None:
    """The account with the hash of its password."""
    row = connection.execute(
        select(*ACCOUNT, account.c.password_hash).select_from(ACCOUNTS).where(account.c.email == email)
    ).first()
    return (Account(*row[:-1]), row.password_hash) if row else None


def all_accounts(connection: Connection) -> list[Account]:
    rows = connection.execute(select(*ACCOUNT).select_from(ACCOUNTS).order_by(account.c.email))
    return [Account(*row) for row in rows]


def add_account(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(account).values(**values).returning(account.c.id)).scalar_one())


def change_account(connection: Connection, account_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def customer_id(connection: Connection, name: str) -> int | None:
    return connection.scalar(select(customer.c.id).where(customer.c.name == name))


def add_customer(connection: Connection, name: str, at: datetime) -> int:
    added = insert(customer).values(name=name, created_at=at).returning(customer.c.id)
    return int(connection.execute(added).scalar_one())


# Contracts


def contract_id(connection: Connection, number: str) -> int | None:
    return connection.scalar(select(contract.c.id).where(contract.c.number == number))


def contract_owner(connection: Connection, number: str) -> str | None:
    """The name of the customer who has this contract."""
    owned = contract.join(customer, contract.c.customer_id == customer.c.id)
    return connection.scalar(select(customer.c.name).select_from(owned).where(contract.c.number == number))


def add_contract(connection: Connection, number: str, owner: int, at: datetime) -> int:
    added = insert(contract).values(number=number, customer_id=owner, created_at=at).returning(contract.c.id)
    return int(connection.execute(added).scalar_one())


def add_line(connection: Connection, contract_id: int, line: ContractLine) -> int:
    add_ons = {right: ends.isoformat() if ends else None for right, ends in line.add_ons.items()}
    added = insert(contract_line).values(
        contract_id=contract_id,
        product=line.product,
        package=line.package,
        starts=line.starts,
        ends=line.ends,
        add_ons=add_ons,
    )
    return int(connection.execute(added.returning(contract_line.c.id)).scalar_one())


def end_contract(connection: Connection, contract_id: int, last_day: date) -> int:
    """Ends every line of a contract that would hold longer; says how many."""
    longer = (contract_line.c.contract_id == contract_id) & (
        contract_line.c.ends.is_(None) | (contract_line.c.ends > last_day)
    )
    return connection.execute(update(contract_line).where(longer).values(ends=last_day)).rowcount


def watch_cases_anew(connection: Connection, contract_id: int, now: datetime) -> None:
    """A customer's contract changes: so may what the clocks of his open cases go by."""
    whose = select(contract.c.customer_id).where(contract.c.id == contract_id).scalar_subquery()
    theirs = (support_case.c.customer_id == whose) & support_case.c.open & (support_case.c.watch_at > now)
    connection.execute(update(support_case).where(theirs).values(watch_at=now))


def contracts(connection: Connection) -> list[Contract]:
    """Every contract, by number."""
    tables = contract.join(customer, contract.c.customer_id == customer.c.id).outerjoin(
        contract_line, contract_line.c.contract_id == contract.c.id
    )
    statement = select(contract.c.number, customer.c.name, *_LINE).select_from(tables)
    lines: dict[tuple[str, str], dict[int, ContractLine]] = {}
    for row in connection.execute(statement.order_by(contract.c.number, contract_line.c.id)):
        of_contract = lines.setdefault((row.number, row.name), {})
        if row.line_id is not None:
            of_contract[row.line_id] = _line(row)
    return [Contract(number, name, found) for (number, name), found in lines.items()]


def lines_of(connection: Connection, customer_id: int) -> tuple[ContractLine, ...]:
    """All lines of a customer's contracts, ended ones too."""
    tables = contract_line.join(contract, contract_line.c.contract_id == contract.c.id)
    statement = select(*_LINE).select_from(tables).where(contract.c.customer_id == customer_id)
    return tuple(_line(row) for row in connection.execute(statement.order_by(contract_line.c.id)))


_LINE = (
    contract_line.c.id.label("line_id"),
    contract_line.c.product,
    contract_line.c.package,
    contract_line.c.starts,
    contract_line.c.ends,
    contract_line.c.add_ons,
)


def _line(row: Any) -> ContractLine:
    add_ons = {right: date.fromisoformat(ends) if ends else None for right, ends in row.add_ons.items()}
    return ContractLine(row.product, row.package, row.starts, row.ends, add_ons)


# Sessions and tokens


def account_by_session(connection: Connection, token_hash: str, at: datetime) -> Account | None:
    tables = ACCOUNTS.join(session, session.c.account_id == account.c.id)
    found = select(*ACCOUNT).select_from(tables).where(session.c.token_hash == token_hash, session.c.expires_at > at)
    row = connection.execute(found.where(account.c.active)).first()
    return Account(*row) if row else None


def add_session(connection: Connection, token_hash: str, account_id: int, at: datetime, until: datetime) -> None:
    connection.execute(delete(session).where(session.c.expires_at <= at))
    connection.execute(
        insert(session).values(token_hash=token_hash, account_id=account_id, created_at=at, expires_at=until)
    )


def remove_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(session).where(session.c.token_hash == token_hash))


def remove_sessions_of(connection: Connection, account_id: int) -> None:
    connection.execute(delete(session).where(session.c.account_id == account_id))


def by_token(connection: Connection, token_hash: str, at: datetime) -> Bearer | None:
    """Whose a token is that still holds."""
    tables = ACCOUNTS.join(api_token, api_token.c.account_id == account.c.id)
    valid = api_token.c.expires_at.is_(None) | (api_token.c.expires_at > at)
    this = api_token.c.token_hash == token_hash
    columns = (*ACCOUNT, api_token.c.id.label("token_id"), api_token.c.scopes)
    row = connection.execute(select(*columns).select_from(tables).where(this, valid, account.c.active)).first()
    return Bearer(Account(*row[:-2]), row.token_id, frozenset(row.scopes)) if row else None


def add_token(connection: Connection, new: NewToken) -> None:
    connection.execute(insert(api_token).values(**{each.name: getattr(new, each.name) for each in fields(new)}))


def tokens(connection: Connection, account_id: int | None = None) -> list[Token]:
    """Those of an account, or everyone's."""
    tables = api_token.join(account, api_token.c.account_id == account.c.id)
    columns = account.c.email, api_token.c.name, api_token.c.scopes, api_token.c.created_at, api_token.c.expires_at
    found = select(*columns).select_from(tables)
    if account_id is not None:
        found = found.where(account.c.id == account_id)
    rows = connection.execute(found.order_by(account.c.email, api_token.c.name))
    return [Token(row.email, row.name, tuple(row.scopes), row.created_at, row.expires_at) for row in rows]


def remove_token(connection: Connection, account_id: int, name: str) -> bool:
    where = api_token.c.account_id == account_id, api_token.c.name == name
    return connection.execute(delete(api_token).where(*where)).rowcount > 0


# Attempts to sign in


def lock_attempts(connection: Connection, keys: Sequence[str]) -> None:
    """Until the end of the transaction nobody else counts attempts of these keys: tries at once would each see none."""
    if connection.dialect.name == "postgresql":
        # SQLite has one writer at a time anyway.
        for key in sorted(keys):
            connection.execute(select(func.pg_advisory_xact_lock(int(key[:15], 16))))


def attempts(connection: Connection, key: str, since: datetime) -> tuple[int, datetime | None]:
    """How many there were since then, and when the first of them was."""
    found = select(func.count(), func.min(sign_in_attempt.c.at)).where(
        sign_in_attempt.c.key == key, sign_in_attempt.c.at > since
    )
    count, first = connection.execute(found).one()
    return count, first


def add_attempts(connection: Connection, keys: Sequence[str], at: datetime, forget_before: datetime) -> None:
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.at <= forget_before))
    connection.execute(insert(sign_in_attempt), [{"key": key, "at": at} for key in keys])


def forget_attempts(connection: Connection, keys: Sequence[str]) -> None:
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.key.in_(keys)))
