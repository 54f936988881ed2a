"""`kb init`, `kb start`, `kb serve`, `kb status`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from indexer.cli.common import config, opened_engine, opened_store, progress, today
from indexer.demo import DEMOS, add_demos
from indexer.demo_cases import Desk, add_demo_cases
from indexer.demo_sprs import add_demo_sprs
from indexer.demo_tools import add_demo_tools
from indexer.importing import ImportOptions, import_articles
from indexer.serving import serve_forever, start_listening
from indexer.sync import drain
from kb.accounts import Accounts
from kb.case_articles import CaseArticles
from kb.cases import Cases
from kb.config import Config
from kb.editing import Editing
from kb.entitlements import matrices
from kb.extended_support import ExtendedSupport
from kb.publishing import Publishing
from kb.reckoning import Reckoning
from kb.search import Busy, EngineDown, IndexDamaged
from kb.store import Store
from kb.tasks import Tasks
from kb.watching import Watcher
from kb.webhooks import Webhooks

# From here on Whoosh is advised against, as measured: docs/operations.md, Growing.
OUTGROWN = 100_000
MADE_NOW = "it is being made anew now"
SHIPPED = Path(__file__).parents[2] / "articles"


@click.command()
def init() -> None:
    """Make the store, or bring it to the newest schema. Changes nothing when there is nothing to do.

    \b
    Example:
      KB_HOME=/srv/kb kb init
    """
    settings = config()
    click.echo(f"The store is ready: {_init(settings)}.")


def _init(settings: Config) -> str:
    """Where the store is."""
    settings.prepare_home()
    _ = settings.secret_key
    with Store.create(settings.store_url) as store:
        Reckoning(store, settings, matrices(settings.matrix)).count_first(datetime.now(UTC))
        return store.place


@click.command()
def serve() -> None:
    """Serve on KB_HOST and KB_PORT (127.0.0.1:8000) and index what changes, until stopped.

    \b
    Example:
      KB_PORT=9000 kb serve
    """
    settings = config()
    with start_listening(settings), opened_store(settings):
        pass
    click.echo(f"Serving on {url(settings)}  (Ctrl-C stops)")
    serve_forever(settings)


@click.command()
def start() -> None:
    """Set up what is missing, import the shipped articles, and serve. Again: the same, in seconds.

    \b
    Example:
      kb start
    """
    settings = config()
    # Before minutes of work: whether it can serve afterwards.
    with start_listening(settings):
        pass
    _init(settings)
    with opened_store(settings) as store:
        if SHIPPED.is_dir():
            with progress() as draw:
                report = import_articles(SHIPPED, ImportOptions(), store, settings, draw)
            click.echo(f"Articles: {report.articles - report.counts['refused']} shipped, {report.counts['new']} new")
        with opened_engine(settings) as engine, progress() as draw:
            drain(store, engine, lambda done, total: draw("indexing", done, total), settings.limits)
            click.echo(f"Index: {engine.status().documents:,} documents")
        if settings.demo:
            _add_demo(store, settings)
            _print_sign_ins(settings)
    click.echo(f"Serving on {url(settings)}  (Ctrl-C stops)")
    serve_forever(settings)


def _add_demo(store: Store, settings: Config) -> None:
    versions = matrices(settings.matrix)
    accounts, cases = Accounts(store, settings, versions), Cases(store, settings, versions)
    add_demos(accounts, today(settings))
    publishing = Publishing(store, settings, versions)
    try:
        articles = CaseArticles(store, cases, Editing(store, publishing))
        desk = Desk(store, cases, Tasks(store), articles, accounts, datetime.now(UTC))
        add_demo_sprs(desk, ExtendedSupport(store, versions))
        if add_demo_cases(desk):
            Watcher(store, cases, settings, versions).catch_up(desk.now)
            add_demo_tools(desk, Webhooks(store, settings))
    finally:
        publishing.close()


def _print_sign_ins(settings: Config) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title="Demo sign-ins")
    for name in ("E-mail", "Password", "Who"):
        table.add_column(name, no_wrap=name != "Who")
    for demo in DEMOS:
        table.add_row(demo.email, demo.password, demo.what)
    Console().print(table)
    click.echo(
        "Anyone can look these up: set KB_DEMO=0 where it is more than a trial, and disable them (kb user disable)."
    )


def url(settings: Config) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


@click.command()
def status() -> int:
    """Say what there is: articles, index, changes waiting. Exit code 1 when the index is not up to date.

    \b
    Example:
      kb status
    """
    settings = config()
    with opened_store(settings) as store:
        waiting = store.waiting()
        click.echo(f"articles   {len(store.article_ids()):,}")
        click.echo(f"products   {len(store.products()):,}")
        click.echo(f"accounts   {len(Accounts(store, settings, matrices(settings.matrix)).all()):,}")
        current, belongs = _tell_of_index(settings, store)
        missed = store.has_missed(settings.engine) or not belongs
        click.echo(f"waiting    {waiting:,} changes" + (": kb sync" if waiting else ""))
        if missed:
            click.echo("missed     changes that an index of another engine or time learnt of: kb sync brings them over")
    return 0 if current and not waiting and not missed else 1


def _tell_of_index(settings: Config, store: Store) -> tuple[bool, bool]:
    """Whether it is there, written by today's rules, and, as far as can be told, of one time with the store."""
    try:
        with opened_engine(settings) as engine:
            found = engine.status()
    except EngineDown as error:
        now = f"; {MADE_NOW}" if isinstance(error, IndexDamaged) and _is_made_now(store) else ""
        click.echo(f"engine     {settings.engine}, away: {error}{now}")
        return False, True
    click.echo(f"engine     {found.engine}, {found.documents:,} documents, {found.bytes / 1e6:,.1f} MB")
    state = "up to date with today's rules"
    if found.stale:
        made = MADE_NOW if _is_made_now(store) else "kb sync" if not found.generation else "kb build"
        state = f"written by other rules than today's: {made}" if found.generation else f"none yet: {made}"
    click.echo(f"index      {', '.join(filter(None, (found.generation, state)))}")
    if found.engine == "whoosh" and found.documents > OUTGROWN:
        click.echo(f"advice     more than {OUTGROWN:,} documents: tantivy is faster (docs/operations.md, Growing)")
    return not found.stale, store.expects(found.mark) or not found.generation


def _is_made_now(store: Store) -> bool:
    """Of an index that has to be made anew: whether a process is at it."""
    try:
        with store.alone():
            return False
    except Busy:
        return True
