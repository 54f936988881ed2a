"""Tokens made on the account's page, each for some things alone; keys that make a request repeatable; cursors."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from kb.accounts import TOKEN_SCOPES
from kb.store import idempotency
from kb.store.articles import ImportRun
from tests.contracts.stores import rendered
from tests.site import ReadySite
from tests.site_articles import SOURCE, drafts
from web.scopes import FREE, SCOPES, needed

NEW = {"product": "windchill", "severity": 2, "subject": "重複的要求", "text": "HTTP 401"}
PLACE = re.compile(r"<(\w+)>")
TOKEN = re.compile(r"kb_[\w-]{43}")
# How much of a clock's limit has passed: more from one moment to the next.
USED = re.compile(r'"used":[^,}]+')


def bearer(site: ReadySite, kind: str, *scopes: str) -> dict[str, str]:
    given = site.accounts.add_token(site.credentials(kind)["email"], secrets.token_hex(8), scopes=scopes)
    return {"Authorization": f"Bearer {given}"}


def api_doors(site: ReadySite) -> list[tuple[str, str, str]]:
    """Every request of the API: its part, its method and an address."""
    values = {
        "number": "C99999999",
        "article": "KB900001",
        "batch": "9",
        "spr": "9999999",
        "uid": "0",
        "name": "a.txt",
        "key": "0" * 32,
    }
    return [
        (
            rule.endpoint,
            method,
            re.sub(r"<int(\(.*?\))?:\w+>", "99", PLACE.sub(lambda found: values[found[1]], rule.rule)),
        )
        for rule in site.app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def test_every_part_of_the_api_names_its_scopes(site: ReadySite) -> None:
    assert {endpoint.partition(".")[0] for endpoint, _, _ in api_doors(site)} == set(SCOPES)
    assert {scope for pair in SCOPES.values() for scope in pair} <= set(TOKEN_SCOPES)


@pytest.mark.parametrize("scope", TOKEN_SCOPES)
def test_a_token_opens_what_it_is_for_and_nothing_else(site: ReadySite, scope: str) -> None:
    headers, client = bearer(site, "operator", scope), site.app.test_client()
    held = {scope, "cases:read"} if scope == "cases:write" else {scope}
    for endpoint, method, address in api_doors(site):
        answer = client.open(address, method=method, headers=headers)
        wanted = needed(endpoint.partition(".")[0], method)
        if endpoint in FREE or wanted in held:
            assert answer.status_code != 403, (method, address)
        else:
            assert answer.status_code == 403, (method, address)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
            assert f'scope="{wanted}"' in answer.headers["WWW-Authenticate"].replace(
                f"scope={wanted}", f'scope="{wanted}"'
            )
            assert wanted in answer.get_json()["detail"]


def test_a_token_made_on_the_page_is_shown_once_and_reads_alone(site: ReadySite) -> None:
    gold, client = site.visitor("gold"), site.app.test_client()
    name = secrets.token_hex(8)
    made = gold.post("/account/tokens", {"name": name, "days": "30", "scope": "read"}, "/account")
    found = TOKEN.search(made.get_data(as_text=True))
    assert made.status_code == 200 and found
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert client.get("/api/v1/articles/KB900002", headers=headers).status_code == 200
    assert client.get("/api/v1/cases", headers=headers).status_code == 403
    page = gold.get("/account").get_data(as_text=True)
    assert name in page and found[0] not in page
    again = gold.post("/account/tokens", {"name": name, "days": "30", "scope": "read"}, "/account")
    assert again.status_code == 422
    assert site.visitor("mixed").post("/account/tokens/revoke", {"name": name}, "/account").status_code == 404
    assert gold.post("/account/tokens/revoke", {"name": name}, "/account").status_code == 303
    assert client.get("/api/v1/articles/KB900002", headers=headers).status_code == 401
    assert name not in gold.get("/account").get_data(as_text=True)


@pytest.mark.parametrize("fields", [{"scope": "everything"}, {}, {"scope": "read", "days": "99999"}])
def test_no_token_without_a_purpose(site: ReadySite, fields: Mapping[str, str]) -> None:
    given = {"name": secrets.token_hex(8), "days": "30", **fields}
    assert site.visitor("gold").post("/account/tokens", given, "/account").status_code == 422


# Keys that make a request repeatable


class Program:
    """A program that opens cases under keys of its own."""

    def __init__(self, site: ReadySite, kind: str = "gold") -> None:
        self._site = site
        self.headers = {"Authorization": f"Bearer {site.token(kind)}"}

    def post(self, key: str, body: Mapping[str, Any] = NEW, path: str = "/api/v1/cases") -> TestResponse:
        headers = {**self.headers, "Idempotency-Key": key}
        return self._site.app.test_client().post(path, json=dict(body), headers=headers)

    def subjects(self) -> list[str]:
        answer = self._site.app.test_client().get("/api/v1/cases?limit=100", headers=self.headers)
        return [each["subject"] for each in answer.get_json()["cases"]]


@pytest.fixture
def program(site: ReadySite) -> Program:
    return Program(site)


def test_the_same_request_with_the_same_key_is_done_once(program: Program) -> None:
    key, body = secrets.token_hex(8), {**NEW, "subject": secrets.token_hex(8)}
    first, second = program.post(key, body), program.post(key, body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json()["number"] == second.get_json()["number"]
    assert second.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    assert program.subjects().count(str(body["subject"])) == 1
    other = program.post(key, {**body, "severity": 3})
    assert other.status_code == 422 and "Idempotency-Key" in other.get_json()["detail"]
    replies = f"/api/v1/cases/{first.get_json()['number']}/replies"
    assert program.post(key, {"text": "x"}, replies).status_code == 422


def test_what_was_refused_is_decided_anew(program: Program) -> None:
    key, wrong = secrets.token_hex(8), {**NEW, "product": "creo"}
    assert [program.post(key, wrong).status_code for _ in range(2)] == [403, 403]
    assert program.post(key).status_code == 201, "nothing was done under the key"


def test_who_asks_again_is_told_what_he_may_read_now(import_site: ReadySite) -> None:
    """The answer is not kept: an article that was linked, and that he may read no more, is not in the second one."""
    gold, engineer = Program(import_site), {"Authorization": f"Bearer {import_site.token('engineer')}"}
    client = import_site.app.test_client()
    path = f"/api/v1/cases/{gold.post('case').get_json()['number']}"
    client.put(f"{path}/links/KB900002", json={"role": "resolution"}, headers=engineer)
    first = gold.post("k1", {"text": "謝謝"}, f"{path}/replies")
    assert [link["number"] for link in first.get_json()["links"]] == ["KB900002"]
    [mine] = [each for each in drafts(date.today()) if each.number == "KB900002"]
    hidden = [rendered(replace(mine, grants=("staff",)))]
    import_site.store.apply(hidden, ImportRun(SOURCE, datetime.now(UTC), only=frozenset({mine.id})))
    second = gold.post("k1", {"text": "謝謝"}, f"{path}/replies")
    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (201, "true")
    assert second.get_json()["links"] == [] and "KB900002" not in second.get_data(as_text=True)
    assert [event["text"] for event in second.get_json()["events"]].count("謝謝") == 1, "done once"


def test_who_may_no_more_write_is_told_nothing_of_what_he_wrote(import_site: ReadySite) -> None:
    author = Program(import_site, "author")
    new = {"title": "登入 401", "product": "windchill", "lang": "zh-Hant", "body": "x", "grants": ["public"]}
    draft = author.post("new", new, "/api/v1/drafts").get_json()
    path = f"/api/v1/drafts/{draft['id']}"
    sent: list[tuple[str, Mapping[str, Any], str]] = [
        ("new", new, "/api/v1/drafts"),
        ("submit", {"revision": 1}, f"{path}/submit"),
        ("back", {"revision": 1, "note": "x"}, f"{path}/send-back"),
    ]
    for _ in range(2):
        assert [author.post(*one).get_json()["id"] for one in sent] == [draft["id"]] * 3
    import_site.accounts.name_licence("author@example.com", "creo", "publisher")
    absent = import_site.app.test_client().get("/api/v1/drafts/99", headers=author.headers)
    for one in sent:
        answer = author.post(*one)
        assert (answer.status_code, answer.data) == (404, absent.data), one


@pytest.mark.parametrize(
    ("kind", "path", "sent"),
    [
        ("gold", "/api/v1/cases/{case}/files?file_name=a.log", b"log"),
        ("operator", "/api/v1/webhooks", {"name": "tool", "url": "https://example.com/"}),
        ("operator", "/api/v1/webhooks/there/rotate", {}),
        ("operator", "/api/v1/webhooks/deliveries/replay", {}),
        ("author", "/api/v1/imports/{job}/stop", {}),
        ("author", "/api/v1/imports/batches/1/take-back", {}),
        ("author", "/api/v1/drafts/{draft}/files?name=a.log", b"log"),
        ("author", "/api/v1/drafts/{draft}/preview", {"body": "x"}),
        ("author", "/api/v1/drafts/{draft}/schedule", {"revision": 1, "publish_at": "2099-01-01T00:00+08:00"}),
        ("author", "/api/v1/drafts/{draft}/publish", {"revision": 1}),
        ("author", "/api/v1/drafts/{draft}/discard", {"revision": 1}),
    ],
)
def test_each_kind_of_request_is_answered_again(import_site: ReadySite, kind: str, path: str, sent: Any) -> None:
    """What a second time would refuse, or make anew, gives the same answer under the same key."""
    client = import_site.app.test_client()
    author, operator = ({"Authorization": f"Bearer {import_site.token(each)}"} for each in ("author", "operator"))
    new = {"title": "登入 401", "product": "windchill", "lang": "zh-Hant", "body": "x", "grants": ["public"]}
    client.post("/api/v1/webhooks", json={"name": "there", "url": "https://example.com/"}, headers=operator)
    there = {
        "case": Program(import_site).post("case").get_json()["number"],
        "draft": client.post("/api/v1/drafts", json=new, headers=author).get_json()["id"],
        "job": client.post("/api/v1/imports?file_name=a.csv", data=b"id,title", headers=author).get_json()["id"],
    }
    given: dict[str, Any] = {"data": sent} if isinstance(sent, bytes) else {"json": sent}
    headers = {"Authorization": f"Bearer {import_site.token(kind)}", "Idempotency-Key": "one"}
    first, second = (client.post(path.format(**there), headers=headers, **given) for _ in range(2))
    assert first.status_code in (200, 201, 202), first.get_data(as_text=True)
    texts = [USED.sub("", answer.get_data(as_text=True)) for answer in (first, second)]
    assert (second.status_code, texts[1]) == (first.status_code, texts[0])


def test_keys_are_each_accounts_own(site: ReadySite, program: Program) -> None:
    key = secrets.token_hex(8)
    mine, theirs = program.post(key).get_json(), Program(site, "mixed").post(key).get_json()
    assert mine["customer"] != theirs["customer"] and mine["number"] != theirs["number"]


def test_at_once_one_does_it_and_the_others_wait(program: Program) -> None:
    key, body = secrets.token_hex(8), {**NEW, "subject": secrets.token_hex(8)}
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(program.post(key, body).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409} and 201 in answers
    assert program.subjects().count(str(body["subject"])) == 1


@pytest.mark.parametrize(("written", "age", "status"), [(False, 1, 409), (False, 300, 201), (True, 300, 409)])
def test_a_request_that_was_cut_off(site: ReadySite, program: Program, written: bool, age: int, status: int) -> None:
    """Its work is done again only where it is certain that it was not done."""
    key = secrets.token_hex(8)
    program.post(key)
    began = datetime.now(UTC) - timedelta(seconds=age)
    with site.store.writing() as connection:
        cut_off = text("UPDATE idempotency_key SET made = NULL, written = :written, created_at = :at WHERE key = :key")
        connection.execute(cut_off, {"written": written, "at": began.replace(tzinfo=None).isoformat(" "), "key": key})
    assert program.post(key).status_code == status


def test_what_breaks_before_it_is_done_may_be_tried_again(
    site: ReadySite, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, body = secrets.token_hex(8), {**NEW, "subject": secrets.token_hex(8)}
    with monkeypatch.context() as broken:
        broken.setattr("kb.store.cases.add_event", lambda *_: 1 / 0)
        assert program.post(key, body).status_code == 500
    assert program.post(key, body).status_code == 201
    with monkeypatch.context() as broken:
        broken.setattr("web.case_api._whole", lambda *_: 1 / 0)
        assert program.post(key + "b", body).status_code == 500, "done, and not told"
    assert program.post(key + "b", body).status_code == 201
    assert program.subjects().count(str(body["subject"])) == 2


def test_keys_end_after_a_day(site: ReadySite, program: Program) -> None:
    key = secrets.token_hex(8)
    first = program.post(key).get_json()["number"]
    with site.store.writing() as connection:
        long_ago = (datetime.now(UTC) - idempotency.KEPT).replace(tzinfo=None).isoformat(" ")
        connection.execute(
            text("UPDATE idempotency_key SET created_at = :at WHERE key = :key"), {"at": long_ago, "key": key}
        )
    assert program.post(key).get_json()["number"] != first


@pytest.mark.parametrize("key", ["", " ", "長", "k" * 201])
def test_a_key_that_is_none_is_refused(program: Program, key: str) -> None:
    headers = {**program.headers, "Idempotency-Key": key.encode().decode("latin-1")}
    answer = program._site.app.test_client().post("/api/v1/cases", json=NEW, headers=headers)
    assert (answer.status_code, answer.get_json()["parameter"]) == (400, "Idempotency-Key")


def test_a_file_is_sent_once(import_site: ReadySite) -> None:
    client = import_site.app.test_client()
    headers = {"Authorization": f"Bearer {import_site.token('author')}", "Idempotency-Key": "file"}
    body = b"id,title,body_markdown,lang,product,grants\n" + b"x" * 100_000
    answers = [client.post("/api/v1/imports?file_name=a.csv", data=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].get_json()["id"] == answers[1].get_json()["id"]
    assert client.post("/api/v1/imports?file_name=b.csv", data=body, headers=headers).status_code == 422
    too_large = client.post(
        "/api/v1/imports?file_name=c.csv", data=b"x" * (2 << 20), headers={**headers, "Idempotency-Key": "c"}
    )
    assert too_large.status_code == 413


# Cursors


def test_a_walk_gives_each_case_once_while_cases_change(site: ReadySite, program: Program) -> None:
    client, engineer = site.app.test_client(), {"Authorization": f"Bearer {site.token('engineer')}"}
    subjects = [secrets.token_hex(8) for _ in range(7)]
    numbers = {program.post(secrets.token_hex(8), {**NEW, "subject": each}).get_json()["number"] for each in subjects}
    seen: list[str] = []
    address: str | None = "/api/v1/cases?state=all&limit=2"
    while address:
        page = client.get(address, headers=engineer).get_json()
        seen += [each["number"] for each in page["cases"]]
        assert len(page["cases"]) <= 2
        # New ones, answers that move the queue, and closings, between the pages.
        program.post(secrets.token_hex(8))
        client.post(f"/api/v1/cases/{min(numbers)}/replies", json={"text": "x"}, headers=engineer)
        client.patch(f"/api/v1/cases/{max(numbers)}", json={"revision": 1, "status": "closed"}, headers=engineer)
        address = page["next"] and f"/api/v1/cases?state=all&limit=2&cursor={page['next']}"
    assert len(seen) == len(set(seen)) and numbers <= set(seen)


def test_the_queue_can_be_walked_in_the_order_of_the_clocks(site: ReadySite) -> None:
    client, engineer = site.app.test_client(), {"Authorization": f"Bearer {site.token('engineer')}"}
    due: list[str] = []
    address: str | None = "/api/v1/cases?sort=due&limit=3"
    while address:
        page = client.get(address, headers=engineer).get_json()
        due += [each["due_at"] or "9999" for each in page["cases"]]
        address = page["next"] and f"/api/v1/cases?sort=due&limit=3&cursor={page['next']}"
    assert due == sorted(due)


@pytest.mark.parametrize("cursor", ["x", "W10", "é", "WyJhbGwgb3BlbmVkIiwgIngiLCAieSJd", "A" * 300, "bnVsbA"])
def test_a_cursor_that_is_none_is_named(site: ReadySite, program: Program, cursor: str) -> None:
    answer = site.app.test_client().get("/api/v1/cases", query_string={"cursor": cursor}, headers=program.headers)
    assert (answer.status_code, answer.get_json()["parameter"]) == (400, "cursor")


def test_a_cursor_is_of_the_way_it_was_given_on(site: ReadySite, program: Program) -> None:
    client = site.app.test_client()
    for _ in range(2):
        program.post(secrets.token_hex(8))
    cursor = client.get("/api/v1/cases?limit=1", headers=program.headers).get_json()["next"]
    assert client.get(f"/api/v1/cases?limit=1&cursor={cursor}", headers=program.headers).status_code == 200
    assert client.get(f"/api/v1/cases?state=all&cursor={cursor}", headers=program.headers).status_code == 400
