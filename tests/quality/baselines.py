"""Relevance beside baselines, on the same judged queries in the same run: `make eval`.

The baselines are what one would have without this project: SQLite's FTS5 with its trigram tokenizer, FTS5 over words
cut by jieba, Whoosh with jieba's analyzer, and OpenSearch with its `cjk` and `standard` analyzers. Titles weigh five
times the body in each. A difference is marked when a paired randomization test over the queries (Smucker, Allan,
Carterette: A comparison of statistical significance tests for information retrieval evaluation, CIKM 2007) finds
p < .01.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rjieba
from jieba.analyse import ChineseAnalyzer
from opensearchpy import OpenSearch, helpers
from rich.console import Console
from rich.table import Table
from whoosh import fields, index, qparser, query

from indexer.evaluation import JudgedSet, Measured, Part, Ranker, measure, measured_sets, read_set
from kb.config import Config
from tests import components
from tests.bench.corpus import Row, first
from tests.servers import opensearch_url

FLIPS = 10_000
SIGNIFICANT = 0.01
# Its native search takes a quarter of a second here: some queries of each set must do.
WHOOSH_QUERIES = 40
BASELINE = "baseline"
SERVER_SECONDS = 60
MOST_WORDS = 8_192
HAN = re.compile("[\u3400-\u9fff]+")
WORD = re.compile(r"\w+")

Open = Callable[[Sequence[Row]], Any]


def words(text: str) -> list[str]:
    return [word for word in rjieba.cut_for_search(text.lower()) if WORD.match(word)]


def trigrams(text: str) -> list[str]:
    return [run[at : at + 3] for run in WORD.findall(text.lower()) for at in range(max(1, len(run) - 2))]


@contextmanager
def fts5(rows: Sequence[Row], tokenizer: str, cut: Callable[[str], list[str]], before: bool) -> Iterator[Ranker]:
    """`before`: texts are cut here, not by the tokenizer."""
    base = sqlite3.connect(":memory:")
    base.execute(
        f"CREATE VIRTUAL TABLE found USING fts5(id UNINDEXED, lang UNINDEXED, title, body, tokenize='{tokenizer}')"
    )
    prepared: Callable[[str], str] = (lambda text: " ".join(cut(text))) if before else (lambda text: text)
    base.executemany(
        "INSERT INTO found VALUES (?, ?, ?, ?)",
        ((row["id"], row["lang"], prepared(row["title"]), prepared(row["body_markdown"])) for row in rows),
    )
    ranked = "SELECT id FROM found WHERE found MATCH ? {} ORDER BY bm25(found, 0, 0, 5.0, 1.0) LIMIT ?"

    def rank(text: str, lang: str, depth: int) -> list[str]:
        terms = dict.fromkeys(cut(text))
        if not terms:
            return []
        match = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
        given = (match, lang, depth) if lang else (match, depth)
        return [id_ for (id_,) in base.execute(ranked.format("AND lang = ?" if lang else ""), given)]

    yield rank
    base.close()


@contextmanager
def whoosh(rows: Sequence[Row]) -> Iterator[Ranker]:
    analyzer = ChineseAnalyzer()
    schema = fields.Schema(
        id=fields.STORED,
        lang=fields.ID,
        title=fields.TEXT(analyzer=analyzer, field_boost=5.0),
        body=fields.TEXT(analyzer=analyzer),
    )
    with tempfile.TemporaryDirectory() as folder:
        made = index.create_in(folder, schema)
        writer = made.writer(limitmb=512)
        for row in rows:
            writer.add_document(id=row["id"], lang=row["lang"], title=row["title"], body=row["body_markdown"])
        writer.commit()
        parser = qparser.MultifieldParser(["title", "body"], schema, group=qparser.OrGroup, plugins=[])
        with made.searcher() as searcher:

            def rank(text: str, lang: str, depth: int) -> list[str]:
                only = query.Term("lang", lang) if lang else None
                return [hit["id"] for hit in searcher.search(parser.parse(text), filter=only, limit=depth)]

            yield rank
        made.close()


@contextmanager
def opensearch(rows: Sequence[Row], analyzer: str) -> Iterator[Ranker]:
    text = {"type": "text", "analyzer": analyzer}
    mapping = {"properties": {"lang": {"type": "keyword"}, "title": text, "body": text}}
    with opensearch_url() as url, closing(OpenSearch(hosts=[url], timeout=SERVER_SECONDS)) as client:
        # A pasted message has more words than a question may have by default.
        client.cluster.put_settings(body={"persistent": {"indices.query.bool.max_clause_count": MOST_WORDS}})
        client.indices.create(index=BASELINE, body={"settings": {"number_of_replicas": 0}, "mappings": mapping})
        given = ({"lang": row["lang"], "title": row["title"], "body": row["body_markdown"]} for row in rows)
        helpers.bulk(
            client,
            ({"_index": BASELINE, "_id": row["id"], "_source": one} for row, one in zip(rows, given, strict=True)),
        )
        client.indices.refresh(index=BASELINE)

        def rank(text: str, lang: str, depth: int) -> list[str]:
            found = {"multi_match": {"query": text, "fields": ["title^5", "body"]}}
            only = [{"term": {"lang": lang}}] if lang else []
            asked = {"query": {"bool": {"must": [found], "filter": only}}, "size": depth, "_source": False}
            return [hit["_id"] for hit in client.search(index=BASELINE, body=asked)["hits"]["hits"]]

        yield rank
        client.indices.delete(index=BASELINE)


@contextmanager
def served(names: Sequence[str], console: Console) -> Iterator[Sequence[str]]:
    """The baselines that can be had; while OpenSearch's are among them, its server runs."""
    there = components.java() and components.opensearch()
    if any(map(_is_served, names)) and not there:
        console.print("MISSING OpenSearch, its baselines are left out: scripts/setup-system installs it, or says how")
    kept = [name for name in names if there or not _is_served(name)]
    with opensearch_url() if any(map(_is_served, kept)) else nullcontext():
        yield kept


