"""Drafts appear and articles expire at their moment, while the follower runs."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.appearing import watching
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import follow, rebuild
from kb.config import Config
from kb.contents import Content
from kb.editing import Editing
from kb.entitlements import EVERYONE, matrices
from kb.publishing import Publishing
from kb.question import Query
from kb.search import Search
from kb.store import Store
from tests.contracts.stores import PRODUCTS, apply, draft
from tests.contracts.test_editing import viewer

SOON = timedelta(seconds=10)
PATIENCE = timedelta(seconds=50)


def test_an_article_appears_and_another_goes_at_their_moment(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with Store.create(config.store_url) as store:
        store.save_products(PRODUCTS.values())
        publishing = Publishing(store, config, matrices())
        editing, author = Editing(store, publishing), viewer(store, "author")
        began = datetime.now(UTC)
        apply(store, draft("old", "即將到期", expires_at=began + SOON))
        new = Content("新文章", "zh-Hant", "windchill", "準時出現", ("public",), confidence="validated")
        draft_id = editing.new(author, new, began)
        editing.schedule(author, draft_id, 1, began + SOON, began)
        publishing.close()
        engine = open_engine(config)
        rebuild(store, engine)
        search = Search(store, engine, fold, spellings)

        def titles() -> list[str]:
            return sorted(
                each.article.title
                for words in ("準時出現", "即將到期")
                for each in search.find(Query(words, today=began.date()), EVERYONE).results
            )

        assert titles() == ["Title of old"]
        stop = threading.Event()
        thread = threading.Thread(target=follow, args=(store, engine, stop))
        with watching(store, config):
            thread.start()
            while titles() != ["新文章"] and datetime.now(UTC) < began + SOON + PATIENCE:
                time.sleep(0.2)
        stop.set()
        thread.join()
        assert titles() == ["新文章"]
        assert datetime.now(UTC) - began < SOON + timedelta(minutes=1)
        assert [each.number for each in store.browse(EVERYONE, 5)] == ["KB000002"]
        engine.close()
