"""Another matrix file: pages, clocks and what extended support says follow it, and no code has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from tests.site import ReadySite
from tests.web.test_cases import opened, shown
from tests.web.test_tasks import site
from web import close, create_app

__all__ = ["site"]


@pytest.fixture
def other(site: ReadySite, tmp_path: Path) -> Iterator[ReadySite]:
    """Gold answers severity 1 within 7 hours, every day of the week, and updates every 9 working days."""
    data = json.loads((files("kb") / "data" / "matrix" / "2020-07.json").read_text("utf-8"))
    rows = {row["key"]: row["cells"]["gold"] for row in data["rows"]}
    rows["first_response"]["limits"]["1"] = {"less_than": 7, "unit": "hour"}
    text = {"zh-Hant": "嚴重性 1：< 7 小時", "zh-Hans": "严重性 1：< 7 小时", "en": "Severity 1: < 7 hours"}
    rows["first_response"]["text"] = text
    rows["next_update"]["limits"]["1"] = {"less_than": 9, "unit": "business_day"}
    rows["availability"]["limits"]["week"]["days"] = 7
    folder = tmp_path / "matrix"
    folder.mkdir()
    (folder / "other.json").write_text(json.dumps(data), "utf-8")
    config = replace(site.config, matrix=folder)
    yield ReadySite(app := create_app(config), config)
    close(app)


def test_pages_and_clocks_follow_it(site: ReadySite, other: ReadySite) -> None:
    case = opened(other.visitor("gold"))
    assert "&lt; 7 小時" in shown(other.visitor("gold"), "/entitlements")
    assert "&lt; 7 小時" not in shown(site.visitor("gold"), "/entitlements")
    headers = {"Authorization": f"Bearer {other.token('gold')}"}
    told = {
        each.app: each.app.test_client().get(f"/api/v1{case}", headers=headers).get_json() for each in (site, other)
    }
    opened_at = datetime.fromisoformat(told[other.app]["opened_at"])
    due = {clock["kind"]: datetime.fromisoformat(clock["due_at"]) for clock in told[other.app]["clocks"]}
    assert due["first_response"] == opened_at + timedelta(hours=7)
    before = {clock["kind"]: datetime.fromisoformat(clock["due_at"]) for clock in told[site.app]["clocks"]}
    assert due["next_update"] >= before["next_update"] + timedelta(days=5)
    # The same case's clocks, as the shipped file has them.
    assert before["first_response"] != due["first_response"]
    assert datetime.fromisoformat(told[other.app]["due_at"]) == due["first_response"]
