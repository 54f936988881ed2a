"""Exports of other systems become articles like any other: the same Markdown, their links and pictures ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kb.entitlements import EVERYONE
from kb.reading import Reading
from kb.reports import Report
from kb.store import Store
from kb.store.articles import Readable
from tests import foreign
from tests.foreign import MARKDOWN, packed
from tests.indexer.conftest import Bring

WINDCHILL = Reading(product="windchill")


def articles(store: Store, source: str) -> dict[str, Readable]:
    found = {id_: store.read(number, EVERYONE) for id_, (number, _) in store.digests(source).items()}
    return {id_: each for id_, each in found.items() if each}


def written(store: Store, source: str, id_: str) -> str:
    return store.originals(source, [id_])[id_].draft.sections[0].markdown


def remarks(report: Report) -> set[tuple[str, str]]:
    return {(each.problem.code, str(each.problem.values.get("value", ""))) for each in report.remarks}


def files(store: Store, found: Readable) -> list[str]:
    return [file.name for file in store.attachments(found.row.id, EVERYONE)]


def test_html(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = packed(tmp_path / "site.zip", foreign.html_folder())
    report = bring(path, reading=WINDCHILL)
    assert report.format == "documents" and report.counts == {"new": 2}, report.entries
    assert remarks(report) == {
        ("link_missing", "missing.html"), ("image_missing", "gone.png"), ("embed_left_out", "https://video.example/1")
    }  # fmt: skip
    found = articles(store, "site")
    login, other = found["guide/login"], found["other page"]
    assert (login.row.title, login.row.lang, other.row.title) == ("無法登入", "zh-Hant", "其他")
    text = written(store, "site", "guide/login")
    assert text.startswith(MARKDOWN)
    assert "[另一篇](../other%20page.md#step) ![畫面](shot.png)" in text
    assert f'href="/articles/{other.row.number}#s-step"' in login.html
    assert f'src="/articles/{login.row.number}/attachments/shot.png"' in login.html
    assert 'id="s-step"' in other.html and "alert" not in login.html
    assert files(store, login) == ["shot.png"]
    assert bring(path, reading=WINDCHILL).counts == {"same": 2}


def test_what_the_markdown_renders_to_is_what_the_html_said(bring: Bring, store: Store, tmp_path: Path) -> None:
    bring(packed(tmp_path / "site.zip", foreign.html_folder()), reading=WINDCHILL)
    html = articles(store, "site")["guide/login"].html
    for piece in (
        "<strong>注意：</strong>a_b &lt;x&gt; *y*",
        "<ul><li>第一層<ul><li>第二層<ol><li>第三層</li><li>又一項</li></ol></li></ul></li><li>另一項</li></ul>",
        "<td>記憶體不足 | 逾時</td>",
        '<pre><code class="language-bash">windchill stop\nwindchill start\n</code></pre>',
    ):
        assert piece in html, html


def test_docx(bring: Bring, store: Store, tmp_path: Path) -> None:
    (tmp_path / "手冊.docx").write_bytes(foreign.docx())
    report = bring(tmp_path / "手冊.docx", reading=WINDCHILL)
    assert report.format == "documents" and report.counts == {"new": 1}, report.entries
    (found,) = articles(store, "手冊").values()
    assert (found.row.title, found.row.lang) == ("無法登入", "zh-Hant")
    assert written(store, "手冊", "手冊") == (
        "## 症狀\n\n伺服器無法登入。\n\n-   第一層\n    -   第二層\n-   另一項\n\n| 錯誤碼 | 原因 |\n| --- | --- |\n"
        "| CS123456 | 記憶體不足 |\n\n### 原因\n\n```\nwindchill stop\nwindchill start\n```\n\n![畫面](image-1.png)\n"
    )
    assert files(store, found) == ["image-1.png"]


def test_zendesk(bring: Bring, store: Store, tmp_path: Path) -> None:
    report = bring(packed(tmp_path / "help.zip", foreign.zendesk()), reading=WINDCHILL)
    assert report.format == "zendesk" and report.counts == {"new": 3}, report.entries
    assert remarks(report) == {("restricted_there", "")}
    found = articles(store, "help")
    assert set(found) == {"360001.zh-Hant", "360001.zh-Hans", "360002.zh-Hant"}
    row = found["360001.zh-Hant"].row
    assert (row.title, row.category, str(row.updated), row.also_asked_as) == (
        "無法登入", "登入問題", "2026-02-03", ("登不進去",),
    )  # fmt: skip
    assert found["360002.zh-Hant"].row.confidence == "work_in_progress"
    text = written(store, "help", "360001.zh-Hant")
    assert text == f"{MARKDOWN}\n[另一篇](360002.zh-Hant.md) ![畫面](shot.png)\n"
    assert [each.lang for each in found["360001.zh-Hans"].translations] == ["zh-Hant"]
    assert "服务器无法登录" in found["360001.zh-Hans"].text


def test_salesforce(bring: Bring, store: Store, tmp_path: Path) -> None:
    report = bring(packed(tmp_path / "sf.zip", foreign.salesforce()), reading=WINDCHILL)
    assert report.format == "salesforce" and report.counts == {"new": 3}, report.entries
    assert remarks(report) == {("restricted_there", "")}
    found = articles(store, "sf")
    assert set(found) == {"cannot-log-in.zh-Hant", "cannot-log-in.zh-Hans", "other.zh-Hant"}
    login = found["cannot-log-in.zh-Hant"]
    assert (login.row.title, login.row.category) == ("無法登入", "登入")
    assert written(store, "sf", "cannot-log-in.zh-Hant") == (
        f"登入時的錯誤\n\n{MARKDOWN}\n![畫面](shot.png) [另一篇](other.zh-Hant.md)\n"
    )
    assert [each.lang for each in login.translations] == ["zh-Hans"] and files(store, login) == ["shot.png"]


def test_confluence(bring: Bring, store: Store, tmp_path: Path) -> None:
    report = bring(packed(tmp_path / "space.zip", foreign.confluence()), reading=WINDCHILL)
    assert report.format == "confluence" and report.counts == {"new": 2} and not report.remarks, report
    found = articles(store, "space")
    login = found["101"]
    assert (login.row.title, login.row.category, str(login.row.updated)) == ("無法登入", "支援", "2026-02-03")
    assert written(store, "space", "101") == (
        f"{MARKDOWN}\n!!! warning\n\n    先備份\n\n```java\nclass A {{\n}}\n```\n\n"
        "[另一篇](102.md) ![畫面](%E7%95%AB%E9%9D%A2.png)\n"
    )
    assert files(store, login) == ["畫面.png", "server.log"]
    assert f'href="/articles/{found["102"].row.number}"' in login.html and 'class="admonition warning"' in login.html


def test_notion(bring: Bring, store: Store, tmp_path: Path) -> None:
    report = bring(packed(tmp_path / "notes.zip", foreign.notion()))
    assert report.format == "notion" and report.counts == {"new": 2}, report.entries
    found = articles(store, "notes")
    first, second = found["0123456789abcdef0123456789abcdef"], found["fedcba9876543210fedcba9876543210"]
    assert (first.row.title, first.row.product, first.row.lang) == ("無法登入", "windchill", "zh-Hant")
    assert (second.row.title, second.row.product, second.row.lang) == ("另一篇", "creo", "zh-Hans")
    assert f'href="/articles/{second.row.number}"' in first.html and 'class="admonition note"' in first.html
    assert "<ul><li>第一層<ul><li>第二層<ol><li>第三層" in first.html
    assert '<code class="language-bash">windchill stop' in first.html
    assert files(store, first) == ["shot.png"]


@pytest.mark.parametrize(
    "files_", [foreign.html_folder, foreign.zendesk, foreign.salesforce, foreign.confluence], ids=lambda f: f.__name__
)
def test_a_folder_is_read_like_its_zip_and_a_product_is_needed(bring: Bring, tmp_path: Path, files_: object) -> None:
    given: Mapping[str, str | bytes] = files_()  # type: ignore[operator]
    for name, content in given.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert not bring(tmp_path / "folder", reading=WINDCHILL, dry_run=True).counts["refused"]
    without = bring(tmp_path / "folder", dry_run=True)
    assert {each.code for entry in without.entries for _, each in entry.problems} == {"product_needed"}


def test_a_format_can_be_named(bring: Bring, store: Store, tmp_path: Path) -> None:
    path = packed(tmp_path / "space.zip", foreign.confluence())
    report = bring(path, reading=Reading(format="documents", product="windchill", lang="en"))
    assert report.format == "documents" and "index" in store.digests("space")
    with pytest.raises(match="is none of markdown, csv"):
        bring(path, reading=Reading(format="word"))


@pytest.mark.parametrize(
    ("header", "keys"),
    [
        ("編號,標題,內文,語言,產品,更新日期", {}),
        ("编号,标题,正文,语言,产品,更新日期", {}),
        ("Article ID,Subject,Content,Language,Product name,Last modified", {}),
        (
            "a,b,c,d,e,f",
            dict(zip("abcdef", ("id", "title", "body_markdown", "lang", "product", "updated"), strict=True)),
        ),
    ],
)
def test_columns_are_guessed_shown_and_remembered(
    bring: Bring, store: Store, tmp_path: Path, header: str, keys: dict[str, str]
) -> None:
    path = tmp_path / "faq.csv"
    path.write_text(f"{header}\n1,無法登入,重新啟動,zh-Hant,Windchill,2026-01-02\n", "utf-8")
    dry = bring(path, dry_run=True, reading=Reading(keys=keys))
    assert [(each.key, each.samples) for each in dry.columns][:2] == [("id", ("1",)), ("title", ("無法登入",))]
    assert dry.counts == {"new": 1}
    bring(path, reading=Reading(keys=keys))
    assert [each.row.title for each in articles(store, "faq").values()] == ["無法登入"]
    assert bring(path).counts == {"same": 1}, "the columns of the source are remembered"
