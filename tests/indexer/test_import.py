"""Imports: what is wrong is refused row by row with its place and its reason, what is right goes in, all or nothing."""

from __future__ import annotations

import gzip
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.readers.front_matter import FrontMatterError, parse
from kb.articles import LANGUAGES
from kb.entitlements import EVERYONE
from kb.messages import told
from kb.reports import Report
from kb.store import Store
from tests.documents import scope
from tests.foreign import png
from tests.indexer.conftest import Bring

HEADER = "id,title,body_markdown,lang,product,grants\n"


def row(id_: str = "a", **others: Any) -> dict[str, Any]:
    whole = {
        "id": id_,
        "title": f"第 {id_} 篇",
        "body_markdown": "## 症狀\n\n無法登入",
        "lang": "zh-Hant",
        "product": "windchill",
        "category": "登入",
        "updated": "2026-01-02",
    }
    return {key: value for key, value in (whole | others).items() if value is not ...}


def lines(*rows: object) -> bytes:
    return b"".join(
        (each if isinstance(each, bytes) else json.dumps(each, ensure_ascii=False).encode()) + b"\n" for each in rows
    )


def codes(report: Report) -> list[tuple[int, str, str]]:
    """Of every refusal: line, field, code."""
    return [
        (place.line or 0, problem.field, problem.code) for entry in report.entries for place, problem in entry.problems
    ]


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        (b'{"id": "x", ', "", "not_json"),
        (b"\xff\xfe{}", "", "not_json"),
        ("名稱".encode("big5"), "", "encoding_doubtful"),
        (b"\x80", "", "not_utf8"),
        (b"[]", "", "not_object"),
        (b'{"id": NaN}', "", "not_json"),
        (b'{"id": "x", "id": "y"}', "", "not_json"),
        (b"[" * 100_000, "", "not_json"),
        (b'{"title": ' + b"1" * 10_000 + b"}", "", "not_json"),
        (row("x", title=...), "title", "key_missing"),
        (row("x", title=17), "title", "wrong_kind"),
        (row("x", title="", body_markdown="…"), "title", "title_missing"),
        (row("x", title="長" * 301), "title", "title_too_long"),
        (row("x", body_markdown=...), "body_markdown", "key_missing"),
        (row("x", body_markdown="   "), "body_markdown", "body_missing"),
        (row("x", lang="zh-TW"), "lang", "not_one_of"),
        (row("x", lang=None), "lang", "key_missing"),
        (row("x", product="unknown"), "product", "product_unknown"),
        (row("x", type="guide"), "type", "not_one_of"),
        (row("x", updated="2026-13-01"), "updated", "wrong_date"),
        (row("x", updated=20260101), "updated", "wrong_kind"),
        (row("x", versions="12.1"), "versions", "wrong_kind"),
        (row("x", grants=["windchill:bronze"]), "grants", "grant_unknown"),
        (row("x", grants=["nothing:gold"]), "grants", "grant_unknown"),
        (row("x", number="KB1"), "number", "number_form"),
        (row("x", id="y" * 301), "id", "id_length"),
        (row("x", confidence="sure"), "confidence", "not_one_of"),
        (row("x", attachments=["../kb.sqlite3"]), "attachments", "file_outside"),
        (row("x", attachments=["/etc/passwd"]), "attachments", "file_outside"),
        (row("x", attachments=["none.log"]), "attachments", "file_missing"),
        (row("x", attachments=[{"name": "a.log", "content_base64": "%%%"}]), "attachments", "not_base64"),
        (row("x", attachments=[17]), "attachments", "attachment_form"),
        (row("x", sections=[{"markdown": "x", "grants": ["{product}:tin"]}]), "sections", "grant_unknown"),
        (row("x", body_markdown=":::grants\nx\n:::"), "body_markdown", "section_grants_missing"),
        (row("x", body_markdown=":::grants {product}:gold\nx"), "body_markdown", "section_unclosed"),
        (row("x", body_markdown="a\n\n :::grants staff\nx\n:::"), "body_markdown", "section_marker"),
        (row("x", body_markdown="a\r：：：grants staff\rx\r:::"), "body_markdown", "section_marker"),
        (row("x", body_markdown=":::grants staff\nx\n:::\n:::"), "body_markdown", "section_end_alone"),
        (row("x", body_markdown="```\nx\n:::grants staff\nx\n:::"), "body_markdown", "section_in_doubt"),
        (row("x", sections=[{"markdown": "x\n:::grants staff\ny\n:::"}]), "sections", "section_marker"),
        (row("x", extra=json.loads("[" * 30 + "]" * 30)), "extra", "nested_too_deep"),
    ],
    ids=str,
)
def test_a_wrong_row_is_refused_alone_with_its_place(
    bring: Bring, store: Store, tmp_path: Path, wrong: object, field: str, code: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("first"), wrong, row("last")))
    report = bring(path)
    assert report.counts["refused"] == 1 and report.counts["new"] == 2
    found = codes(report)
    assert (2, code) in [(line, code) for line, _, code in found], found
    assert (field, code) in [(field, code) for _, field, code in found], found
    for entry in report.entries:
        for _, problem in entry.problems:
            for lang in LANGUAGES:
                assert told(problem, lang).strip()
    assert set(store.digests("rows")) == {"first", "last"}


