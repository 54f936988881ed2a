"""Cases as customers and engineers work with them in a browser without scripts."""

from __future__ import annotations

import html
import re

import pytest
from werkzeug.test import TestResponse

from tests.site import KINDS, ReadySite, Visitor

WINDCHILL, MONITORING, PUBLIC, HEAP = "KB900002", "KB900009", "KB900001", "KB900006"
FIELDS = {
    "product": "windchill",
    "severity": "1",
    "subject": "登入 Windchill 失敗",
    "text": "一登入就出現錯誤 0x80070005",
}


def opened(visitor: Visitor, **others: str) -> str:
    answer = visitor.post("/cases/new", {**FIELDS, "step": "open", **others}, "/cases/new")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def shown(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


@pytest.fixture
def gold(site: ReadySite) -> Visitor:
    return site.visitor("gold")


@pytest.fixture
def engineer(site: ReadySite) -> Visitor:
    return site.visitor("engineer")


def test_the_day_of_a_case(gold: Visitor, engineer: Visitor) -> None:
    suggested = gold.post("/cases/new", FIELDS, "/cases/new").get_data(as_text=True)
    assert WINDCHILL in suggested and MONITORING not in suggested
    assert "0x80070005" in suggested
    case = opened(gold)
    number = case.rpartition("/")[2]
    assert number in shown(engineer, "/cases") and number in shown(gold, "/cases")
    work = shown(engineer, case + "?q=Windchill")
    assert "客戶可閱讀" in work and "客戶無權閱讀" in work

    refused = engineer.post(f"{case}/link", {"article": MONITORING, "role": "reference"}, case)
    assert refused.status_code == 422 and f"無權閱讀 {MONITORING}" in refused.get_data(as_text=True)
    assert engineer.post(f"{case}/link", {"article": WINDCHILL, "role": "resolution"}, case).status_code == 303
    hidden = {"article": MONITORING, "role": "reference", "internal": "1"}
    assert engineer.post(f"{case}/link", hidden, case).status_code == 303
    assert engineer.post(f"{case}/reply", {"text": "內部討論", "kind": "note"}, case).status_code == 303
    engineer.post(f"{case}/reply", {"text": f"請見 {WINDCHILL}", "kind": "reply"}, case)
    engineer.post(f"{case}/change", {"revision": "1", "status": "solution_offered", "take": "1"}, case)

    seen = shown(gold, case)
    assert f"請見 {WINDCHILL}" in seen and f'href="/articles/{WINDCHILL}"' in seen
    assert "內部討論" not in seen and MONITORING not in seen
    assert "已達成" in seen and "已暫停" in seen
    assert gold.post(f"{case}/change", {"revision": "2", "status": "closed"}, case).status_code == 303
    assert number not in shown(gold, "/cases") and number in shown(gold, "/cases?state=closed")
    assert number in shown(engineer, f"/articles/{WINDCHILL}")
    assert number not in shown(gold, f"/articles/{WINDCHILL}")


def test_an_article_that_solves_it_makes_the_case_needless(site: ReadySite, gold: Visitor, engineer: Visitor) -> None:
    page = gold.post("/cases/new", FIELDS, "/cases/new").get_data(as_text=True)
    assert f'value="{WINDCHILL}" formaction="/cases/new/solved"' in page
    typed = {**FIELDS, "subject": "說不定不用開案例", "article": WINDCHILL}
    answer = gold.post("/cases/new/solved", typed, "/cases/new")
    assert answer.headers["Location"] == f"/articles/{WINDCHILL}?answer=yes#helpful"
    assert "說不定不用開案例" in shown(engineer, "/cases?state=closed")
    assert "說不定不用開案例" not in shown(gold, "/cases?state=closed")
    hidden = gold.post("/cases/new/solved", {**typed, "article": MONITORING}, "/cases/new")
    assert hidden.status_code == 404
    assert (
        site.visitor("silver").post("/cases/new/solved", {**typed, "article": PUBLIC}, "/sign-out").status_code == 422
    )


def test_articles_are_offered_while_a_case_is_typed(site: ReadySite, gold: Visitor) -> None:
    def offered(visitor: Visitor, **typed: str) -> list[str]:
        answer = visitor.post("/cases/new/suggest", {"product": "windchill", **typed}, "/cases/new")
        assert answer.status_code == 200
        return [one["number"] for one in answer.get_json()["suggestions"]]

    log = "\n".join(["今天早上的記錄檔：", *(f"at com.example.Deep{at}(Deep.java:{at})" for at in range(300))])
    log += "\njava.lang.OutOfMemoryError: Java heap space"
    assert offered(gold, text=log)[0] == HEAP
    assert offered(gold, subject="登入 Windchill 失敗", version="12.1")[0] == WINDCHILL
    assert offered(gold) == [] == offered(gold, subject=" ", text="\n")
    assert MONITORING not in offered(gold, subject="主動式監控的告警說明")
    assert MONITORING in offered(site.visitor("gold_plus"), subject="主動式監控的告警說明")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("gold", "gold_plus", "mixed")])
