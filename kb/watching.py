"""Following the clocks of all cases: what warns or is breached is told once, see `kb.telling`."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping
from datetime import datetime

from kb.accounts import Viewer
from kb.cases import Cases, is_staff
from kb.config import Config
from kb.entitlements import Matrix
from kb.store import Store, clock_events
from kb.store import cases as rows
from kb.store.clock_events import ClockEvent

log = logging.getLogger(__name__)
AT_ONCE = 100
# Another number: open cases are counted anew, since what they count for is kept in another way.
COUNTED_BY = "2"


class Watcher:
    """Follows the clocks of all cases. Any number of processes may."""

    def __init__(self, store: Store, cases: Cases, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._cases = store, cases
        self._rules = _mark(config, matrices)

    def begin(self, now: datetime) -> None:
        """Where the clocks go by other rules than before, those of open cases are reckoned anew."""
        with self._store.writing() as connection:
            if clock_events.rules_changed(connection, self._rules):
                rows.watch_anew(connection, None, now)

    def watch(self, now: datetime) -> int:
        """Tells what is to be told by now, the most urgent first; how many cases it looked at."""
        looked_at = self._told(now)
        self._log()
        return looked_at

    def _told(self, now: datetime) -> int:
        with self._store.reading() as connection:
            numbers = rows.to_watch(connection, now, AT_ONCE)
        for number in numbers:
            self._cases.reckoning.reckon(number, now)
        return len(numbers)

    def _log(self) -> None:
        with self._store.writing() as connection:
            found = clock_events.unlogged(connection, AT_ONCE)
        for each in found:
            fields = {"case": each.number, "clock": each.clock, "severity": each.severity}
            told = {"event": f"clock_{each.what}", "fields": fields}
            log.warning("clock_%s case=%s clock=%s severity=%d", each.what, *fields.values(), extra=told)

    def catch_up(self, now: datetime) -> None:
        """Tells what is to be told by now, but in no log: of cases that are made up, with a past."""
        self.begin(now)
        while self._told(now):
            pass
        with self._store.writing() as connection:
            while clock_events.unlogged(connection, AT_ONCE):
                pass

    def newest(self, viewer: Viewer, limit: int, before: int | None = None) -> list[ClockEvent]:
        """What the clocks told last; nothing for customers."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return clock_events.newest(connection, limit, before)


def _mark(config: Config, matrices: tuple[Matrix, ...]) -> int:
    """Stands for all that the clocks go by beside contracts."""
    limits: list[Mapping[str, object]] = [
        {row.key: {package: dict(cell.limits) for package, cell in row.cells.items()} for row in matrix.rows}
        for matrix in matrices
    ]
    rules = [config.time_zone, config.holidays, config.clock_hours, str(config.clock_warning), limits]
    rules += [COUNTED_BY, *(matrix.effective_from.isoformat() for matrix in matrices)]
    return zlib.crc32(json.dumps(rules, sort_keys=True).encode()) & 0x7FFFFFFF
