"""Where an import waits until all of it is rendered: on disk, in files without a name, gone with the process."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from kb.store.articles import Rendered, RenderedAttachment


class Spool:
    """Articles in the order they came, their attachments apart: these wait from before the rendering on."""

    def __init__(self, folder: Path) -> None:
        self._articles = tempfile.TemporaryFile(dir=folder)
        self._files = tempfile.TemporaryFile(dir=folder)
        self._count = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._articles.close()
        self._files.close()

    def __len__(self) -> int:
        return self._count

    def keep(self, files: tuple[RenderedAttachment, ...]) -> int | None:
        """Takes the attachments of an article that may be added later; gives what `add` finds them by."""
        if not files:
            return None
        place = self._files.tell()
        pickle.dump(files, self._files, pickle.HIGHEST_PROTOCOL)
        return place

    def add(self, article: Rendered, files: int | None) -> None:
        pickle.dump((article, files), self._articles, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def __iter__(self) -> Iterator[Rendered]:
        """When all are in. One article at a time is in memory."""
        self._articles.seek(0)
        for _ in range(self._count):
            # Written by this very process.
            article, files = pickle.load(self._articles)  # noqa: S301
            if files is not None:
                article = replace(article, attachments=self.files(files))
            yield article

    def files(self, place: int) -> tuple[RenderedAttachment, ...]:
        """What `keep` took, when all are in."""
        self._files.seek(place)
        found: tuple[RenderedAttachment, ...] = pickle.load(self._files)  # noqa: S301
        return found
