"""Writing a tantivy index: the schema, documents, deletions, and a commit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tantivy import Document as Row
from tantivy import Index, Query, Schema, SchemaBuilder

from indexer.analysis import Analysis
from indexer.documents import Indexed
from indexer.impacts import LEVELS
from indexer.making import Made, Making
from indexer.sources import COLUMNS, EVERYTHING, NUMBER, SOUND, TITLE
from kb.articles import CONFIDENCES, LANGUAGES
from kb.search import Document

# As much as this is collected before it is written as a segment: a search of hundreds of thousands of articles in one
# segment takes a tenth less than in five. It takes no more memory than there are terms to collect.
HEAP = 1_000_000_000
SMALL_HEAP = 20_000_000
# A day's documents keep their places: the first of them has the lowest article.
DAY = 1 << 32
PARTS = 1 << 8
META = "meta.json"
# The more is compressed in one piece, the less room it takes, and the longer it takes to read one of it.
STORED_AT_ONCE = 1 << 15
# Two bytes for a Han character, one for a Latin letter, and every character there is.
CHARSET = "gb18030"
STORED_TITLE, STORED_BODY = "title_gb", "body_gb"
# A term's level, from 1, is told by a field for each; the lowest is told by EVERYTHING alone.
LEVEL_FIELDS = tuple(f"{EVERYTHING}{level}" for level in range(LEVELS))
LANGS: tuple[str, ...] = LANGUAGES
KINDS_OF_CONFIDENCE: tuple[str, ...] = CONFIDENCES


def schema() -> Schema:
    """Terms counted by our analysis, without frequencies or positions; columns for order, ranking and facets; and the
    texts that a closer look reads, stored."""
    builder = SchemaBuilder()
    for name in (TITLE, EVERYTHING, *LEVEL_FIELDS[1:], SOUND):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field(NUMBER, tokenizer_name="raw", index_option="basic")
    for name in COLUMNS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("sort_key", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("article", "row", "group"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_unsigned_field("recency", fast=True)
    for name in ("updated", "helpful", "title_length"):
        builder.add_integer_field(name, fast=True)
    for name in ("lang_code", "confidence_code"):
        builder.add_unsigned_field(name, fast=True)
    for name in ("digest", STORED_TITLE, STORED_BODY):
        builder.add_bytes_field(name, stored=True, indexed=False)
    return builder.build()


def created(path: Path) -> Index:
    """A new index in an empty folder. What the package has no words for is written into its description: that nothing
    is looked up by the order of titles, and nothing is worth more or less for a field's length."""
    Index(schema(), str(path))
    description = json.loads((path / META).read_text(encoding="utf-8"))
    description["index_settings"]["docstore_blocksize"] = STORED_AT_ONCE
    for field in description["schema"]:
        if field["type"] == "text":
            field["options"]["indexing"]["fieldnorms"] = False
        if field["name"] == "sort_key":
            del field["options"]["indexing"]
    (path / META).write_text(json.dumps(description), encoding="utf-8")
    return Index.open(str(path))


class BatchWriter:
    """See `indexer.embedded.Batch`.

    The writer is made for one batch and let go after it: one that stays open keeps the files of old segments.
    """

    def __init__(self, index: Index, analysis: Analysis, fresh: bool) -> None:
        self._making, self._fresh = Making(analysis, many=fresh), fresh
        self._schema = index.schema
        self._written: set[int] = set()
        self._writer = index.writer(HEAP if fresh else SMALL_HEAP, num_threads=1)

    def replace(self, article: int, documents: Sequence[Document]) -> None:
        for ready in self._making.add(article, documents):
            self._put(*ready)

    def _put(self, article: int, made: Made) -> None:
        if not self._fresh or article in self._written:
            # By term, it takes the number for a signed one, and finds nothing.
            self._writer.delete_documents_by_query(Query.term_query(self._schema, "article", article))
        for at, each in enumerate(made):
            self._writer.add_document(_row(each, at))
        self._written.add(article)

    def commit(self) -> None:
        for ready in self._making.rest():
            self._put(*ready)
        self._making.close()
        self._writer.commit()
        self._writer.garbage_collect_files()
        self._writer.wait_merging_threads()

    def cancel(self) -> None:
        self._making.close()
        with suppress(Exception):
            self._writer.rollback()
        # Lets go of the index: nobody else can write it before. Of no use when the writer is gone already.
        with suppress(Exception):
            self._writer.wait_merging_threads()


def _row(made: Indexed, at: int) -> Row:
    document, row = made.document, Row()
    row.add_text(EVERYTHING, " ".join(filter(None, made.levels)))
    for field, terms in zip(LEVEL_FIELDS[1:], made.levels[1:], strict=True):
        if terms:
            row.add_text(field, terms)
    row.add_text(TITLE, made.titled)
    row.add_text(SOUND, made.grams)
    row.add_text(NUMBER, made.number)
    row.add_text("audience", document.audience.key)
    row.add_text("product", document.product)
    row.add_text("type", document.type)
    row.add_text("lang", document.lang)
    for version in document.versions:
        row.add_text("version", version)
    row.add_text("sort_key", made.sort_key)
    row.add_unsigned("article", document.article)
    row.add_unsigned("group", document.group)
    row.add_unsigned("row", document.article * PARTS + at)
    day = document.updated.toordinal()
    row.add_unsigned("recency", day * DAY + DAY - 1 - document.article)
    row.add_integer("updated", day)
    row.add_integer("helpful", made.helpful)
    row.add_integer("title_length", made.title_length)
    row.add_unsigned("lang_code", LANGS.index(document.lang))
    row.add_unsigned("confidence_code", KINDS_OF_CONFIDENCE.index(document.confidence))
    row.add_bytes("digest", bytes.fromhex(document.digest))
    row.add_bytes(STORED_TITLE, made.title.encode(CHARSET))
    row.add_bytes(STORED_BODY, made.body.encode(CHARSET))
    return row
