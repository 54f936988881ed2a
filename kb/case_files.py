"""Files in cases: how many, how large, and how much of them one case takes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from kb.articles import ATTACHMENT_NAME, Attachment
from kb.case_rules import MAX_FILES, CaseRefused
from kb.config import Config
from kb.store import case_files as rows


class CaseFiles:
    """The limits of files in cases."""

    def __init__(self, config: Config) -> None:
        self._file_mb, self._case_mb = config.attachment_max_mb, config.case_files_mb

    def check(self, files: Sequence[Attachment]) -> None:
        """CaseRefused for files that cannot be sent with one message."""
        if len(files) > MAX_FILES:
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
        if not files:
            return
        there = rows.octets(connection, event[0], internal)
        if there + sum(len(file.content) for file in files) > self._case_mb << 20:
            raise CaseRefused("case_files", mb=self._case_mb, there=round(there / (1 << 20), 1))
        rows.add(connection, *event, files)
