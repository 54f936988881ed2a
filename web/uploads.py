"""Forms that bring files: read once it is clear who sends them, as much as may be."""

from __future__ import annotations

from contextlib import closing, suppress

from flask import current_app, request
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from kb.articles import Attachment
from kb.files import media_type
from web.asking import CASE_FORM
from web.site import site


def read_form(files: int, text: int, parts: int) -> None:
    """So many of the largest attachments, and so many octets beside them. RequestEntityTooLarge for more.

    The form's own check is made here: it reads the form, so that it must not be made before.
    """
    request.max_content_length = files * (site().config.attachment_max_mb << 20) + text
    request.max_form_memory_size = text
    request.max_form_parts = parts
    csrf: CSRFProtect = current_app.extensions["csrf"]
    csrf.protect()


def typed_before_files() -> MultiDict[str, str]:
    """Of a form that is too large to be read, the fields that come before its files: nobody types them twice."""
    boundary = request.mimetype_params.get("boundary", "").encode()
    found: MultiDict[str, str] = MultiDict()
    if request.mimetype != "multipart/form-data" or not boundary:
        return found
    decoder = MultipartDecoder(boundary)
    decoder.receive_data(request.environ["wsgi.input"].read(CASE_FORM))
    name, content = "", b""
    with suppress(ValueError):
        while not isinstance(event := decoder.next_event(), File | NeedData | Epilogue):
            if isinstance(event, Field):
                name, content = event.name, b""
            elif isinstance(event, Data):
                content += event.data
                if not event.more_data:
                    found.add(name, content.decode(errors="replace"))
    return found


def sent_files() -> list[Attachment]:
    """The files of a form, in the field `file`, as their bytes say what they are."""
    found = []
    for upload in request.files.getlist("file"):
        with closing(upload):
            if upload.filename:
                found.append(attachment(upload.filename, upload.read()))
    return found


def attachment(file_name: str, content: bytes) -> Attachment:
    """A file by the last part of what it is called, on whatever system."""
    return Attachment(file_name.replace("\\", "/").rpartition("/")[2], media_type(content), content)
