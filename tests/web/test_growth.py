"""Pages of cases do the same work in the database however many cases there are: counted in the steps of SQLite's
machine, so that a scan, a sort or a count of everything shows, whatever the machine and its load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from kb.config import Config
from kb.entitlements import matrices
from kb.reckoning import Reckoning
from tests.case_bench import later_page
from tests.case_filling import add_cases
from tests.site import STAFF, ReadySite, fill
from web import close, create_app

FEW, MANY = 1_000, 4_000
# Steps of SQLite's machine that one tick stands for.
TICK = 10
# A tree of an index is a level deeper, a number of an article a row longer: not four times the work.
GROWTH, SLACK = 1.3, 400

PAGES = [
    *(("engineer", f"/{path}") for path in (
        "cases", "cases?state=closed", "cases/C00000500", "cases/clocks", "tasks", "sprs", "sprs?status=fixed",
        "sprs/0000050", "embed/case-panel?case=C00000500", "reports", "reports?product=windchill",
        "reports/activity?customer=gold%20company", "cases/new", "articles/{article}",
    )),
    *(("gold", f"/{path}") for path in (
        "cases", "cases?state=closed", "cases/new", "reports/activity", "reports/activity?product=windchill",
        "sprs/0000050", "search?q=SPR%200000050", "articles/{article}",
    )),
    *((kind, "/sprs/0000001") for kind in ("engineer", "gold", "ended")),
    *(
        (kind, f"/api/v1/cases?state={state}&sort={sort}")
        for kind in ("engineer", "gold")
        for state in ("open", "closed", "all")
        for sort in ("opened", "due")
    ),
    ("engineer", "/api/v1/sprs"),
]  # fmt: skip


@dataclass
class Counting:
    """Steps that the database took, by statement, since `clear`."""

    steps: Counter[str] = field(default_factory=Counter)
    _statement: str = ""

    def listen(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(self._tick, TICK)

    def begin(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        self._statement = statement

    def _tick(self) -> int:
        self.steps[self._statement] += TICK
        return 0


@dataclass
class Filled:
    site: ReadySite
    counting: Counting

    def steps(self, kind: str, path: str) -> Counter[str]:
        """What a page takes that was asked for before."""
        visitor = self.site.visitor(kind)
        article = self.site.store.articles_for_index(limit=1)[0].row.number
        headers = {"Authorization": f"Bearer {self.site.token(kind)}"} if path.startswith("/api") else {}
        for _ in range(2):
            self.counting.steps.clear()
            answer = visitor.get(path.replace("{article}", article), headers=headers)
            assert answer.status_code in (200, 200 if kind in STAFF else 404), path
        return self.counting.steps.copy()


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filled, Filled]]:
    """A site of FEW cases, and one of MANY; half of them open."""
    counting = Counting()
    event.listen(Engine, "connect", counting.listen)
    event.listen(Engine, "before_cursor_execute", counting.begin)
    found = [_filled(tmp_path_factory.mktemp("growth"), size, counting) for size in (FEW, MANY)]
    yield found[0], found[1]
    event.remove(Engine, "connect", counting.listen)
    event.remove(Engine, "before_cursor_execute", counting.begin)
    for each in found:
        close(each.site.app)


def _filled(folder: Path, size: int, counting: Counting) -> Filled:
    config = Config(home=folder, sign_in_attempts=1000)
    fill(config)
    app = create_app(config)
    app.testing = True
    site = ReadySite(app, config)
    add_cases(site.store, size, open_part=0.5)
    Reckoning(site.store, config, matrices()).recount(datetime.now(UTC))
    with site.store.writing() as connection:
        connection.execute(text("ANALYZE"))
    return Filled(site, counting)


@pytest.mark.parametrize(("kind", "path"), PAGES)
def test_a_page_takes_no_more_work_of_more_cases(sizes: tuple[Filled, Filled], kind: str, path: str) -> None:
    few, many = (each.steps(kind, path) for each in sizes)
    grown = {statement: (few[statement], steps) for statement, steps in many.items() if steps > few[statement] * 2}
    assert many.total() <= few.total() * GROWTH + SLACK, grown


def test_a_page_far_on_takes_no_more_work_than_the_first(sizes: tuple[Filled, Filled]) -> None:
    many = sizes[1]
    far = later_page(many.site, 20)
    assert "cursor=" in far
    assert many.steps("engineer", far).total() <= many.steps("engineer", "/cases").total() * GROWTH + SLACK
