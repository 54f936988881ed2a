"""Measuring relevance: judged queries run against an index made for them, scored by `ir-measures`.

A set is a folder with a `set.json` that names its files: `articles` (what is searched, JSON lines), `queries` (`id`,
`text`, `kind`; `lang`: the answer is sought in that language only; `candidates`: only these are ranked), `qrels`
(TREC: query 0 article grade) and perhaps `linkers` (query article: an article left out of that query's ranking).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from indexer.analysis import Analysis
from indexer.engines import open_engine
from indexer.filling import sources
from indexer.importing import ImportOptions, import_articles
from indexer.sync import drain
from kb.config import Config
from kb.entitlements import EVERYONE, PUBLIC
from kb.question import Filters, Query
from kb.search import Engine, Hit
from kb.store import Store

METRICS = ("nDCG@10", "RR@10", "Success@1", "Success@10", "R@100")
DEPTH = 100
RESAMPLES = 1_000
WORDS_FOR_WRONG = 3

Part = Literal["all", "tune", "hold"]
Garbling = Literal["wrong", "mistyped"]


Draw: TypeAlias = Callable[[str, int, int], None]


class SetError(Exception):
    """A folder is no set of judged queries: says which file and what is wrong."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A question and what it was judged by. `candidates` empty: every article is ranked."""

    id: str
    text: str
    lang: str = ""
    kind: str = ""
    candidates: frozenset[str] = frozenset()
    linkers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Queries over some files of articles, with the grade of each relevant article by query."""

    name: str
    articles: tuple[Path, ...]
    queries: tuple[JudgedQuery, ...]
    grades: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % confidence interval, by resampling the queries (seeded: the same every time)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """How one way of searching did on one set. `each` holds every query's value of every metric."""

    name: str
    queries: int
    estimates: Mapping[str, Estimate]
    p50_ms: float
    p95_ms: float
    each: Mapping[str, Mapping[str, float]] = field(default_factory=dict, repr=False)


class Ranker(Protocol):
    """A way of searching, by ids of the set's own."""

    def __call__(self, text: str, lang: str, depth: int) -> Sequence[str]:
        """The best `depth` articles, best first, only those of the language when one is given."""


def read_set(folder: Path, part: Part = "all") -> JudgedSet:
    """A set, or the half of its queries for tuning, or the half held back: a hash of the query's id decides."""
    try:
        named = json.loads((folder / "set.json").read_text("utf-8"))
        articles = tuple((folder / name).resolve() for name in named["articles"])
        grades = _grades(folder / named["qrels"])
        linkers = _linkers(folder / named["linkers"]) if "linkers" in named else {}
        queries = tuple(query for query in _queries(folder / named["queries"], linkers) if _in_part(query, part))
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        raise SetError(f"{folder} is no set of judged queries: {what}") from error
    for path in articles:
        if not path.is_file():
            raise SetError(f"{folder / 'set.json'} names articles that are not there: {path}")
    return JudgedSet(folder.name, articles, queries, grades)


def _in_part(query: JudgedQuery, part: Part) -> bool:
    return part == "all" or (zlib.crc32(query.id.encode()) % 2 == 0) == (part == "tune")


def _queries(path: Path, linkers: Mapping[str, set[str]]) -> Iterable[JudgedQuery]:
    for line in path.read_text("utf-8").splitlines():
        found: dict[str, Any] = json.loads(line)
        id_ = found["id"]
        yield JudgedQuery(
            id_,
            found["text"],
            found.get("lang") or "",
            found.get("kind") or "",
            frozenset(found.get("candidates") or ()),
            frozenset(linkers.get(id_, ())),
        )


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in path.read_text("utf-8").splitlines():
        query, _, article, grade = line.split()
        grades[query][article] = int(grade)
    return grades


def _linkers(path: Path) -> dict[str, set[str]]:
    linkers: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text("utf-8").splitlines():
        query, *articles = line.split()
        linkers[query].update(articles)
    return linkers


def garbled(judged: JudgedSet, count: int, how: Garbling) -> JudgedSet:
    """The queries with so many words of each put wrong, the same every time: `wrong`: as words of others, as of a
    message that was copied badly or names other things; `mistyped`: one character of each as another. Words of one
    character stay; queries of fewer than three times as many words as are put wrong are left out. SetError when that
    leaves none."""
    import numpy as np

    cut = Analysis().words
    words = {query: [(start, end) for _, start, end in cut(query.text) if end - start > 1] for query in judged.queries}
    others = sorted({query.text[start:end] for query, places in words.items() for start, end in places})
    characters = "".join(others)
    queries = []
    for query, places in words.items():
        if len(places) < WORDS_FOR_WRONG * count:
            continue
        chosen, text = np.random.default_rng(zlib.crc32(query.id.encode())), query.text
        for start, end in sorted(chosen.permutation(places)[:count].tolist(), reverse=True):
            other = others[chosen.integers(len(others))]
            if how == "mistyped":
                other = _mistyped(text[start:end], characters, chosen)
            text = text[:start] + other + text[end:]
        queries.append(replace(query, text=text))
    if not queries:
        raise SetError(f"{judged.name}: no query has {WORDS_FOR_WRONG * count} words, of which {count} could be wrong")
    return replace(judged, queries=tuple(queries))


