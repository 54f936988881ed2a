"""How long a clock has left, in words that a page goes on counting: `cases.js` has the same rule."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask

from kb.clocks import Clock
from web.messages import text

UNITS = ("days", "hours", "minutes", "seconds")
SIZES = (86_400, 3_600, 60, 1)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(countdown=countdown, counting=counting, count_units=units)


def countdown(value: timedelta) -> str:
    """The greatest unit there is and the next: 2 days 3 hours, 3 hours 20 minutes, 4 minutes 9 seconds."""
    seconds = max(0, int(value.total_seconds()))
    first = next((at for at, size in enumerate(SIZES[:-1]) if seconds >= size), len(SIZES) - 2)
    amounts = seconds // SIZES[first], seconds % SIZES[first] // SIZES[first + 1]
    return " ".join(text(f"count.{UNITS[first + at]}", n=amount) for at, amount in enumerate(amounts))


def units() -> str:
    """The units' words for a script, the greatest first."""
    return "|".join(text(f"count.{unit}", n="0") for unit in UNITS)


def counting(clock: Clock, now: datetime) -> dict[str, str]:
    """What a script needs to go on counting: when the clock is breached, when it stops till then, when it warns.

    In milliseconds: moments since 1970, `warns` as what is left of the limit.
    """
    if clock.due is None:
        return {}
    stops = (f"{_epoch(since)}-{_epoch(until)}" for since, until in clock.stops if until > now)
    total = clock.limit.time or timedelta(clock.limit.days or 0)
    left = 1 - clock.limit.warning
    warns = total * left.numerator / left.denominator
    return {"due": str(_epoch(clock.due)), "stops": " ".join(stops), "warns": str(int(warns.total_seconds() * 1000))}


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
