"""Pictures: nothing comes in with them, nothing is lost of them, and nothing else passes for one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageOps, ImageSequence, PngImagePlugin

from kb.files import attachment
from kb.pictures import NotAPicture, check, rewritten

SECRET = b"PK\x03\x04 <script>alert(1)</script>"


def drawn(seed: int = 0) -> Image.Image:
    picture = Image.radial_gradient("L").resize((48, 32)).convert("RGB")
    return picture.rotate(seed * 90)


def exif(way: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = way
    made[0x010E] = SECRET.decode("latin-1")
    return made


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def noted_png() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET.decode("latin-1"))
    return saved(drawn(), "PNG", pnginfo=notes, exif=exif(1))


def frames() -> list[Image.Image]:
    return [drawn(n).quantize(16) for n in range(3)]


KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("image/png", noted_png),
    "apng": ("image/png", lambda: saved(drawn(), "PNG", save_all=True, append_images=[drawn(1), drawn(2)])),
    "palette": ("image/png", lambda: saved(frames()[0], "PNG", transparency=1)),
    "jpeg": ("image/jpeg", lambda: saved(drawn(), "JPEG", comment=SECRET, exif=exif(6))),
    "progressive": ("image/jpeg", lambda: saved(drawn(), "JPEG", progressive=True)),
    "cmyk": ("image/jpeg", lambda: saved(drawn().convert("CMYK"), "JPEG")),
    "gif": ("image/gif", lambda: saved(frames()[0], "GIF", comment=SECRET)),
    "animation": ("image/gif", lambda: saved(frames()[0], "GIF", save_all=True, append_images=frames()[1:], loop=0)),
    "webp": ("image/webp", lambda: saved(drawn(), "WEBP", exif=exif(1))),
    "lossless": ("image/webp", lambda: saved(drawn(), "WEBP", lossless=True, save_all=True, append_images=[drawn(1)])),
}


def shown(content: bytes) -> list[tuple[bytes, object]]:
    """What one sees of it: every frame as it is turned."""
    with Image.open(io.BytesIO(content)) as picture:
        turned = ImageOps.exif_transpose(picture) if picture.format == "JPEG" else picture
        return [(each.convert("RGBA").tobytes(), each.size) for each in ImageSequence.Iterator(turned)]


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_is_itself_and_nothing_more(name: str) -> None:
    kind, make = KINDS[name]
    given = make() + SECRET
    kept = attachment(f"a.{name}", given)
    assert kept.media_type == kind and SECRET[5:] not in kept.content
    assert shown(kept.content) == shown(given)
    check(kept.content, kind)
    assert rewritten(kept.content, kind) == kept.content


@pytest.mark.parametrize("name", KINDS)
def test_what_is_cut_or_harmed_is_none(name: str) -> None:
    kind, make = KINDS[name]
    whole = rewritten(make(), kind)
    for content in (whole[:-20], whole[: len(whole) // 2], whole[:14], whole[:20] + b"\0" * 64 + whole[84:], SECRET):
        with pytest.raises(NotAPicture):
            check(attachment("a", content).content, kind)


def test_what_is_shown_is_not_endless() -> None:
    for picture in (saved(Image.new("1", (20_000, 20_000)), "PNG"), saved(Image.new("L", (9_000, 9_000)), "JPEG")):
        kept = attachment("a", picture)
        with pytest.raises(NotAPicture):
            check(kept.content, kept.media_type)
