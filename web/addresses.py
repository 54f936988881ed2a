"""Addresses that every page names: of pages that are one each, put together once."""

from __future__ import annotations

from typing import Any

from flask import Flask, request


def install(app: Flask) -> None:
    """Gives templates `url_for`, which answers as Flask's does."""
    kept: dict[str, str] = {}

    def address(endpoint: str, **values: Any) -> str:
        if values or request.script_root:
            return app.url_for(endpoint, **values)
        if (found := kept.get(endpoint)) is None:
            found = kept[endpoint] = app.url_for(endpoint)
        return found

    app.jinja_env.globals["url_for"] = address
