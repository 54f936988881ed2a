"""`kb user`, `kb contract`, `kb token`: who may sign in, and what contracts give them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import click

from indexer.cli.common import DAY, Refused, config, opened_store, today
from kb.accounts import LEAST, ROLES, TOKEN_SCOPES, Accounts, NewAccount
from kb.articles import LANGUAGES
from kb.entitlements import ContractLine, matrices
from kb.licences import EVERY_PRODUCT, LEVELS


@contextmanager
def _accounts() -> Iterator[Accounts]:
    settings = config()
    with opened_store(settings) as store:
        yield Accounts(store, settings, matrices(settings.matrix))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as what is in them."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _asked(ctx: click.Context, param: click.Parameter, given: str | None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to ask for the password at; give it with --password")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


PASSWORD = click.option("--password", callback=_asked, help="Asked for when not given: at least 12 characters.")


@click.group()
def user() -> None:
    """Accounts: customers, engineers, authors, operators."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The name shown on pages.")
@click.option("--role", type=click.Choice(ROLES), default="customer", show_default=True)
@click.option("--customer", help="For the role customer: whose contracts count. Made when new.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of pages, until another is chosen.")
@PASSWORD
def add_user(email: str, password: str, **given: str | None) -> None:
    """Make an account.

    \b
    Example:
      kb user add mei@customer.example --name 陳美 --customer 'Formosa Gears'
    """
    new = NewAccount(email, given["name"] or "", given["role"] or "", password, given["customer"], given["lang"])
    with _accounts() as accounts:
        accounts.add(new)
    click.echo(f"Made the account {email} ({new.role}).")


@user.command("list")
def list_users() -> None:
    """List all accounts.

    \b
    Example:
      kb user list
    """
    with _accounts() as accounts:
        found = accounts.all()
    rows = [(a.email, a.name, a.role, a.customer or "", "yes" if a.active else "no") for a in found]
    print_table(("E-mail", "Name", "Role", "Customer", "Active"), rows)


@user.command("password")
@click.argument("email")
@PASSWORD
def change_password(email: str, password: str) -> None:
    """Change a password; whoever is signed in with the old one is signed out.

    \b
    Example:
      kb user password mei@customer.example
    """
    with _accounts() as accounts:
        accounts.set_password(email, password)
    click.echo(f"Changed the password of {email}.")


@user.command("disable")
@click.argument("email")
@click.option("--undo", is_flag=True, help="Let the account sign in again.")
def disable_user(email: str, undo: bool) -> None:
    """Keep an account from signing in, and end what it has open.

    \b
    Example:
      kb user disable mei@customer.example
    """
    with _accounts() as accounts:
        accounts.set_active(email, undo)
    click.echo(f"{email} can sign in again." if undo else f"{email} can no longer sign in.")


@click.group()
def contract() -> None:
    """Contracts: which package of which product a customer has, and until when."""


@contract.command("add")
@click.argument("number")
@click.option("--customer", help="Whose contract it is; needed when the contract is new.")
@click.option("--product", required=True)
@click.option("--package", required=True, help="silver, gold or gold_plus.")
@click.option("--starts", type=DAY, help="The first day; today when not given.")
@click.option("--ends", type=DAY, help="The last day; open when not given.")
@click.option("--add-on", "add_ons", multiple=True, metavar="RIGHT[=YYYY-MM-DD]", help="A service bought in addition.")
def add_contract(
    number: str, customer: str | None, starts: date | None, ends: date | None, add_ons: tuple[str, ...], **given: str
) -> None:
    """Add a line to a contract, which is made when it is new.

    \b
    Example:
      kb contract add C-2026-017 --customer 'Formosa Gears' --product windchill --package gold \\
          --ends 2027-12-31 --add-on extended_support=2027-06-30
    """
    first = starts or today(config())
    line = ContractLine(given["product"], given["package"], first, ends, dict(map(_add_on, add_ons)))
    with _accounts() as accounts:
        accounts.add_line(number, customer, line)
    until = f"until {ends}" if ends else "without an end"
    click.echo(f"Contract {number}: {line.product} {line.package} from {first} {until}.")


def _add_on(given: str) -> tuple[str, date | None]:
    right, _, ends = given.partition("=")
    try:
        return right, date.fromisoformat(ends) if ends else None
    except ValueError:
        raise Refused(f"--add-on {given}: {ends!r} is no day; write it like 2027-06-30") from None


