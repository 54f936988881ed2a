"""Writing in the browser without scripts: an author's way from a draft to readers, and what is refused on it."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.foreign import png
from tests.site import TOKEN, ReadySite, Visitor

NOW = datetime.now(UTC)
PNG = png()


@pytest.fixture
def author(import_site: ReadySite) -> Visitor:
    return import_site.visitor("author")


def begin(visitor: Visitor, **fields: str) -> str:
    given = {"title": "佇列卡住", "lang": "zh-Hant", "product": "windchill", **fields}
    answer = visitor.post("/authoring/new", given, "/authoring/new")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def fields_of(page: str) -> dict[str, Any]:
    """What the form of a draft holds, as a browser would send it."""
    form = page[page.index('id="editor"') : page.index("</form>", page.index('id="editor"'))]
    found: dict[str, Any] = {"grants": []}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if not name or 'type="file"' in tag or ('type="checkbox"' in tag and " checked" not in tag):
            continue
        if 'type="checkbox"' in tag:
            found.setdefault(name[1], []).append(value[1] if value else "")
        else:
            found[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        found[name] = text
    for name, options in re.findall(r'<select name="([^"]*)">(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def press(visitor: Visitor, address: str, action: str, **changes: Any) -> TestResponse:
    """Fills in the form of a draft and presses a button of it."""
    fields = {**fields_of(visitor.get(address).get_data(as_text=True)), "do": action, **changes}
    return visitor.client.post(address, data=fields)


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def test_from_a_draft_to_readers(import_site: ReadySite, author: Visitor) -> None:
    address = begin(author)
    body = "## 症狀\n\n佇列卡住。\n\n![畫面](screen.png)\n\n:::grants {product}:gold_plus\n重啟背景服務。\n:::\n"
    shown = press(author, address, "preview", body=body, grants=["{product}:gold", "{product}:gold_plus"])
    assert shown.status_code == 200
    assert "重啟背景服務" in text(shown) and 'class="restricted"' in text(shown) and "screen.png" in text(shown)
    assert "佇列卡住。" not in text(author.get(address)), "a preview is no save"
    sent = press(
        author, address, "publish", body=body, grants=["{product}:gold", "{product}:gold_plus"],
        confidence="validated", file=(io.BytesIO(PNG), "screen.png"),
    )  # fmt: skip
    assert sent.status_code == 303, text(sent)
    article = sent.headers["Location"]
    for kind, status in (("gold", 200), ("gold_plus", 200), ("silver", 404), ("anonymous", 404)):
        page = import_site.visitor(kind).get(article)
        assert page.status_code == status
        assert ("重啟背景服務" in text(page)) == (kind == "gold_plus")
    picture = import_site.visitor("gold").get(f"{article}/attachments/screen.png")
    assert (picture.content_type, picture.data) == ("image/png", PNG)


def test_two_editors_at_once_lose_nothing(import_site: ReadySite, author: Visitor) -> None:
    address = begin(author)
    old = fields_of(text(author.get(address)))
    assert press(author, address, "save", body="甲的內容").status_code == 303
    other = import_site.visitor("operator")
    old["csrf_token"] = fields_of(text(other.get(address)))["csrf_token"]
    conflict = other.client.post(address, data={**old, "body": "乙的<b>內容", "do": "save"})
    assert conflict.status_code == 409
    assert "甲的內容" in text(conflict) and "乙的&lt;b&gt;內容" in text(conflict)
    token = TOKEN.search(text(conflict))
    revision = re.search(r'name="revision" value="(\d+)"', text(conflict))
    assert token and revision
    again = {**old, "csrf_token": token[1], "revision": revision[1], "body": "乙的內容"}
    assert other.client.post(address, data=again).status_code == 303
    assert "乙的內容" in text(author.get(address))


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(author: Visitor) -> None:
    address = begin(author)
    answer = press(author, address, "publish", body="內文", more_grants="windchill:none", owner="nobody")
    assert answer.status_code == 422
    assert "windchill:none" in text(answer) and "不是電子郵件地址" in text(answer)
    assert "內文" in text(author.get(address))


def test_what_was_asked_in_vain_is_in_the_queue(import_site: ReadySite) -> None:
    asked = "zxqv 查無此事"
    import_site.visitor("gold").get("/search", query_string={"q": asked})
    queue = text(import_site.visitor("author").get("/authoring"))
    assert f'">{asked}</span>' in queue and "/authoring/new?title=zxqv" in queue


def test_candidates_write_and_publishers_publish(import_site: ReadySite) -> None:
    engineer = import_site.visitor("engineer")
    address = begin(engineer)
    refused = press(engineer, address, "publish", body="內文", grants=["public"])
    assert refused.status_code == 403 and "發布者授權" in text(refused)
    assert press(engineer, address, "submit").status_code == 303
    author = import_site.visitor("author")
    assert "佇列卡住" in text(author.get("/authoring"))
    assert press(author, address, "send_back", note="請補步驟").status_code == 303
    assert "請補步驟" in text(engineer.get(address))
    import_site.accounts.name_licence("engineer@example.com", "windchill", "publisher")
    assert press(engineer, address, "publish").status_code == 303
    import_site.accounts.name_licence("engineer@example.com", "creo", "candidate")
    import_site.accounts.name_licence("engineer@example.com", "windchill", None)
    assert engineer.get(address).status_code == 404


def test_versions_are_compared_and_restored(author: Visitor) -> None:
    number = "KB900006"
    started = author.post(f"/articles/{number}/edit", {}, f"/articles/{number}")
    address = started.headers["Location"]
    sent = press(author, address, "publish", body="## 全新\n\n改寫。", grants=["{product}:gold"])
    assert sent.status_code == 303, text(sent)
    history = text(author.get(f"/articles/{number}/history"))
    versions = re.findall(r"/history\?before=(\d+)&amp;after=(\d+)", history)
    compared = text(author.get(f"/articles/{number}/history?before={versions[0][0]}&after={versions[0][1]}"))
    assert "+改寫。" in compared and "−" in compared and "金級增值" in compared
    restored = author.post(f"/articles/{number}/restore", {"version": versions[0][0]}, f"/articles/{number}/history")
    assert restored.status_code == 303
    assert press(author, restored.headers["Location"].partition("?")[0], "publish").status_code == 303
    assert "OutOfMemoryError" in text(author.get(f"/articles/{number}"))


def test_a_renamed_number_leads_on_within_rights(import_site: ReadySite, author: Visitor) -> None:
    started = author.post("/articles/KB900006/edit", {}, "/articles/KB900006")
    sent = press(author, started.headers["Location"], "publish", number="KB900066")
    assert sent.headers["Location"].endswith("/articles/KB900066")
    gold, silver = import_site.visitor("gold"), import_site.visitor("silver")
    for path in ("/articles/{}", "/api/v1/articles/{}"):
        moved = gold.get(path.format("KB900006"))
        assert (moved.status_code, moved.headers["Location"]) == (301, path.format("KB900066"))
        absent, hidden = silver.get(path.format("KB999999")), silver.get(path.format("KB900006"))
        assert (hidden.status_code, hidden.data) == (404, absent.data)


def test_a_merged_article_leads_to_the_other(import_site: ReadySite, author: Visitor) -> None:
    form = "/articles/KB900101/history"
    assert author.post("/articles/KB900101/merge", {"into": "KB900101"}, form).status_code == 422
    reader = import_site.visitor("anonymous")
    reader.post("/articles/KB900101/helpful", {"helpful": "yes"}, "/articles/KB900101")
    assert author.post("/articles/KB900101/merge", {"into": "KB900102"}, form).status_code == 303
    moved = reader.get("/articles/KB900101")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/articles/KB900102")
    assert "KB900102" in text(author.get("/articles/KB900101"))
    batch = import_site.store.batches(1)[0]
    assert author.post(f"/imports/batches/{batch.id}/take-back", {}, "/imports").status_code == 303
    assert reader.get("/articles/KB900101").status_code == 200


def test_a_merged_article_that_was_not_ones_own_leads_nowhere(import_site: ReadySite, author: Visitor) -> None:
    """Neither its page nor its file, nor a program, nor a link to it tells that there was one, and what about."""
    edit = author.post("/articles/KB900102/edit", {}, "/articles/KB900102").headers["Location"]
    linking = "[內部](/articles/KB900007#s-x) [公開](/articles/KB900101)"
    assert press(author, edit, "publish", body=linking).status_code == 303
    into = {"into": "KB900101"}
    assert author.post("/articles/KB900007/merge", into, "/articles/KB900007/history").status_code == 303
    for kind in ("anonymous", "gold_plus"):
        reader = import_site.visitor(kind)
        for path in ("/articles/{}", "/articles/{}/attachments/sample.log", "/api/v1/articles/{}"):
            absent, hidden = (reader.get(path.format(number)) for number in ("KB999999", "KB900007"))
            assert (hidden.status_code, hidden.data) == (404, absent.data), path
        assert '<a>內部</a> <a href="/articles/KB900101">公開</a>' in text(reader.get("/articles/KB900102"))
        assert "<a>內部</a>" in reader.get("/api/v1/articles/KB900102").get_json()["html"]
    assert "KB900101" in text(author.get("/articles/KB900007"))
    assert '<a href="/articles/KB900007#s-x">內部</a>' in text(author.get("/articles/KB900102"))


def test_an_archived_article_is_for_staff(import_site: ReadySite, author: Visitor) -> None:
    form = "/articles/KB900102/history"
    assert author.post("/articles/KB900102/archive", {}, form).status_code == 303
    assert author.post("/articles/KB900102/archive", {}, form).status_code == 409
    assert import_site.visitor("anonymous").get("/articles/KB900102").status_code == 404


def test_scheduled_and_expired_to_the_minute(import_site: ReadySite, author: Visitor) -> None:
    """Not yet published it is as if it were not there; expired, readers lose it at once, whatever the index knows."""
    site = import_site.app.extensions["kb-site"].site()
    address = begin(author, title="排程測試文章")
    soon = (NOW + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    sent = press(author, address, "schedule", body="內文", grants=["public"], publish_at=soon)
    assert sent.status_code == 303, text(sent)
    reader = import_site.visitor("anonymous")
    assert "排程測試文章" in text(author.get("/authoring"))
    assert "排程測試文章" not in text(reader.get("/"))
    assert site.editing.publish_due(NOW) == 0
    assert site.editing.publish_due(NOW + timedelta(hours=31)) == 1
    number = site.store.browse(site.accounts.viewer_of("author@example.com", NOW.date()).scope, 1)[0].number
    assert reader.get(f"/articles/{number}").status_code == 200
    edit = author.post(f"/articles/{number}/edit", {}, f"/articles/{number}").headers["Location"]
    past = (NOW - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    assert press(author, edit, "publish", expires_at=past).status_code == 303
    assert reader.get(f"/articles/{number}").status_code == 404
    assert "排程測試文章" not in text(reader.get("/"))
    assert (site.curating.expire_due(NOW), site.curating.expire_due(NOW)) == (1, 0)
    assert "排程測試文章" in text(author.get("/authoring"))


def test_a_translation_beside_its_original_and_when_it_falls_behind(author: Visitor) -> None:
    english = "/articles/KB900004"
    started = author.post("/articles/KB900002/edit", {}, "/articles/KB900002").headers["Location"]
    body = fields_of(text(author.get(started)))["body"].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")
    assert press(author, started, "publish", body=body.replace("已過期", "已經過期")).status_code == 303
    assert "可能過時" in text(author.get(english))
    assert "Login to Windchill fails" in text(author.get("/authoring"))
    edit = author.post("/articles/KB900004/edit", {}, english).headers["Location"]
    assert "已經過期" in text(author.get(edit))
    assert author.post("/articles/KB900004/confirm", {}, english).status_code == 303
    assert "可能過時" not in text(author.get(english))


def test_scripts_do_not_survive_a_preview(author: Visitor) -> None:
    address = begin(author)
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))"
    page = text(press(author, address, "preview", body=hostile, title='"><script>alert(2)</script>'))
    shown = page[page.index('id="shown"') : page.index("</section>", page.index('id="shown"'))]
    assert "<script" not in shown and "onerror" not in shown and "javascript:" not in shown
    assert "<script>alert(2)" not in page


def test_a_text_that_takes_too_long_is_refused_alone(import_site: ReadySite, author: Visitor) -> None:
    address = begin(author)
    answer = press(author, address, "preview", body="> " * 3_000 + "x")
    assert answer.status_code in (200, 422)
    assert author.get(address).status_code == 200


def test_many_are_changed_as_one_after_a_look_and_taken_back(import_site: ReadySite, author: Visitor) -> None:
    before = import_site.store.checksum()
    fields: dict[str, Any] = {
        "number": ["KB900002", "KB900006", "KB900001"], "change": ["grants", "owner", "versions"],
        "grants": ["{product}:gold_plus"], "owner": "author@example.com", "versions": "13.0",
    }  # fmt: skip
    assert author.post("/authoring/change", {}, "/authoring/change").status_code == 422
    look = author.post("/authoring/change", fields, "/authoring/change?q=Windchill")
    page = text(look)
    assert look.status_code == 200 and "寫入 3 篇文章" in page and "所有讀者" in page
    assert import_site.store.checksum() == before
    basis = re.search(r'name="basis" value="([^"]+)"', page)
    assert basis
    written = author.post("/authoring/change", {**fields, "basis": basis[1]}, "/authoring/change")
    assert written.status_code == 303, text(written)
    gold, plus = import_site.visitor("gold"), import_site.visitor("gold_plus")
    assert [who.get("/articles/KB900006").status_code for who in (gold, plus)] == [404, 200]
    assert "重新命名服務帳號" in text(plus.get("/articles/KB900002"))
    assert plus.get("/articles/KB900002/attachments/sample.log").status_code == 200
    again = author.post(
        "/authoring/change", {**fields, "owner": "x@example.com", "basis": basis[1]}, "/authoring/change"
    )
    assert again.status_code == 409
    batch = import_site.store.batches(1)[0]
    assert (batch.source, batch.counts["changed"]) == ("bulk change", 3)
    assert author.post(f"/imports/batches/{batch.id}/take-back", {}, "/imports").status_code == 303
    assert import_site.store.checksum() == before


def test_a_change_beyond_ones_licence_is_refused_by_row(import_site: ReadySite) -> None:
    engineer = import_site.visitor("engineer")
    fields: dict[str, Any] = {"number": ["KB900002"], "change": ["owner"], "owner": "engineer@example.com"}
    look = engineer.post("/authoring/change", fields, "/authoring/change")
    assert look.status_code == 200 and "publisher" in text(look) and 'name="basis"' not in text(look)