def test_rows_of_one_parallel_key_are_translations_of_each_other(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    keys: list[tuple[str, object]] = [("zh-Hant", "guide/login"), ("en", "guide/login"), ("zh-Hans", None)]
    path.write_bytes(
        lines(*(row(lang, lang=lang, parallel_key=key) for lang, key in keys), row("odd", parallel_key=[1]))
    )
    assert bring(path).counts["new"] == 4
    found, odd = (store.read(number, EVERYONE) for number in ("KB000001", "KB000004"))
    assert found and [other.lang for other in found.translations] == ["en"]
    # It is a key like ours; one that is no text is kept with the keys of others.
    assert odd and "parallel_key" not in found.row.extra and odd.row.extra["parallel_key"] == [1]


def test_two_rows_of_one_id_and_two_of_one_number(bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a"), row("a", title="again"), row("b", number="KB000777"), row("c", number="KB000777")))
    report = bring(path)
    assert codes(report) == [(2, "id", "id_twice"), (4, "number", "number_twice")]


def test_a_second_run_changes_nothing_and_a_third_only_what_changed(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a"), row("b")))
    assert bring(path).counts["new"] == 2
    before = store.digests("rows")
    store.done([note.id for note in store.notes(10)])
    assert bring(path).counts == {"same": 2}
    assert store.notes(10) == [] and store.digests("rows") == before
    path.write_bytes(lines(row("a"), row("b", title="另一個")))
    assert bring(path).counts == {"same": 1, "changed": 1}
    assert store.digests("rows")["b"][0] == before["b"][0], "the number stays"
    assert len(store.notes(10)) == 1


def test_rights_that_change_are_a_change(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a")))
    bring(path)
    assert bring(path, grants=("{product}:gold",)).counts == {"changed": 1}
    assert store.read("KB000001", EVERYONE) is None
    assert store.read("KB000001", scope("windchill:gold")) is not None


def test_without_grants_nobody_reads_and_the_author_is_told(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a")))
    report = bring(path, grants=())
    assert [remark.problem.code for remark in report.remarks] == ["nobody_reads"]
    assert store.read("KB000001", scope("public", "staff", "windchill:gold")) is None


def test_a_dry_run_says_the_same_and_changes_nothing(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a"), b"{", row("b", product="brand new")))
    dry = bring(path, dry_run=True, new_products=True)
    assert dry.counts == {"new": 2, "refused": 1} and dry.products == ("brand-new",)
    assert store.article_ids() == [] and "brand-new" not in store.products()
    assert bring(path, new_products=True).counts == dry.counts
    assert "brand-new" in store.products()


def test_a_section_is_never_shown_to_everyone_because_of_how_it_was_typed(
    bring: Bring, store: Store, tmp_path: Path
) -> None:
    section = ":::grants staff\n## 內部\n\nsecretword\n:::\n"
    texts = {
        "kept": ["```wt.properties``` 在資料夾裡。\n\n" + section, "- 步驟\n\n    ```\n    code\n\n" + section],
        "refused": [
            "```\nlog\n\n" + section,
            "~~~ a ~~~ b\n\n" + section,
            "~~~~\na\n~~~\n\n" + section,
            "\ufeff" + section,
        ],
        "code": ["```\n" + section + "```\n"],
    }
    files: dict[str, str | bytes] = {
        f"{name}{number}.en.md": ARTICLE + "\n" + text
        for name, each in texts.items()
        for number, text in enumerate(each)
    }
    report = bring(folder(tmp_path, files))
    assert report.counts == {"new": 3, "refused": 4}, report.entries
    for id_, (number, _) in store.digests("docs").items():
        found, staff = store.read(number, EVERYONE), store.read(number, scope("public", "staff"))
        assert found and staff and "secretword" in staff.html
        assert ("secretword" in found.html) == id_.startswith("code"), id_


def test_colons_of_others_are_taken_and_told(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a", body_markdown="x\n\n:::note\ny\n:::")))
    report = bring(path)
    assert [remark.problem.code for remark in report.remarks] == ["marker_shown"]
    found = store.read("KB000001", EVERYONE)
    assert found and ":::note" in found.text


def test_other_keys_are_kept_and_told(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a", licence="CC BY 4.0", depth={"x": [1, None]})))
    report = bring(path)
    assert {remark.problem.field for remark in report.remarks} == {"licence", "depth"}
    found = store.read("KB000001", EVERYONE)
    assert found and found.row.extra == {"licence": "CC BY 4.0", "depth": {"x": [1, None]}}


def test_an_empty_title_is_made_of_the_first_words(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a", title="", body_markdown="\n---\n## 無法**登入**。之後\n\n更多")))
    assert [remark.problem.code for remark in bring(path).remarks] == ["title_made"]
    found = store.read("KB000001", EVERYONE)
    assert found and found.row.title == "無法登入。之後"


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_packed_files_are_read_and_broken_ones_told(
    bring: Bring, store: Store, tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"rows.jsonl{ending}"
    packed = pack(lines(*(row(f"a{n}", body_markdown=os.urandom(400).hex()) for n in range(50))))
    path.write_bytes(packed)
    assert bring(path).counts == {"new": 50}
    path.write_bytes(packed[: len(packed) // 2])
    broken = bring(path, source="broken")
    assert "packed_broken" in [code for _, _, code in codes(broken)]


def test_a_bomb_is_not_unpacked(bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(300):
            file.write(b" " * (1 << 20) + b"\n")
    assert "packed_too_far" in [code for _, _, code in codes(bring(path))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(bring: Bring, store: Store, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "rows.csv"
    text = (
        '\ufeffid,title,body_markdown,lang,product,versions\na,無法登入,"行一\n行二",zh-Hant,Windchill,"12.1; 13.0"\n'
    )
    if delimiter != ",":
        text = text.replace(",", delimiter)
    path.write_text(text.replace("; ", "\n"), "utf-8")
    assert bring(path).counts == {"new": 1}
    found = store.read("KB000001", EVERYONE)
    assert found and found.row.versions == ("12.1", "13.0") and found.row.product == "windchill"


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("", 1, "header_missing"),
        ("id,title\n1,2\n", 1, "columns_missing"),
        ("id,id,title,body_markdown,lang,product\n", 1, "columns_twice"),
        (HEADER + "a,b\n", 2, "cells_count"),
        (HEADER + 'a,"b,c,en,windchill,public\n', 2, "quote_unclosed"),
        (HEADER + 'a,"b"x,c,en,windchill,public\n', 2, "not_csv"),
        (HEADER + "a,b\x00,,en,windchill,public\n", 2, "key_missing"),
    ],
)
def test_csv_that_is_none(bring: Bring, tmp_path: Path, text: str, line: int, code: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    assert (line, code) in [(line, code) for line, _, code in codes(bring(path))]


def test_a_row_of_another_encoding_than_its_file_is_refused_alone(bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    row_ = "{},無法登入,內文,zh-Hant,windchill,public\n"
    path.write_bytes((HEADER + row_.format("a")).encode() + row_.format("b").encode("big5"))
    report = bring(path)
    assert report.counts == {"new": 1, "refused": 1}
    assert codes(report) == [(3, "title", "encoding_doubtful")]


ARTICLE = "---\ntitle: 無法登入\nproduct: windchill\ngrants: [public]\n---\n## 症狀\n\n內文\n"


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root / "docs"


def test_a_folder_of_markdown(bring: Bring, store: Store, tmp_path: Path) -> None:
    picture = png()
    link = "\n[另一篇](other.zh-Hant.md#原因) ![圖](files/圖 一.png)\n"
    path = folder(
        tmp_path,
        {
            "login.zh-Hant.md": ARTICLE + link.replace("圖 一", "圖%20一"),
            "login.en.md": ARTICLE.replace("無法登入", "Cannot log in"),
            "other.zh-Hant.md": ARTICLE,
            "files/圖 一.png": picture,
            "products.toml": '[creo]\nnames = { en = "Creo Parametric" }\n',
            "README.md": "not an article",
            ".hidden/x.zh-Hant.md": "not looked at",
        },
    )
    report = bring(path)
    assert report.counts == {"new": 3} and report.remarks == []
    numbers = {id_: number for id_, (number, _) in store.digests("docs").items()}
    found = store.read(numbers["login.zh-Hant"], EVERYONE)
    assert found and [other.lang for other in found.translations] == ["en"]
    assert f'href="/articles/{numbers["other.zh-Hant"]}#s-' in found.html
    assert [file.name for file in store.attachments(found.row.id, EVERYONE)] == ["圖 一.png"]
    assert store.products()["creo"].name("en") == "Creo Parametric"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no front matter", "front_matter_missing"),
        ("---\ntitle: x\n", "front_matter_unclosed"),
        ("---\n- a\n---\n", "front_matter_no_keys"),
        ("---\ntitle: &a x\nproduct: *a\n---\n", "front_matter_anchor"),
        ("---\ntitle: !!python/object:os.system x\n---\n", "front_matter_tag"),
        ("---\ntitle: x\ntitle: y\n---\n", "front_matter_key_twice"),
        ("---\ntitle: {a: {b: c}}\n---\n", "front_matter_too_deep"),
        ("---\ntitle: 'x\n---\n", "front_matter_wrong"),
        ("---\n" + "x: y\n" * 20_000 + "---\n", "front_matter_too_long"),
        ("標題".encode("big5"), "encoding_doubtful"),
        (b"---\n\xff", "not_utf8"),
        (ARTICLE.encode() + b"\xff\xff", "encoding_doubtful"),
        (ARTICLE.replace("[public]", "[windchill:tin]"), "grant_unknown"),
        (ARTICLE + ":::grants {product}:gold\n:::grants {product}:silver\nx\n:::\n", "sections_nested"),
    ],
)
def test_a_file_that_is_no_article(bring: Bring, tmp_path: Path, text: str | bytes, code: str) -> None:
    path = folder(tmp_path, {"a.en.md": text, "b.en.md": ARTICLE})
    report = bring(path)
    assert report.counts["new"] == 1
    assert code in [found for _, _, found in codes(report)], codes(report)


def test_nothing_outside_the_folder_is_read(bring: Bring, store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("password")
    path = folder(tmp_path, {"a.en.md": ARTICLE.replace("grants:", "attachments: [link.txt]\ngrants:")})
    (path / "link.txt").symlink_to(secret)
    (path / "b.en.md").symlink_to(secret)
    report = bring(path)
    assert {code for _, _, code in codes(report)} == {"file_outside"} and report.counts["new"] == 0


def test_a_faulty_article_costs_only_itself(bring: Bring, tmp_path: Path) -> None:
    slow = "\n\n".join("**a** `b` [c](d) " * 40 for _ in range(20_000))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(row("a"), row("slow", body_markdown=slow[:3_900_000]), row("b")))
    report = bring(path)
    assert report.counts["new"] >= 2
    assert all(code.startswith("render_") for _, _, code in codes(report))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("none.jsonl", {}, "no such file"),
        ("image.png", {}, "not a kind of file"),
        ("rows.jsonl", {"grants": ("{product}:tin",)}, "'{product}:tin'"),
        ("rows.jsonl", {"source": " "}, "a source has a name"),
    ],
)
def test_an_import_that_cannot_be_is_refused_before_it_begins(
    bring: Bring, store: Store, tmp_path: Path, name: str, options: dict[str, Any], says: str
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(lines(row("a")))
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    with pytest.raises(match=says):
        bring(tmp_path / name, **options)
    assert store.article_ids() == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".md", ".jsonl.gz"])
def test_any_bytes_are_articles_or_refusals(bring: Bring, tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(content)
    report = bring(path, dry_run=True)
    assert report.articles == report.counts["new"] + report.counts["refused"]


def test_a_quote_left_open_is_told_where_it_begins() -> None:
    with pytest.raises(FrontMatterError) as refused:
        parse('---\ntitle: "x\nproduct: windchill\n---\ntext')
    assert (refused.value.code, refused.value.line, refused.value.column) == ("front_matter_wrong", 2, 8)


@pytest.mark.parametrize("content", [b"{}\n" * 12_000, None], ids=["rows that are none", "a quote never closed"])
def test_a_file_of_nothing_but_refusals_is_given_up(bring: Bring, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / ("rows.jsonl" if content else "rows.csv")
    path.write_bytes(content or HEADER.encode() + b'a,"' + b"x\n" * 9_000_000)
    found = [code for _, _, code in codes(bring(path, dry_run=True))]
    assert found[-1] == ("too_many_refused" if content else "quote_unclosed") and len(set(found)) <= 6
    assert bring(path, dry_run=True).counts["refused"] <= 10_001


def test_a_picture_that_is_none_refuses_its_article_alone(bring: Bring, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "kb"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "page.png").write_text("<script>alert(1)</script>")
    (folder / "files" / "cut.png").write_bytes(png()[:40])
    (folder / "files" / "good.png").write_bytes(png() + b"<script>alert(1)</script>")
    for name in ("page", "cut", "good"):
        text = f"---\ntitle: {name}\nproduct: windchill\ngrants: [public]\n---\n![x](files/{name}.png)\n"
        (folder / f"{name}.en.md").write_text(text)
    for dry_run in (True, False):
        report = bring(folder, dry_run=dry_run)
        refused = {each.id: each.problems[0][1] for each in report.entries if each.status == "refused"}
        assert {id_: (each.code, each.values["value"]) for id_, each in refused.items()} == {
            "cut.en": ("picture_broken", "cut.png"), "page.en": ("picture_broken", "page.png"),
        }  # fmt: skip
    kept = store.attachment("KB000001", "good.png", EVERYONE)
    assert kept and kept.content == png()
    assert bring(folder, dry_run=True).counts["same"] == 1