def _is_served(name: str) -> bool:
    return name.startswith("OpenSearch")


def part_of(judged: JudgedSet, most: int) -> JudgedSet:
    """So many queries at most, chosen by a hash of their ids."""
    chosen = sorted(judged.queries, key=lambda each: zlib.crc32(each.id.encode()))[:most]
    return replace(judged, queries=tuple(chosen))


def probability(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """How likely a mean difference as large would be, were the two equal: two-sided, paired, seeded."""
    differences = np.array([ours[id_] - value for id_, value in theirs.items()])
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (FLIPS, len(differences)))
    seen = abs((signs @ differences) / len(differences))
    return float((np.sum(seen >= abs(differences.mean()) - 1e-12) + 1) / (FLIPS + 1))


OPENERS: Mapping[str, Open] = {
    "FTS5 trigram": lambda rows: fts5(rows, "trigram", trigrams, before=False),
    "FTS5 jieba": lambda rows: fts5(rows, "unicode61", words, before=True),
    "Whoosh jieba": whoosh,
    "OpenSearch cjk": partial(opensearch, analyzer="cjk"),
    "OpenSearch standard": partial(opensearch, analyzer="standard"),
}


def baselines(judged: Sequence[JudgedSet], named: Collection[str], console: Console) -> dict[str, dict[str, Measured]]:
    """Baseline → set → how it did."""
    wanted = [name for name in OPENERS if name.partition(" ")[0].lower() in named or name in named]
    with served(wanted, console) as names:
        return _measured(judged, names, console)


def _measured(judged: Sequence[JudgedSet], names: Sequence[str], console: Console) -> dict[str, dict[str, Measured]]:
    found: dict[str, dict[str, Measured]] = {name: {} for name in names}
    for paths, group in itertools.groupby(sorted(judged, key=lambda each: each.articles), lambda each: each.articles):
        sets = list(group)
        rows = [row for path in paths for row in first(path)]
        for name in found:
            console.print(f"{name}: {len(rows):,} articles", style="dim")
            with OPENERS[name](rows) as rank:
                for each in sets:
                    some = part_of(each, WHOOSH_QUERIES) if name.startswith("Whoosh") else each
                    found[name][each.name] = measure(some, rank)
    return found


def table_of(ours: Sequence[Measured], others: Mapping[str, Mapping[str, Measured]]) -> Table:
    """nDCG@10 / success@1 of each. `*`: ours differs, p < .01; a baseline's figure is of the queries it was asked."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("set", "queries", "ours", *others):
        table.add_column(name, justify="left" if name == "set" else "right")
    better = dict.fromkeys(others, 0)
    worse = dict.fromkeys(others, 0)
    for mine in ours:
        cells = []
        for name, theirs in others.items():
            given = theirs[mine.name]
            values = given.each["nDCG@10"]
            same = {id_: mine.each["nDCG@10"][id_] for id_ in values}
            certain = probability(same, values) < SIGNIFICANT
            ahead = sum(same.values()) > sum(values.values())
            better[name] += certain and ahead
            worse[name] += certain and not ahead
            cells.append(f"{_figures(given)}{('*' if ahead else '!') if certain else ' '}")
        table.add_row(mine.name, str(mine.queries), _figures(mine), *cells)
    means = [_means(each) for each in (ours, *(list(theirs.values()) for theirs in others.values()))]
    table.add_row(
        "mean of the sets", str(sum(mine.queries for mine in ours)), means[0], *(f"{mean} " for mean in means[1:])
    )
    table.add_row(
        "", "", "ours better, p < .01 on", *(f"{better[name]} sets, worse on {worse[name]} " for name in others)
    )
    return table


def _figures(measured: Measured) -> str:
    return f"{measured.estimates['nDCG@10'].mean:.3f}/{measured.estimates['Success@1'].mean:.3f}"


def _means(all_: Sequence[Measured]) -> str:
    figures = (np.mean([each.estimates[name].mean for each in all_]) for name in ("nDCG@10", "Success@1"))
    return "/".join(f"{figure:.3f}" for figure in figures)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.baselines", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="sets of judged queries")
    parts: tuple[Part, ...] = ("all", "tune", "hold")
    parser.add_argument("--part", choices=parts, default="all")
    parser.add_argument("--keep", type=Path, help="keep our indexes here")
    parser.add_argument(
        "--baselines",
        nargs="*",
        default=["fts5", "whoosh", "opensearch"],
        help="fts5, whoosh, opensearch, or their names",
    )
    given = parser.parse_args()
    judged = [read_set(folder, given.part) for folder in given.folders]
    console = Console(width=None if sys.stdout.isatty() else 160)
    with tempfile.TemporaryDirectory() as home:
        ours = measured_sets(judged, Config(home=Path(home)), None, given.keep, lambda *_: None)
    others = baselines(judged, given.baselines, Console(stderr=True))
    console.print("nDCG@10/success@1; * ours is better, ! ours is worse, p < .01 (paired randomization)")
    console.print(table_of(ours, others))


if __name__ == "__main__":
    main()
