"""DOCX to Markdown: `mammoth` makes clean HTML of a document's styles, and that is converted like any other HTML."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree.ElementTree import ParseError

import mammoth

from indexer.converting import Converted
from indexer.converting.html import from_html

STYLES = r"""
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\n')
p[style-name='Source Code'] => pre:separator('\n')
p[style-name='HTML Preformatted'] => pre:separator('\n')
p[style-name='Plain Text'] => pre:separator('\n')
p[style-name='Quote'] => blockquote:fresh
p[style-name='Intense Quote'] => blockquote:fresh
r[style-name='Code Char'] => code
r[style-name='Verbatim Char'] => code
"""
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/bmp": "bmp"}


class NotDocx(Exception):
    """The file is no DOCX document."""


def from_docx(content: bytes) -> Converted:
    pictures: list[tuple[str, bytes]] = []

    def picture(image: Any) -> dict[str, str]:
        with image.open() as file:
            data = file.read()
        name = f"image-{len(pictures) + 1}.{ENDINGS.get(image.content_type, 'bin')}"
        pictures.append((name, data))
        return {"src": name}

    try:
        found = mammoth.convert_to_html(
            io.BytesIO(content), style_map=STYLES, convert_image=mammoth.images.img_element(picture)
        )
    except (zipfile.BadZipFile, KeyError, ParseError, OSError) as error:
        raise NotDocx(str(error)) from error
    made = from_html(found.value)
    return Converted(made.title, made.markdown, made.lang, tuple(pictures), made.left_out)
