"""Static files under an address that changes with their content, kept in memory, compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from web import addresses

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
WORTH_COMPRESSING = 500

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; `packed` is its gzip form, where that is smaller."""

    content: bytes
    packed: bytes | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Every static file. One digest for all of them, so that scripts and styles can name each other relatively."""

    digest: str
    files: Mapping[str, Asset]

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Assets:
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        files = {path.relative_to(folder).as_posix(): _asset(path) for path in paths}
        digest = hashlib.sha256()
        for name, asset in files.items():
            digest.update(f"{name}\0{len(asset.content)}\0".encode() + asset.content)
        return cls(digest.hexdigest()[:16], files)


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if len(content) > WORTH_COMPRESSING else None
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(content, packed if packed and len(packed) < len(content) else None, kind)


def install(app: Flask) -> None:
    """Adds the route and `asset(name)`, the address of a file, to templates."""
    assets = Assets.read()
    app.extensions["kb-assets"] = assets
    app.register_blueprint(blueprint)

    def address(name: str) -> str:
        if name not in assets.files:
            raise LookupError(f"no static file {name}")
        return url_for("assets.send", digest=assets.digest, name=name)

    app.jinja_env.globals["asset"] = addresses.once(address)


@blueprint.get("/static/<digest>/<path:name>")
def send(digest: str, name: str) -> Response:
    """The file. Under an old or a newer digest (a rolling update) it is sent too, but not to be kept."""
    assets: Assets = current_app.extensions["kb-assets"]
    asset = assets.files.get(name) or abort(404)
    response = Response(asset.content, content_type=asset.media_type)
    if asset.packed is not None and request.accept_encodings["gzip"]:
        response.set_data(asset.packed)
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOREVER if digest == assets.digest else "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