@contract.command("list")
def list_contracts() -> None:
    """List all contracts, a line for each product.

    \b
    Example:
      kb contract list
    """
    with _accounts() as accounts:
        found = accounts.contracts()
    rows = [
        (one.number, one.customer, line.product, line.package, str(line.starts), str(line.ends or "open"), _told(line))
        for one in found
        for line in one.lines.values()
    ]
    print_table(("Contract", "Customer", "Product", "Package", "Starts", "Ends", "Add-ons"), rows)


def _told(line: ContractLine) -> str:
    return ", ".join(right + (f" until {ends}" if ends else "") for right, ends in line.add_ons.items())


@contract.command("end")
@click.argument("number")
@click.option("--on", type=DAY, help="The last day; today when not given.")
def end_contract(number: str, on: date | None) -> None:
    """End a contract: what it gave ends with that day.

    \b
    Example:
      kb contract end C-2026-017 --on 2026-12-31
    """
    last = on or today(config())
    with _accounts() as accounts:
        ended = accounts.end_contract(number, last)
    click.echo(f"Contract {number} ends on {last}: {ended} lines changed.")


@click.group()
def licence() -> None:
    """Licences to write articles: candidate, contributor, publisher."""


@licence.command("grant")
@click.argument("email")
@click.argument("level", type=click.Choice(LEVELS))
@click.option("--product", default=EVERY_PRODUCT, help="Its articles alone; every product's when not given.")
def grant_licence(email: str, level: str, product: str) -> None:
    """Let an account write articles, in the place of what it could before.

    A candidate's drafts are published by somebody else, a contributor publishes for colleagues, a publisher for
    customers. Without a licence named, engineers are candidates, authors and operators publishers; with one, only
    those named count.

    \b
    Example:
      kb licence grant chun@example.com publisher --product windchill
    """
    with _accounts() as accounts:
        accounts.name_licence(email, product, level)
    click.echo(f"{email} is a {level} of {product or 'every product'}.")


@licence.command("list")
def list_licences() -> None:
    """List the licences that are named.

    \b
    Example:
      kb licence list
    """
    with _accounts() as accounts:
        found = accounts.licences()
    print_table(("E-mail", "Product", "Licence"), [(one.email, one.product or "every", one.level) for one in found])


@licence.command("revoke")
@click.argument("email")
@click.option("--product", default=EVERY_PRODUCT, help="The one for this product; for every one when not given.")
def revoke_licence(email: str, product: str) -> None:
    """Take a licence back. With none left, the account has what its role gives.

    \b
    Example:
      kb licence revoke chun@example.com --product windchill
    """
    with _accounts() as accounts:
        accounts.name_licence(email, product, None)
    click.echo(f"{email} has no licence of its own for {product or 'every product'} now.")


@click.group()
def token() -> None:
    """Tokens for programs that use the API as an account."""


@token.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it holds; until revoked when not given.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(TOKEN_SCOPES),
    default=LEAST,
    show_default=True,
    help="What it may be used for, within the rights of the account; give it once for each.",
)
def add_token(email: str, name: str, days: int | None, scopes: tuple[str, ...]) -> None:
    """Make a token and print it. It is shown this once.

    \b
    Example:
      kb token add mei@customer.example --name ticket-system --days 365 --scope read --scope cases:write
    """
    with _accounts() as accounts:
        click.echo(accounts.add_token(email, name, days, scopes))


@token.command("list")
def list_tokens() -> None:
    """List the names of all tokens.

    \b
    Example:
      kb token list
    """
    with _accounts() as accounts:
        found = accounts.tokens()
    rows = [
        (
            t.email, t.name, " ".join(t.scopes), f"{t.created_at:%Y-%m-%d}",
            f"{t.expires_at:%Y-%m-%d}" if t.expires_at else "never",
        )
        for t in found
    ]  # fmt: skip
    print_table(("E-mail", "Name", "Scopes", "Made", "Expires"), rows)


@token.command("revoke")
@click.argument("email")
@click.option("--name", required=True)
def revoke_token(email: str, name: str) -> None:
    """End a token at once.

    \b
    Example:
      kb token revoke mei@customer.example --name ticket-system
    """
    with _accounts() as accounts:
        accounts.revoke_token(email, name)
    click.echo(f"Revoked {name} of {email}.")
