"""Files in cases: how many, how large, how much of them one case takes, and those that wait for it to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from kb.accounts import Viewer
from kb.articles import ATTACHMENT_NAME, Attachment
from kb.case_rules import MAX_FILES, CaseRefused
from kb.config import Config
from kb.store import Store, case_uploads
from kb.store import case_files as rows
from kb.store.case_uploads import Waiting

WAITS = timedelta(days=1)


class CaseFiles:
    """Files of cases, within their limits. Safe to share between threads."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._file_mb, self._case_mb = config.attachment_max_mb, config.case_files_mb

    def check(self, files: Sequence[Attachment], beside: int = 0) -> None:
        """CaseRefused for files that cannot be sent with one message, `beside` so many others."""
        if len(files) + beside > MAX_FILES:
            raise CaseRefused("files", most=MAX_FILES)
        for file in files:
            if not ATTACHMENT_NAME.match(file.name) or file.name.strip(". ") != file.name:
                raise CaseRefused("file_name", name=file.name)
            if not 0 < len(file.content) <= self._file_mb << 20:
                raise CaseRefused("file_size", name=file.name, mb=self._file_mb)

    def add(
        self, connection: Connection, event: tuple[int, int], files: Sequence[Attachment], *, internal: bool
    ) -> None:
        """Adds files to an `event`, named by the ids of its case, which is locked, and of itself. CaseRefused for more
        than a case takes: internal ones are counted apart, so that a customer cannot tell that there are any."""
        if files:
            self._check_room(rows.octets(connection, event[0], internal), files)
            rows.add(connection, *event, files)

    def _check_room(self, there: int, files: Sequence[Attachment]) -> None:
        if there + sum(len(file.content) for file in files) > self._case_mb << 20:
            raise CaseRefused("case_files", mb=self._case_mb, there=round(there / (1 << 20), 1))

    # Before the case is opened

    def waiting(self, viewer: Viewer, uids: Sequence[str]) -> list[Waiting]:
        """Those of these files that wait for a case of the viewer to be opened."""
        if viewer.account_id is None or not uids:
            return []
        with self._store.reading() as connection:
            return case_uploads.find(connection, viewer.account_id, uids)

    def keep(
        self, viewer: Viewer, uids: Sequence[str], files: Sequence[Attachment], now: datetime
    ) -> tuple[list[Waiting], CaseRefused | None]:
        """Keeps files, beside those of `uids`, until the viewer's case is opened; gives all that wait for it,
        and why the first that does not was refused."""
        assert viewer.account_id is not None  # noqa: S101
        refused = None
        with self._store.writing() as connection:
            kept = case_uploads.find(connection, viewer.account_id, uids)
            for file in files:
                try:
                    self.check([file], len(kept))
                    self._check_room(sum(each.size for each in kept), [file])
                except CaseRefused as reason:
                    refused = refused or reason
                else:
                    kept.append(case_uploads.add(connection, viewer.account_id, file, now))
            # Forms that were left: with this one, they may not fill the store.
            if case_uploads.octets(connection, viewer.account_id) > self._case_mb << 20:
                case_uploads.forget_others(connection, viewer.account_id, [each.uid for each in kept])
        return kept, refused

    def forget(self, now: datetime) -> None:
        """What has waited for a day waits no more; whoever works on cases sees to it every hour."""
        with self._store.writing() as connection:
            case_uploads.forget(connection, now - WAITS)

    def take(self, connection: Connection, viewer: Viewer, uids: Sequence[str]) -> list[Attachment]:
        """Those that waited, for the case that is opened now. CaseRefused where one of them does not any more."""
        if not uids:
            return []
        found = case_uploads.take(connection, viewer.account_id or 0, uids)
        if len(found) < len(set(uids)):
            raise CaseRefused("file_gone")
        return found
