"""Zendesk Help Center: the JSON of its API, one file or several: articles, their translations, sections, categories."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.converting import Document
from indexer.formats import Found
from indexer.formats.converted import values_of
from indexer.formats.documents import file_of
from indexer.formats.languages import language_of
from indexer.readers.files import FileProblem
from indexer.readers.json_lines import parsed
from indexer.readers.rows import Row, shown
from indexer.readers.tree import Tree, content
from kb.articles import Problem
from kb.reports import Place

MAX_FILE = 256 << 20
ARTICLE = re.compile(r"/hc/(?:[A-Za-z-]+/)?articles/(\d+)")
ATTACHMENT = re.compile(r"/article_attachments/(?:token/)?[\w-]+(?:/([^/?#]+))?")
LISTS = ("articles", "translations", "sections", "categories")


class Zendesk:
    """`paths`: the JSON files of an export."""

    def __init__(self, tree: Tree, paths: list[str]) -> None:
        self._tree, self._wrong = tree, list[Row]()
        self._lists: dict[str, list[tuple[str, dict[str, Any]]]] = {name: [] for name in LISTS}
        for path in paths:
            self._read(path)
        self._names = {posixpath.basename(each): each for each in tree.paths()}
        self._sections = {each.get("id"): each for _, each in self._lists["sections"]}
        self._translated: dict[Any, list[dict[str, Any]]] = {}
        for _, each in self._lists["translations"]:
            if each.get("source_type", "Article") == "Article":
                self._translated.setdefault(each.get("source_id"), []).append(each)
        self._ids = {str(each.get("id")): self._languages(each) for _, each in self._lists["articles"]}

    def _read(self, path: str) -> None:
        name = self._tree.shown(path)
        try:
            found = parsed(name, 1, content(self._tree, path, MAX_FILE))
        except FileProblem as problem:
            self._wrong.append(Row(Place(name), problems=(Problem(problem.code, "", problem.values(path)),)))
            return
        if isinstance(found, Row):
            self._wrong.append(found)
            return
        for key in LISTS:
            given = found.get(key) or []
            for each in given if isinstance(given, list) else [given]:
                if isinstance(each, dict):
                    self._lists[key].append((path, each))
                else:
                    odd = Problem("wrong_kind", key, {"kind": "object", "value": shown(each)})
                    self._wrong.append(Row(Place(name), problems=(odd,)))

    @property
    def total(self) -> int:
        return sum(len(each) for each in self._ids.values())

    def _texts(self, article: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The article in each of its languages; translations may say the source language again, or not."""
        found: list[Mapping[str, Any]] = [
            each for each in self._translated.get(article.get("id"), []) if each.get("body")
        ]
        own = str(article.get("locale") or "").lower()
        if not any(str(each.get("locale") or "").lower() == own for each in found):
            found.insert(0, article)
        return found

    def _languages(self, article: Mapping[str, Any]) -> dict[str, str]:
        """Language → id."""
        return {lang: f"{article.get('id')}.{lang}" for lang in map(_language, self._texts(article))}

    def articles(self) -> Iterator[Found | Row]:
        yield from self._wrong
        for path, article in self._lists["articles"]:
            place = Place(self._tree.shown(path))
            if not isinstance(article.get("id"), int | str):
                yield Row(place, problems=(Problem("key_missing", "id"),))
                continue
            for text in self._texts(article):
                yield self._found(place, path, article, text)

    def _found(self, place: Place, path: str, article: Mapping[str, Any], text: Mapping[str, Any]) -> Found | Row:
        id_, lang, body = str(article["id"]), _language(text), text.get("body")
        if not isinstance(body, str):
            problem = Problem(
                "wrong_kind" if body is not None else "key_missing", "body", {"kind": "text", "value": shown(body)}
            )
            return Row(place, id_, problems=(problem,))
        section = self._sections.get(article.get("section_id"), {})
        labels = article.get("label_names")
        values = values_of(
            id=f"{id_}.{lang}",
            group=id_,
            lang=lang,
            title=text.get("title") or text.get("name") or article.get("title"),
            category=section.get("name"),
            updated=str(text.get("updated_at") or article.get("updated_at") or "")[:10],
            also_asked_as=[each for each in labels if isinstance(each, str)] if isinstance(labels, list) else [],
            confidence="work_in_progress" if text.get("draft") or article.get("draft") else "",
        )
        restricted = article.get("user_segment_id") is not None
        problems = (Problem("restricted_there", "grants", refuses=False),) if restricted else ()
        return Found(place, f"{path}#{lang}", values, Document("html", body), problems=problems)

    def article(self, path: str, address: str) -> str | None:
        found = ARTICLE.search(address)
        languages = self._ids.get(found[1], {}) if found else {}
        return languages.get(path.rpartition("#")[2]) or next(iter(languages.values()), None)

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        if found := ATTACHMENT.search(address):
            name = found[1] or ""
            return (self._names[name], name) if name in self._names else None
        return file_of(self._tree, path, address)


def _language(text: Mapping[str, Any]) -> str:
    return language_of(str(text.get("locale") or ""), f"{text.get('title') or ''} {text.get('body') or ''}")
