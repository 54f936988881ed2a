"""Files in cases: sent by both sides, saved by those who see what they came with, never opened as pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from tests.site import KINDS, STAFF, TOKEN, ReadySite, Visitor
from tests.web.test_cases import FIELDS, opened, shown
from tests.web.test_tasks import site
from web.security import FILE_POLICY

__all__ = ["site"]
LOG = b"SEVERE: data 52e\n" * 9
PAGE = b"<html><script>alert(1)</script>"
FILE = re.compile(r'href="(/cases/C\d{8}/files/[0-9a-f]{32})"')


def send(visitor: Visitor, path: str, fields: Mapping[str, str], *files: tuple[str, bytes]) -> TestResponse:
    """A form with files, sent from the page that holds it."""
    form = path.rpartition("/")[0] if path.endswith("/reply") else path
    token = TOKEN.search(visitor.get(form).get_data(as_text=True))
    assert token
    body = b"".join(
        f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in (
            *((f'name="{name}"', value.encode()) for name, value in {**fields, "csrf_token": token[1]}.items()),
            *((f'name="file"; filename="{name}"', content) for name, content in files),
        )
    )
    return visitor.client.post(path, data=body + b"--x--\r\n", content_type="multipart/form-data; boundary=x")


def links(visitor: Visitor, case: str) -> list[str]:
    return FILE.findall(shown(visitor, case))


def test_both_sides_send_files_and_those_of_a_note_stay_inside(site: ReadySite) -> None:
    everyone = {kind: site.visitor(kind) for kind in KINDS}
    gold, engineer = everyone["gold"], everyone["engineer"]
    case = str(send(gold, "/cases/new", {**FIELDS, "step": "open"}, ("a.log", LOG)).headers["Location"])
    assert send(engineer, f"{case}/reply", {"text": "請試這個設定"}, ("設定.xml", b"<x/>")).status_code == 303
    assert send(engineer, f"{case}/reply", {"text": "", "kind": "note"}, ("secret.html", PAGE)).status_code == 303
    theirs, ours = links(gold, case), links(engineer, case)
    assert len(theirs) == 2 and len(ours) == 3 and set(theirs) < set(ours)
    assert "secret.html" not in shown(gold, case) and "a.log" in shown(gold, case)
    for path in ours:
        absent = {kind: visitor.get(f"{case}/files/{'0' * 32}") for kind, visitor in everyone.items()}
        for kind, visitor in everyone.items():
            answer = visitor.get(path)
            may = kind in STAFF or (kind == "gold" and path in theirs)
            assert answer.status_code == (200 if may else 404), (kind, path)
            if not may:
                assert answer.data == absent[kind].data
                continue
            assert answer.headers["Content-Disposition"].startswith("attachment; ")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"] == FILE_POLICY
            assert "no-store" in answer.headers["Cache-Control"]
    assert gold.get(theirs[0]).data == LOG and "a.log" in gold.get(theirs[0]).headers["Content-Disposition"]
    # A file of one case is none of another's.
    other = opened(gold)
    assert gold.get(theirs[0].replace(case, other)).status_code == 404


def test_a_file_alone_is_no_answer_and_a_customers_sets_the_case_back_to_work(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    case = opened(gold)
    number = case.rpartition("/")[2]
    headers = {kind: {"Authorization": f"Bearer {site.token(kind)}"} for kind in ("gold", "engineer")}
    send(engineer, f"{case}/reply", {"text": ""}, ("a.log", LOG))
    told = engineer.get(f"/api/v1/cases/{number}", headers=headers["engineer"]).get_json()
    assert {clock["kind"]: clock["state"] for clock in told["clocks"]}["first_response"] == "running"
    assert [event["kind"] for event in told["events"]] == ["opened", "file"]
    engineer.post(f"{case}/change", {"revision": "1", "status": "waiting_customer"}, case)
    send(gold, f"{case}/reply", {"text": ""}, ("b.log", LOG))
    assert engineer.get(f"/api/v1/cases/{number}", headers=headers["engineer"]).get_json()["status"] == "in_progress"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("a.log", LOG)] * 11, "最多附加 10 個檔案"),
        ([("a.log", b"")], "「a.log」是空的"),
        ([("...", LOG)], "不能當檔名"),
        ([("a.log", b"x" * ((1 << 20) + 1))], "超過 1 MB"),
    ],
)
def test_what_cannot_be_sent_is_told_and_what_was_typed_stays(
    small: ReadySite, files: list[tuple[str, bytes]], told: str
) -> None:
    gold = small.visitor("gold")
    case = opened(gold)
    answer = send(gold, f"{case}/reply", {"text": "請看附件"}, *files)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and told in page and "請看附件" in page
    large = b"x" * (12 << 20)
    refused = gold.client.post(f"{case}/reply", data=large, content_type="multipart/form-data; boundary=x")
    assert refused.status_code == 413 and "每個 1 MB" in refused.get_data(as_text=True)
    assert links(gold, case) == []
    assert send(gold, f"{case}/reply", {"text": ""}).status_code == 422


@pytest.fixture
def small(site: ReadySite) -> ReadySite:
    """One that takes files of a megabyte."""
    object.__setattr__(site.config, "attachment_max_mb", 1)
    return site


def test_one_case_takes_no_more_than_the_setting_says(small: ReadySite) -> None:
    """Internal files are counted apart: a customer learns nothing of them."""
    object.__setattr__(small.config, "case_files_mb", 2)
    gold, engineer = small.visitor("gold"), small.visitor("engineer")
    case, whole = opened(gold), b"x" * (1 << 20)
    two = [("a.log", whole), ("b.log", whole)]
    assert send(engineer, f"{case}/reply", {"text": "", "kind": "note"}, *two).status_code == 303
    assert send(gold, f"{case}/reply", {"text": ""}, *two).status_code == 303
    for visitor, kind in ((gold, "reply"), (engineer, "reply"), (engineer, "note")):
        refused = send(visitor, f"{case}/reply", {"text": "還有一個", "kind": kind}, ("c.log", b"x"))
        page = refused.get_data(as_text=True)
        assert refused.status_code == 422 and "合計最多 2 MB" in page and "已有 2.0 MB" in page and "還有一個" in page
    assert len(links(gold, case)) == 2 and "還有一個" not in shown(gold, case)
    headers = {"Authorization": f"Bearer {small.token('gold')}"}
    program = gold.client.post(f"/api/v1{case}/files?file_name=c.log", data=b"x", headers=headers)
    assert program.status_code == 422 and "2 MB" in program.get_json()["detail"]
    three = send(gold, "/cases/new", {**FIELDS, "step": "open"}, *two, ("c.log", b"x"))
    assert three.status_code == 422 and "合計最多 2 MB" in three.get_data(as_text=True)


WAITS = re.compile(r'name="waiting" value="([0-9a-f]{32})" checked>([^<]+)<')
TYPED = {**FIELDS, "text": "第一行\n第二行"}


def test_files_of_the_first_step_wait_while_answers_are_looked_at(site: ReadySite) -> None:
    gold, plus = site.visitor("gold"), site.visitor("gold_plus")
    first = send(gold, "/cases/new", {**TYPED, "step": "suggest"}, ("a.log", LOG), ("b.log", LOG))
    page = first.get_data(as_text=True)
    (one, name), (two, _) = WAITS.findall(page)
    assert first.status_code == 200 and name == "a.log" and "第二行" in page
    again = send(gold, "/cases/new", {**TYPED, "step": "suggest", "waiting": one}, ("c.log", LOG))
    assert [found for _, found in WAITS.findall(again.get_data(as_text=True))] == ["a.log", "c.log"]
    stolen = send(plus, "/cases/new", {**TYPED, "step": "open", "waiting": one})
    assert stolen.status_code == 422 and "已經不在" in stolen.get_data(as_text=True)
    assert "a.log" not in stolen.get_data(as_text=True)
    case = str(send(gold, "/cases/new", {**TYPED, "step": "open", "waiting": one}, ("d.log", LOG)).headers["Location"])
    assert [gold.get(path).data for path in links(gold, case)] == [LOG, LOG]
    assert "a.log" in shown(gold, case) and "d.log" in shown(gold, case) and "b.log" not in shown(gold, case)
    for step in ("suggest", "open"):
        twice = send(gold, "/cases/new", {**TYPED, "step": step, "waiting": one}, ("e.log", LOG))
        page = twice.get_data(as_text=True)
        assert twice.status_code == 422 and "已經不在" in page and "第二行" in page
        assert [found for _, found in WAITS.findall(page)] == ["e.log"]
    assert send(gold, "/cases/new", {**TYPED, "step": "open", "waiting": two}).status_code == 303


def test_what_is_refused_on_the_form_for_a_new_case_loses_nothing(small: ReadySite) -> None:
    gold, silver, engineer = (small.visitor(kind) for kind in ("gold", "silver", "engineer"))
    large, good = ("large.log", b"x" * ((1 << 20) + 1)), ("a.log", LOG)
    for step in ("suggest", "open"):
        answer = send(gold, "/cases/new", {**TYPED, "step": step}, good, large)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "「large.log」" in page and "超過 1 MB" in page and "第二行" in page
        assert [name for _, name in WAITS.findall(page)] == ["a.log"]
    wordless = send(gold, "/cases/new", {**TYPED, "subject": "", "step": "open"}, good, large)
    page = wordless.get_data(as_text=True)
    assert "「large.log」" in page and "主旨" in page and WAITS.search(page)
    waiting = WAITS.findall(page)[0][0]
    many = send(gold, "/cases/new", {**TYPED, "step": "suggest", "waiting": waiting}, *[good] * 10)
    page = many.get_data(as_text=True)
    assert many.status_code == 422 and "最多附加 10 個檔案" in page and len(WAITS.findall(page)) == 10
    beyond = send(gold, "/cases/new", {**TYPED, "step": "suggest", "waiting": waiting}, ("a.log", b"x" * (12 << 20)))
    page = beyond.get_data(as_text=True)
    assert beyond.status_code == 413 and "每個 1 MB" in page and "第二行" in page and waiting in page
    said = send(gold, f"{opened(gold)}/reply", {"text": "打了很久"}, ("a.log", b"x" * (12 << 20)))
    assert said.status_code == 413 and "打了很久" in said.get_data(as_text=True)
    assert send(silver, "/cases/new", {**TYPED, "step": "suggest"}, good).status_code == 422
    called = send(engineer, "/cases/new", {**TYPED, "contact": "nobody@x.example", "step": "open"}, good)
    page = called.get_data(as_text=True)
    assert called.status_code == 422 and "a.log" in page
    contact = {"contact": "gold@example.com", "waiting": WAITS.findall(page)[0][0]}
    case = str(send(engineer, "/cases/new", {**TYPED, **contact, "step": "open"}).headers["Location"])
    assert len(links(gold, case)) == 1


def test_a_form_of_another_site_changes_nothing(site: ReadySite) -> None:
    gold = site.visitor("gold")
    case = opened(gold)
    assert gold.client.post(f"{case}/reply", data={"text": "forged"}).status_code == 400
    assert gold.client.post("/cases/new", data={**FIELDS, "step": "open"}).status_code == 400
    assert "forged" not in shown(gold, case)


def test_programs_send_and_fetch_them(site: ReadySite) -> None:
    case = opened(site.visitor("gold"))
    path, client = f"/api/v1{case}/files", site.app.test_client()
    theirs, ours = ({"Authorization": f"Bearer {site.token(kind)}"} for kind in ("gold", "engineer"))
    sent = client.post(f"{path}?file_name=a.log", data=LOG, headers={**theirs, "Idempotency-Key": "one"})
    again = client.post(f"{path}?file_name=a.log", data=LOG, headers={**theirs, "Idempotency-Key": "one"})
    assert (sent.status_code, again.status_code) == (201, 201)
    assert sent.get_json()["events"] == again.get_json()["events"]
    file = sent.get_json()["events"][-1]["files"][0]
    assert (file["name"], file["size"]) == ("a.log", len(LOG))
    assert client.get(file["url"], headers=theirs).data == LOG
    hidden = client.post(f"{path}?file_name=b.log&internal=1", data=LOG, headers=ours).get_json()["events"][-1]
    assert hidden["internal"] and hidden["kind"] == "note"
    assert client.get(hidden["files"][0]["url"], headers=ours).status_code == 200
    assert client.get(hidden["files"][0]["url"], headers=theirs).status_code == 404
    told = client.get(f"/api/v1{case}", headers=theirs).get_json()
    assert [len(event["files"]) for event in told["events"]] == [0, 1]
    for address, status in ((path, 400), (f"{path}?file_name=a&internal=2", 400), (f"{path}?file_name=a%2F..", 422)):
        assert client.post(address, data=LOG, headers=theirs).status_code == status
    large = client.post(f"{path}?file_name=a.log", data=b"x" * ((20 << 20) + 1), headers=theirs)
    assert large.status_code == 413
