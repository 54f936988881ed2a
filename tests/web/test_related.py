"""Articles about the same, below an article."""

from __future__ import annotations

from pathlib import Path

from kb.config import Config
from tests.contracts.stores import draft
from tests.site import ReadySite, fill
from web import close, create_app


def test_the_best_stands_first_whenever_it_was_written(tmp_path: Path) -> None:
    known = {"lang": "en", "grants": ("public",)}
    titles = "Granite sinks leak", "Care of marble", "Granite sinks leak again"
    said = "How to seal it.", "As with granite, sinks too.", "How to seal granite sinks."
    config = Config(home=tmp_path)
    fill(
        config,
        [
            draft(f"a{at}", text, title=title, number=f"KB00000{at}", **known)
            for at, (title, text) in enumerate(zip(titles, said, strict=True), 1)
        ],
    )
    app = create_app(config)
    page = ReadySite(app, config).visitor("anonymous").get("/articles/KB000001").get_data(as_text=True)
    close(app)
    assert page.index('href="/articles/KB000003"') < page.index('href="/articles/KB000002"')
