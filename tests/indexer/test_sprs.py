"""`kb sprs` and `kb releases`: what an operator types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.indexer.test_cli import KB, filled, kb

__all__ = ["filled", "kb"]
HEADER = "number,product,status,title,fixed_in\n"


@pytest.fixture
def staffed(filled: KB) -> KB:
    for role, more in (("engineer", []), ("customer", ["--customer", "Ltd"])):
        made = ["user", "add", f"{role}@example.com", "--name", role, "--role", role, "--password", "a long password"]
        assert filled(*made, *more).exit_code == 0
    return filled


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "sprs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_imported_once_however_often(staffed: KB, tmp_path: Path) -> None:
    rows = 'SPR 2180459,windchill,fixed,"佇列, 停止",12.1.2.6\n2180460,windchill,submitted,簽入失敗,\n'
    file = written(tmp_path, HEADER + rows)
    assert "2 would be new, 0 would be changed" in staffed("sprs", "import", file, "--dry-run").output
    assert "2 new, 0 changed, 0 the same" in staffed("sprs", "import", file).output
    assert "0 new, 0 changed, 2 the same" in staffed("sprs", "import", file).output
    file = written(tmp_path, (HEADER + rows.replace("submitted", "in_work")).encode("utf-16"))
    assert "0 new, 1 changed, 1 the same" in staffed("sprs", "import", file).output
    listed = json.loads(staffed("sprs", "list", "--as", "engineer@example.com", "--json").output)
    assert {row["number"]: row["status"] for row in listed} == {"2180459": "fixed", "2180460": "in_work"}
    assert "佇列, 停止" in staffed("sprs", "list", "--as", "engineer@example.com", "--status", "fixed").output
    assert "fixed in 12.1.2.6" in staffed("sprs", "show", "spr2180459", "--as", "engineer@example.com").output
    for command in (["sprs", "list"], ["sprs", "show", "2180459"]):
        refused = staffed(*command, "--as", "customer@example.com")
        assert refused.exit_code == 1 and "佇列" not in refused.output


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("2180459,windchill,fixed,a,\n2180460,nothing,fixed,b,\n", "sprs.csv:3: there is no such product"),
        ("2180459,windchill,done,a,\n", "sprs.csv:2: a status is one of submitted"),
        ("none,windchill,fixed,a,\n", "sprs.csv:2: a number has"),
        ("2180459,windchill,fixed,,\n", "sprs.csv:2: a title has"),
        ("2180459,windchill,fixed,a,\nspr2180459,windchill,fixed,b,\n", "in line 2 already"),
        ("2180459,windchill,fixed\n", "sprs.csv:2:"),
        ('2180459,windchill,fixed,"a\n', "sprs.csv:2"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_imported(staffed: KB, tmp_path: Path, rows: str, told: str) -> None:
    done = staffed("sprs", "import", written(tmp_path, HEADER + rows))
    assert done.exit_code == 1 and told in done.output
    assert "2180459" not in staffed("sprs", "list", "--as", "engineer@example.com").output


@pytest.mark.parametrize(
    ("text", "told"), [("", "is empty"), ("number,title\n1,2\n", "lacks the columns product, status")]
)
def test_a_file_that_is_none_is_refused(staffed: KB, tmp_path: Path, text: str, told: str) -> None:
    done = staffed("sprs", "import", written(tmp_path, text))
    assert done.exit_code == 1 and told in done.output


def test_releases_are_said_and_taken_back(filled: KB) -> None:
    assert filled("releases", "set", "windchill", "2026-06-30", "--release", "12.0").exit_code == 0
    assert filled("releases", "set", "windchill", "2026-12-31", "--release", "12.0").exit_code == 0
    listed = filled("releases", "list").output
    assert "12.0" in listed and "2026-12-31" in listed and "2026-06-30" not in listed
    assert filled("releases", "set", "nothing", "2026-06-30").exit_code == 1
    assert filled("releases", "remove", "windchill").exit_code == 1
    assert filled("releases", "remove", "windchill", "--release", "12.0").exit_code == 0
    assert "12.0" not in filled("releases", "list").output
