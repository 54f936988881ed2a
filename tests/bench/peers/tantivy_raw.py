"""tantivy by itself: the bare best ten, which is the limit; and with a filter, one facet and ten stored texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, Missing, octets_of

KEYS = ("scope", "product", "lang", "year")


@contextmanager
def opened(name: str, prepared: Prepared, folder: Path) -> Iterator[TantivyPeer]:
    try:
        import tantivy
    except ModuleNotFoundError as error:
        raise Missing("tantivy: pip install tantivy") from error
    builder = tantivy.SchemaBuilder()
    for key in KEYS:
        builder.add_text_field(key, tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_text_field("title", tokenizer_name="whitespace", stored=True, index_option="freq")
    builder.add_text_field("text", tokenizer_name="whitespace", stored=True, index_option="freq")
    schema = builder.build()
    empty = not any(folder.iterdir())
    index = tantivy.Index(schema, path=str(folder))
    if empty:
        writer = index.writer(heap_size=256_000_000, num_threads=2)
        for row in prepared.cut():
            writer.add_document(tantivy.Document(**{key: row[key] for key in (*KEYS, "title", "text")}))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
    yield TantivyPeer(name, index, prepared, folder)


class TantivyPeer:
    def __init__(self, name: str, index: Any, prepared: Prepared, folder: Path) -> None:
        import tantivy

        self._tantivy, self._folder, self._bare = tantivy, folder, name == "tantivy-bare"
        self._schema, self._searcher = index.schema, index.searcher()
        self._rights = tantivy.Query.const_score_query(
            tantivy.Query.term_set_query(index.schema, "scope", prepared.scopes), 0.0
        )

    def ask(self, text: str) -> Found:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        terms = [
            (occur.Should, query.boost_query(query.term_query(self._schema, field, word, "freq"), boost))
            for word in words(text)
            for field, boost in (("title", 6.0), ("text", 1.0))
        ]
        asked = query.boolean_query(terms)
        if self._bare:
            return Found(0, len(self._searcher.search(asked, 10, count=False).hits), 0)
        asked = query.boolean_query([(occur.Must, asked), (occur.Must, self._rights)])
        found = self._searcher.search(asked, 10, count=True)
        texts = [self._searcher.doc(address)["text"] for _, address in found.hits]
        facets = self._searcher.aggregate(asked, {"product": {"terms": {"field": "product", "size": 300}}})
        return Found(found.count, len(texts), len(facets["product"]["buckets"]))

    def octets(self) -> int:
        return octets_of(self._folder)
