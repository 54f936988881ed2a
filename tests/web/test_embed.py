"""The panel of a case for a CRM's frame: who may hold it, who sees it, and that an engineer links articles in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.site import KINDS, STAFF, ReadySite
from tests.web.test_cases import MONITORING, WINDCHILL, opened, shown
from tests.web.test_tasks import site
from web import close, create_app
from web.security import PAGE_POLICY

__all__ = ["site"]
ORIGINS = ("https://crm.example", "https://*.force.example")
ANYONE = f"frame-ancestors {' '.join(ORIGINS)}"


@pytest.fixture
def framed(site: ReadySite) -> Iterator[ReadySite]:
    """The same, where a CRM may hold the panel."""
    config = replace(site.config, embed_origins=ORIGINS)
    yield ReadySite(app := create_app(config), config)
    close(app)


def panel(case: str) -> str:
    return f"/embed/case-panel?case={case.rpartition('/')[2]}"


def test_by_default_nobody_may_hold_it(site: ReadySite) -> None:
    answer = site.visitor("engineer").get(panel(opened(site.visitor("gold"))))
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY and "frame-ancestors 'none'" in PAGE_POLICY
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_pages_that_are_named_may_and_may_hold_nothing_else(framed: ReadySite) -> None:
    case, engineer, nobody = opened(framed.visitor("gold")), framed.visitor("engineer"), framed.visitor("anonymous")
    way_in = nobody.get(panel(case)).headers["Location"]
    assert way_in.startswith("/sign-in?next=")
    for visitor, path in ((engineer, panel(case)), (engineer, panel("C99999999")), (nobody, way_in)):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert ANYONE in policy and policy.replace(ANYONE, "frame-ancestors 'none'") == PAGE_POLICY
        assert "X-Frame-Options" not in answer.headers
    for path in ("/", case, "/cases", "/sign-in", "/sign-in?next=/cases", f"/articles/{WINDCHILL}"):
        answer = engineer.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_cookies_go_into_frames_over_https_alone(site: ReadySite) -> None:
    for origins, secure, expected in ((ORIGINS, True, "SameSite=None"), (ORIGINS, False, "Lax"), ((), True, "Lax")):
        config = replace(site.config, embed_origins=origins, cookie_secure=secure)
        app = create_app(config)
        client = app.test_client()
        page = client.get("/sign-in", base_url="https://localhost")
        cookies = page.headers.getlist("Set-Cookie")
        assert cookies and all(expected in cookie for cookie in cookies), cookies
        assert all(("Partitioned" in cookie) is (expected == "SameSite=None") for cookie in cookies)
        close(app)


def test_staff_alone_see_it_of_cases_there_are(framed: ReadySite) -> None:
    case = opened(framed.visitor("gold"))
    for kind in KINDS[1:]:
        visitor = framed.visitor(kind)
        found, absent = visitor.get(panel(case)), visitor.get(panel("C99999999"))
        assert absent.status_code == 404
        assert found.status_code == (200 if kind in STAFF else 404)
        assert kind in STAFF or found.data == absent.data.replace(b"C99999999", case[-9:].encode())


def test_an_engineer_links_in_it_what_the_customer_may_read_and_is_warned(framed: ReadySite) -> None:
    gold, engineer = framed.visitor("gold"), framed.visitor("engineer")
    case = opened(gold)
    here = f"{panel(case)}&q=Windchill"
    page = shown(engineer, here)
    assert "客戶可閱讀" in page and "客戶無權閱讀" in page and "<script>" not in page
    done = engineer.post(here, {"article": WINDCHILL, "role": "resolution"}, here)
    assert done.status_code == 303 and "q=Windchill" in done.headers["Location"]
    assert WINDCHILL in shown(gold, case)
    refused = engineer.post(here, {"article": MONITORING, "role": "reference"}, here)
    assert refused.status_code == 422 and f"無權閱讀 {MONITORING}" in refused.get_data(as_text=True)
    engineer.post(here, {"article": MONITORING, "role": "reference", "internal": "1"}, here)
    assert MONITORING not in shown(gold, case) and MONITORING in shown(engineer, case)
    engineer.post(here, {"article": WINDCHILL, "unlink": "1"}, here)
    assert WINDCHILL not in shown(gold, case)
    assert gold.post(here, {"article": WINDCHILL, "role": "reference"}).status_code == 404
