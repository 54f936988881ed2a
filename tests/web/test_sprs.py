"""Software performance reports at the door: pages, search by number, API; and what of support is told where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from kb.store.releases import Release
from tests.site import KINDS, STAFF, ReadySite, Visitor
from tests.web.test_cases import PUBLIC, WINDCHILL, opened, shown
from tests.web.test_tasks import site

__all__ = ["site"]
FIELDS = {"product": "windchill", "status": "in_work", "title": "佇列停止輪詢", "fixed_in": ""}


def saved(engineer: Visitor, number: str, **others: str) -> str:
    answer = engineer.post("/sprs", {**FIELDS, "number": number, **others}, "/sprs")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def link(engineer: Visitor, path: str, article: str) -> None:
    assert engineer.post(f"{path}/link", {"article": article.lower()}, path).status_code == 303


@pytest.fixture
def everyone(site: ReadySite) -> dict[str, Visitor]:
    return {kind: site.visitor(kind) for kind in KINDS}


def who_sees(everyone: dict[str, Visitor], number: str) -> set[str]:
    """Who has its page; nobody else is told anything of it, by any door."""
    absent = {kind: visitor.get("/sprs/0000000").data for kind, visitor in everyone.items()}
    found = set()
    for kind, visitor in everyone.items():
        page, api = visitor.get(f"/sprs/{number}"), visitor.get(f"/api/v1/sprs/{number}")
        search = visitor.get(f"/search?q=SPR+{number}").get_data(as_text=True)
        program = visitor.get(f"/api/v1/search?q={number}").get_json()["spr"]
        if page.status_code == 200:
            found.add(kind)
            assert api.get_json()["number"] == program["number"] == number and f"/sprs/{number}" in search
        else:
            assert (page.status_code, api.status_code, program) == (404, 404, None)
            assert page.data == absent[kind] and f"/sprs/{number}" not in search
    return found


def test_who_reads_an_article_of_it_finds_it_by_its_number(everyone: dict[str, Visitor]) -> None:
    gold, engineer = everyone["gold"], everyone["engineer"]
    path = saved(engineer, "SPR 4100001")
    assert path == "/sprs/4100001" and who_sees(everyone, "4100001") == set(STAFF)
    link(engineer, path, WINDCHILL)
    assert who_sees(everyone, "4100001") == {*STAFF, "gold", "gold_plus", "mixed"}
    theirs, ours = shown(gold, path), shown(engineer, path)
    assert "佇列停止輪詢" in theirs and "研發處理中" in theirs and WINDCHILL in theirs
    assert 'action="/sprs' in ours and 'action="/sprs' not in theirs
    assert "Windchill" not in re.search(r'<dl class="facts">.*?</dl>', theirs, re.DOTALL)[0]  # type: ignore[index]
    assert "Windchill" in re.search(r'<dl class="facts">.*?</dl>', ours, re.DOTALL)[0]  # type: ignore[index]
    data = gold.get("/api/v1/sprs/4100001").get_json()
    assert (data["product"], data["changed_at"]) == (None, None) and data["articles"][0]["number"] == WINDCHILL
    assert "/sprs/4100001" in shown(gold, f"/articles/{WINDCHILL}")
    assert [each["number"] for each in gold.get(f"/api/v1/articles/{WINDCHILL}").get_json()["sprs"]] == ["4100001"]
    assert engineer.post(f"{path}/unlink", {"article": WINDCHILL}, path).status_code == 303
    assert who_sees(everyone, "4100001") == set(STAFF)


def test_the_case_that_waits_for_one_names_it(everyone: dict[str, Visitor]) -> None:
    gold, engineer = everyone["gold"], everyone["engineer"]
    path, case = saved(engineer, "4100002"), opened(gold)
    wanted = {"revision": "1", "status": "waiting_rd", "spr": "4199999"}
    refused = engineer.post(f"{case}/change", wanted, case)
    assert refused.status_code == 422 and "沒有這個編號的 SPR" in refused.get_data(as_text=True)
    assert engineer.post(f"{case}/change", {**wanted, "spr": "4100002"}, case).status_code == 303
    assert who_sees(everyone, "4100002") == {*STAFF, "gold"}
    assert path in shown(gold, case) and "等候研發" in shown(gold, case)
    assert case in shown(gold, path) and case in shown(engineer, path)
    fixed = {**FIELDS, "number": "4100002", "status": "fixed", "fixed_in": "12.1.9"}
    assert engineer.post("/sprs", fixed, path).status_code == 303
    for visitor in (gold, engineer):
        page = shown(visitor, case)
        assert page.count("SPR 已修正") == 1 and "修正版本 12.1.9" in page
    answer = gold.post(f"{case}/unlink-spr", {"spr": "4100002"}, case)
    assert answer.status_code == 422 and who_sees(everyone, "4100002") == {*STAFF, "gold"}
    assert engineer.post(f"{case}/unlink-spr", {"spr": "4100002"}, case).status_code == 303
    assert who_sees(everyone, "4100002") == set(STAFF)
    assert "4100002" not in shown(gold, case) and "SPR 已修正" in shown(engineer, case)


def test_what_is_wrong_with_one_is_told_and_kept_on_the_form(site: ReadySite) -> None:
    engineer = site.visitor("engineer")
    answer = engineer.post("/sprs", {**FIELDS, "number": "none"}, "/sprs")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "至少一個數字" in page and "佇列停止輪詢" in page
    assert engineer.get("/sprs?status=unheard").status_code == 404
    assert engineer.get("/sprs?cursor=xyz").status_code == 400


def test_programs_keep_them_with_a_scope_of_its_own(site: ReadySite) -> None:
    client, body = site.app.test_client(), {"product": "windchill", "status": "fixed", "title": "<b>t</b>"}
    staff, gold = ({"Authorization": f"Bearer {site.token(kind)}"} for kind in ("engineer", "gold"))
    made = client.put("/api/v1/sprs/4100003", json={**body, "fixed_in": "12.1.2.6"}, headers=staff)
    assert made.status_code == 200 and made.get_json()["fixed_in"] == "12.1.2.6"
    assert client.put("/api/v1/sprs/4100003", json=body, headers=staff).get_json()["fixed_in"] is None
    assert client.put("/api/v1/sprs/4100003", json=body, headers=gold).status_code == 404
    assert client.put("/api/v1/sprs/4100003", json={**body, "status": "x"}, headers=staff).status_code == 400
    assert client.put("/api/v1/sprs/nothing", json=body, headers=staff).status_code == 422
    linked = client.put(f"/api/v1/sprs/4100003/articles/{PUBLIC}", headers=staff)
    assert [each["number"] for each in linked.get_json()["articles"]] == [PUBLIC]
    assert client.get("/api/v1/sprs/4100003").status_code == 200, "its article is public"
    assert "&lt;b&gt;t&lt;/b&gt;" in shown(site.visitor("anonymous"), "/sprs/4100003")
    client.delete(f"/api/v1/sprs/4100003/articles/{PUBLIC}", headers=staff)
    assert client.get("/api/v1/sprs/4100003").status_code == 404
    first = client.get("/api/v1/sprs?limit=1&status=fixed", headers=staff).get_json()
    assert [each["status"] for each in first["sprs"]] == ["fixed"]
    assert client.get("/api/v1/sprs", headers=gold).status_code == 404
    number = opened(site.visitor("gold")).rpartition("/")[2]
    case = client.put(f"/api/v1/cases/{number}/sprs/4100003", headers=staff).get_json()
    assert [each["number"] for each in case["sprs"]] == ["4100003"]
    assert client.get("/api/v1/sprs/4100003", headers=gold).get_json()["cases"] == [number]
    assert client.delete(f"/api/v1/cases/{number}/sprs/4100003", headers=staff).get_json()["sprs"] == []


@pytest.fixture
def releases(site: ReadySite) -> Iterator[None]:
    """Windchill 12.1 is out of standard support; so is Creo 9; Integrity is for long."""
    support, today = site.app.extensions["kb-site"].site().extended_support, date.today()
    every = [
        Release(product, name, today + timedelta(days))
        for product, name, days in (("windchill", "12.1", -40), ("creo", "9", -500), ("integrity", "", 900))
    ]
    for each in every:
        support.save(each)
    yield
    for each in every:
        support.remove(each.product, each.name)


@pytest.mark.usefixtures("releases")
def test_who_has_a_product_is_told_how_its_releases_are_supported(everyone: dict[str, Visitor]) -> None:
    told = {kind: shown(everyone[kind], "/entitlements?ui=en") for kind in KINDS}
    assert "Windchill 12.1: standard support ended" in told["gold"] and "no extended support" in told["gold"]
    assert "Extended support is over, too" in told["silver"]
    assert {kind for kind in KINDS if "Windchill 12.1:" in told[kind]} == {"gold", "gold_plus", "mixed"}
    assert {kind for kind in KINDS if "Creo 9:" in told[kind]} == {"silver", "mixed"}
    # Of products that one cannot open a case for, there is no need to tell there.
    form = shown(everyone["mixed"], "/cases/new?ui=en")
    assert "Windchill 12.1:" in form and "Creo 9:" not in form
    for version, is_told in (("12.1.2", True), ("13.0", False)):
        case = opened(everyone["gold"], version=version)
        assert ("no extended support" in shown(everyone["engineer"], f"{case}?ui=en")) is is_told
        assert "no extended support" not in shown(everyone["gold"], f"{case}?ui=en")
