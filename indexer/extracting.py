"""What attachments say: read out of PDF, DOCX and plain text in children with limits of time and memory."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, Protocol, TypeAlias

from kb.articles import MAX_BODY
from kb.limited import Limits, Pool
from kb.store.file_texts import ReadOut, UnreadFile

Kind: TypeAlias = Literal["pdf", "docx", "text"]
# As long a text as an article itself may have.
MOST = MAX_BODY
KEPT_AT_ONCE = 50
# Files are sent to the children one by one: some are as large as a hundred articles.
ONE_BY_ONE = 1 << 30


@dataclass(frozen=True, slots=True)
class FileToRead:
    kind: Kind
    content: bytes
    digest: str


class Files(Protocol):
    """What reading files out asks of the store."""

    def unread_files(self, ids: Sequence[int] | None = None) -> list[UnreadFile]: ...

    def file_content(self, file: UnreadFile) -> bytes: ...

    def keep_file_texts(self, given: Sequence[ReadOut]) -> None: ...


class CannotRead(Exception):
    """There is no text to be had: `why` is what the store keeps of it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_out(store: Files, ids: Sequence[int] | None, limits: Limits) -> int:
    """Reads out the files of these articles, or of all, that nobody has read out yet; how many they were.

    One that cannot be read, or takes too much, is kept with the reason and not tried again.
    """
    unread = store.unread_files(ids)
    if not unread:
        return 0
    files = (FileToRead(kind_of(each.name, each.media_type), store.file_content(each), each.digest) for each in unread)
    found = readings(files, limits)
    while some := list(islice(found, KEPT_AT_ONCE)):
        store.keep_file_texts(some)
    return len(unread)


def readings(files: Iterable[FileToRead], limits: Limits) -> Iterator[ReadOut]:
    """What each says, in their order. Of no file at all no child is started."""
    digests: deque[str] = deque()

    def jobs() -> Iterator[FileToRead]:
        for file in files:
            digests.append(file.digest)
            yield file

    with Pool[FileToRead, ReadOut]("indexer.extracting:extractor", lambda _: ONE_BY_ONE, limits) as pool:
        for done in pool.run(jobs()):
            if done.result:
                yield replace(done.result, digest=digests.popleft())
            else:
                yield ReadOut(digests.popleft(), "", done.reason or "error")


def kind_of(name: str, media_type: str) -> Kind:
    if media_type == "application/pdf":
        return "pdf"
    return "docx" if name.lower().endswith(".docx") else "text"


def extractor() -> Callable[[FileToRead], ReadOut]:
    """What the children do."""
    readers: dict[Kind, Callable[[bytes], Iterable[str]]] = {"pdf": _pdf, "docx": _docx, "text": _text}

    def read(file: FileToRead) -> ReadOut:
        try:
            return _whole(readers[file.kind](file.content))
        except CannotRead as error:
            return ReadOut("", "", error.why)

    return read


def _whole(pieces: Iterable[str]) -> ReadOut:
    from indexer.readers.rows import cleaned

    kept: list[str] = []
    room = MOST
    for piece in pieces:
        text = cleaned(piece).strip()
        if len(text) > room:
            return ReadOut("", "\n\n".join([*kept, text[:room]]), "too_long")
        if text:
            kept.append(text)
        room -= len(text)
    return ReadOut("", "\n\n".join(kept), "" if kept else "no_text")


def _pdf(content: bytes) -> Iterator[str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise CannotRead("encrypted" if "password" in str(error).lower() else "error") from error
    for page in document:
        yield page.get_textpage().get_text_bounded().replace("\r\n", "\n")
        page.close()


def _docx(content: bytes) -> Iterator[str]:
    import zipfile
    from xml.etree.ElementTree import ParseError

    import mammoth

    try:
        yield mammoth.extract_raw_text(io.BytesIO(content)).value
    except (zipfile.BadZipFile, KeyError, ParseError, OSError) as error:
        raise CannotRead("error") from error


def _text(content: bytes) -> Iterator[str]:
    from indexer.readers.encodings import Doubtful, decoded

    try:
        yield decoded(content).text
    except Doubtful as error:
        raise CannotRead("encoding") from error
