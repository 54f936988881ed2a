"""What the site says, in each language: `web/translations/*.toml`, one table a message, the three together.

[search]
[search.found]
zh-Hant = "找到 {count} 篇"
zh-Hans = "找到 {count} 篇"
en = ["{count} article", "{count} articles"]

A list holds the form for one and the form for any other `count`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from flask import Flask, current_app, g
from markupsafe import Markup

from kb.articles import LANGUAGES

FOLDER = Path(__file__).parent / "translations"

Forms: TypeAlias = tuple[str, ...]
Catalogue: TypeAlias = Mapping[str, Mapping[str, Forms]]


def read(folder: Path = FOLDER) -> Catalogue:
    """Every message by its dotted name. ValueError names a message that lacks a language."""
    catalogue: dict[str, Mapping[str, Forms]] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, message in _messages(tomllib.loads(path.read_text(encoding="utf-8"))):
            if name in catalogue:
                raise ValueError(f"{path.name}: {name} is there twice")
            if set(message) != set(LANGUAGES):
                raise ValueError(f"{path.name}: {name} must have exactly {', '.join(LANGUAGES)}")
            catalogue[name] = {lang: _forms(message[lang]) for lang in LANGUAGES}
    return catalogue


def _forms(given: str | list[str]) -> Forms:
    return (given,) if isinstance(given, str) else tuple(given)


def _messages(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    found = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if any(isinstance(part, dict) for part in value.values()):
            found += _messages(value, f"{name}.")
        else:
            found.append((name, value))
    return found


def install(app: Flask) -> None:
    """Gives templates `t(name, …)`, and `th(name, …)` where the message holds HTML; its values are escaped."""
    app.extensions["kb-messages"] = read()
    app.jinja_env.globals.update(t=text, th=_html)


def text(name: str, /, **values: object) -> str:
    """The message in the reader's language."""
    return _form(name, values).format(**values)


def _html(name: str, /, **values: object) -> Markup:
    return Markup(_form(name, values)).format(**values)  # noqa: S704 - the message is ours, its values are escaped


def _form(name: str, values: Mapping[str, object]) -> str:
    catalogue: Catalogue = current_app.extensions["kb-messages"]
    forms = catalogue[name][g.language]
    return forms[-1 if values.get("count", 1) not in (1, "1") else 0]
