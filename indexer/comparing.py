"""What a dry run tells of a batch as a whole: texts that are nearly another's, and translations that are not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from kb.articles import LANGUAGES, Draft, Problem
from kb.entitlements import Scope
from kb.likeness import alike
from kb.rendered import sketch_of
from kb.reports import Entry, Place, Remark, Report
from kb.store import Store, likenesses
from kb.store.likenesses import Named
from kb.store.originals import Whole

# So many that are like it are named of one article.
NAMED = 3


@dataclass(frozen=True, slots=True)
class _Own:
    """An article of the batch: what is to be known of it to compare it."""

    id: str
    title: str
    group: str
    lang: str
    sketch: bytes


@dataclass
class Batch:
    """The articles that are new or changed, one after the other as they come."""

    own: list[_Own] = field(default_factory=list)

    def add(self, draft: Draft) -> None:
        self.own.append(_Own(draft.id, draft.title, draft.group or draft.id, draft.lang, sketch_of(draft)))

    def tell(self, report: Report, store: Store, scope: Scope | Whole) -> None:
        """Adds to each entry of the report what its author should look at, and to the remarks how often that is so."""
        told: dict[str, list[Problem]] = defaultdict(list)
        with store.reading() as connection:
            ids = {each.id for each in self.own}
            base = [
                each
                for each in likenesses.sketches(connection, scope)
                if each.sketch and not (each.source == report.source and each.external_id in ids)
            ]
            sketches = [*(each.sketch for each in self.own), *(each.sketch for each in base)]
            pairs = list(alike(sketches, len(self.own)))
            first = len(self.own)
            names = likenesses.named(connection, [base[pair.other - first].id for pair in pairs if pair.other >= first])
            there = likenesses.languages(connection, report.source)
        groups = [each.group for each in self.own]
        groups += [each.group or each.external_id if each.source == report.source else "" for each in base]
        for pair in sorted(pairs, key=lambda each: -each.share):
            if groups[pair.one] == groups[pair.other]:
                continue
            other = pair.other
            if other < first:
                self._note(told, self.own[pair.one], Named(self.own[other].id, self.own[other].title), pair.share)
                self._note(told, self.own[other], Named(self.own[pair.one].id, self.own[pair.one].title), pair.share)
            else:
                self._note(told, self.own[pair.one], names[base[other - first].id], pair.share)
        for id_, problem in self._untranslated(there):
            told[id_].append(problem)
        _added(report, told)

    @staticmethod
    def _note(told: dict[str, list[Problem]], own: _Own, other: Named, share: float) -> None:
        if len(told[own.id]) < NAMED:
            values = {"value": other.number, "title": other.title, "percent": round(share * 100)}
            told[own.id].append(Problem("near_duplicate", "", values, refuses=False))

    def _untranslated(self, there: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Problem]]:
        """Of articles of a source that has others in several languages: those that are not in all of these."""
        known = {**there, **{each.id: (each.group, each.lang) for each in self.own}}
        groups: dict[str, set[str]] = defaultdict(set)
        for group, lang in known.values():
            groups[group].add(lang)
        wanted = set().union(*(langs for langs in groups.values() if len(langs) > 1))
        seen: set[str] = set()
        for each in self.own:
            missing = [lang for lang in LANGUAGES if lang in wanted - groups[each.group]]
            if missing and each.group not in seen:
                yield each.id, Problem("translation_missing", "", {"value": ", ".join(missing)}, refuses=False)
            seen.add(each.group)


def _added(report: Report, told: dict[str, list[Problem]]) -> None:
    counts: dict[str, tuple[int, Place]] = {}
    for at, entry in enumerate(report.entries):
        if entry.status != "refused" and (problems := told.get(entry.id)):
            report.entries[at] = _with(entry, problems)
            for code in {each.code for each in problems}:
                count, place = counts.get(code, (0, entry.place))
                counts[code] = count + 1, place
    report.remarks += [
        Remark(Problem(f"{code}_rows", "", refuses=False), count, place) for code, (count, place) in counts.items()
    ]


def _with(entry: Entry, problems: Sequence[Problem]) -> Entry:
    return replace(entry, problems=(*entry.problems, *((entry.place, each) for each in problems)))
