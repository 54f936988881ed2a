"""A program writes articles: as the browser does, under the same licences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from kb.accounts import LEAST
from tests.foreign import png
from tests.site import ReadySite

ROOT = "/api/v1/drafts"
NEW: dict[str, Any] = {
    "title": "登入 401", "product": "windchill", "lang": "zh-Hant", "grants": ["{product}:gold"], "type": "solution",
    "body": "## 症狀\n\n![畫面](screen.png)\n\n:::grants staff\n內部\n:::\n", "confidence": "validated",
}  # fmt: skip


class Program:
    """A program with somebody's token."""

    def __init__(self, site: ReadySite, kind: str) -> None:
        self.client: FlaskClient = site.app.test_client()
        self.headers = {"Authorization": f"Bearer {site.token(kind)}"}

    def ask(self, method: str, path: str, sent: Any = None, **headers: str) -> TestResponse:
        return self.client.open(path, method=method, json=sent, headers={**self.headers, **headers})

    def told(self, method: str, path: str, sent: Any = None, status: int = 200) -> Any:
        answer = self.ask(method, path, sent)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()


@pytest.fixture
def author(import_site: ReadySite) -> Program:
    return Program(import_site, "author")


def test_an_article_is_written_reviewed_published_and_changed(import_site: ReadySite, author: Program) -> None:
    begun = author.told("POST", ROOT, NEW, 201)
    one = f"{ROOT}/{begun['id']}"
    assert (begun["state"], begun["revision"], begun["needs"], begun["may_publish"]) == ("draft", 1, "publisher", True)
    kept = author.client.post(f"{one}/files?name=screen.png", data=png(), headers=author.headers).get_json()
    named = [{"name": "screen.png", "digest": kept["digest"]}]
    saved = author.told("PATCH", one, {"revision": 1, "files": named, "versions": ["12.1"]})
    assert (saved["revision"], saved["title"], saved["files"][0]["media_type"]) == (2, "登入 401", "image/png")
    assert "2" in author.told("PATCH", one, {"revision": 1, "title": "晚了"}, 409)["detail"]
    shown = author.told("POST", f"{one}/preview", {"body": NEW["body"] + "\n[x](none.md)"})
    assert kept["digest"] in shown["sections"][0]["html"] and shown["sections"][1]["grants"] == ["staff"]
    assert "none.md" in shown["remarks"][0] and author.told("GET", one)["revision"] == 2
    assert author.told("POST", f"{one}/submit", {"revision": 2})["state"] == "in_review"
    back = author.told("POST", f"{one}/send-back", {"revision": 2, "note": "請補步驟"})
    assert back["state"] == "draft"
    done = author.told("POST", f"{one}/publish", {"revision": 2})
    assert done["state"] == "published" and done["number"]
    article = f"/articles/{done['number']}"
    gold = import_site.visitor("gold")
    assert gold.get(f"{article}/attachments/screen.png").data == png() and "內部" not in gold.get(article).text
    author.told("POST", ROOT, {"article": done["number"], "title": "x"}, 400)
    again = author.told("POST", ROOT, {"article": done["number"]}, 201)
    assert (again["title"], again["body"], again["is_published"]) == ("登入 401", done["body"].strip(), True)
    author.told("POST", f"{ROOT}/{again['id']}/discard", {"revision": again["revision"]})
    assert author.told("GET", ROOT) == {"drafts": []}


def test_what_is_wrong_is_told_whole(author: Program) -> None:
    begun = author.told("POST", ROOT, {"product": "windchill"}, 201)
    one = f"{ROOT}/{begun['id']}"
    detail = author.told("POST", f"{one}/publish", {"revision": 1}, 422)["detail"]
    assert detail.count(";") >= 1
    wrong: tuple[dict[str, Any], ...] = ({"titel": "x"}, {"revision": 0}, {"product": "No Such"})
    for sent in ({"revision": 1, **each} for each in wrong):
        assert author.ask("PATCH", one, sent).status_code == 400, sent
    for name, value in (("review_on", "soon"), ("expires_at", "2027-01-01T10:00")):
        assert author.ask("PATCH", one, {"revision": 1, name: value}).status_code == 422, name
    assert author.ask("PATCH", one, {"revision": 1, "files": [{"name": "x", "digest": "0" * 64}]}).status_code == 400
    bad = author.client.post(f"{one}/files?name=x.png", data=b"<script>", headers=author.headers)
    assert bad.status_code == 422 and author.ask("POST", f"{one}/files").status_code == 400
    past = {"revision": 1, "publish_at": (datetime.now(UTC) - timedelta(1)).isoformat()}
    assert author.ask("POST", f"{one}/schedule", past).status_code == 422


