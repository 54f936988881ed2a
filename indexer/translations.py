"""What translations of an article say for it: it is found by the words of each that its reader may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexer.sources import Rows, Source
from indexer.tree import Articles, Groups, Node, Not, all_of

# Of so many articles, each translation is heard: there are three languages.
MOST = 500


def translations(source: Source, readable: Node, rows: Rows) -> Rows:
    """The readable translations of these documents that are not among them."""
    groups = frozenset(rows.groups.tolist()) - {0}
    if not groups:
        return Rows.joined([])
    others = Not(Articles(frozenset(rows.articles.tolist())))
    return source.newest(all_of([readable, Groups(groups), others]), MOST)


def better_translations(groups: Sequence[int], scores: Sequence[float], articles: Sequence[int]) -> Mapping[int, int]:
    """For each place that another of its group has a greater score than: where the best of the group is, of several the
    one that is the oldest in the store, whatever the order of an engine."""
    best: dict[int, int] = {}
    for at, group in enumerate(groups):
        if group and (group not in best or (-scores[at], articles[at]) < (-scores[best[group]], articles[best[group]])):
            best[group] = at
    return {at: best[group] for at, group in enumerate(groups) if group and scores[best[group]] > scores[at]}
