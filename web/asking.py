"""A request whose address may hold any bytes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask, Request

KEPT = "".join(chr(code) for code in range(0x21, 0x7F))


class AnyRequest(Request):
    """Bytes that no browser sends in a query, but others do, are taken as if they were percent-encoded."""

    def __init__(self, environ: dict[str, Any], *args: Any, **more: Any) -> None:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote_from_bytes(query.encode("latin-1", "replace"), safe=KEPT)
        super().__init__(environ, *args, **more)


def install(app: Flask) -> None:
    app.request_class = AnyRequest
