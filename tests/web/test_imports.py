"""Imports in the browser and for programs: looked at, applied, stopped, taken back, by authors alone."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from indexer import working
from kb.entitlements import EVERYONE
from kb.imports import ATTEMPTS, LOST_AFTER, Imports
from kb.rendering import Html, Job, Outcome, RenderPool
from kb.reports import Report
from tests.site import TOKEN, ReadySite, Visitor

WORKER = "w"
OUTCOME = Outcome((Html("<p>anew</p>", "anew"),))
OTHERS = ("silver", "gold_plus", "engineer")


def rows(*given: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in given).encode()


def row(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "title": f"標題 {name}", "lang": "zh-Hant", "product": "windchill", "type": "how_to",
        "grants": ["public"], "body_markdown": f"# {name}\n\n內文 {name}\n", **more,
    }  # fmt: skip


def send(visitor: Visitor, content: bytes, name: str = "faq.jsonl", **fields: str) -> TestResponse:
    token = TOKEN.search(visitor.get("/imports").get_data(as_text=True))
    assert token
    parts = [("csrf_token", token[1]), *fields.items()]
    told = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in parts]
    told.append(f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
    body = "".join(told).encode() + content + b"\r\n--x--\r\n"
    return visitor.client.post("/imports", data=body, content_type="multipart/form-data; boundary=x")


def press(visitor: Visitor, path: str) -> TestResponse:
    return visitor.post(path, {}, "/imports")


def work(site: ReadySite) -> int:
    """Does what there is to do; how many jobs that were."""
    imports, done = Imports(site.store), 0
    while job := imports.claim(WORKER, datetime.now(UTC)):
        working.do(job, imports, WORKER, site.store, site.config, threading.Event())
        done += 1
    return done


def page(visitor: Visitor, address: str) -> str:
    answer = visitor.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def author(import_site: ReadySite) -> Visitor:
    return import_site.visitor("author")


def test_an_author_sends_looks_applies_and_takes_back(import_site: ReadySite, author: Visitor) -> None:
    before = import_site.store.checksum()
    sent = send(author, rows(row("a"), row("b", grants=["nobody"])), source="faq")
    assert sent.status_code == 303
    address = sent.headers["Location"]
    assert "等待檢查" in page(author, address)

    assert work(import_site) == 1
    looked = page(author, address)
    assert "等您決定" in looked and "標題 a" in looked and "寫入 1 篇文章" in looked and "faq.jsonl:2" in looked
    assert import_site.store.checksum() == before

    assert press(author, f"{address}/apply").status_code == 303
    assert work(import_site) == 1
    done = page(author, address)
    assert "已寫入" in done and "復原" in done
    assert import_site.store.checksum() != before
    batch = import_site.store.batches(1)[0]
    assert (batch.source, dict(batch.counts)) == ("faq", {"new": 1, "changed": 0})
    assert "Author" in page(author, "/imports")

    assert press(author, f"/imports/batches/{batch.id}/take-back").status_code == 303
    assert import_site.store.checksum() == before
    assert "已復原" in page(author, address)
    again = press(author, f"/imports/batches/{batch.id}/take-back")
    assert again.status_code == 409 and "已經復原" in again.get_data(as_text=True)


def test_who_may_read_and_lines_of_text_are_shown_before_they_change(import_site: ReadySite, author: Visitor) -> None:
    first = send(author, rows(row("a"))).headers["Location"]
    work(import_site)
    press(author, f"{first}/apply")
    work(import_site)
    changed = row("a", grants=["windchill:gold"], body_markdown="# a\n\n新的 <b>內文</b>\n", title="<i>新</i>")
    second = send(author, rows(changed)).headers["Location"]
    work(import_site)
    shown = page(author, f"{second}?show=readers")
    assert "+windchill:gold" in shown and "−public" in shown
    assert "+新的 &lt;b&gt;內文&lt;/b&gt;" in shown and "&lt;i&gt;新&lt;/i&gt;" in shown and "<i>新</i>" not in shown
    assert "標題 a" not in page(author, f"{second}?show=refused")


def test_the_report_is_a_table_without_formulas(import_site: ReadySite, author: Visitor) -> None:
    address = send(author, rows(row("a", title="=1+1"), row("b", product="nothing"))).headers["Location"]
    work(import_site)
    answer = author.get(f"{address}/report.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    found = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert {each["status"]: each["title"] for each in found} == {"new": "'=1+1", "refused": "標題 b"}
    assert "nothing" in next(each["problems"] for each in found if each["status"] == "refused")


def test_what_another_import_changed_meanwhile_is_looked_at_anew(import_site: ReadySite, author: Visitor) -> None:
    first, second = (send(author, rows(row(name)), source="faq").headers["Location"] for name in "ab")
    work(import_site)
    press(author, f"{first}/apply")
    press(author, f"{second}/apply")
    work(import_site)
    assert "已寫入" in page(author, first)
    shown = page(author, second)
    assert "等您決定" in shown and "同一來源已有另一次匯入先完成" in shown
    press(author, f"{second}/apply")
    work(import_site)
    assert "已寫入" in page(author, second)
    assert "同一來源" not in page(author, second)


@pytest.mark.parametrize("looked", [False, True])
def test_stopped_it_changes_nothing(import_site: ReadySite, author: Visitor, looked: bool) -> None:
    before = import_site.store.checksum()
    address = send(author, rows(row("a"))).headers["Location"]
    if looked:
        work(import_site)
    assert press(author, f"{address}/stop").status_code == 303
    assert work(import_site) == 0
    assert "已停止" in page(author, address)
    assert import_site.store.checksum() == before
    for what in ("apply", "stop"):
        refused = press(author, f"{address}/{what}")
        assert refused.status_code == 409 and "狀態已經改變" in refused.get_data(as_text=True)


def test_a_worker_told_to_stop_midway_leaves_nothing(import_site: ReadySite, author: Visitor) -> None:
    before = import_site.store.checksum()
    address = send(author, rows(*(row(str(each)) for each in range(50)))).headers["Location"]
    imports = Imports(import_site.store)
    job = imports.claim(WORKER, datetime.now(UTC))
    assert job
    assert press(author, f"{address}/stop").status_code == 303
    assert "正在停止" in page(author, address)
    ending = threading.Event()
    beat = working.Beat(job, imports, WORKER, ending)
    with beat, pytest.raises(working.Stopped):
        while True:
            beat.progress("reading", 1, 50)
    imports.given_back(job.id, WORKER, "stopped")
    assert "已停止" in page(author, address)
    assert import_site.store.checksum() == before


def test_a_worker_that_ends_gives_its_job_back(import_site: ReadySite, author: Visitor) -> None:
    address = send(author, rows(row("a"))).headers["Location"]
    imports, ending = Imports(import_site.store), threading.Event()
    job = imports.claim(WORKER, datetime.now(UTC))
    assert job
    ending.set()
    working.do(job, imports, WORKER, import_site.store, import_site.config, ending)
    assert "等待檢查" in page(author, address)
    assert work(import_site) == 1
    assert "等您決定" in page(author, address)


def test_the_job_of_a_worker_that_was_killed_is_taken_up_again_and_written_once(
    import_site: ReadySite, author: Visitor
) -> None:
    address = send(author, rows(row("a"))).headers["Location"]
    work(import_site)
    press(author, f"{address}/apply")
    imports, now = Imports(import_site.store), datetime.now(UTC)
    lost = imports.claim("lost", now)
    assert lost and lost.state == "applying"
    assert imports.claim(WORKER, now) is None
    # It wrote the batch and died before it could say so.
    silent = _Silent(import_site.store)
    working.do(lost, silent, "lost", import_site.store, import_site.config, threading.Event())
    later = now + LOST_AFTER + timedelta(seconds=5)
    found = imports.claim(WORKER, later)
    assert found and found.batch_id
    working.do(found, imports, WORKER, import_site.store, import_site.config, threading.Event())
    assert "已寫入" in page(author, address)
    assert len([each for each in import_site.store.batches() if each.source == "faq"]) == 1


class _Silent(Imports):
    def ended(self, job_id: int, worker: str, report: Report | None = None) -> None:
        """Dies here."""


def test_what_ends_every_worker_fails_at_last(import_site: ReadySite, author: Visitor) -> None:
    address = send(author, rows(row("a"))).headers["Location"]
    imports, now = Imports(import_site.store), datetime.now(UTC)
    for attempt in range(ATTEMPTS):
        assert imports.claim(f"worker {attempt}", now + 2 * attempt * LOST_AFTER)
    assert imports.claim(WORKER, now + 2 * ATTEMPTS * LOST_AFTER) is None
    shown = page(author, address)
    assert "無法匯入" in shown and f"中斷了 {ATTEMPTS} 次" in shown


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("faq.jsonl", b"", 422, "空檔案"),
        ("", b"x", 422, "請選擇"),
        ("..", b"x", 422, "沒有名稱"),
        ("faq.jsonl", b"x" * (3 << 19), 413, "大於 1 MB"),
    ],
)
def test_a_file_that_cannot_be_is_refused_on_the_spot(
    import_site: ReadySite, author: Visitor, name: str, content: bytes, status: int, says: str
) -> None:
    answer = send(author, content, name)
    assert answer.status_code == status
    assert says in answer.get_data(as_text=True)


def test_a_file_of_another_kind_fails_and_says_what_can_be(import_site: ReadySite, author: Visitor) -> None:
    address = send(author, b"\x89PNG", "../../evil.png").headers["Location"]
    work(import_site)
    shown = page(author, address)
    assert "無法匯入" in shown and "evil.png" in shown and ".jsonl" in shown
    assert str(import_site.config.home) not in shown


def test_a_form_of_another_site_is_refused(import_site: ReadySite, author: Visitor) -> None:
    data = {"file": (io.BytesIO(rows(row("a"))), "a.jsonl")}
    answer = author.client.post("/imports", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert Imports(import_site.store).claim(WORKER, datetime.now(UTC)) is None


def test_others_may_not_even_send_a_large_body(import_site: ReadySite) -> None:
    for kind in ("anonymous", *OTHERS):
        data = {"file": (io.BytesIO(b"x" * 200_000), "a.jsonl")}
        answer = import_site.visitor(kind).client.post("/imports", data=data, content_type="multipart/form-data")
        assert answer.status_code == 404
    assert "匯入" not in page(import_site.visitor("engineer"), "/")


class Program:
    """Someone with a token."""

    def __init__(self, site: ReadySite, kind: str) -> None:
        self.client = site.app.test_client()
        self.headers = {"Authorization": f"Bearer {site.token(kind)}"}

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        return self.client.open(f"/api/v1/imports{path}", method=method, headers=self.headers, **more)


def test_programs_do_the_same(import_site: ReadySite) -> None:
    program = Program(import_site, "author")
    before = import_site.store.checksum()
    content = rows(row("a"), row("b", grants=None), row("c", lang="xx"))
    sent = program.ask("POST", "?file_name=faq.jsonl&source=api&grants=public,staff&ui=en", data=content)
    assert sent.status_code == 202
    number = sent.json["id"]  # type: ignore[index]
    assert sent.headers["Location"] == f"/api/v1/imports/{number}"
    work(import_site)
    looked = program.ask("GET", f"/{number}?ui=en").json
    assert looked
    assert (looked["state"], looked["report"]["new"], looked["report"]["refused"]) == ("checked", 2, 1)
    found = program.ask("GET", f"/{number}/rows?show=refused&ui=en").json
    assert found
    assert [each["id"] for each in found["rows"]] == ["c"] and found["next"] is None
    assert program.ask("GET", f"/{number}/report.csv").get_data(as_text=True).count("\n") == 4
    assert program.ask("POST", f"/{number}/apply").status_code == 202
    work(import_site)
    done = program.ask("GET", f"/{number}").json
    assert done and done["state"] == "applied"
    assert program.ask("POST", f"/{number}/apply").status_code == 409
    back = program.ask("POST", f"/batches/{done['batch']}/take-back")
    assert back.status_code == 200 and back.json["taken_back"]  # type: ignore[index]
    assert import_site.store.checksum() == before
    assert program.ask("POST", f"/batches/{done['batch']}/take-back").status_code == 409
    listed = program.ask("GET", "").json
    assert listed and listed["imports"][0]["taken_back"]


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("POST", "", 400, "file_name"),
        ("POST", "?file_name=a.csv", 422, "空檔案"),
        ("POST", "?file_name=a.csv&sauce=x", 400, "sauce"),
        ("GET", "/99", 404, ""),
        ("GET", "/99/rows", 404, ""),
        ("GET", "/1/rows?show=nothing", 400, "show"),
        ("GET", "/1/rows?after=-1", 400, "after"),
        ("POST", "/99/apply", 404, ""),
        ("GET", f"/{2**63}", 404, ""),
        ("POST", "/batches/99/take-back", 404, ""),
    ],
)
def test_programs_are_told_what_is_wrong(
    import_site: ReadySite, method: str, path: str, status: int, says: str
) -> None:
    answer = Program(import_site, "operator").ask(method, path)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert says in answer.get_json()["detail"]


def test_a_body_over_the_limit_is_refused(import_site: ReadySite) -> None:
    answer = Program(import_site, "author").ask("POST", "?file_name=a.csv", data=b"x" * (3 << 19))
    assert answer.status_code == 413


def test_to_other_programs_there_are_no_imports(import_site: ReadySite, author: Visitor) -> None:
    send(author, rows(row("a")))
    work(import_site)
    for kind in OTHERS:
        program = Program(import_site, kind)
        for method, path in (("GET", ""), ("GET", "/1"), ("GET", "/1/rows"), ("GET", "/1/report.csv")):
            assert program.ask(method, path).status_code == 404
        assert program.ask("POST", "?file_name=a.csv", data=b"x").status_code == 404
        assert program.ask("POST", "/1/apply").status_code == 404
    # A cookie is enough to look, not to change.
    assert author.get("/api/v1/imports/1").status_code == 200
    assert author.client.post("/api/v1/imports/1/apply").status_code == 401


def test_what_is_downloaded_is_sent_back_as_it_was(import_site: ReadySite, author: Visitor) -> None:
    first = send(author, rows(row("a"), row("b", title="=1+1"), row("c", grants=["staff"])), source="some faq")
    work(import_site)
    press(author, f"{first.headers['Location']}/apply")
    work(import_site)
    assert '<option value="some faq">some faq (3)</option>' in page(author, "/imports")
    before, packed = import_site.store.checksum(), b""
    for format_ in ("markdown", "jsonl"):
        answer = author.get(f"/imports/export.zip?source=some+faq&format={format_}")
        assert answer.content_type == "application/zip" and "attachment; filename=export-" in str(answer.headers)
        packed = answer.get_data()
        address = send(author, packed, "export.zip").headers["Location"]
        work(import_site)
        report = author.get(f"/api/v1/imports/{address.rpartition('/')[2]}").get_json()
        assert (report["source"], report["report"]["same"], report["report"]["changed"]) == ("some faq", 3, 0)
        api = author.get(f"/api/v1/imports/export.zip?source=some+faq&format={format_}")
        assert api.get_data() == packed
    batch = import_site.store.batches(1)[0].id
    press(author, f"/imports/batches/{batch}/take-back")
    again = send(author, packed, "export.zip").headers["Location"]
    work(import_site)
    press(author, f"{again}/apply")
    work(import_site)
    assert import_site.store.checksum() == before


def test_an_export_of_many_sources_is_sent_one_by_one(import_site: ReadySite, author: Visitor) -> None:
    sent = send(author, rows(row("a")), source="one more").headers["Location"]
    work(import_site)
    press(author, f"{sent}/apply")
    work(import_site)
    address = send(author, author.get("/imports/export.zip").get_data(), "all.zip").headers["Location"]
    work(import_site)
    shown = page(author, address)
    assert "須逐一匯入" in shown and "one more" in shown
    assert author.get("/imports/export.zip?source=none").status_code == 404
    assert author.get("/imports/export.zip?format=docx").status_code == 404
    wrong = author.get("/api/v1/imports/export.zip?format=docx")
    assert wrong.status_code == 400 and wrong.get_json()["parameter"] == "format"


@pytest.mark.parametrize("harm", [False, True])
def test_what_was_rendered_to_look_at_it_is_not_rendered_again(
    import_site: ReadySite, author: Visitor, monkeypatch: pytest.MonkeyPatch, harm: bool
) -> None:
    given = rows(row("a", body_markdown="# x\n\n| 表 | b |\n|--|--|\n| 1 | 2 |\n"), row("b"))
    address = send(author, given, source="faq").headers["Location"]
    work(import_site)
    (kept,) = (import_site.config.home / "rendered").iterdir()
    if harm:
        kept.write_bytes(kept.read_bytes()[:-9] + b"\0" * 9)
    rendered: list[Job] = []

    def render(_: RenderPool, jobs: Iterable[Job]) -> Iterator[Outcome]:
        for job in jobs:
            rendered.append(job)
            yield OUTCOME

    monkeypatch.setattr(RenderPool, "render", render)
    press(author, f"{address}/apply")
    work(import_site)
    assert len(rendered) == harm and not kept.exists()
    numbers = [each.number for each in import_site.store.browse(EVERYONE, 99) if each.source == "faq"]
    found = import_site.store.read(sorted(numbers)[0], EVERYONE)
    assert found and "<th>表</th>" in found.html and found.headings == ("x",)


def test_near_duplicates_and_missing_translations_are_told_on_the_page_over_the_api_and_in_the_csv(
    import_site: ReadySite, author: Visitor
) -> None:
    text = "".join(f"第 {n} 步：重新啟動方法伺服器，並檢查紀錄檔。\n\n" for n in range(9))
    given = rows(
        row("a", body_markdown=text), row("b", body_markdown=text + "完"),
        row("c", group="c"), row("c-en", group="c", lang="en", body_markdown="Text of its own."),
    )  # fmt: skip
    address = send(author, given, source="faq").headers["Location"]
    work(import_site)
    shown = page(author, f"{address}?show=told")
    assert "請再看一眼 2" in shown and shown.count("內文有") == 2 and "標題 b" in shown and "缺少譯文：英文" in shown
    client, headers = import_site.app.test_client(), {"Authorization": f"Bearer {import_site.token('author')}"}
    number = address.rpartition("/")[2]
    told = client.get(f"/api/v1/imports/{number}/rows?show=told", headers=headers).get_json()["rows"]
    codes = {each["id"]: [problem["code"] for problem in each["problems"]] for each in told}
    assert codes == {"a": ["near_duplicate", "translation_missing"], "b": ["near_duplicate", "translation_missing"]}
    assert client.get(f"/api/v1/imports/{number}", headers=headers).get_json()["report"]["to_look_at"] == 2
    table = list(csv.DictReader(io.StringIO(author.get(f"{address}/report.csv").text.lstrip("\ufeff"))))
    assert "標題 b" in table[0]["problems"] and not table[2]["problems"]
