"""The day of a case over the API, played by a client that a generator makes from the OpenAPI document."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.site import ReadySite, served

WINDCHILL, MONITORING = "KB900002", "KB900009"
PACKAGE = "generated_kb_client"


@pytest.fixture(scope="module")
def generated(site: ReadySite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The client, as a package; a warning of the generator is a fault of the document."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_text(json.dumps(site.app.test_client().get("/api/v1/openapi.json").get_json()))
    bin_folder = Path(sys.executable).parent
    command: list[str | Path] = [bin_folder / "openapi-python-client", "generate", "--path", document, "--meta", "none"]
    surroundings = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(
        [*command, "--output-path", folder / PACKAGE, "--fail-on-warning"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))


class Program:
    """A program of somebody's."""

    def __init__(self, package: ModuleType, base_url: str, token: str) -> None:
        self.client = package.AuthenticatedClient(base_url=base_url, token=token)

    def ask(self, name: str, **given: Any) -> Any:
        """An operation of the document by its name; gives status and answer."""
        operation = importlib.import_module(f"{PACKAGE}.api.default.{name}")
        answer = operation.sync_detailed(client=self.client, **given)
        return int(answer.status_code), answer.parsed


def test_a_report_and_a_file_of_a_case(site: ReadySite, generated: ModuleType) -> None:
    """The customer sends a log; the engineer fetches it, reports it to R&D, lets the case wait, and says that it is
    fixed: the customer learns of it, and nobody else."""
    models, types = (importlib.import_module(f"{PACKAGE}.{name}") for name in ("models", "types"))
    with served(site.app) as address:
        gold, other, engineer = (
            Program(generated, address, site.token(kind)) for kind in ("gold", "gold_plus", "engineer")
        )
        new = models.NewCase(product="windchill", severity=2, subject="佇列停止", text="請看附件")
        number = {"number": gold.ask("open_case", body=new)[1].number}
        log = b"SEVERE: queue stopped\n" * 99
        file = types.File(payload=io.BytesIO(log), mime_type="application/octet-stream")
        status, sent = gold.ask("attach_file", **number, body=file, file_name="server.log")
        assert status == 201 and [event.kind for event in sent.events] == ["opened", "file"]
        told = engineer.ask("case", **number)[1].events[-1].files[0]
        assert (told.name, told.size) == ("server.log", len(log))
        uid = told.url.rpartition("/")[2]
        status, fetched = engineer.ask("case_file", **number, uid=uid)
        assert status == 200 and fetched.payload.read() == log
        assert other.ask("case_file", **number, uid=uid)[0] == 404

        report = {"product": "windchill", "title": "Queue stops polling"}
        status, made = engineer.ask(
            "save_spr", number="2180459", body=models.NewSpr(**report, status=models.NewSprStatus.SUBMITTED)
        )
        assert status == 200 and made.number == "2180459"
        assert gold.ask("spr", number="2180459")[0] == 404, "it has nothing to do with him yet"
        waits = models.CaseChange(revision=1, status=models.CaseChangeStatusType0.WAITING_RD, spr="2180459")
        assert engineer.ask("change_case", **number, body=waits)[1].status == "waiting_rd"
        fixed = models.NewSpr(**report, status=models.NewSprStatus.FIXED, fixed_in="12.1.2.6")
        assert engineer.ask("save_spr", number="2180459", body=fixed)[0] == 200
        assert [each.number for each in engineer.ask("sprs", status=models.SprsStatus.FIXED)[1].sprs] == ["2180459"]
        event = gold.ask("case", **number)[1].events[-1]
        assert (event.kind, event.data.to_dict()) == ("spr_fixed", {"spr": "2180459", "fixed_in": "12.1.2.6"})
        status, seen = gold.ask("spr", number="2180459")
        assert (status, seen.fixed_in, seen.cases) == (200, "12.1.2.6", [number["number"]])
        assert other.ask("spr", number="2180459")[0] == 404
        assert engineer.ask("link_spr_article", number="2180459", article=WINDCHILL)[0] == 200
        assert other.ask("spr", number="2180459")[0] == 200, "he reads an article of it"
        assert engineer.ask("unlink_spr_article", number="2180459", article=WINDCHILL)[0] == 200
        assert engineer.ask("unlink_spr", **number, spr="2180459")[1].sprs == []
        assert gold.ask("spr", number="2180459")[0] == 404
        assert [each.kind for each in gold.ask("case", **number)[1].events] == ["opened", "file", "change"]


def test_the_day_of_a_case(site: ReadySite, generated: ModuleType) -> None:
    models = importlib.import_module(f"{PACKAGE}.models")
    with served(site.app) as address:
        gold, other, engineer = (
            Program(generated, address, site.token(kind)) for kind in ("gold", "gold_plus", "engineer")
        )
        status, found = gold.ask("search", q="登入 Windchill 失敗")
        assert status == 200 and WINDCHILL in [each.number for each in found.results]

        new = models.NewCase(product="windchill", severity=1, subject="登入 Windchill 失敗", text="0x80070005")
        status, case = gold.ask("open_case", body=new, idempotency_key="the-day")
        assert status == 201 and [clock.kind for clock in case.clocks] == ["first_response", "next_update"]
        assert gold.ask("open_case", body=new, idempotency_key="the-day")[1].number == case.number

        queue: list[str] = []
        cursor: Any = importlib.import_module(f"{PACKAGE}.types").UNSET
        while cursor is not None:
            page = engineer.ask("cases", sort=models.CasesSort.DUE, limit=2, cursor=cursor)[1]
            queue, cursor = [*queue, *(each.number for each in page.cases)], page.next_
        assert case.number in queue
        resolution = models.NewCaseLink(role=models.NewCaseLinkRole.RESOLUTION)
        number = {"number": case.number}
        status, refused = engineer.ask("link_article", **number, article=MONITORING, body=resolution)
        assert status == 422 and MONITORING in refused.detail, "the customer may not read it"
        assert engineer.ask("link_article", **number, article=WINDCHILL, body=resolution)[0] == 200
        note = models.CaseReply(text="內部討論", internal=True)
        assert engineer.ask("reply_to_case", **number, body=note)[0] == 201
        assert engineer.ask("reply_to_case", **number, body=models.CaseReply(text=f"請見 {WINDCHILL}"))[0] == 201
        change = models.CaseChange(revision=1, status=models.CaseChangeStatusType0.SOLUTION_OFFERED, take=True)
        status, worked = engineer.ask("change_case", **number, body=change)
        assert (status, worked.owner, worked.revision) == (200, "Engineer", 2)
        assert engineer.ask("change_case", **number, body=change)[0] == 409

        status, seen = gold.ask("case", **number)
        assert "內部討論" not in [event.text for event in seen.events]
        assert [link.number for link in seen.links] == [WINDCHILL]
        assert {clock.kind: clock.state for clock in seen.clocks}["first_response"] == "met"
        assert gold.ask("article", number=WINDCHILL)[1].title == seen.links[0].title
        for name, given in (("case", number), ("reply_to_case", {**number, "body": models.CaseReply(text="x")})):
            assert other.ask(name, **given)[0] == 404
        close = models.CaseChange(revision=2, status=models.CaseChangeStatusType0.CLOSED)
        assert gold.ask("change_case", **number, body=close)[1].status == "closed"
        closed = gold.ask("cases", state=models.CasesState.CLOSED, limit=100)[1].cases
        assert case.number in [each.number for each in closed]
        assert case.number not in [each.number for each in other.ask("cases", state=models.CasesState.ALL)[1].cases]
