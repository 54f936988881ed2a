"""What is logged: events from a fixed list, never what somebody asked or what an article is called."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

OURS = ("kb", "indexer", "web")


class JsonFormatter(logging.Formatter):
    """A line of JSON for each event.

    The event is the message before anything is put into it; of what would be put in, numbers alone are told. Of an
    error its kind and where it came from, but not its words: those may quote a question or a title. What tells of a
    case says so itself, in `extra`: `event` what it is called, and `fields`, words that may stand in a log.
    """

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
            "process": record.process,
        }
        told |= {"event": vars(record).get("event", told["event"]), **vars(record).get("fields", {})}
        given = record.args if isinstance(record.args, tuple) else ()
        if numbers := [each for each in given if isinstance(each, int | float)]:
            told["numbers"] = numbers
        errors = [each for each in given if isinstance(each, BaseException)]
        if record.exc_info and record.exc_info[1]:
            errors.append(record.exc_info[1])
        if errors:
            told["error"] = type(errors[-1]).__name__
            told["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(errors[-1].__traceback__)
            ]
        return json.dumps(told, ensure_ascii=False)


def install(form: str, level: str) -> None:
    """Logs to standard error from now on, as `text` or `json`, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter() if form == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for package in OURS:
        logging.getLogger(package).setLevel(level.upper())


class Trouble:
    """Of a part that is tried again and again: logs in a line when it begins to fail, and when it works again."""

    def __init__(self, log: logging.Logger, part: str) -> None:
        self._log, self._part, self._told = log, part, ""

    def met(self, kind: str, reason: object) -> None:
        """Once for each kind, until it is over. Of the words of an error those alone that quote nobody belong here."""
        told, self._told = self._told, kind
        if told != kind:
            fields = {"part": self._part, "reason": str(reason)}
            extra = {"event": "trouble", "fields": fields}
            self._log.error("%s: %s", self._part, reason, extra=extra)

    def broke(self, error: BaseException) -> None:
        """The same of what nobody expected, with where it came from."""
        told, self._told = self._told, type(error).__name__
        if told != self._told:
            self._log.error("%s broke", self._part, exc_info=error)

    def over(self) -> None:
        told, self._told = self._told, ""
        if told:
            self._log.warning("%s: well again", self._part, extra={"event": "well", "fields": {"part": self._part}})
