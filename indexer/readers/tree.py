"""The files of an import by their paths, wherever they are: a folder on disk, or a ZIP that is never unpacked to it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

from indexer.readers.files import FileProblem
from kb import files
from kb.articles import Attachment, Problem
from kb.reports import Place

Noted = tuple[Place, Problem]


class Tree(Protocol):
    """Paths are relative, with `/`, and never lead out of it. `noted`: files that it does not take, and remarks."""

    @property
    def noted(self) -> Sequence[Noted]: ...

    def paths(self) -> Sequence[str]:
        """Every file but hidden ones, in order."""

    def has(self, path: str) -> bool: ...

    def size(self, path: str) -> int: ...

    def open(self, path: str) -> IO[bytes]:
        """FileProblem when it cannot be opened or leads out of the tree."""

    def shown(self, path: str) -> str:
        """The file as the one who imports knows it."""


class Folder:
    """A folder on disk. Links within it are followed, others lead nowhere. `shown_as`: what paths are shown below."""

    noted: Sequence[Noted] = ()

    def __init__(self, root: Path, shown_as: Path | None = None) -> None:
        self._root, self._shown = root.resolve(), root if shown_as is None else shown_as

    def paths(self) -> list[str]:
        found: list[str] = []
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            base = Path(folder).relative_to(self._root)
            found += ((base / name).as_posix() for name in sorted(names) if not name.startswith("."))
        return found

    def has(self, path: str) -> bool:
        try:
            return (self._root / path).is_file()
        except (OSError, ValueError):
            return False

    def size(self, path: str) -> int:
        return (self._root / path).stat().st_size

    def open(self, path: str) -> IO[bytes]:
        try:
            found = (self._root / path).resolve()
            if not found.is_relative_to(self._root):
                raise FileProblem("file_outside")
            if not found.is_file():
                raise FileProblem("file_missing")
            return found.open("rb")
        except (ValueError, RuntimeError):
            raise FileProblem("file_missing") from None
        except OSError as error:
            raise FileProblem("file_unreadable", detail=error.strerror or str(error)) from error

    def shown(self, path: str) -> str:
        return str(self._shown / path)


class Below:
    """A folder of a tree as a tree. What the whole tree does not take is not told of again."""

    noted: Sequence[Noted] = ()

    def __init__(self, tree: Tree, folder: str) -> None:
        self._tree, self._folder = tree, folder.strip("/") + "/"

    def paths(self) -> list[str]:
        return [path.removeprefix(self._folder) for path in self._tree.paths() if path.startswith(self._folder)]

    def has(self, path: str) -> bool:
        return self._tree.has(self._folder + path)

    def size(self, path: str) -> int:
        return self._tree.size(self._folder + path)

    def open(self, path: str) -> IO[bytes]:
        return self._tree.open(self._folder + path)

    def shown(self, path: str) -> str:
        return self._tree.shown(self._folder + path)


def resolved(tree: Tree, base: str, relative: str) -> str:
    """The path of the file that `relative` means in the file `base`; FileProblem unless it is a file of the tree."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), relative))
    if path == ".." or path.startswith(("../", "/")) or "\x00" in path:
        raise FileProblem("file_outside")
    if not tree.has(path):
        raise FileProblem("file_missing")
    return path


def content(tree: Tree, path: str, limit: int) -> bytes:
    """The whole file; FileProblem when it is larger than `limit` bytes or cannot be read."""
    try:
        with tree.open(path) as file:
            found = file.read(limit + 1)
    except OSError as error:
        raise FileProblem("file_unreadable", detail=error.strerror or str(error)) from error
    if len(found) > limit:
        raise FileProblem("file_too_large", limit >> 20)
    return found


def attachment(tree: Tree, path: str, name: str, limit: int) -> Attachment:
    """The file with its media type; FileProblem when it is larger than `limit` bytes or cannot be read."""
    found = content(tree, path, limit)
    return files.attachment(name, found)


def beside(tree: Tree, base: str, relative: str, limit: int) -> Attachment:
    """The file that `relative` means in the file `base`, under its own name."""
    path = resolved(tree, base, relative)
    return attachment(tree, path, posixpath.basename(path), limit)
