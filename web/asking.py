"""A request whose address may hold any bytes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask, Request

# The longest text of a case, every character of it percent-encoded, or escaped in JSON.
CASE_FORM = 256 * 1024
KEPT = "".join(chr(code) for code in range(0x21, 0x7F))


class AnyRequest(Request):
    """Bytes that no browser sends in a query, but others do, are taken as if they were percent-encoded.

    What is told of a case may be longer than other forms.
    """

    def __init__(self, environ: dict[str, Any], *args: Any, **more: Any) -> None:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote_from_bytes(query.encode("latin-1", "replace"), safe=KEPT)
        super().__init__(environ, *args, **more)
        if self.path.startswith(("/cases/", "/api/v1/cases")):
            self.max_content_length = self.max_form_memory_size = CASE_FORM


def install(app: Flask) -> None:
    app.request_class = AnyRequest
