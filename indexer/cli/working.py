"""`kb cases open`, `reply`, `change`, `close`, `link`, `unlink`: working cases as an account, as its page would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from indexer.cli.common import Refused, config, opened_store, today
from kb.accounts import Accounts, Viewer
from kb.articles import Attachment
from kb.cases import MAX_TEXT, ROLES, SEVERITIES, STATUSES, CaseRefused, Cases, NewCase, NoCase, Said, Stale
from kb.entitlements import matrices
from kb.files import media_type
from kb.store import Store
from kb.store.articles import Readable
from kb.store.cases import CaseRow

WRONG = {
    "not_entitled": "the package for this product does not include assisted support",
    "missing": "the {field} is empty",
    "too_long": "the {field} has more than {most:,} characters",
    "severity": f"a severity is one of {', '.join(map(str, SEVERITIES))}",
    "status": f"a status is one of {', '.join(STATUSES)}",
    "closed": "the case is closed, and a customer's reply does not open it again",
    "staff_only": "that is for staff alone",
    "role": f"a role is one of {', '.join(ROLES)}",
    "unreadable": "the case's customer may not read {number}; --internal links it for staff alone",
    "no_spr": "there is no software performance report of this number; see: kb sprs list",
    "files": "at most {most} files at a time",
    "file_name": "{name!r} cannot be the name of a file",
    "file_size": "{name} is empty, or larger than {mb} MB",
    "contact": "there is no such customer's account, or it is disabled; see: kb user list",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an account works cases."""

    store: Store
    cases: Cases
    viewer: Viewer

    def row(self, number: str) -> CaseRow:
        """A case as it is now. NoCase where the account sees none of this number."""
        found = self.cases.case(self.viewer, number, datetime.now(UTC))
        if found is None:
            raise NoCase(number)
        return found.row

    def article(self, number: str) -> Readable:
        found = self.store.read(number.upper(), self.viewer.scope)
        if found is None:
            raise Refused(f"{self.viewer.email} reads no article {number}")
        return found


@contextmanager
def desk(email: str) -> Iterator[Desk]:
    """What cannot be done is told in words."""
    settings = config()
    versions = matrices(settings.matrix)
    with opened_store(settings) as store:
        viewer = Accounts(store, settings, versions).viewer_of(email, today(settings))
        try:
            yield Desk(store, Cases(store, settings, versions), viewer)
        except CaseRefused as refused:
            raise Refused(WRONG[refused.reason].format(**refused.details)) from None
        except NoCase as error:
            raise Refused(f"{email} sees no case {error}; see: kb cases list --as {email}") from None
        except Stale as error:
            raise Refused(f"someone else has just changed {error}; look at it, and say it again") from None


AS = click.option("--as", "email", metavar="EMAIL", required=True, help="As this account.")
TEXT = click.option("--text", help="What to say; - reads it from standard input. Left out: an editor opens.")


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _said(text: str | None) -> str:
    if text == "-":
        return sys.stdin.read(MAX_TEXT + 1)
    if text is not None:
        return text
    written: str | None = click.edit()
    return written or ""


@click.command("open")
@AS
@click.option("--product", required=True)
@click.option("--severity", type=click.IntRange(SEVERITIES[0], SEVERITIES[-1]), required=True)
@click.option("--subject", required=True)
@TEXT
@click.option("--release", default="", help="The product's version.")
@click.option("--environment", default="", help="What it runs on.")
@click.option("--contact", default="", metavar="EMAIL", help="For staff: the customer's account it is opened for.")
def open_(email: str, text: str | None, release: str, **given: Any) -> None:
    """Open a case and print its number; staff open one for a customer.

    \b
    Example:
      kb cases open --as engineer@demo.example --contact gold@demo.example \\
          --product windchill --severity 2 --subject 無法登入 --text 'HTTP 401'
    """
    with desk(email) as at:
        new = NewCase(text=_said(text), version=release, **given)
        click.echo(at.cases.open(at.viewer, new, datetime.now(UTC)))


@click.command()
@click.argument("number")
@AS
@TEXT
@click.option("--internal", is_flag=True, help="A note for staff alone.")
@click.option(
    "--file", "files", type=FILE, multiple=True, help="A file to go with it; any number, with or without words."
)
def reply(number: str, email: str, text: str | None, internal: bool, files: tuple[Path, ...]) -> None:
    """Add words, files or both to the conversation.

    \b
    Example:
      kb cases reply C00000042 --as engineer@demo.example --text - < answer.txt
    """
    with desk(email) as at:
        at.row(number)
        sent = tuple(Attachment(file.name, media_type(content := file.read_bytes()), content) for file in files)
        said = Said(_said(text) if text is not None or not files else "", internal, sent)
        at.cases.say(at.viewer, number, said, datetime.now(UTC))
        click.echo("noted" if internal and at.viewer.role != "customer" else "sent")


@click.command()
@click.argument("number")
@AS
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--severity", type=click.IntRange(SEVERITIES[0], SEVERITIES[-1]))
@click.option("--take", is_flag=True, help="It becomes this account's own.")
@click.option("--spr", help="A software performance report that it waits for.")
def change(number: str, email: str, take: bool, **given: Any) -> None:
    """Change status, severity or owner.

    \b
    Example:
      kb cases change C00000042 --as engineer@demo.example --status waiting_rd --spr 2180459
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted and not take:
        raise click.UsageError("say what to change: --status, --severity, --take, --spr")
    with desk(email) as at:
        wanted |= {"owner_id": at.viewer.account_id} if take else {}
        _change(at, number, wanted)


@click.command()
@click.argument("number")
@AS
def close(number: str, email: str) -> None:
    """Close a case.

    \b
    Example:
      kb cases close C00000042 --as gold@demo.example
    """
    with desk(email) as at:
        _change(at, number, {"status": "closed"})


def _change(at: Desk, number: str, wanted: dict[str, Any]) -> None:
    at.cases.change(at.viewer, number, at.row(number).revision, wanted, datetime.now(UTC))
    row = at.row(number)
    click.echo(f"{number}  severity {row.severity}  {row.status}  {row.owner or '-'}")


@click.command()
@click.argument("number")
@click.argument("article")
@AS
@click.option("--role", type=click.Choice(ROLES), default="reference", show_default=True)
@click.option("--internal", is_flag=True, help="For staff alone; needed where the customer may not read it.")
def link(number: str, article: str, email: str, role: str, internal: bool) -> None:
    """Link an article that answers.

    \b
    Example:
      kb cases link C00000042 KB102210 --role resolution --as engineer@demo.example
    """
    with desk(email) as at:
        at.cases.check_staff(at.viewer)
        at.cases.link(at.viewer, number, at.article(article), role, datetime.now(UTC), internal=internal)
        click.echo("linked")


@click.command()
@click.argument("number")
@click.argument("article")
@AS
def unlink(number: str, article: str, email: str) -> None:
    """Take a link back.

    \b
    Example:
      kb cases unlink C00000042 KB102210 --as engineer@demo.example
    """
    with desk(email) as at:
        at.cases.check_staff(at.viewer)
        at.cases.unlink(at.viewer, number, at.article(article).row.id, datetime.now(UTC))
        click.echo("taken back")
