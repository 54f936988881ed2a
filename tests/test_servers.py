import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests import components
from tests.servers import answer, opensearch_url, postgres_url

pytestmark = pytest.mark.slow


def test_each_database_is_fresh_and_gone_afterwards() -> None:
    with postgres_url() as first, postgres_url() as second:
        assert first != second
        engine = create_engine(first)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE 文章 (標題 text)"))
            connection.execute(text("INSERT INTO 文章 VALUES ('伺服器無法啟動')"))
        engine.dispose()
        engine = create_engine(second)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE tablename = '文章'")).scalar() == 0
            assert connection.execute(text("SHOW server_encoding")).scalar() == "UTF8"
            assert connection.execute(text("SHOW listen_addresses")).scalar() == ""
        engine.dispose()
        folder = Path(str(make_url(first).query["host"]))
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_missing_component(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]) -> None:
    """A skip for people, who see its reason; a failure for the machine that guards main."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(outcome, match="MISSING chinese-font: scripts/setup-system"):
        components.require("chinese-font")


def test_opensearch_is_one_server_for_all_and_gone_afterwards() -> None:
    with opensearch_url() as first:
        with opensearch_url() as second:
            assert first == second
        assert answer(first)["version"]["distribution"] == "opensearch"
