"""`kb search`, `kb gaps`, `kb terms`."""

from __future__ import annotations

import json
from typing import Any

import click

from indexer.cli.common import Refused, config, opened_engine, opened_store, today
from indexer.filling import sources
from indexer.folding import fold
from indexer.mining import proposals
from indexer.spelling import spellings
from indexer.vocabulary import Vocabularies
from kb.accounts import Accounts
from kb.config import Config
from kb.entitlements import EVERYONE, Scope, matrices, unknown_grants
from kb.question import MAX_QUERY, Query
from kb.search import Result, Results, Search
from kb.snippets import Pieces
from kb.store import Store


@click.command()
@click.argument("query")
@click.option("--as", "email", metavar="EMAIL", help="Search as this account.")
@click.option("--grants", metavar="G,G", help="Search with these grants: windchill:gold,public")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--explain", is_flag=True, help="Show what each score is made of.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def search(query: str, email: str | None, grants: str | None, limit: int, **flags: bool) -> None:
    """Search as an account, with given grants, or as anyone who is not signed in.

    \b
    Examples:
      kb search 無法登入
      kb search 0x80070005 --as gold@demo.example
      kb search 'license -timeout' --grants windchill:gold,windchill:silver --json
    """
    if email and grants:
        raise click.UsageError("--as and --grants exclude each other")
    if len(query) > MAX_QUERY:
        raise Refused(f"the query has {len(query):,} characters; the limit is {MAX_QUERY:,}")
    settings = config()
    with opened_store(settings) as store, opened_engine(settings) as engine:
        scope = _scope(store, settings, email, grants)
        asked = Query(query, page_size=limit, today=today(settings), explain=flags["explain"])
        # Where there is nothing to read there need be no index.
        search = Search(store, engine, fold, spellings)
        found = search.find(asked, scope) if store.browse(scope, 1) else Results(asked, 0, (), {})
    if flags["as_json"]:
        click.echo(json.dumps(as_data(found), ensure_ascii=False, indent=1))
        return
    if not email and not grants:
        click.echo("As anyone who is not signed in (--as EMAIL or --grants: as someone else)", err=True)
    _print(found)


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def gaps(limit: int, as_json: bool) -> None:
    """List what was asked and found nothing, the most asked first: articles to write, or words to add.

    \b
    Example:
      kb gaps --limit 20
    """
    with opened_store(config()) as store:
        found = store.gaps(limit)
    if as_json:
        rows = [
            {"asked": gap.asked, "lang": gap.lang, "count": gap.count, "last_at": gap.last_at.isoformat()}
            for gap in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for gap in found:
        click.echo(f"{gap.count:>5,}  {gap.last_at:%Y-%m-%d}  {gap.lang:<8} {gap.asked}")
    if not found:
        click.echo("No question was left without an answer.")


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=500, show_default=True)
def terms(limit: int) -> None:
    """Propose terms for KB_TERMS: what titles say wherever their translations say another thing, the surest first.

    Look them through before you use them: it counts, it does not understand.

    \b
    Example:
      kb terms > proposed.txt
    """
    settings = config()
    with opened_store(settings) as store:
        found = proposals((source.row for source in sources(store)), Vocabularies(settings.terms).current())
    for one in found[:limit]:
        click.echo(one.line)
    click.echo(f"{len(found):,} proposed, of titles of translations", err=True)


def _scope(store: Store, settings: Config, email: str | None, grants: str | None) -> Scope:
    versions = matrices(settings.matrix)
    if email:
        return Accounts(store, settings, versions).viewer_of(email, today(settings)).scope
    if grants is None:
        return EVERYONE
    given = [each.strip() for each in grants.split(",") if each.strip()]
    rights = frozenset[str]().union(*(each.rights for each in versions))
    if unknown := unknown_grants(given, store.products(), rights):
        raise Refused(
            f"{unknown[0]!r} is no grant: public, staff, or product:right; products are "
            f"{', '.join(store.products()) or 'none yet'}; rights are {', '.join(sorted(rights))}"
        )
    return Scope(frozenset(given))


def as_data(found: Results) -> dict[str, Any]:
    """Results for programs: number, title, what it is about, its passage and score."""
    return {
        "query": found.query.text,
        "total": found.total,
        "unquoted": found.unquoted,
        "literal": list(found.literal),
        "results": [_result(each) for each in found.results],
        "facets": {name: [{"value": v, "count": n} for v, n in values] for name, values in found.facets.items()},
    }


def _result(result: Result) -> dict[str, Any]:
    row = result.article
    return {
        "number": row.number,
        "id": row.external_id,
        "source": row.source,
        "title": row.title,
        "lang": row.lang,
        "product": row.product,
        "type": row.type,
        "versions": list(row.versions),
        "updated": row.updated.isoformat(),
        "passage": _plain(result.passage),
        "file": {"name": result.file.name, "passage": _plain(result.file.passage)} if result.file else None,
        "score": round(result.score, 4),
        "parts": {name: round(value, 4) for name, value in result.parts.items()},
    }


def _plain(pieces: Pieces) -> str:
    return "".join(text for text, _ in pieces)


def _underlined(pieces: Pieces) -> str:
    return "".join(click.style(text, underline=True) if mark else text for text, mark in pieces)


def _print(found: Results) -> None:
    click.echo(f"{found.total:,} found" + (", without the quotation marks" if found.unquoted else ""))
    if found.literal:
        click.echo(f"searched for as it stands: {' '.join(found.literal)}")
    for result in found.results:
        row = result.article
        click.echo()
        click.echo(click.style(f"{row.number}  ", dim=True) + click.style(row.title, bold=True))
        click.echo(click.style(f"{row.product} · {row.lang} · {row.updated}", dim=True))
        click.echo(_underlined(result.passage))
        if result.file:
            click.echo(click.style(f"{result.file.name}: ", dim=True) + _underlined(result.file.passage))
        if result.parts:
            parts = ", ".join(f"{name} {value:.2f}" for name, value in result.parts.items() if value)
            click.echo(click.style(f"score {result.score:.2f} = {parts}", dim=True))
