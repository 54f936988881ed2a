"""Addresses that every page names: of pages and files that are one each, put together once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request


def once(made: Callable[[str], str]) -> Callable[[str], str]:
    """The same addresses by name, each made once; where the site is below a path, with every request."""
    kept: dict[str, str] = {}

    def address(name: str) -> str:
        if request.script_root:
            return made(name)
        if (found := kept.get(name)) is None:
            found = kept[name] = made(name)
        return found

    return address


def install(app: Flask) -> None:
    """Gives templates `url_for`, which answers as Flask's does."""
    page = once(app.url_for)

    def address(endpoint: str, **values: Any) -> str:
        return app.url_for(endpoint, **values) if values else page(endpoint)

    app.jinja_env.globals["url_for"] = address
