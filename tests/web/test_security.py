"""Headers, cookies, forms."""

from __future__ import annotations

import re

import pytest

from tests.site import ReadySite, Visitor

PAGES = (
    "/",
    "/search?q=登入",
    "/articles/KB900001",
    "/entitlements",
    "/sign-in",
    "/articles/KB999999",
    "/search?page=0",
)


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/search?q=登入", "/livez", "/suggest?q=登"])
def test_every_answer_tells_the_browser_to_be_strict(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("kind", ["anonymous", "gold", "engineer"])
def test_nothing_inline(visitors: dict[str, Visitor], kind: str, path: str) -> None:
    page = visitors[kind].get(path).get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_signed_in_people_are_kept_nowhere(visitors: dict[str, Visitor], path: str) -> None:
    assert visitors["gold"].get(path).headers["Cache-Control"] == "private, no-store"
    headers = visitors["anonymous"].get(path).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language"} <= set(re.split(r",\s*", headers["Vary"]))


def test_files_may_be_kept_for_ever_under_their_own_address(site: ReadySite, visitor: Visitor) -> None:
    sheet = re.search(r"/static/\w+/base\.css", visitor.get("/").get_data(as_text=True))
    assert sheet
    assert visitor.get(sheet[0]).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert visitor.get("/static/other/base.css").headers["Cache-Control"] == "no-cache"


def test_attachments_run_nowhere(visitors: dict[str, Visitor]) -> None:
    answer = visitors["gold"].get("/articles/KB900002/attachments/sample.log")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''sample.log"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    again = visitors["gold"].get(
        "/articles/KB900002/attachments/sample.log", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    stranger = visitors["silver"].get(
        "/articles/KB900002/attachments/sample.log", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert stranger.status_code == 404


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/sign-in", {"email": "gold@example.com", "password": "gold-password"}),
        ("/sign-out", {}),
        ("/articles/KB900001/helpful", {"helpful": "yes"}),
    ],
)
@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_form_of_another_site_is_refused(site: ReadySite, path: str, form: dict[str, str], token: str | None) -> None:
    visitor = site.visitor("gold")
    sent = form if token is None else {**form, "csrf_token": token}
    answer = visitor.client.post(path, data=sent)
    assert answer.status_code == 400
    assert "表單已過期" in answer.get_data(as_text=True)
    assert "您好" in visitor.get("/").get_data(as_text=True), "still signed in"


def test_a_form_that_is_too_large_is_refused(site: ReadySite) -> None:
    assert site.visitor("anonymous").post("/sign-in", {"email": "x" * 100_000}).status_code == 413


def test_cookies_are_out_of_reach(site: ReadySite) -> None:
    client = site.app.test_client()
    visitor = Visitor(client)
    answer = visitor.post("/sign-in", site.credentials("gold"))
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    assert "HttpOnly" in cookies["kb_session"] and "SameSite=Lax" in cookies["kb_session"]


def test_behind_https_cookies_are_secure_and_bound_to_the_host(secure_site: ReadySite) -> None:
    visitor = Visitor(secure_site.app.test_client())
    https = {"wsgi.url_scheme": "https"}
    page = visitor.client.get("/sign-in", environ_overrides=https, base_url="https://localhost")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kb_form=") and "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie
