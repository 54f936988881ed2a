"""What a case may be: its states and limits, why something is refused, and who sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from kb.accounts import Viewer
from kb.articles import Attachment
from kb.clocks import Clock
from kb.entitlements import STAFF
from kb.store.articles import Readable
from kb.store.case_files import CaseFile
from kb.store.cases import CaseEvent, CaseLink, CaseRow
from kb.store.sprs import SprRow

Status = Literal["in_progress", "waiting_customer", "waiting_rd", "solution_offered", "closed"]
STATUSES: tuple[Status, ...] = get_args(Status)
SEVERITIES = (0, 1, 2, 3)
ROLES = ("resolution", "reference")
REFUSALS = (
    "not_entitled", "missing", "too_long", "severity", "status", "closed", "staff_only", "role", "unreadable", "no_spr",
    "contact", "file_name", "file_size", "files", "case_files",
    "file_gone",
)  # fmt: skip
PAGE = 50
MAX_SUBJECT = 200
MAX_TEXT = 20_000
MAX_FIELD = 2_000
MAX_VERSION = 64
# What a case is told when a report that is linked to it is fixed.
FIXED = "spr_fixed"
# With one message.
MAX_FILES = 10
NUMBER = re.compile(r"C[0-9]{8}")


class CaseRefused(Exception):
    """What was asked of a case cannot be. `reason`, one of REFUSALS, names it for the reader's
    language; `details` fill it in."""

    def __init__(self, reason: str, **details: object) -> None:
        assert reason in REFUSALS  # noqa: S101
        super().__init__(reason)
        self.reason, self.details = reason, details


class NoCase(Exception):
    """There is no case of this number for whoever asks."""


class Stale(Exception):
    """Someone else changed the case since it was read."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened. `contact`: for staff, the e-mail of the customer's account that it is opened for; `waiting`:
    files that were sent before, by what `CaseFiles.keep` calls them."""

    product: str
    severity: int
    subject: str
    text: str
    version: str = ""
    environment: str = ""
    contact: str = ""
    files: tuple[Attachment, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What is added to a conversation: words, files, or both; `internal`: for staff alone."""

    text: str = ""
    internal: bool = False
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """A link with its article as the viewer reads it; `open_to_customer`: the case's customer may read it."""

    link: CaseLink
    article: Readable
    open_to_customer: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A case with all that the viewer may see of it. `package` is the customer's for the product today, or none."""

    row: CaseRow
    package: str | None
    events: tuple[CaseEvent, ...]
    links: tuple[Linked, ...]
    clocks: tuple[Clock, ...]
    sprs: tuple[SprRow, ...] = ()
    files: tuple[CaseFile, ...] = ()

    def files_of(self, event: CaseEvent) -> list[CaseFile]:
        """What was sent with an event."""
        return [file for file in self.files if file.event_id == event.id]


def is_staff(viewer: Viewer) -> bool:
    """Who sees every case, and what is internal: whoever holds the grant of staff."""
    return STAFF in viewer.scope.grants


def sees_cases(viewer: Viewer) -> bool:
    return is_staff(viewer) or viewer.customer_id is not None


def customer_of(viewer: Viewer) -> int | None:
    """Whose cases alone a viewer sees; None: everyone's, for staff alone."""
    if is_staff(viewer):
        return None
    if viewer.customer_id is None:
        raise NoCase
    return viewer.customer_id


def check_length(field: str, text: str, most: int) -> None:
    if not text:
        raise CaseRefused("missing", field=field)
    if len(text) > most:
        raise CaseRefused("too_long", field=field, most=most)


def check_words(new: NewCase) -> None:
    """CaseRefused for what a case cannot be, whoever opens it."""
    check_length("subject", new.subject.strip(), MAX_SUBJECT)
    check_length("text", new.text.strip(), MAX_TEXT)
    for name, most in (("version", MAX_VERSION), ("environment", MAX_FIELD)):
        if len(getattr(new, name)) > most:
            raise CaseRefused("too_long", field=name, most=most)
    if new.severity not in SEVERITIES:
        raise CaseRefused("severity")
