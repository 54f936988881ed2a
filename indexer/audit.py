"""The audit: does the index hold of every article what the store says, for exactly those who may read it?"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.documents import documents_of
from indexer.filling import Progress, Source, put, sources
from kb.search import Engine, IndexDamaged


@dataclass(frozen=True, slots=True)
class Findings:
    """Articles by what is wrong with them in the index.

    Not there, other than in the store (its text or who reads it), or there though the store has it no more.
    `outdated`: the whole index was written by other rules than today's; `damaged`: it cannot be read.
    """

    missing: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()
    outdated: bool = False
    checked: int = 0
    damaged: bool = False

    @property
    def clean(self) -> bool:
        return not (self.missing or self.stale or self.extra or self.outdated or self.damaged)

    @property
    def articles(self) -> list[int]:
        return sorted({*self.missing, *self.stale, *self.extra})


def audit(store: Source, engine: Engine, progress: Progress | None = None) -> Findings:
    """Compare every article, its audiences included. Run it when no change is waiting.

    A waiting one counts as a finding.
    """
    try:
        contents, status = dict(engine.contents()), engine.status()
    except IndexDamaged:
        return Findings(damaged=True)
    total = len(store.article_ids())
    missing, stale, checked = [], [], 0
    for source in sources(store):
        expected = {document.key: document.digest for document in documents_of(source)}
        found = contents.pop(source.row.id, {})
        if expected and not found:
            missing.append(source.row.id)
        elif dict(found) != expected:
            stale.append(source.row.id)
        checked += 1
        if progress and checked % 500 == 0:
            progress(checked, total)
    outdated = bool(status.documents) and status.stale
    return Findings(tuple(missing), tuple(stale), tuple(sorted(contents)), outdated, checked)


def repair(store: Source, engine: Engine, findings: Findings) -> None:
    """Put right what was found; an outdated or damaged index is for `rebuild`."""
    if findings.articles:
        with store.alone(), engine.writer() as writer:
            put(store, writer, findings.articles)
