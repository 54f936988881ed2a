"""A file that restricted sections alone refer to is for their readers, whichever way it came in."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain
from kb.config import Config
from kb.editing import Editing
from kb.entitlements import EVERYONE, matrices
from kb.publishing import Publishing
from kb.question import Query
from kb.reading import Reading
from kb.search import Search
from kb.store import Store
from tests.archives import Member, archive
from tests.contracts.test_editing import NOW, viewer
from tests.documents import scope
from tests.indexer.conftest import Bring

STAFF = scope("public", "staff")
TEXT = """看 [a](files/open.log)

:::grants staff
```one``` 兩份：[b](files/staff.log) [c](files/both.log) [d](files/open.log)
:::

:::grants {product}:gold {product}:gold_plus
[e](<files/gold file.log>) [f](files/both.log)
:::
"""
READERS = {
    "open.log": {"public", "staff", "gold"},
    "listed.log": {"public", "staff", "gold"},
    "staff.log": {"staff"},
    "gold file.log": {"gold"},
    "both.log": {"staff", "gold"},
}
SCOPES = {"public": EVERYONE, "staff": STAFF, "gold": scope("public", "windchill:gold")}
PATHS = [f"files/{name}" for name in READERS]
HEAD = "---\ntitle: 文章\nproduct: windchill\ngrants: [public]\n"


def _word(name: str) -> str:
    """What it says."""
    return "word" + name.removesuffix(".log").replace(" ", "")


def _folder(path: Path, head: str = f"{HEAD}attachments: {json.dumps(PATHS)}\n---\n") -> Path:
    (path / "kb" / "files").mkdir(parents=True)
    for name in READERS:
        (path / "kb" / "files" / name).write_text(_word(name))
    (path / "kb" / "a.zh-Hant.md").write_text(head + TEXT, "utf-8")
    return path / "kb"


def _with_one_listed(path: Path) -> Path:
    return _folder(path, f"{HEAD}attachments: [./files/listed.log]\n---\n")


def _zip(path: Path) -> Path:
    folder, packed = _folder(path), path / "kb.zip"
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    packed.write_bytes(archive([Member(str(each.relative_to(path)), each.read_bytes()) for each in files]))
    return packed


def _row(**more: object) -> dict[str, object]:
    return {"id": "a", "title": "文章", "lang": "zh-Hant", "product": "windchill", "body_markdown": TEXT, **more}


def _json_lines(path: Path) -> Path:
    rows = _folder(path) / "faq.jsonl"
    rows.write_text(json.dumps(_row(attachments=PATHS)))
    return rows


def _json_lines_with_content(path: Path) -> Path:
    folder = _folder(path)
    given = [
        {"name": name, "content_base64": base64.b64encode((folder / "files" / name).read_bytes()).decode()}
        for name in READERS
    ]
    rows = path / "faq.jsonl"
    rows.write_text(json.dumps(_row(attachments=given, body_markdown=TEXT.replace("files/", ""))))
    return rows


def _sections(path: Path) -> Path:
    """The readers of each section named beside it."""
    body, *parts = TEXT.split(":::grants ")
    given = [
        {"markdown": text.rpartition(":::")[0], "grants": grants.split()}
        for grants, text in (part.split("\n", 1) for part in parts)
    ]
    rows = _folder(path) / "faq.jsonl"
    rows.write_text(json.dumps(_row(attachments=PATHS, body_markdown=body, sections=given)))
    return rows


def _csv(path: Path) -> Path:
    rows = _folder(path) / "faq.csv"
    with rows.open("w", encoding="utf-8", newline="") as file:
        row = _row(attachments="; ".join(PATHS))
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    return rows


def _notion(path: Path) -> Path:
    folder, packed = _folder(path), path / "notes.zip"
    page = f"文章 {'0123456789abcdef' * 2}.md"
    files = [Member(f"notes/files/{each.name}", each.read_bytes()) for each in sorted((folder / "files").iterdir())]
    packed.write_bytes(archive([Member(f"notes/{page}", f"# 文章\n\n{TEXT}".encode()), *files]))
    return packed


def readers(store: Store) -> dict[str, set[str]]:
    return {
        name: who
        for name in READERS
        if (who := {who for who, each in SCOPES.items() if store.attachment("KB000001", name, each)})
    }


@pytest.mark.parametrize(
    "way",
    [_folder, _with_one_listed, _zip, _json_lines, _json_lines_with_content, _sections, _csv, _notion],
    ids=lambda way: way.__name__,
)
def test_whose_a_file_is_does_not_depend_on_the_way_it_came(
    bring: Bring, store: Store, tmp_path: Path, way: Callable[[Path], Path]
) -> None:
    report = bring(way(tmp_path / "given"), reading=Reading(product="windchill"))
    assert report.counts == {"new": 1}, report.entries
    expected = {name: who for name, who in READERS.items() if way is not _notion or name != "listed.log"}
    assert readers(store) == expected
    # Published anew with another title, it is the same.
    author, publishing = viewer(store, "author"), Publishing(store, Config(home=tmp_path / "home"), matrices())
    editing = Editing(store, publishing)
    draft = editing.open(author, "KB000001", NOW)
    content = replace(editing.draft(author, draft).content, title="新題")
    editing.publish(author, draft, editing.save(author, draft, 1, content, NOW), NOW)
    publishing.close()
    found = store.read("KB000001", EVERYONE)
    assert found and found.row.title == "新題" and readers(store) == expected


def test_what_a_listed_file_says_is_found_by_its_readers_alone(bring: Bring, store: Store, tmp_path: Path) -> None:
    bring(_folder(tmp_path / "given"))
    engine = open_engine(Config(home=tmp_path / "home"))
    drain(store, engine)
    search = Search(store, engine, fold, spellings)
    found = {
        name: {who for who, each in SCOPES.items() if search.find(Query(_word(name)), each).results} for name in READERS
    }
    engine.close()
    assert found == READERS


def test_two_files_of_one_name_keep_their_readers_in_the_editor(bring: Bring, store: Store, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / "kb" / folder).mkdir(parents=True)
        (tmp_path / "kb" / folder / "a.log").write_text(folder)
    text = "[b](two/a.log)\n\n:::grants staff\n[a](one/a.log)\n:::\n"
    (tmp_path / "kb" / "a.en.md").write_text(f"{HEAD}attachments: [one/a.log]\n---\n{text}", "utf-8")
    bring(tmp_path / "kb")
    author, publishing = viewer(store, "author"), Publishing(store, Config(home=tmp_path / "home"), matrices())
    editing = Editing(store, publishing)
    for title in ("", "Another"):
        if title:
            draft = editing.open(author, "KB000001", NOW)
            content = replace(editing.draft(author, draft).content, title=title)
            editing.publish(author, draft, editing.save(author, draft, 1, content, NOW), NOW)
        found = store.read("KB000001", EVERYONE)
        assert found and '/articles/KB000001/attachments/two-a.log"' in found.html
        assert store.attachment("KB000001", "two-a.log", EVERYONE) and store.attachment("KB000001", "a.log", STAFF)
        assert not store.attachment("KB000001", "a.log", EVERYONE), title
    publishing.close()
