"""An article as the store has it to the documents an engine indexes: one for each audience, with terms, counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from indexer.analysis import CHARACTER, EXACT, Analysis
from indexer.folding import fold, squash
from indexer.impacts import levels, norm
from indexer.planning import article_number
from indexer.sounds import grams, syllables
from kb.entitlements import Grants, audiences
from kb.search import Document

if TYPE_CHECKING:
    from kb.store.articles import ArticleRow, IndexSource

# So many votes or cases are needed before their balance counts for half: one reader's mood moves nothing.
DOUBT = 10
# Each set of grants doubles the audiences: of more such sets in one article the rest is found by nobody.
MOST_FILE_GRANTS = 3
# `helpful` is kept as a whole number of so many parts.
HELPFUL_UNIT = 1_000
SORTED_BY = 60
_PACKED = json.JSONEncoder(ensure_ascii=False).encode


def documents_of(source: IndexSource) -> Iterator[Document]:
    """One document for each audience of the article, with what it may read; of one that is withdrawn, staff's alone."""
    row, sections = source.row, source.sections
    grants = frozenset({"staff"}) & row.grants if row.is_withdrawn else row.grants
    restricted = [*(section.grants for section in sections if section.grants), *_own_readers(source)]
    for at, (audience, readable) in enumerate(audiences(grants, restricted)):
        seen = [section for section in sections if not section.grants or section.grants in readable]
        said = [file.text for file in source.files if not file.grants or _may_have(file.grants, readable)]
        document = Document(
            key=f"{row.id}.{at}",
            article=row.id,
            audience=audience,
            number=row.number,
            title=row.title,
            body="\n\n".join([*(section.text for section in seen), *said]),
            headings=tuple(heading for section in seen for heading in section.headings),
            also_asked_as=row.also_asked_as,
            lang=row.lang,
            product=row.product,
            type=row.type,
            versions=row.versions,
            category=row.category,
            updated=row.updated,
            confidence=row.confidence,
            helpful=_helpful(source),
            group=_group(row),
            digest="",
        )
        yield replace(document, digest=_digest(document))


def _own_readers(source: IndexSource) -> list[Grants]:
    """Grants of files whose readers are not those of some sections: with these there are more audiences."""
    parts = {section.grants for section in source.sections if section.grants}
    own = {file.grants for file in source.files if file.grants}
    return sorted((each for each in own if not _made_of(each, parts)), key=sorted)[:MOST_FILE_GRANTS]


def _made_of(grants: Grants, parts: Iterable[Grants]) -> bool:
    return frozenset[str]().union(*(part for part in parts if part <= grants)) == grants


def _may_have(grants: Grants, readable: frozenset[Grants]) -> bool:
    """Whoever reads a section may have what is for that section's readers and more."""
    return any(part <= grants for part in readable)


def _helpful(source: IndexSource) -> float:
    """From -1 to 1: what readers said, and an engineer who linked it to a case says it helped."""
    helped = source.helped + source.reused
    return (helped - source.failed) / (helped + source.failed + DOUBT)


def _group(row: ArticleRow) -> int:
    """A number that an article shares with its translations alone, which JSON and every engine can take whole."""
    if not row.group:
        return 0
    return int.from_bytes(hashlib.sha256(f"{row.source}\0{row.group}".encode("utf-8", "replace")).digest()[:6])


def _digest(document: Document) -> str:
    content = [
        document.audience.key, document.number, document.title, document.body, document.headings,
        document.also_asked_as, document.lang, document.product, document.type, document.versions, document.category,
        document.updated.isoformat(), document.confidence, document.helpful, document.group,
    ]  # fmt: skip
    return hashlib.sha256(_PACKED(content).encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Counted:
    """A document's terms: of the title, of what is emphasised (headings, questions), of everything.

    `length` counts words.
    """

    title: Counter[str]
    emphasis: Counter[str]
    everything: Counter[str]
    length: int


def counted(document: Document, analysis: Analysis, folded: tuple[str, str]) -> Counted:
    """The terms of a document with their frequencies. `folded` are its title and body."""
    title = analysis.counts_of(folded[0], document.title)
    asked = analysis.term_counts("\n".join(document.also_asked_as))
    headings = analysis.term_counts("\n".join(document.headings))
    emphasis = headings + asked if asked else headings
    everything = analysis.counts_of(folded[1], document.body)
    _at_least(everything, headings)  # they are lines of the body already, but for what cuts differently alone
    everything.update(title)
    everything.update(asked)
    # Who names the product in a question finds what is filed under it, although its text takes that for granted.
    _at_least(everything, _filed_under(analysis, document.product, document.category))
    return Counted(title, emphasis, everything, length(everything))


@lru_cache(maxsize=1_000)
def _filed_under(analysis: Analysis, product: str, category: str) -> Counter[str]:
    return analysis.term_counts(f"{product}\n{category}")


def _at_least(counts: Counter[str], least: Counter[str]) -> None:
    """`counts |= least`, which would go through all of `counts`."""
    for term, times in least.items():
        if counts[term] < times:
            counts[term] = times


def length(counts: Counter[str]) -> int:
    """How long a text is, in Latin words and Han characters, a Han word being taken for about two characters."""
    words = 0.0
    for term, times in counts.items():
        if (kind := term[0]) == CHARACTER:
            words += times * 0.6
        elif kind == EXACT:
            words += times
    return ceil(words)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What any engine writes of a document: its terms, and the columns that ranking, facets and the audit read.

    `levels` are its terms by their impact, from the lowest; `titled` those of the title; `grams` are what the title
    sounds like, in pieces: each a text with spaces between. Texts are folded.
    """

    document: Document
    number: str
    levels: Sequence[str]
    titled: str
    grams: str
    title: str
    body: str
    title_length: int
    helpful: int

    @property
    def sort_key(self) -> str:
        return sort_key(self.title, self.document.article)


def whole(document: Document) -> Document:
    """The document without halves of characters, which UTF-8 cannot write."""
    title, body = _whole(document.title), _whole(document.body)
    if title == document.title and body == document.body:
        return document
    return replace(document, title=title, body=body)


def indexed(document: Document, analysis: Analysis) -> Indexed:
    document = whole(document)
    title, body = fold(document.title), fold(document.body)
    counts = counted(document, analysis, (title, body))
    number = document.number.lower()
    return Indexed(
        document=document,
        number=article_number(number) or number,
        levels=tuple(map(" ".join, levels(counts.title, counts.emphasis, counts.everything, norm(counts.length)))),
        titled=" ".join(sorted(counts.title)),
        grams=" ".join(grams(syllables(title))),
        title=title,
        body=body,
        title_length=len(squash(title)),
        helpful=round(document.helpful * HELPFUL_UNIT),
    )


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def sort_key(title: str, article: int) -> str:
    """What articles are put in order of their titles by: no two have the same."""
    return f"{title[:SORTED_BY]}\0{article:012d}"
