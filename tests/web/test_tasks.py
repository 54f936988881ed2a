"""Flag it: colleagues say what is wrong with an article, ask for versions a customer may read, and settle it."""

from __future__ import annotations

import re

import pytest

from tests.site import KINDS, ReadySite, Visitor
from tests.web.test_cases import MONITORING, WINDCHILL, opened, shown

STAFF = ("engineer", "author", "operator")


@pytest.fixture
def site(import_site: ReadySite) -> ReadySite:
    """One without tasks, of one's own."""
    return import_site


def flagged(visitor: Visitor, note: str, paragraph: str = "0") -> str:
    fields = {"paragraph": paragraph, "note": note}
    answer = visitor.post(f"/articles/{WINDCHILL}/flags", fields, f"/articles/{WINDCHILL}")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"]).rpartition("#task-")[2]


def test_a_paragraph_is_flagged_and_settled(site: ReadySite) -> None:
    engineer, author = site.visitor("engineer"), site.visitor("author")
    page = shown(engineer, f"/articles/{WINDCHILL}")
    choice = re.search(r'<option value="(\d+)">重設服務帳號的密碼|<option value="(\d+)">[^<]*重設服務帳號', page)
    assert choice
    task = flagged(engineer, "步驟二的指令已改名", choice[1] or choice[2])
    for path in ("/tasks", f"/articles/{WINDCHILL}"):
        told = shown(author, path)
        assert "步驟二的指令已改名" in told and "<blockquote" in told and "重設服務帳號" in told
    assert '<span class="badge">1</span>' in shown(author, "/cases")
    done = author.post(f"/tasks/{task}/resolve", {"note": "已更正"}, f"/articles/{WINDCHILL}")
    assert done.status_code == 303
    assert "步驟二的指令已改名" not in shown(author, "/tasks") + shown(author, f"/articles/{WINDCHILL}")
    settled = shown(engineer, "/tasks?state=done")
    assert "步驟二的指令已改名" in settled and "已更正" in settled and "Author" in settled
    assert author.post(f"/tasks/{task}/resolve", {"note": "再一次"}, f"/articles/{WINDCHILL}").status_code == 404


def test_a_version_for_the_customer_is_asked_for_once(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    case = opened(gold)
    number = case.rpartition("/")[2]
    assert "請作者提供客戶版本" in shown(engineer, f"{case}?q=監控")
    for _ in range(2):
        asked = engineer.post(f"{case}/request-public", {"article": MONITORING}, case)
        assert asked.status_code == 303
    told = shown(site.visitor("author"), "/tasks")
    assert told.count(f"/cases/{number}") == 1 and told.count(f"/articles/{MONITORING}#tasks") == 1
    work = shown(engineer, f"{case}?q=監控")
    assert "已請作者提供客戶版本" in work
    assert "待辦" not in shown(gold, case) and MONITORING not in shown(gold, case)


def test_a_link_is_a_review(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    assert "視為已審閱" not in shown(engineer, f"/articles/{WINDCHILL}")
    case = opened(gold)
    engineer.post(f"{case}/link", {"article": WINDCHILL, "role": "resolution"}, case)
    assert "Engineer 於" in shown(engineer, f"/articles/{WINDCHILL}")
    assert "視為已審閱" not in shown(gold, f"/articles/{WINDCHILL}")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in STAFF])
def test_to_everybody_else_there_are_no_tasks(site: ReadySite, kind: str) -> None:
    flagged(site.visitor("engineer"), "只有同事知道")
    visitor, form = site.visitor(kind), "/sign-in" if kind == "anonymous" else "/sign-out"
    assert "只有同事知道" not in visitor.get(f"/articles/{WINDCHILL}").get_data(as_text=True)
    if kind != "anonymous":
        assert visitor.get("/tasks").data == visitor.get("/nowhere").data
        assert "待辦" not in shown(visitor, "/cases")
    for path in ("/tasks/1/resolve", f"/articles/{WINDCHILL}/flags", "/cases/C99999999/request-public"):
        answer = visitor.post(path, {"note": "x", "paragraph": "0", "article": WINDCHILL}, form)
        assert answer.status_code == 404
    assert "只有同事知道" in shown(site.visitor("engineer"), "/tasks")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"note": " "}, 422), ({"note": "長" * 2_001}, 422), ({"note": "x", "paragraph": "999"}, 404),
        ({"note": "x", "paragraph": "-1"}, 404), ({"note": "x", "paragraph": "１"}, 404),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(site: ReadySite, fields: dict[str, str], status: int) -> None:
    page = f"/articles/{WINDCHILL}"
    assert site.visitor("engineer").post(f"{page}/flags", fields, page).status_code == status


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00", "a\r\nb", "😀"])
def test_what_is_typed_is_shown_as_text(site: ReadySite, text: str) -> None:
    engineer = site.visitor("engineer")
    flagged(engineer, f"x{text}")
    assert "<script>alert" not in shown(engineer, "/tasks")


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans", "en"])
def test_every_page_is_in_the_readers_language(site: ReadySite, language: str) -> None:
    engineer = site.visitor("engineer")
    flagged(engineer, "x")
    assert f'<html lang="{language}"' in shown(engineer, f"/tasks?ui={language}")