def test_it_appears_at_its_moment(author: Program) -> None:
    begun = author.told("POST", ROOT, {**NEW, "body": "內文"}, 201)
    at = (datetime.now(UTC) + timedelta(1)).isoformat()
    found = author.told("POST", f"{ROOT}/{begun['id']}/schedule", {"revision": 1, "publish_at": at})
    assert found["state"] == "scheduled" and datetime.fromisoformat(found["publish_at"]) == datetime.fromisoformat(at)


def test_licences_and_scopes_hold(import_site: ReadySite, author: Program) -> None:
    begun = author.told("POST", ROOT, {**NEW, "body": "內文"}, 201)
    one, turn = f"{ROOT}/{begun['id']}", {"revision": 1}
    engineer, gold = Program(import_site, "engineer"), Program(import_site, "gold")
    assert engineer.ask("POST", f"{one}/publish", turn).status_code == 403
    assert engineer.ask("POST", f"{one}/submit", turn).status_code == 200
    absent = gold.ask("GET", f"{ROOT}/99")
    for method, path, sent in (("GET", ROOT, None), ("POST", ROOT, NEW), ("GET", one, None), ("PATCH", one, turn)):
        answer = gold.ask(method, path, sent)
        assert (answer.status_code, answer.data) == (404, absent.data), path
    reader = import_site.accounts.add_token("author@example.com", "reads", scopes=LEAST)
    answer = author.ask("GET", ROOT, Authorization=f"Bearer {reader}")
    assert answer.status_code == 403 and "drafts" in answer.headers["WWW-Authenticate"]
    assert import_site.visitor("author").client.post(ROOT, json=NEW).status_code == 401


def test_what_changes_for_staff_alone_looks_new_to_nobody_else(import_site: ReadySite, author: Program) -> None:
    new = {**NEW, "grants": ["public"], "body": "## 症狀\n\n逾時\n\n:::grants staff\n內部\n:::\n"}
    begun = author.told("POST", ROOT, new, 201)
    number = author.told("POST", f"{ROOT}/{begun['id']}/publish", {"revision": 1})["number"]
    with import_site.store.writing() as connection:
        connection.execute(text("UPDATE article SET updated = '2020-02-02' WHERE number = :it"), {"it": number})

    def publish(body: str) -> None:
        draft = author.told("POST", ROOT, {"article": number}, 201)
        saved = author.told("PATCH", f"{ROOT}/{draft['id']}", {"revision": draft["revision"], "body": body})
        author.told("POST", f"{ROOT}/{draft['id']}/publish", {"revision": saved["revision"]})

    reader, addresses = import_site.app.test_client(), ["/", "/feed.atom", "/sitemap.xml", f"/api/v1/articles/{number}"]
    before = [reader.get(address).data for address in addresses]
    publish(new["body"].replace("內部", "內部的註記"))
    staff = author.told("GET", f"/api/v1/articles/{number}")
    assert "內部的註記" in staff["text"] and staff["updated"] == "2020-02-02"
    assert [reader.get(address).data for address in addresses] == before
    publish(new["body"].replace("逾時", "逾時，請重試"))
    assert author.told("GET", f"/api/v1/articles/{number}")["updated"] > "2020-02-02"
    assert number in reader.get("/").text


def test_the_same_key_begins_one_draft(author: Program) -> None:
    answers = [author.ask("POST", ROOT, NEW, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].data == answers[1].data and answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(author.told("GET", ROOT)["drafts"]) == 1
