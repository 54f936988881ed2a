"""What every answer tells the browser, and forms that only our own pages can send."""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from kb.config import Config

LARGEST_FORM = 64 * 1024
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask, config: Config) -> CSRFProtect:
    """Cookies, limits, headers and the check of forms. `app.extensions["csrf"]` is the check."""
    secure = bool(config.cookie_secure)
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME="__Host-kb_form" if secure else "kb_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None" if in_frames(config) else "Lax",
        SESSION_COOKIE_PARTITIONED=in_frames(config),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=20,
        WTF_CSRF_TIME_LIMIT=None,
    )
    if proxies := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.after_request(_headers)
    csrf = CSRFProtect()
    csrf.init_app(app)
    return csrf


def in_frames(config: Config) -> bool:
    """Whether cookies are for frames in other sites' pages, too: apart for each such site, over HTTPS alone."""
    return bool(config.embed_origins and config.cookie_secure)


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        if name != "X-Frame-Options" or not g.get("framed"):
            response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:
        signed_in = getattr(g.get("viewer"), "account_id", None) is not None
        response.headers["Cache-Control"] = "private, no-store" if signed_in else "private, no-cache"
        response.vary.update(("Cookie", "Accept-Language"))
    return response
