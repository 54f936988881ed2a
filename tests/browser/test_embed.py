"""The panel of a case in a frame of another tool's page: held where that is allowed."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_cases import open_case
from tests.browser.test_site import sign_in
from tests.site import ReadySite, served, site, untouched
from web import close, create_app

__all__ = ["site", "untouched"]


def test_a_crm_that_is_named_holds_it_and_an_engineer_links_there(page: OpenPage, site: ReadySite) -> None:
    crm, frames = Flask("crm"), list[str]()
    crm.add_url_rule("/", view_func=lambda: f"<!doctype html>{frames[-1]}")
    with served(crm) as outside:
        app = create_app(replace(site.config, embed_origins=(outside,)))
        with served(app) as address:
            customer, engineer = page(), page()
            sign_in(customer, address, site, "gold")
            sign_in(engineer, address, site, "engineer")
            number = open_case(customer, address, "登入 Windchill 失敗")
            panel_of = f"{address}/embed/case-panel?case={number}&ui=en"
            frames.append(f'<iframe src="{panel_of.replace("&", "&amp;")}" width="420" height="800"></iframe>')
            engineer.goto(outside)
            panel = engineer.frame_locator("iframe")
            panel.get_by_role("button", name="Link as resolution").first.click()
            expect(panel.locator(".linked .badge").first).to_have_text("Resolution")
            assert "/articles/KB" in customer.request.get(f"{address}/cases/{number}").text()
        close(app)
