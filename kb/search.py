"""Searching: what is asked, what comes back, the port an engine fills, and the use case that joins engine and store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

from kb import snippets
from kb.busy import Busy as Busy  # an engine raises it
from kb.entitlements import Audience, Scope
from kb.logs import Trouble
from kb.query import Clause, understood
from kb.question import MAX_DEPTH, MAX_QUERY, Needed, Query
from kb.snippets import Marks, Pieces

if TYPE_CHECKING:
    # Children that analyse articles start in half the time without a database.
    from kb.store.articles import ArticleRow, FileText, Readable

MAX_REFUSALS = 5

A = TypeVar("A")

# What a score can be made of, in the order of its making.
PARTS = (
    "words", "vocabulary", "titled", "covered", "language", "number", "title_equals",
    "codes", "quoted", "in_marks", "nearly", "pairs", "opening", "line", "early", "short", "helpful", "confidence",
    "age", "translated", "abroad",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What an engine indexes: the part of one article that one audience sees.

    `key` is the article's id and the place among the documents of the article (`17.0`). `body` and `headings` are plain
    text; `digest`, hexadecimal, changes when anything here does. `helpful` is what readers made of it, from -1 to 1, 0
    when nobody said. Translations of one article are of one `group`; 0: of none.
    """

    key: str
    article: int
    audience: Audience
    number: str
    title: str
    body: str
    headings: tuple[str, ...]
    also_asked_as: tuple[str, ...]
    lang: str
    product: str
    type: str
    versions: tuple[str, ...]
    category: str
    updated: date
    digest: str
    confidence: str = "validated"
    helpful: float = 0.0
    group: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """An article found, best first. `parts`, named as in PARTS, add up to its score if the query asked to explain."""

    article: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of hits. `total` and `facets` count every match under the scope, a facet as if its own filter were off.

    `marks` are what to mark in a passage. `unquoted`: nothing says word for word what stands between “marks of print”,
    or is quoted by a message, so it was taken as words. `literal`: what looks like an operator (`-Name`, `char*`) and
    was taken as a word, since articles have it as it was typed.
    `facets[name]` is (value, count), most frequent first, ties by value.
    """

    total: int = 0
    hits: tuple[Hit, ...] = ()
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    unquoted: bool = False
    literal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to offer while typing: an article (`article`), or text to search for.

    `kind` says where it comes from: number, title, term, pinyin, zhuyin, typo. An engine gives folded text; where it
    stands in the title of the article `source`, from and to `span`, lets the store's title give the original.
    """

    text: str
    kind: str
    article: int | None = None
    number: str | None = None
    source: int | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Respelled:
    """A question as it was typed but for misspelt words, put as titles have them: `words` are these, folded, each with
    an article whose title has it."""

    text: str
    words: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an engine serves. `fingerprint` is of schema, analysis, words; `expected` is what this code would write.
    `mark`: of its last batch, 0 when none had one.
    """

    engine: str
    generation: str
    documents: int
    fingerprint: str
    expected: str
    bytes: int
    mark: int = 0

    @property
    def stale(self) -> bool:
        return self.fingerprint != self.expected


class Writer(Protocol):
    """Changes an index; what was written shows when the context manager ends without an error, all at once."""

    def replace(self, article: int, documents: Sequence[Document]) -> None:
        """Put these in the place of all the article has in the index; none removes it."""


class Engine(Protocol):
    """Finds articles by their words. Knows nothing of people, only of grants."""

    @property
    def name(self) -> str:
        """As the settings call it."""

    def search(self, query: Query, scope: Scope) -> Hits: ...

    def suggest(
        self,
        prefix: str,
        scope: Scope,
        limit: int = 8,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        """`without` and `prefers` as in `Query`."""

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> Respelled | None:
        """The text with its misspelt words put as readable titles have them: Latin words as the nearest, those of Han
        characters as one of the same sound; None when there is nothing to mend. Next to nothing readable says a
        misspelt word, and no title."""

    def writer(self, *, rebuild: bool = False, mark: int | None = None) -> AbstractContextManager[Writer]:
        """Commits on a clean exit, leaves the index as it was on an error. `rebuild` fills a fresh generation beside
        the serving one and swaps at the end. One writer at a time: a second raises `Busy`. `mark` is what the index
        carries afterwards; without, what it carried."""

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        """Article → {document key: digest}, for the audit. IndexDamaged when a file of the index is not what was
        written, as far as that is known."""

    def tidy(self) -> None:
        """Remove what writers left that were killed. Nothing while one is at work."""

    def status(self) -> IndexStatus: ...

    def close(self) -> None: ...


class EngineDown(Exception):
    """The engine cannot answer now."""


class IndexDamaged(EngineDown):
    """What there is of an index cannot be read: it has to be made anew."""


class FilePassage(NamedTuple):
    """A passage of a file of an article, in marked pieces."""

    name: str
    passage: Pieces


@dataclass(frozen=True, slots=True)
class Result:
    """A hit with its article, and the passage of what this scope sees of it that answers, in marked pieces.

    `file`: what was asked that the article does not say stands in this file of it.
    """

    article: ArticleRow
    score: float
    title: tuple[tuple[str, bool], ...]
    passage: tuple[tuple[str, bool], ...]
    parts: Mapping[str, float]
    file: FilePassage | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results. `page` may be past the end: then it is empty and `total` still counts.

    `plain`: the engine is away, and the store answered as well as it can: no facets, `total` at most MAX_DEPTH.
    `unquoted`, `literal`: as in `Hits`. `without`: what the index has too much, and was left out.
    """

    query: Query
    total: int
    results: tuple[Result, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    plain: bool = False
    unquoted: bool = False
    literal: tuple[str, ...] = ()
    without: frozenset[int] = frozenset()

    @property
    def pages(self) -> int:
        size = self.query.page_size
        return min(-(-self.total // size), MAX_DEPTH // size)


NOTHING: Hits = Hits()

Fold: TypeAlias = Callable[[str], str]

# The words of a text, each in the spellings it may stand in.
Spellings: TypeAlias = Callable[[str], Sequence[Sequence[str]]]

# Told of each search: how many seconds it took, and whether the store answered it plainly.
Observe: TypeAlias = Callable[[float, bool], None]

RELATED_ASKED = 30

# What is looked at again each time before it is used begins with this: no change of the index makes it wrong.
CHECKED = ""
OCTETS_OF_RESULT, OCTETS_OF_VALUE, OCTETS_OF_CHARACTER = 4_000, 150, 4

log = logging.getLogger(__name__)


class Articles(Protocol):
    """The store's side of a search: the last word on who reads what."""

    def readable(self, ids: Sequence[int], scope: Scope) -> dict[int, Readable]: ...

    def readable_rows(self, ids: Sequence[int], scope: Scope) -> dict[int, ArticleRow]: ...

    def checked(
        self, ids: Sequence[int], scope: Scope, engine: str
    ) -> tuple[dict[int, Readable], frozenset[int] | None]: ...

    def checked_rows(
        self, ids: Sequence[int], scope: Scope, engine: str
    ) -> tuple[dict[int, ArticleRow], frozenset[int] | None]: ...

    def find(
        self, words: Sequence[Sequence[str]], query: Query, scope: Scope, needed: Sequence[Needed] = ()
    ) -> list[int]: ...

    def file_texts(self, ids: Sequence[int], scope: Scope) -> Mapping[int, Sequence[FileText]]: ...


class Keep(Protocol):
    """A place for what may be of use again, within a bound of memory; what was put there may be gone."""

    def find(self, key: tuple[Any, ...]) -> Any: ...

    def put(self, key: tuple[Any, ...], value: object, octets: int) -> None: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer with all that it was made from: the hits, the articles, and the files of those named in `asking`."""

    hits: Hits
    articles: Sequence[tuple[ArticleRow, int]]
    asking: Sequence[int]
    files: Sequence[tuple[int, str, int]]
    results: Results

    @property
    def octets(self) -> int:
        asked = OCTETS_OF_CHARACTER * len(self.results.query.text)
        values = sum(map(len, self.hits.facets.values()))
        return asked + OCTETS_OF_VALUE * values + OCTETS_OF_RESULT * (1 + len(self.articles) + len(self.files))


class Search:
    """Answers questions under a scope: the engine finds, the store gives the articles and checks every one again."""

    def __init__(
        self,
        store: Articles,
        engine: Engine,
        fold: Fold,
        spellings: Spellings,
        observe: Observe | None = None,
        keep: Keep | None = None,
    ) -> None:
        """Answers are kept in `keep`. One is given again when the engine, and all that the store says at that moment
        under the same scope, are as they were when it was made: nothing is read less, passages are not made again."""
        self._store, self._engine, self._fold, self._spellings = store, engine, fold, spellings
        self._observe, self._keep = observe, keep
        self._away = Trouble(log, "the engine is away, the store answers")

    def find(self, query: Query, scope: Scope) -> Results:
        """A page of results. An article that the store refuses is in no hit, count or statistic.

        While the engine is away the store answers, in a plainer form.
        """
        began = time.perf_counter()
        results = self._answer(query, scope) if scope else Results(query, 0, (), {})
        if self._observe:
            self._observe(time.perf_counter() - began, results.plain)
        return results

    def total(self, query: Query, scope: Scope) -> int:
        """How many articles `find` would count: faster, as no article is read and no passage made while there is an
        engine."""
        if not scope:
            return 0
        try:
            return self._found(query, scope, self._store.checked_rows)[0].total
        except EngineDown as error:
            self._away.met(type(error).__name__, error)
            return self._plainly(query, scope).total

    def _answer(self, query: Query, scope: Scope) -> Results:
        try:
            hits, articles, without = self._found(query, scope, self._store.checked)
        except EngineDown as error:
            self._away.met(type(error).__name__, error)
            return self._plainly(query, scope)
        if self._keep is None:
            return self._made(query, scope, hits, articles, without).results
        key = (CHECKED, "results", scope.grants, query)
        kept: _Kept | None = self._keep.find(key)
        if (
            kept is None
            or kept.hits != hits
            or kept.articles != _said_by(articles)
            or kept.results.without != without
            or not self._same_files(kept, scope)
        ):
            kept = self._made(query, scope, hits, articles, without)
            self._keep.put(key, kept, kept.octets)
        return kept.results

    def _made(
        self, query: Query, scope: Scope, hits: Hits, articles: Mapping[int, Readable], without: frozenset[int]
    ) -> _Kept:
        shown = [self._shown(hit, articles[hit.article], hits.marks) for hit in hits.hits if hit.article in articles]
        asking = sorted(result.article.id for result, lacking in shown if lacking.asked)
        files = self._store.file_texts(asking, scope) if asking else {}
        found = tuple(self._with_files(shown, files))
        results = Results(
            query, hits.total, found, hits.facets, unquoted=hits.unquoted, literal=hits.literal, without=without
        )
        return _Kept(hits, _said_by(articles), asking, _said_by_files(files), results)

    def _same_files(self, kept: _Kept, scope: Scope) -> bool:
        return not kept.asking or kept.files == _said_by_files(self._store.file_texts(kept.asking, scope))

    def _with_files(
        self, shown: Sequence[tuple[Result, Marks]], files: Mapping[int, Sequence[FileText]]
    ) -> Iterator[Result]:
        """With passages of files where an article itself does not say all that was asked."""
        for result, lacking in shown:
            best = max(
                ((snippets.holds(file.text, lacking, self._fold), file) for file in files.get(result.article.id, ())),
                key=lambda found: found[0],
                default=None,
            )
            if best is None or not best[0]:
                yield result
                continue
            passage = snippets.marked(best[1].text, lacking, self._fold).passage()
            yield replace(result, file=FilePassage(best[1].name, passage))

    def _found(
        self,
        query: Query,
        scope: Scope,
        read: Callable[[Sequence[int], Scope, str], tuple[dict[int, A], frozenset[int] | None]],
    ) -> tuple[Hits, dict[int, A], frozenset[int]]:
        """Hits that the store confirms, with what it reads of them and what the index has too much: that is left out,
        and the page made anew."""
        for _ in range(MAX_REFUSALS):
            hits = self._engine.search(query, scope)
            ids = [hit.article for hit in hits.hits]
            articles, hidden = read(ids, scope, self._engine.name)
            if hidden is None:
                raise EngineDown("the index has yet to learn who reads what now: kb sync")
            refused = (hidden | frozenset(ids).difference(articles)) - query.without
            if not refused:
                self._away.over()
                return hits, articles, query.without
            query = replace(query, without=query.without | refused)
        raise EngineDown("the index and the store disagree: run kb check")

    def _plainly(self, query: Query, scope: Scope) -> Results:
        parsed, filters = understood(query)
        words = self._spellings(parsed.text)
        groups = [clause.group for clause in parsed.conditions]
        # Of alternatives, none is needed.
        needed = [self._needed(clause) for clause in parsed.conditions if groups.count(clause.group) == 1]
        if not words and not needed and not filters.any:
            return Results(query, 0, (), {}, plain=True)
        found = self._store.find(words, replace(query, filters=filters), scope, needed)
        first = (query.page - 1) * query.page_size
        ids = found[first : first + query.page_size]
        articles = self._store.readable(ids, scope)
        marks = Marks({self._fold(word[0]): 1.0 for word in words})
        results = tuple(self._shown(Hit(id_, 0.0), articles[id_], marks)[0] for id_ in ids if id_ in articles)
        return Results(query, len(found), results, {}, plain=True)

    def _needed(self, clause: Clause) -> Needed:
        exact = clause.kind == "value" or clause.field == "number"
        return Needed([(clause.text,)] if exact else self._spellings(clause.text), clause.field, clause.negated)

    def _shown(self, hit: Hit, article: Readable, marks: Marks) -> tuple[Result, Marks]:
        """The hit as it is shown, and what was asked that the article does not say."""
        title = snippets.marked(article.row.title, marks, self._fold)
        text = snippets.marked(article.text, marks, self._fold)
        lacking = {mark: marks.asked[mark] for mark in marks.asked if mark not in title.whole | text.whole}
        for question in article.row.also_asked_as if lacking else ():
            said = snippets.marked(question, replace(marks, asked=lacking, others={}), self._fold).whole
            lacking = {mark: weight for mark, weight in lacking.items() if mark not in said}
        shown = Result(article.row, hit.score, title.pieces(), text.passage(), hit.parts)
        return shown, replace(marks, asked=lacking, others={})

    def suggest(self, prefix: str, scope: Scope, limit: int = 8, prefers: tuple[str, ...] = ()) -> Sequence[Suggestion]:
        """Completions of what is being typed; those that name an article name one that the scope may read. What titles
        in the languages of `prefers` say comes first."""
        without: frozenset[int] = frozenset()
        for _ in range(MAX_REFUSALS if scope else 0):
            try:
                found = self._engine.suggest(prefix, scope, limit, without, prefers)
            except EngineDown:
                return ()
            named = {each for one in found for each in (one.article, one.source) if each is not None}
            rows, hidden = self._store.checked_rows(sorted(named), scope, self._engine.name)
            if hidden is None:
                return ()
            if hidden <= without:
                break
            without |= hidden
        else:
            return ()
        original = (_original(one, rows) for one in found)
        return [one for one in original if one is not None]

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> str | None:
        """What may be meant instead: the text with misspelt words as titles of readable articles have them. None when
        nothing is misspelt, or nothing near. `without`: as in the text's own results."""
        try:
            found = self._engine.respelled(text, scope, without) if scope else None
        except EngineDown:
            return None
        if found is None:
            return None
        rows = self._store.readable_rows(sorted({article for _, article in found.words}), scope)
        said = all(article in rows and word in self._fold(rows[article].title) for word, article in found.words)
        return found.text if said else None

    def related(self, readable: Readable, scope: Scope, limit: int = 5) -> list[ArticleRow]:
        """Other articles about the same, those in its language first, the best of them first; no translation of it."""
        row = readable.row
        text = "\n".join((row.title, *row.also_asked_as))[:MAX_QUERY]
        query = Query(text, prefers=(row.lang,), page_size=RELATED_ASKED, plain=True, loose=True)
        try:
            hits, rows, _ = self._found(query, scope, self._store.checked_rows)
        except EngineDown:
            return []
        best = (rows[hit.article] for hit in hits.hits)
        others = [one for one in best if one.id != row.id and not _is_translation(one, row)]
        ranked = sorted(others, key=lambda other: (other.lang != row.lang, other.product != row.product))
        return ranked[:limit]


def _said_by(articles: Mapping[int, Readable]) -> list[tuple[ArticleRow, int]]:
    """All that a result shows of articles or is made from; texts, of which there may be much, by Python's hash of them,
    of 64 bits and keyed anew in each process."""
    return [(each.row, hash(each.text)) for _, each in sorted(articles.items())]


def _said_by_files(files: Mapping[int, Sequence[FileText]]) -> list[tuple[int, str, int]]:
    return [(id_, file.name, hash(file.text)) for id_, of_it in sorted(files.items()) for file in of_it]


def _original(one: Suggestion, rows: Mapping[int, ArticleRow]) -> Suggestion | None:
    """The suggestion in the words of the store; None when the scope does not read where it comes from."""
    if one.article is not None:
        row = rows.get(one.article)
        return replace(one, text=row.title, number=row.number) if row else None
    if one.source is None or one.source not in rows or one.span is None:
        return None
    start, end = one.span
    return replace(one, text=rows[one.source].title[start:end].strip(), source=None, span=None)


def _is_translation(one: ArticleRow, other: ArticleRow) -> bool:
    return one.group is not None and (one.group, one.source) == (other.group, other.source)
