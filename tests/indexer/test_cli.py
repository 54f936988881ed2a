"""The command line as people and scripts use it: what it prints, what it refuses, its exit codes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.cli import COMMANDS, main
from indexer.giving_way import LESS_URGENT
from tests.command import free_port
from tests.servers import postgres_url

ROOT = Path(__file__).parents[2]
KB = Callable[..., "Done"]
ROWS = [
    ("login", "無法登入 Windchill", "記錄檔出現 ORA-01017 使用者名稱無效。", "zh-Hant", ["{product}:gold"]),
    ("start", "Server does not start", "The log says 0x80070005 access is denied.", "en", ["public"]),
]


@dataclass
class Done:
    """What a command printed, on either stream, and how it ended."""

    exit_code: int
    output: str


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> KB:
    for name in [name for name in os.environ if name.startswith("KB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))
    # A process cannot become more urgent again, and this one has other tests to run.
    monkeypatch.setattr(os, "nice", lambda increment: increment)

    def run(*arguments: str | Path, **environment: str) -> Done:
        with monkeypatch.context() as patched, pytest.raises(SystemExit) as ended:
            for name, value in environment.items():
                patched.setenv(name, value)
            main([str(each) for each in arguments])
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out + said.err)

    return run


@pytest.fixture
def filled(kb: KB, tmp_path: Path) -> Iterator[KB]:
    path = tmp_path / "faq.jsonl"
    keys = ("id", "title", "body_markdown", "lang", "grants")
    rows = [dict(zip(keys, row, strict=True)) | {"product": "windchill"} for row in ROWS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert kb("init").exit_code == 0
    assert kb("import", path, "--new-products").exit_code == 0
    assert kb("sync").exit_code == 0
    yield kb


def test_without_arguments_it_says_how_to_begin(kb: KB) -> None:
    said = kb().output
    assert "kb init" in said and "kb import" in said and "kb serve" in said


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself_and_is_in_the_docs(kb: KB, command: str) -> None:
    shown = kb(command, "--help")
    assert shown.exit_code == 0 and shown.output.startswith("Usage:")
    assert f"`kb {command}" in (ROOT / "docs/command-line.md").read_text("utf-8")


def test_a_store_that_is_not_there_is_told_with_the_next_step(kb: KB) -> None:
    for command in (["status"], ["sync"], ["check"], ["build"], ["search", "x"], ["import", ROOT / "articles"]):
        done = kb(*command)
        assert done.exit_code == 1 and "kb init" in done.output, command
        assert len(done.output.strip().splitlines()) == 1


def test_from_nothing_to_an_answer(filled: KB) -> None:
    found = filled("search", "ORA-01017", "--grants", "windchill:gold")
    assert found.exit_code == 0 and "無法登入 Windchill" in found.output
    hidden = filled("search", "ORA-01017", "--grants", "windchill:silver")
    assert hidden.exit_code == 0 and "無法登入" not in hidden.output and "0 found" in hidden.output
    data = json.loads(filled("search", "80070005", "--json").output)
    assert [result["id"] for result in data["results"]] == ["start"] and data["total"] == 1
    assert "score" in filled("search", "80070005", "--explain").output
    assert filled("status").exit_code == 0 and filled("check").exit_code == 0


def test_a_full_disk_is_told_in_a_sentence(filled: KB, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "index/gen-000002")

    monkeypatch.setattr("indexer.cli.index.rebuild", full)
    said = filled("build")
    assert (said.exit_code, said.output.strip()) == (1, "kb: index/gen-000002: No space left on device")


def test_status_and_check_say_what_there_is_of_an_index(filled: KB, tmp_path: Path) -> None:
    (stamp,) = tmp_path.glob("home/index/whoosh/gen-*/stamp.json")
    stamp.write_text("[]", "utf-8")
    assert "the index is damaged: run kb build" in filled("status").output
    assert "damaged" in filled("check").output
    assert "Repaired." in filled("check", "--repair").output
    (tmp_path / "home/index/whoosh/CURRENT").unlink()
    assert "none yet: kb sync\n" in filled("status").output


def test_status_tells_of_the_store_when_the_engine_is_away(filled: KB) -> None:
    told = filled("status", KB_ENGINE="opensearch", KB_OPENSEARCH_URL=f"http://127.0.0.1:{free_port()}")
    assert told.exit_code == 1 and "unexpected" not in told.output
    assert (
        "articles   2\n" in told.output and "accounts   0\n" in told.output and "waiting    0 changes\n" in told.output
    )
    assert "engine     opensearch, away: OpenSearch cannot be reached" in told.output


def test_moving_to_another_engine_asks_for_no_more_than_a_setting(filled: KB, tmp_path: Path) -> None:
    assert filled("build", "--engine", "tantivy").exit_code == 0
    assert "missed" not in filled("status").output
    moved = filled("status", KB_ENGINE="tantivy")
    assert moved.exit_code == 1 and "missed     changes" in moved.output and "kb sync" in moved.output
    assert filled("sync", KB_ENGINE="tantivy").exit_code == 0
    assert filled("status", KB_ENGINE="tantivy").exit_code == 0
    assert "missed     changes" in filled("status").output


@pytest.mark.parametrize("command", [["build"], ["sync"], ["check"], ["check", "--repair"]])
def test_what_may_make_an_index_anew_gives_way_to_readers(
    filled: KB, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    assert filled(*command).exit_code == 0
    assert given == [LESS_URGENT]


def test_an_account_searches_with_its_rights(filled: KB) -> None:
    made = ["user", "add", "li@example.com", "--name", "Li", "--customer", "Ltd", "--password", "a long password"]
    assert filled(*made).exit_code == 0
    assert "無法登入" not in filled("search", "ORA-01017", "--as", "li@example.com").output
    line = ["contract", "add", "C-1", "--customer", "Ltd", "--product", "windchill", "--package", "gold"]
    assert filled(*line).exit_code == 0
    assert "無法登入" in filled("search", "ORA-01017", "--as", "li@example.com").output
    assert "C-1" in filled("contract", "list").output and "li@example.com" in filled("user", "list").output
    token = filled("token", "add", "li@example.com", "--name", "script").output.split()
    assert any(word.startswith("kb_") for word in token)
    assert "script" in filled("token", "list").output
    assert filled("token", "revoke", "li@example.com", "--name", "script").exit_code == 0
    assert filled("contract", "end", "C-1", "--on", "2020-01-01").exit_code == 0
    assert "無法登入" not in filled("search", "ORA-01017", "--as", "li@example.com").output


def test_cases_are_listed_and_shown_as_an_account_sees_them(filled: KB, tmp_path: Path) -> None:
    from datetime import UTC, date, datetime

    from kb.accounts import Accounts, NewAccount
    from kb.cases import Cases, NewCase
    from kb.config import Config
    from kb.entitlements import ContractLine, matrices
    from kb.store import Store

    config = Config(home=tmp_path / "home")
    with Store.open(config.store_url) as store:
        accounts, cases = Accounts(store, config, matrices()), Cases(store, config, matrices())
        for name, role in (("li", "customer"), ("other", "customer"), ("engineer", "engineer")):
            customer = f"{name} Ltd" if role == "customer" else None
            accounts.add(NewAccount(f"{name}@example.com", name, role, "a long password", customer))
        accounts.add_line("C-1", "li Ltd", ContractLine("windchill", "gold", date(2020, 1, 1)))
        now = datetime.now(UTC)
        li = accounts.viewer_of("li@example.com", now.date())
        number = cases.open(li, NewCase("windchill", 1, "無法登入", "HTTP 401"), now)
    for email in ("li@example.com", "engineer@example.com"):
        assert number in filled("cases", "list", "--as", email).output
        shown = filled("cases", "show", number, "--as", email)
        assert shown.exit_code == 0 and "HTTP 401" in shown.output and "first_response" in shown.output
    assert filled("cases", "list", "--as", "other@example.com").output.strip() == "no cases"
    hidden = filled("cases", "show", number, "--as", "other@example.com")
    assert hidden.exit_code == 1 and "kb cases list" in hidden.output and "無法登入" not in hidden.output
    data = json.loads(filled("cases", "show", number, "--as", "li@example.com", "--json").output)
    assert (data["number"], [event["text"] for event in data["events"]]) == (number, ["HTTP 401"])
    assert json.loads(filled("cases", "list", "--as", "li@example.com", "--closed", "--json").output) == []


def test_what_was_asked_in_vain_is_listed(filled: KB, tmp_path: Path) -> None:
    from kb.entitlements import EVERYONE
    from kb.store import Store

    assert "No question" in filled("gaps").output
    with Store.open(f"sqlite:///{tmp_path / 'home' / 'kb.sqlite3'}") as store:
        store.search_gap("PRN-4711", "zh-Hant", EVERYONE)
    assert "PRN-4711" in filled("gaps").output
    assert json.loads(filled("gaps", "--json").output)[0]["count"] == 1


def test_a_change_that_waits_is_told(filled: KB, tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text(path.read_text("utf-8").replace("does not start", "will not start"), "utf-8")
    assert filled("import", path).exit_code == 0
    waiting = filled("status")
    assert waiting.exit_code == 1 and "1 changes: kb sync" in waiting.output
    assert filled("check").exit_code == 1
    assert filled("sync").exit_code == 0 and filled("check").exit_code == 0


def test_changes_that_another_process_has_are_told(kb: KB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kb.store import Store

    path = tmp_path / "faq.jsonl"
    row = {"id": "a", "title": "A", "body_markdown": "text", "lang": "en", "product": "creo", "grants": ["public"]}
    path.write_text(json.dumps(row), "utf-8")
    with postgres_url() as url:
        monkeypatch.setenv("KB_STORE_URL", url)
        for command in (["init"], ["import", path, "--new-products"], ["sync"]):
            assert kb(*command).exit_code == 0
        path.write_text(json.dumps(row | {"title": "B"}), "utf-8")
        assert kb("import", path).exit_code == 0
        with Store.open(url) as store, store.claimed(10) as notes:
            assert len(notes) == 1
            done = kb("sync")
            assert done.exit_code == 1 and "1 changes wait on: another process is at them" in done.output
        assert kb("sync").exit_code == 0


def test_what_is_wrong_in_the_index_is_found_and_put_right(filled: KB, tmp_path: Path) -> None:
    from kb.store import Store

    with Store.open(f"sqlite:///{tmp_path / 'home' / 'kb.sqlite3'}") as store:
        store.delete(["KB000001"])
        store.done([note.id for note in store.notes(10)])
    lost = filled("check")
    assert lost.exit_code == 1 and "1 gone: 1" in lost.output
    assert filled("check", "--repair").exit_code == 1
    assert filled("check").exit_code == 0


def test_a_dry_run_names_near_duplicates_and_writes_its_rows_for_a_spreadsheet(kb: KB, tmp_path: Path) -> None:
    text = "".join(f"Step {n}: restart the method server and look into its log.\n\n" for n in range(9))
    usual = {"lang": "en", "product": "windchill", "grants": ["public"], "title": "Restart"}
    path = tmp_path / "faq.jsonl"
    path.write_text("".join(json.dumps({**usual, "id": n, "body_markdown": text + n}) + "\n" for n in "ab"))
    kb("init")
    shown = kb("import", path, "--dry-run", "--new-products")
    assert "2 articles to look at" in shown.output and "? 100 % of its text is that of b Restart" in shown.output
    table = kb("import", path, "--dry-run", "--new-products", "--csv").output.splitlines()
    assert table[0].startswith("status,file,line,id") and "is that of b Restart" in table[1] and len(table) == 3


def test_a_dry_run_changes_nothing(kb: KB, tmp_path: Path) -> None:
    kb("init")
    shown = kb("import", ROOT / "articles", "--dry-run")
    assert shown.exit_code == 0 and "Would import" in shown.output
    assert "articles   0" in kb("status").output
    data = json.loads(kb("import", ROOT / "articles", "--dry-run", "--json").output)
    assert data[0]["new"] == len(data[0]["rows"]) > 100


def test_refusals_are_told_in_the_language_chosen(kb: KB, tmp_path: Path) -> None:
    kb("init")
    path = tmp_path / "faq.jsonl"
    path.write_text('{"id": "a"}\n')
    assert "the row must have this key" in kb("import", path).output
    assert "此列必須有這個鍵" in kb("import", path, KB_LANG="zh-Hant").output
    assert kb("import", path).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import"], "PATH"),
        (["import", "/nowhere/x.jsonl"], "no such file"),
        (["import", ".", "--grants", "windchill:tin"], "windchill:tin"),
        (["search", "x", "--as", "nobody@example.com"], "no account nobody@example.com"),
        (["search", "x", "--grants", "none:gold"], "none:gold"),
        (["search", "x", "--limit", "0"], "--limit"),
        (["sync", "--engine", "lucene"], "lucene"),
        (["nonsense"], "nonsense"),
        (["evaluate", "/nowhere"], "/nowhere"),
        (["user", "add", "x", "--name", "X", "--customer", "Y", "--password", "a long password"], "not an e-mail"),
        (["contract", "add", "C", "--customer", "X", "--product", "none", "--package", "gold"], "none"),
    ],
)
def test_a_wrong_use_is_one_line_that_names_it(filled: KB, arguments: list[str], says: str) -> None:
    done = filled(*arguments)
    assert done.exit_code in (1, 2) and says in done.output
    assert "Traceback" not in done.output
    assert len([line for line in done.output.splitlines() if line.startswith(("Error", "error"))]) <= 1


@pytest.mark.parametrize(("name", "value"), [("KB_PORT", "x"), ("KB_PROT", "1"), ("KB_ENGINE", "lucene")])
def test_a_wrong_setting_stops_every_command(kb: KB, name: str, value: str) -> None:
    done = kb("status", **{name: value})
    assert done.exit_code == 2 and name in done.output and len(done.output.strip().splitlines()) == 1


@pytest.mark.slow
def test_serve_says_when_its_port_is_taken(filled: KB, tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "KB_HOME": str(tmp_path / "home"), "KB_PORT": str(taken.getsockname()[1])}
        done = subprocess.run(
            [sys.executable, "-m", "indexer.cli", "serve"], env=environment, capture_output=True, text=True, timeout=60
        )
    assert done.returncode in (1, 2) and "KB_PORT" in done.stderr and "Traceback" not in done.stderr


def test_without_a_terminal_a_password_is_not_asked_for(kb: KB) -> None:
    kb("init")
    refused = kb("user", "add", "li@example.com", "--name", "Li", "--role", "operator")
    assert refused.exit_code == 1 and "give it with --password" in refused.output


def test_a_search_of_an_empty_store_finds_nothing_and_complains_of_nothing(kb: KB) -> None:
    kb("init")
    found = kb("search", "登入")
    assert found.exit_code == 0 and "0 found" in found.output and "ERROR" not in found.output
