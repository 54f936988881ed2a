"""A program changes many articles at once: as the browser does, under the same licences."""

from __future__ import annotations

from typing import Any

from tests.site import ReadySite
from tests.web.test_draft_api import Program

ROOT = "/api/v1/changes"
NUMBERS = ["KB900002", "KB900006", "KB900001"]


def test_many_are_looked_at_written_as_one_and_taken_back(import_site: ReadySite) -> None:
    author, before = Program(import_site, "author"), import_site.store.checksum()
    change: dict[str, Any] = {
        "numbers": NUMBERS, "grants": ["{product}:gold_plus"], "owner": "author@example.com", "versions": ["13.0"],
    }  # fmt: skip
    looked = author.told("POST", f"{ROOT}/look", change)
    assert (looked["changed"], looked["refused"], looked["rights_changed"]) == (3, 0, 3)
    assert [row["number"] for row in looked["rows"]] == NUMBERS
    assert {each["field"] for each in looked["rows"][0]["changes"]} >= {"versions", "owner"}
    assert looked["rows"][1]["readers"]["lost"]
    assert import_site.store.checksum() == before
    written = author.told("POST", ROOT, {**change, "basis": looked["basis"]})
    assert (written["source"], written["counts"]) == ("bulk change", {"new": 0, "changed": 3})
    gold, plus = import_site.visitor("gold"), import_site.visitor("gold_plus")
    assert [who.get("/articles/KB900006").status_code for who in (gold, plus)] == [404, 200]
    assert author.told("POST", ROOT, {**change, "owner": "", "basis": looked["basis"]}, 409)["detail"]
    assert author.told("POST", f"{ROOT}/{written['batch']}/take-back")["taken_back"]
    assert import_site.store.checksum() == before
    author.told("POST", f"{ROOT}/{written['batch']}/take-back", status=409)


def test_what_is_sent_again_with_its_key_is_written_once(import_site: ReadySite) -> None:
    author = Program(import_site, "author")
    change = {"numbers": NUMBERS[:1], "versions": ["13.0"]}
    wanted = {**change, "basis": author.told("POST", f"{ROOT}/look", change)["basis"]}
    first, second = (author.ask("POST", ROOT, wanted, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200) and first.get_json() == second.get_json()
    assert [each.source for each in import_site.store.batches(2)].count("bulk change") == 1


def test_what_may_not_be_is_refused_by_row_or_not_there(import_site: ReadySite) -> None:
    engineer, customer = Program(import_site, "engineer"), Program(import_site, "gold")
    owned = {"numbers": ["KB900002", "KB999999"], "owner": "engineer@example.com"}
    looked = engineer.told("POST", f"{ROOT}/look", owned)
    assert (looked["changed"], looked["refused"], len(looked["rows"])) == (0, 1, 1)
    assert "publisher" in looked["rows"][0]["problems"][0]["what"]
    author = Program(import_site, "author")
    author.told("POST", f"{ROOT}/look", {"numbers": NUMBERS}, 422)
    author.told("POST", f"{ROOT}/look", {"numbers": [], "owner": ""}, 400)
    author.told("POST", f"{ROOT}/look", {"numbers": ["nonsense"], "owner": ""}, 400)
    unknown = author.told("POST", f"{ROOT}/look", {"numbers": NUMBERS[:1], "grants": ["windchill:none"]})
    assert unknown["refused"] == 1 and "windchill:none" in unknown["rows"][0]["problems"][0]["what"]
    batch = import_site.store.batches(1)[0]
    assert batch.source != "bulk change"
    absent = [author.ask("POST", f"{ROOT}/{number}/take-back") for number in (batch.id, 10_000)]
    assert [each.status_code for each in absent] == [404, 404] and absent[0].data == absent[1].data
    assert customer.ask("POST", f"{ROOT}/look", owned).status_code == 404
    assert import_site.app.test_client().post(f"{ROOT}/look", json=owned).status_code == 401
