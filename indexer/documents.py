"""An article as the store has it to the documents an engine indexes: one for each audience, with terms, counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from indexer.analysis import CHARACTER, EXACT, Analysis
from kb.entitlements import Grants, audiences
from kb.search import Document
from kb.store.articles import IndexSource

# So many votes or cases are needed before their balance counts for half: one reader's mood moves nothing.
DOUBT = 10
# Each set of grants doubles the audiences: of more such sets in one article the rest is found by nobody.
MOST_FILE_GRANTS = 3


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


def _digest(document: Document) -> str:
    content = [
        document.audience.key, document.number, document.title, document.body, document.headings,
        document.also_asked_as, document.lang, document.product, document.type, document.versions, document.category,
        document.updated.isoformat(), document.confidence, document.helpful,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Counted:
    """A document's terms: of the title, of what is emphasised (headings, questions), of everything.

    `length` counts words.
    """

    title: Counter[str]
    emphasis: Counter[str]
    everything: Counter[str]
    length: int


def counted(document: Document, analysis: Analysis) -> Counted:
    """The terms of a document with their frequencies."""
    title = analysis.term_counts(document.title)
    asked = analysis.term_counts("\n".join(document.also_asked_as))
    headings = analysis.term_counts("\n".join(document.headings))
    emphasis = headings + asked
    everything = analysis.term_counts(f"{document.number}\n{document.body}")
    everything |= headings  # they are lines of the body already, but for what cuts differently alone
    everything.update(title)
    everything.update(asked)
    return Counted(title, emphasis, everything, length(everything))


def length(counts: Counter[str]) -> int:
    """How long a text is, in Latin words and Han characters, a Han word being taken for about two characters."""
    return sum(
        n if term[0] == EXACT else n * 0.6 for term, n in counts.items() if term[0] in (EXACT, CHARACTER)
    ).__ceil__()
