"""The worker that does imports sent in a browser or by a program."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from indexer.working import SWEPT_AFTER, follow
from kb.config import Config
from kb.store import Store


def test_what_was_killed_a_day_ago_leaves_nothing_behind(tmp_path: Path) -> None:
    config, stop = Config(home=tmp_path), threading.Event()
    stop.set()
    old, new = time.time() - 2 * SWEPT_AFTER, time.time()
    with Store.create(config.store_url) as store:
        for name, moment in (("old", old), ("new", new)):
            (tmp_path / f"import-{name}").mkdir()
            (tmp_path / f"kb.sqlite3.staged-{name}").touch()
            for path in (tmp_path / f"import-{name}", tmp_path / f"kb.sqlite3.staged-{name}"):
                os.utime(path, (moment, moment))
        follow(store, config, stop)
        assert store.article_ids() == []
    left = {path.name for path in tmp_path.iterdir()}
    assert {"import-new", "kb.sqlite3.staged-new"} <= left
    assert not {"import-old", "kb.sqlite3.staged-old"} & left
