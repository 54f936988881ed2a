"""What is logged tells what happened, and never what somebody asked."""

from __future__ import annotations

import json
import logging

import pytest

from kb.logs import JsonFormatter, Trouble

SECRET = "how do I sign in"


def logged(event: str, *given: object, error: BaseException | None = None) -> dict[str, object]:
    trouble = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("kb.search", logging.WARNING, "search.py", 1, event, given, trouble)
    line = JsonFormatter().format(record)
    assert "\n" not in line and SECRET not in line
    found: dict[str, object] = json.loads(line)
    return found


def test_an_event_keeps_its_numbers_and_not_its_words() -> None:
    told = logged("indexed %d articles of %s", 12, SECRET)
    assert (told["event"], told["numbers"], told["level"]) == ("indexed %d articles of %s", [12], "warning")


def test_what_an_event_says_of_itself_is_kept() -> None:
    record = logging.LogRecord("kb.watching", logging.WARNING, "w.py", 1, "clock_%s case=%s", ("breach", "C1"), None)
    record.__dict__ |= {"event": "clock_breach", "fields": {"case": "C00000001", "severity": 1}}
    told = json.loads(JsonFormatter().format(record))
    assert (told["event"], told["case"], told["severity"]) == ("clock_breach", "C00000001", 1)


def test_an_error_is_told_by_its_kind_and_place() -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET) as caught:
        fail()
    told = logged("broken: %s", caught.value, error=caught.value)
    assert told["error"] == "ValueError" and "fail" in str(told["where"])


def test_trouble_is_told_in_a_line_when_it_begins_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(logging.getLogger("web.health"), "index")
    for _ in range(3):
        trouble.over()
        for _ in range(3):
            trouble.met("EngineDown", "OpenSearch cannot be reached")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["index: OpenSearch cannot be reached", "index: well again"] * 2 + said[:1]
    told = json.loads(JsonFormatter().format(caplog.records[0]))
    assert (told["event"], told["part"], told["reason"]) == ("trouble", "index", "OpenSearch cannot be reached")
    trouble.broke(ValueError())
    trouble.broke(ValueError())
    assert [record.exc_info is not None for record in caplog.records[5:]] == [True]
