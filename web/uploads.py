"""Forms that bring files: read once it is clear who sends them, as much as may be."""

from __future__ import annotations

from contextlib import closing

from flask import current_app, request
from flask_wtf import CSRFProtect

from kb.articles import Attachment
from kb.files import media_type
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
