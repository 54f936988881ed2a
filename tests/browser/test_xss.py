"""Some texts of `make xss`, in every run."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.xss import payloads, sample
from tests.browser.xss_walk import Watch, tried


@pytest.mark.slow
def test_no_text_runs_where_it_is_shown(browser: Browser, tmp_path: Path) -> None:
    assert len(payloads()) >= 500
    pages, wrong = tried(browser, tmp_path, sample(48))
    assert not wrong and pages > 100


def test_what_runs_would_be_seen(browser: Browser) -> None:
    """Where nothing is cleaned and no policy holds, the same watch hears of every way there is."""
    watch = Watch(browser.new_page(), "http://127.0.0.1")
    for payload in (
        "<img src=x onerror=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<img src=https://canary.invalid/x>",
    ):
        watch.page.set_content(f"<script>told = []</script>{payload}")
        assert len(watch.found(payload)) > 1, payload
    watch.page.context.close()
