"""The front matter of a Markdown file: YAML as plain as it comes, every value kept as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_FRONT_MATTER = 65_536
BEGIN = re.compile(r"---[ \t]*\n")
END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
NOTHING = ("", "~", "null", "Null", "NULL")
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FrontMatterError(Exception):
    """The front matter is not what it should be: `code` says what, `line` and `column` where in the file."""

    def __init__(self, code: str, line: int = 1, column: int | None = None, **values: Any) -> None:
        super().__init__(code)
        self.code, self.line, self.column, self.values = code, line, column, values


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Keys with their values: texts, lists of texts, None. `places` are the keys' lines and columns in the file."""

    values: Mapping[str, Any]
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    body: str = ""
    body_line: int = 1


def parse(text: str) -> FrontMatter:
    """The front matter of a file and the body after it. FrontMatterError says what stands in the way."""
    begin = BEGIN.match(text)
    if not begin:
        raise FrontMatterError("front_matter_missing")
    end = END.search(text, begin.end())
    if not end:
        raise FrontMatterError("front_matter_unclosed")
    if end.start() - begin.end() > MAX_FRONT_MATTER:
        raise FrontMatterError("front_matter_too_long", limit=MAX_FRONT_MATTER)
    values, places = _mapping(text[begin.end() : end.start()])
    body_line = text.count("\n", 0, end.end()) + 2
    return FrontMatter(values, places, text[end.end() :].removeprefix("\n"), body_line)


def _mapping(text: str) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    events = _events(text)
    values: dict[str, Any] = {}
    places: dict[str, tuple[int, int]] = {}
    first = next(events, None)
    if first is None or (isinstance(first, yaml.ScalarEvent) and first.value == ""):
        return values, places
    if not isinstance(first, yaml.MappingStartEvent):
        raise _error("front_matter_no_keys", first)
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        if not isinstance(event, yaml.ScalarEvent):
            raise _error("front_matter_too_deep", event)
        if event.value in values:
            raise _error("front_matter_key_twice", event, key=event.value)
        places[event.value] = _place(event)
        values[event.value] = _value(events, event.value)
    return values, places


def _events(text: str) -> Iterator[yaml.Event]:
    """What the YAML says, without its frame. Anchors, aliases and tags are refused."""
    frame = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
    try:
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _error("front_matter_anchor", event)
            if tag := getattr(event, "tag", None):
                raise _error("front_matter_tag", event, tag=tag)
            if not isinstance(event, frame):
                yield event
    except yaml.MarkedYAMLError as error:
        # A quote that is not closed is found at the end; it is to be mended where it begins.
        open_quote = "quoted scalar" in (error.context or "")
        mark = error.context_mark if open_quote else error.problem_mark or error.context_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (1, None)
        raise FrontMatterError("front_matter_wrong", line, column, detail=error.problem or "") from error
    except yaml.YAMLError as error:
        raise FrontMatterError("front_matter_wrong", detail=str(error).splitlines()[0]) from error


def _value(events: Iterator[yaml.Event], key: str) -> Any:
    event = next(events)
    if isinstance(event, yaml.ScalarEvent):
        return None if event.value in NOTHING and event.style is None else event.value
    if not isinstance(event, yaml.SequenceStartEvent):
        raise _error("front_matter_too_deep", event, key=key)
    found: list[str] = []
    for each in events:
        if isinstance(each, yaml.SequenceEndEvent):
            break
        if not isinstance(each, yaml.ScalarEvent):
            raise _error("front_matter_too_deep", each, key=key)
        found.append(each.value)
    return found


def _error(code: str, event: yaml.Event, **values: Any) -> FrontMatterError:
    return FrontMatterError(code, *_place(event), **values)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column in the file, both counted from 1; the front matter begins on its second line."""
    mark = event.start_mark
    return (mark.line + 2, mark.column + 1) if mark else (1, 1)
