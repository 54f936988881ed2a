"""Commits and generations: which index serves, and which of its documents show.

A generation is an index of its own; an alias names the one that serves, and moving it swaps them. Inside an index,
every document carries the number of the commit that brought it (`born`), and one document, the state, says which commit
shows. So a batch shows at once on every shard and replica, when the state is put, and not a document of it before. What
it replaced is hidden by the state from then on, and deleted only after a while, so that a search that began before sees
its own commit to its end.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.engines.opensearch.cluster import Answered, Cluster, Conflict, Missing
from indexer.engines.opensearch.mapping import created
from kb.config import Config
from kb.search import Busy, EngineDown, IndexDamaged

STATE = "state"
# What the cluster says of an alias that names more than one.
SEVERAL = "more than one ind"
LOOKS = 3


@dataclass(frozen=True)
class Replaced:
    """Articles whose older documents do not show any more since a commit, of a time in seconds."""

    commit: int
    articles: tuple[int, ...]
    at: float

    @property
    def hidden(self) -> Mapping[str, Any]:
        """The condition that holds for those older documents."""
        return {"bool": {"filter": [{"terms": {"article": self.articles}}, {"range": {"born": {"lt": self.commit}}}]}}


@dataclass(frozen=True)
class State:
    """What shows in an index. `made` tells it from one that was removed, whose name is given again. `mark`: of
    its last batch that had one. `version` is what a
    writer must know to put the next one."""

    index: str
    commit: int
    made: str = ""
    replaced: tuple[Replaced, ...] = ()
    mark: int = 0
    version: tuple[int, int] = (0, 0)

    @property
    def generation(self) -> tuple[str, str]:
        return self.index, self.made

    @property
    def shown(self) -> Mapping[str, Any]:
        """The condition that holds for the documents that show."""
        hidden = [one.hidden for one in self.replaced]
        return {"bool": {"filter": [{"range": {"born": {"lte": self.commit}}}], "must_not": hidden}}


@dataclass
class Commits:
    """The generations of one alias in a cluster."""

    cluster: Cluster
    config: Config
    _known: State | None = field(default=None, init=False)
    _meta: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict, init=False)

    @property
    def alias(self) -> str:
        return self.config.opensearch_index

    def serving(self) -> State | None:
        """What shows now, asked anew each time; None when nothing was ever built."""
        for _ in range(LOOKS):
            known = self._known
            try:
                found = self.cluster.ask(
                    "GET", f"/{self.alias}/_doc/{STATE}", _source_includes="state.commit,state.made"
                )
            except Missing:
                return None
            except Answered as error:
                if SEVERAL not in str(error):
                    raise
                raise IndexDamaged(f"the alias {self.alias} names other indexes, too: run kb build") from error
            said = found["_source"][STATE]
            if known and (*known.generation, known.commit) == (found["_index"], _made(said), said["commit"]):
                return known
            with contextlib.suppress(Missing):  # swept just now: another serves
                self._known = _state(self.cluster.ask("GET", f"/{found['_index']}/_doc/{STATE}"))
                return self._known
        raise EngineDown("the generations of the index change too quickly to be read")

    def newest(self, index: str = "") -> State | None:
        """What a writer goes by, asked with a writer's patience; of an index, or of the one that serves."""
        try:
            return _state(self.cluster.tell("GET", f"/{index or self.alias}/_doc/{STATE}"))
        except Missing:
            return None

    def put(self, state: State, *, first: bool = False) -> None:
        """Show what a state says. Busy when another writer put one meanwhile, which nothing but a long sleep brings."""
        seq_no, term = state.version
        params = {"op_type": "create"} if first else {"if_seq_no": str(seq_no), "if_primary_term": str(term)}
        replaced = [{"commit": one.commit, "articles": list(one.articles), "at": one.at} for one in state.replaced]
        body = {STATE: {"commit": state.commit, "made": state.made, "replaced": replaced, "mark": state.mark}}
        try:
            self.cluster.tell("PUT", f"/{state.index}/_doc/{STATE}", body, **params)
        except Conflict as error:
            raise Busy(f"another process wrote the index {state.index} meanwhile") from error

    def fresh(self, fingerprint: str) -> State:
        """A new, empty generation beside the others."""
        number = max((int(name[-6:]) for name in self._generations()), default=0) + 1
        index = f"{self.alias}-{number:06d}"
        meta = {"fingerprint": fingerprint, "generation": f"{number:06d}"}
        self.cluster.tell("PUT", f"/{index}", created(self.config, meta))
        return State(index, 1, secrets.token_hex(8))

    def serve(self, index: str) -> None:
        """Make this the generation that serves, in one step."""
        others = [name for name in self._named() if name != index]
        actions = [{"remove": {"index": name, "alias": self.alias}} for name in others]
        self.cluster.tell("POST", "/_aliases", {"actions": [*actions, {"add": {"index": index, "alias": self.alias}}]})

    def _named(self) -> Sequence[str]:
        """The indexes that the alias names, be they ours or what somebody gave it to by hand."""
        try:
            return sorted(self.cluster.tell("GET", f"/_alias/{self.alias}"))
        except Missing:
            return ()

    def sweep(self) -> None:
        """Remove every generation that does not serve."""
        serving = set(self._generations(served=True))
        for name in self._generations():
            if name not in serving:
                self.drop(name)

    def drop(self, index: str) -> None:
        try:
            self.cluster.tell("DELETE", f"/{index}")
        except Missing:
            return

    def refresh(self, index: str) -> None:
        """Make what was put into an index findable, on every copy of every shard."""
        self.cluster.tell("POST", f"/{index}/_refresh")

    def forget(self, index: str, which: Mapping[str, Any]) -> None:
        """Delete the documents for which it holds."""
        body = {"query": which}
        done = self.cluster.tell("POST", f"/{index}/_delete_by_query", body, conflicts="proceed", refresh="true")
        if done["failures"]:
            raise EngineDown(f"OpenSearch could not delete {len(done['failures'])} documents of {index}")

    def fingerprint(self, state: State) -> str:
        return self._meta_of(state).get("fingerprint", "")

    def _meta_of(self, state: State) -> Mapping[str, str]:
        if state.generation not in self._meta:
            found = self.cluster.ask("GET", f"/{state.index}/_mapping")
            self._meta = {state.generation: found[state.index]["mappings"].get("_meta", {})}
        return self._meta[state.generation]

    def _generations(self, *, served: bool = False) -> Sequence[str]:
        found = self.cluster.tell("GET", f"/{self.alias}-*/_alias", allow_no_indices="true")
        return sorted(
            name
            for name, its in found.items()
            if re.fullmatch(rf"{re.escape(self.alias)}-[0-9]{{6}}", name)
            and (not served or self.alias in its["aliases"])
        )


def _state(found: Mapping[str, Any]) -> State:
    given = found["_source"][STATE]
    replaced = tuple(Replaced(one["commit"], tuple(one["articles"]), one["at"]) for one in given["replaced"])
    return State(
        found["_index"],
        given["commit"],
        _made(given),
        replaced,
        given.get("mark", 0),
        (found["_seq_no"], found["_primary_term"]),
    )


def _made(state: Mapping[str, Any]) -> str:
    """Nothing, of an index that was written before there was any."""
    made: str = state.get("made", "")
    return made