def test_nothing_is_offered_to_who_cannot_open_a_case(site: ReadySite, kind: str) -> None:
    visitor, form = site.visitor(kind), "/sign-in" if kind == "anonymous" else "/sign-out"
    answers = [
        visitor.post("/cases/new/suggest", {"product": product, "subject": "登入"}, form)
        for product in ("windchill", "none")
    ]
    assert [answer.status_code for answer in answers] == [404, 404] and answers[0].data == answers[1].data


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("gold", "engineer", "author", "operator")])
def test_a_case_of_others_is_like_one_that_is_not_there(site: ReadySite, gold: Visitor, kind: str) -> None:
    case = opened(gold, subject="秘密主旨")
    stranger = site.visitor(kind)
    for path in ("{}", "{}?q=x"):
        found, absent = (stranger.get(path.format(each)) for each in (case, "/cases/C99999999"))
        assert found.status_code == absent.status_code
        if kind != "anonymous":
            assert found.data == absent.data and found.status_code == 404
    for act in ("reply", "change", "link", "unlink", "quote", "request-public"):
        fields = {"text": "x", "revision": "1", "status": "closed", "article": PUBLIC, "role": "reference"}
        form = "/sign-in" if kind == "anonymous" else "/sign-out"
        answers = [stranger.post(f"{each}/{act}", fields, form) for each in (case, "/cases/C99999999")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].data == answers[1].data
    for page in ("/cases", "/cases?state=closed", "/"):
        assert "秘密主旨" not in stranger.get(page, follow_redirects=True).get_data(as_text=True)


def typed(answer: TestResponse) -> str:
    assert answer.status_code == 200
    found = re.search(r"<textarea name=\"text\"[^>]*>(.*?)</textarea>", answer.get_data(as_text=True), re.DOTALL)
    assert found
    return html.unescape(found[1]).lstrip("\n")


def test_a_paragraph_is_quoted_under_what_is_typed_and_undone(gold: Visitor, engineer: Visitor) -> None:
    case = opened(gold)
    quoted = engineer.post(f"{case}/quote", {"text": "您好", "article": WINDCHILL}, case)
    text = typed(quoted)
    assert text.startswith(f"您好\n\n登入 Windchill 失敗 ({WINDCHILL})\nhttp://localhost/articles/{WINDCHILL}\n> ")
    page = quoted.get_data(as_text=True)
    assert "重設服務帳號的密碼" in page and "重新命名服務帳號" not in page, "a section for Gold Plus alone"
    options = re.findall(r'<option value="(\d+)"', page.partition('name="paragraph"')[2].partition("</select>")[0])
    again = {"text": text, "quoted": WINDCHILL, "before": "您好", "paragraph": options[-1]}
    other = typed(engineer.post(f"{case}/quote", again, case))
    assert other.startswith("您好\n\n") and other != text and other.count("> ") == 1
    assert "> " not in typed(engineer.post(f"{case}/quote", {**again, "paragraph": "0"}, case))
    assert typed(engineer.post(f"{case}/quote", {**again, "undo": "1"}, case)) == "您好"
    for wrong in ("99999", "-1", "x", "９"):
        assert engineer.post(f"{case}/quote", {**again, "paragraph": wrong}, case).status_code == 200
    refused = engineer.post(f"{case}/quote", {"text": "您好", "article": MONITORING}, case)
    assert refused.status_code == 422 and f"無權閱讀 {MONITORING}" in refused.get_data(as_text=True)
    assert gold.post(f"{case}/quote", {"article": WINDCHILL}, case).status_code == 404


def test_a_customer_cannot_do_what_staff_do(gold: Visitor) -> None:
    case = opened(gold)
    for act, fields in (
        ("link", {"article": PUBLIC, "role": "reference"}),
        ("unlink", {"article": PUBLIC}),
        ("change", {"revision": "1", "severity": "0"}),
        ("change", {"revision": "1", "status": "closed", "take": "1"}),
    ):
        answer = gold.post(f"{case}/{act}", fields, case)
        assert answer.status_code == 422 and "只有支援人員" in answer.get_data(as_text=True), act
    gold.post(f"{case}/reply", {"text": "給大家看", "kind": "note"}, case)
    assert "給大家看" in shown(gold, case)


@pytest.mark.parametrize("kind", ["silver", "ended"])
def test_silver_is_told_before_typing(site: ReadySite, kind: str) -> None:
    page = shown(site.visitor(kind), "/cases/new")
    assert "無法開立案例" in page and "<textarea" not in page and "/entitlements" in page


def test_what_is_wrong_is_told_and_nothing_typed_is_lost(gold: Visitor, engineer: Visitor) -> None:
    answer = gold.post("/cases/new", {**FIELDS, "severity": "", "step": "open"}, "/cases/new")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "請選擇嚴重性" in page and FIELDS["text"] in page
    case = opened(gold)
    long = gold.post(f"{case}/reply", {"text": "長" * 20_001}, case)
    assert long.status_code == 422 and "長" * 20_001 in long.get_data(as_text=True)
    engineer.post(f"{case}/change", {"revision": "1", "severity": "2"}, case)
    stale = engineer.post(f"{case}/change", {"revision": "1", "severity": "3"}, case)
    assert stale.status_code == 409 and "另一個人剛更改" in stale.get_data(as_text=True)


def test_nothing_found_leads_to_a_case_for_those_who_may_open_one(site: ReadySite) -> None:
    address = "/search?q=zzqqxxyy"
    assert "/cases/new?subject=zzqqxxyy" in shown(site.visitor("gold"), address)
    for kind in ("silver", "anonymous", "engineer"):
        assert "/cases/new" not in shown(site.visitor(kind), address)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00", "a\r\nb", "😀" * 50, "\u202e反向"])
def test_what_is_typed_is_shown_as_text(gold: Visitor, text: str) -> None:
    case = opened(gold, subject=f"x{text}", text=f"y{text}")
    assert "<script>alert" not in shown(gold, case)


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans", "en"])
def test_every_page_is_in_the_readers_language(gold: Visitor, engineer: Visitor, language: str) -> None:
    case = opened(gold)
    for visitor in (gold, engineer):
        for path in ("/cases", "/cases/new", case):
            assert f'<html lang="{language}"' in shown(visitor, f"{path}?ui={language}")
