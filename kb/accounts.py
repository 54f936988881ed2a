"""Who may sign in, and as whom: passwords, sessions, API tokens, and the contracts that give a customer rights."""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kb.articles import LANGUAGES
from kb.config import Config
from kb.entitlements import EVERYONE, PUBLIC, ContractLine, Matrix, Scope, grants_of, staff_grants
from kb.licences import BY_ROLE, EVERY_PRODUCT
from kb.store import Store, licences
from kb.store import accounts as rows
from kb.store.accounts import Account, Contract, Token
from kb.store.licences import Licence

Role = Literal["customer", "engineer", "author", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
# What a token may be used for, within the rights of its owner. One that may change cases may read them.
TokenScope = Literal["read", "cases:read", "cases:write", "sprs:write", "drafts", "imports", "webhooks"]
TOKEN_SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
LEAST: tuple[TokenScope, ...] = ("read",)
IMPLIED: Mapping[str, str] = {"cases:write": "cases:read"}

WINDOW = timedelta(minutes=15)
PER_ADDRESS = 5  # Many people share an address: it may fail this many times as often as one e-mail.
HASH_WAIT = 10.0
MIN_PASSWORD = 12
MAX_PASSWORD = 1_000


class AccountError(Exception):
    """What was asked of accounts or contracts cannot be: says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `scope` is what he may read today.

    `lines` are all of his contracts' lines, `products` those in force. `token_scopes` is what the token he came with
    may be used for, `token_id` its id; None: he came without one. `licences` is what is named for him to write, by
    product.
    """

    account_id: int | None = None
    email: str = ""
    name: str = ""
    role: str = "anonymous"
    customer_id: int | None = None
    lang: str | None = None
    scope: Scope = EVERYONE
    lines: tuple[ContractLine, ...] = ()
    products: frozenset[str] = frozenset()
    token_scopes: frozenset[str] | None = None
    token_id: int | None = None
    licences: Mapping[str, str] = field(default_factory=dict)

    def may_use(self, token_scope: str) -> bool:
        """Whether what he came with may be used for this."""
        return self.token_scopes is None or token_scope in self.token_scopes


ANONYMOUS = Viewer()


@dataclass(frozen=True, slots=True)
class SignIn:
    """The token of a new session; or when to try again, after too many failures; neither: e-mail or password wrong."""

    token: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made. `customer` names the customer whose contracts count, for the role customer alone."""

    email: str
    name: str
    role: str
    password: str = field(repr=False)
    customer: str | None = None
    lang: str | None = None
    demo: bool = False


class Accounts:
    """Signing in and the keeping of accounts and contracts. Safe to share between threads."""

    def __init__(self, store: Store, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._config, self._matrices = store, config, matrices
        self._hasher = PasswordHasher()
        self._hashing = threading.BoundedSemaphore(config.hashes_at_once)
        # Checked when the e-mail is unknown, so that it takes as long as when the password is wrong.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    # Signing in

    def sign_in(self, email: str, password: str, address: str, now: datetime) -> SignIn:
        """A session for the right password. After too many failures from an e-mail or an address it must wait."""
        email = folded(email)
        by_email, by_address = _hash("email", email), _hash("address", address)
        allowed = {by_email: self._config.sign_in_attempts, by_address: self._config.sign_in_attempts * PER_ADDRESS}
        with self._store.writing() as connection:
            rows.lock_attempts(connection, list(allowed))
            for key, most in allowed.items():
                count, first = rows.attempts(connection, key, now - WINDOW)
                if count >= most and first is not None:
                    return SignIn(retry_at=first + WINDOW)
            # Counted before the password is looked at: many tries at once count as many.
            rows.add_attempts(connection, list(allowed), now, now - WINDOW)
            found = rows.account_by_email(connection, email)
        verified = self._verify(found[1] if found else self._nobody, password)
        if verified is None:
            return SignIn(retry_at=now + timedelta(seconds=HASH_WAIT))
        if not verified or not found or not found[0].active:
            return SignIn()
        account, token = found[0], secrets.token_urlsafe(32)
        until = now + timedelta(hours=self._config.session_hours)
        with self._store.writing() as connection:
            rows.forget_attempts(connection, [by_email])
            if self._hasher.check_needs_rehash(found[1]):
                rows.change_account(connection, account.id, {"password_hash": self._hasher.hash(password)})
            rows.add_session(connection, _hash("session", token), account.id, now, until)
        return SignIn(token=token)

    def _verify(self, password_hash: str, password: str) -> bool | None:
        """None when too many others are being verified to wait for."""
        if not self._hashing.acquire(timeout=HASH_WAIT):
            return None
        try:
            return self._hasher.verify(password_hash, password.encode("utf-8", "surrogatepass"))
        except (Argon2Error, InvalidHashError):
            return False
        finally:
            self._hashing.release()

    def session(self, token: str) -> Account | None:
        """The account of a session that still holds."""
        with self._store.reading() as connection:
            return rows.account_by_session(connection, _hash("session", token), _now())

    def sign_out(self, token: str) -> None:
        with self._store.writing() as connection:
            rows.remove_session(connection, _hash("session", token))

    def bearer(self, token: str, today: date) -> Viewer | None:
        """Who an API token that still holds speaks for."""
        with self._store.reading() as connection:
            found = rows.by_token(connection, _hash("token", token), _now())
        if found is None:
            return None
        scopes = found.scopes | {IMPLIED[each] for each in found.scopes if each in IMPLIED}
        return replace(self.viewer(found.account, today), token_scopes=scopes, token_id=found.token_id)

    def viewer(self, account: Account, today: date) -> Viewer:
        """An account with its rights of the day: a customer's by contract, staff's every one there is."""
        lines: tuple[ContractLine, ...] = ()
        named: Mapping[str, str] = {}
        if account.role == "customer":
            with self._store.reading() as connection:
                lines = rows.lines_of(connection, account.customer_id) if account.customer_id is not None else ()
            grants = frozenset({PUBLIC}) | grants_of(lines, self._matrices, today)
            products = frozenset(grant.partition(":")[0] for grant in grants if ":" in grant)
        else:
            products = frozenset(self._store.products())
            grants = staff_grants(products, self._matrices)
            with self._store.reading() as connection:
                named = licences.of_account(connection, account.id)
        return Viewer(
            account.id, account.email, account.name, account.role, account.customer_id, account.lang, Scope(grants),
            lines, products, licences=named,
        )  # fmt: skip

    # Accounts

    def viewer_of(self, email: str, today: date) -> Viewer:
        """The viewer an account would be, without a password: for the command line."""
        return self.viewer(self.account(email), today)

    def account(self, email: str) -> Account:
        with self._store.reading() as connection:
            found = rows.account_by_email(connection, folded(email))
        if found is None:
            raise AccountError(f"there is no account {email}; see: kb user list")
        return found[0]

    def all(self) -> list[Account]:
        with self._store.reading() as connection:
            return rows.all_accounts(connection)

    def add(self, new: NewAccount) -> None:
        """Makes an account; a customer it names is made with it when there is none of that name."""
        _check(new)
        password_hash = self._hasher.hash(new.password)
        with self._store.writing() as connection:
            if rows.account_by_email(connection, folded(new.email)):
                raise AccountError(f"there is an account {new.email} already; see: kb user password")
            owner = None
            if new.customer:
                owner = rows.customer_id(connection, new.customer) or rows.add_customer(
                    connection, new.customer, _now()
                )
            values = {
                "email": folded(new.email), "name": new.name, "role": new.role, "customer_id": owner,
                "password_hash": password_hash, "lang": new.lang, "active": True, "demo": new.demo,
                "created_at": _now(),
            }  # fmt: skip
            rows.add_account(connection, values)

    def set_password(self, email: str, password: str) -> None:
        """Also ends every session of the account."""
        _check_password(password)
        account, password_hash = self.account(email), self._hasher.hash(password)
        with self._store.writing() as connection:
            rows.change_account(connection, account.id, {"password_hash": password_hash})
            rows.remove_sessions_of(connection, account.id)
            rows.forget_attempts(connection, [_hash("email", account.email)])

    def set_active(self, email: str, active: bool) -> None:
        """An account that is not active cannot sign in, and what it had open ends at once."""
        account = self.account(email)
        with self._store.writing() as connection:
            rows.change_account(connection, account.id, {"active": active})
            if not active:
                rows.remove_sessions_of(connection, account.id)

    # Licences to write

    def licences(self) -> list[Licence]:
        with self._store.reading() as connection:
            return licences.every(connection)

    def name_licence(self, email: str, product: str, level: str | None) -> None:
        """What the account may write about a product, "" every product, in the place of what it might; None: nothing.

        Once one is named for an account, what its role would give no longer counts.
        """
        account = self.account(email)
        if account.role not in BY_ROLE:
            raise AccountError(f"{account.email} is a {account.role}: licences are for {', '.join(BY_ROLE)}")
        if product != EVERY_PRODUCT:
            _check_known("product", product, list(self._store.products()))
        with self._store.writing() as connection:
            licences.name(connection, account.id, product, level)

    # API tokens

    def add_token(self, email: str, name: str, days: int | None = None, scopes: Sequence[str] = LEAST) -> str:
        """A new token. It is shown this once: the store keeps a hash. `days` None: it holds until it is revoked."""
        account, token = self.account(email), "kb_" + secrets.token_urlsafe(32)
        expires_at = _now() + timedelta(days=days) if days is not None else None
        if not name.strip() or len(name) > 100:
            raise AccountError("a token needs a name of 1 to 100 characters")
        if not scopes:
            raise AccountError(f"a token needs a scope, one or more of {', '.join(TOKEN_SCOPES)}")
        for scope in scopes:
            _check_known("scope", scope, TOKEN_SCOPES)
        if any(each.name == name for each in self.tokens(account.id)):
            raise AccountError(f"{account.email} has a token named {name} already; revoke it or choose another name")
        kept = tuple(dict.fromkeys(scopes))
        with self._store.writing() as connection:
            rows.add_token(connection, rows.NewToken(_hash("token", token), account.id, name, kept, _now(), expires_at))
        return token

    def tokens(self, account_id: int | None = None) -> list[Token]:
        """Those of an account, or everyone's."""
        with self._store.reading() as connection:
            return rows.tokens(connection, account_id)

    def revoke_token(self, email: str, name: str) -> None:
        account = self.account(email)
        with self._store.writing() as connection:
            if not rows.remove_token(connection, account.id, name):
                raise AccountError(f"{account.email} has no token named {name}; see: kb token list")

    # Contracts

    def contracts(self) -> list[Contract]:
        with self._store.reading() as connection:
            return rows.contracts(connection)

    def add_line(self, contract: str, customer: str | None, line: ContractLine) -> int:
        """Adds a line to a contract, made for the customer when it is new; gives the line's id."""
        self._check_line(line)
        with self._store.writing() as connection:
            owner = rows.contract_owner(connection, contract)
            if owner is None and not customer:
                raise AccountError(f"contract {contract} is new: say whose it is with --customer")
            if owner is not None and customer and owner != customer:
                raise AccountError(f"contract {contract} is {owner}'s, not {customer}'s")
            contract_id = rows.contract_id(connection, contract)
            if contract_id is None:
                name = customer or ""
                owner_id = rows.customer_id(connection, name) or rows.add_customer(connection, name, _now())
                contract_id = rows.add_contract(connection, contract, owner_id, _now())
            rows.watch_cases_anew(connection, contract_id, _now())
            return rows.add_line(connection, contract_id, line)

    def end_contract(self, contract: str, last_day: date) -> int:
        """Ends the lines of a contract that would hold longer than `last_day`; says how many."""
        with self._store.writing() as connection:
            contract_id = rows.contract_id(connection, contract)
            if contract_id is None:
                raise AccountError(f"there is no contract {contract}; see: kb contract list")
            rows.watch_cases_anew(connection, contract_id, _now())
            return rows.end_contract(connection, contract_id, last_day)

    def _check_line(self, line: ContractLine) -> None:
        packages: Mapping[str, object] = {name: None for each in self._matrices for name in each.packages}
        add_ons = frozenset[str]().union(*(each.add_ons for each in self._matrices))
        _check_known("product", line.product, list(self._store.products()))
        _check_known("package", line.package, list(packages))
        for add_on, ends in line.add_ons.items():
            _check_known("add-on", add_on, sorted(add_ons))
            if ends is not None and ends < line.starts:
                raise AccountError(f"the add-on {add_on} would end on {ends}, before the line starts on {line.starts}")
        if line.ends is not None and line.ends < line.starts:
            raise AccountError(f"the line would end on {line.ends}, before it starts on {line.starts}")


def _check(new: NewAccount) -> None:
    email = folded(new.email)
    local, at, domain = email.partition("@")
    if not (local and at and domain) or "@" in domain or len(email) > 254 or any(map(str.isspace, email)):
        raise AccountError(f"{new.email!r} is not an e-mail address")
    if not new.name.strip() or len(new.name) > 200:
        raise AccountError("an account needs a name of 1 to 200 characters")
    _check_known("role", new.role, ROLES)
    if new.lang is not None:
        _check_known("language", new.lang, LANGUAGES)
    if new.role == "customer" and not (new.customer or "").strip():
        raise AccountError("a customer's account needs the customer's name: --customer")
    if new.role != "customer" and new.customer:
        raise AccountError(f"--customer is for customers; this account's role is {new.role}")
    _check_password(new.password)


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")


def _check_known(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise AccountError(f"unknown {what} {value!r}; known are {', '.join(known) or 'none yet'}")


def folded(email: str) -> str:
    """What an account is found by. No database takes halves of pairs or NUL, and no address has them."""
    typed = email.encode("utf-8", "replace").decode().replace("\x00", "")
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def _hash(kind: str, secret: str) -> str:
    return hashlib.sha256(f"{kind}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