def _mistyped(word: str, characters: str, chosen: Any) -> str:
    """The word with one of its characters, but not the first, as another of the same kind."""
    at = int(chosen.integers(1, len(word)))
    fitting = [
        each for each in characters if each.isascii() == word[at].isascii() and each.isalpha() and each != word[at]
    ]
    return word[:at] + fitting[chosen.integers(len(fitting))] + word[at + 1 :] if fitting else word


def measure(judged: JudgedSet, rank: Ranker, asked: Callable[[int], None] | None = None) -> Measured:
    """Runs every query of a set; `asked` is told how many are done."""
    import numpy as np

    run: dict[str, dict[str, float]] = {}
    seconds = []
    for done, query in enumerate(judged.queries, 1):
        more = len(query.linkers)
        began = time.perf_counter()
        found = rank(query.text, query.lang, DEPTH + more if not query.candidates else 10 * DEPTH)
        seconds.append(time.perf_counter() - began)
        kept = [id_ for id_ in found if id_ not in query.linkers]
        if query.candidates:
            kept = [id_ for id_ in kept if id_ in query.candidates]
        run[query.id] = {id_: float(DEPTH - at) for at, id_ in enumerate(kept[:DEPTH])}
        if asked:
            asked(done)
    each = _each(judged, run)
    estimates = {name: _estimate(list(each[name].values())) for name in METRICS}
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000 if seconds else (0.0, 0.0)
    return Measured(judged.name, len(judged.queries), estimates, float(p50), float(p95), each)


def _each(judged: JudgedSet, run: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    import ir_measures

    measures = {name: ir_measures.parse_measure(name) for name in METRICS}
    qrels = {query.id: dict(judged.grades.get(query.id, {})) for query in judged.queries}
    # A query that finds nothing is worth 0, which the package would leave out of the mean.
    each = {name: dict.fromkeys(qrels, 0.0) for name in METRICS}
    names = {measure: name for name, measure in measures.items()}
    for value in ir_measures.iter_calc(list(measures.values()), qrels, run):
        each[names[value.measure]][value.query_id] = float(value.value)
    return each


def _estimate(values: Sequence[float]) -> Estimate:
    if not values:
        return Estimate(0.0, 0.0, 0.0)
    import numpy as np

    sample = np.array(values)
    draws = np.random.default_rng(0).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.percentile(sample[draws].mean(axis=1), [2.5, 97.5])
    return Estimate(float(sample.mean()), float(low), float(high))


def measured_sets(
    judged: Sequence[JudgedSet], config: Config, engine: str | None, keep: Path | None, draw: Draw
) -> list[Measured]:
    """Every set, searched as readers search. Sets over the same files of articles share an index.

    The indexes are made in a temporary place, or in `keep`, where the next call finds them again.
    """
    found: dict[str, Measured] = {}
    for articles in dict.fromkeys(each.articles for each in judged):
        with (
            _home(keep, articles) as home,
            opened(articles, replace(config, home=home, store_url=""), engine, draw) as rank,
        ):
            for each in judged:
                if each.articles == articles:
                    found[each.name] = measure(each, rank, _telling(draw, each))
    return [found[each.name] for each in judged]


def _telling(draw: Draw, judged: JudgedSet) -> Callable[[int], None]:
    return lambda done: draw(judged.name, done, len(judged.queries))


@contextmanager
def _home(keep: Path | None, articles: Sequence[Path]) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="kb-evaluate-") as folder:
            yield Path(folder)
        return
    name = hashlib.sha256("\n".join(map(str, articles)).encode()).hexdigest()[:12]
    yield keep.absolute() / f"{articles[0].name.partition('.')[0]}-{name}"


@contextmanager
def opened(articles: Sequence[Path], config: Config, engine_name: str | None, draw: Draw) -> Iterator[Ranker]:
    """The articles imported and indexed, for everyone to read; searching them by their own ids."""
    with indexed(articles, config, engine_name, draw) as (engine, ids):

        def rank(text: str, lang: str, depth: int) -> list[str]:
            query = Query(text, _only(lang), page_size=depth, today=date.today())
            return [ids[hit.article] for hit in engine.search(query, EVERYONE).hits]

        yield rank


@contextmanager
def indexed(
    articles: Sequence[Path], config: Config, engine_name: str | None, draw: Draw
) -> Iterator[tuple[Engine, Mapping[int, str]]]:
    """The articles imported and indexed, for everyone to read, and each one's own id."""
    config.prepare_home()
    with Store.create(config.store_url) as store:
        for path in articles:
            options = ImportOptions(grants=(PUBLIC,), new_products=True)
            import_articles(path, options, store, config, draw)
        engine = open_engine(config, engine_name)
        try:
            drain(store, engine, lambda done, total: draw("indexing", done, total))
            yield engine, {source.row.id: source.row.external_id for source in sources(store)}
        finally:
            engine.close()


def explained(engine: Engine, query: JudgedQuery, depth: int) -> Sequence[Hit]:
    """The best `depth` articles of a query, with what each score is made of."""
    asked = Query(query.text, _only(query.lang), page_size=depth, today=date.today(), explain=True)
    return engine.search(asked, EVERYONE).hits


def _only(lang: str) -> Filters:
    return Filters(langs=frozenset({lang})) if lang else Filters()
