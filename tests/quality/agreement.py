"""Whether every engine gives the same answers: `make agreement`.

Every query of every set is asked of each engine, over an index of the same articles; the first ten must be the same, in
the same order. Prints for each set how many queries agree, and some of those that do not. OpenSearch is started for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from indexer.evaluation import JudgedSet, opened, read_set
from kb.config import ENGINES, Config
from tests.servers import opensearch_url

FIRST = 10
SHOWN = 5
PATIENCE = 60

Answers = Mapping[tuple[str, str], Sequence[str]]


def answers(sets: Sequence[JudgedSet], engine: str, home: Path, nodes: Sequence[str]) -> Answers:
    """By set and query, the first ten that an engine gives. Sets are over the same articles."""
    config = replace(Config.from_env({}), home=home, store_url="")
    if engine == "opensearch":
        config = replace(
            config,
            opensearch_url=tuple(nodes),
            opensearch_index=f"agreement-{home.name}",
            opensearch_replicas=0,
            opensearch_seconds=PATIENCE,
        )
    with opened(sets[0].articles, config, engine, lambda what, done, total: None) as rank:
        return {
            (each.name, query.id): rank(query.text, query.lang, FIRST)[:FIRST]
            for each in sets
            for query in each.queries
        }


def compared(sets: Sequence[JudgedSet], engines: Sequence[str], keep: Path, nodes: Sequence[str]) -> tuple[int, int]:
    """Prints each set's figures; how many queries agree, of how many."""
    agreeing = asked = 0
    for articles in dict.fromkeys(each.articles for each in sets):
        group = [each for each in sets if each.articles == articles]
        home = keep / articles[0].name.partition(".")[0]
        given = [answers(group, engine, home, nodes) for engine in engines]
        for each in group:
            keys = [(each.name, query.id) for query in each.queries]
            apart = [key for key in keys if any(given[0][key] != other[key] for other in given[1:])]
            agreeing, asked = agreeing + len(keys) - len(apart), asked + len(keys)
            print(f"{each.name:<22} {len(keys) - len(apart):>5} of {len(keys):>5}", *apart[:SHOWN], flush=True)
    return agreeing, asked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    parser.add_argument("--keep", type=Path, help="keep the indexes here, and use those there are")
    given = parser.parse_args()
    sets = [read_set(folder) for folder in given.sets]
    server = opensearch_url() if "opensearch" in given.engines else nullcontext("")
    with server as node, tempfile.TemporaryDirectory(prefix="kb-agreement-") as folder:
        agreeing, asked = compared(sets, given.engines, (given.keep or Path(folder)).absolute(), [node])
    print(f"{', '.join(given.engines)}: {agreeing:,} of {asked:,} queries alike, {agreeing / max(asked, 1):.2%}")
    return 0 if agreeing >= 0.99 * asked else 1


if __name__ == "__main__":
    sys.exit(main())
