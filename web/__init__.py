"""Lets people ask: pages and JSON over `kb`. This is the only place that puts the parts together."""

from __future__ import annotations

from flask import Flask

from indexer.caching import Cache
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from kb import patience
from kb.accounts import Accounts
from kb.case_articles import CaseArticles
from kb.case_reports import CaseReports
from kb.cases import Cases
from kb.changing import Changing
from kb.config import Config
from kb.curating import Curating
from kb.editing import Editing
from kb.entitlements import matrices
from kb.extended_support import ExtendedSupport
from kb.imports import Imports
from kb.publishing import Publishing
from kb.search import Observe, Search
from kb.sprs import Sprs
from kb.store import Store
from kb.tasks import Tasks
from kb.watching import Watcher
from kb.webhooks import Webhooks
from web import (
    account,
    addresses,
    api,
    articles,
    asking,
    assets,
    authoring,
    case_api,
    case_articles,
    case_reports,
    cases,
    change_api,
    changing,
    countdown,
    deflection,
    draft_api,
    drafts,
    embed,
    entitlements,
    errors,
    feeds,
    health,
    home,
    import_api,
    imports,
    language,
    messages,
    metrics,
    names,
    new_case,
    search,
    security,
    sign_in,
    site,
    spr_api,
    sprs,
    tasks,
    viewer,
    webhook_api,
    webhooks,
)

__all__ = ["close", "create_app", "open_site"]


def create_app(config: Config) -> Flask:
    """The application. Store and index are opened in the process that serves, at its first request."""
    app = Flask(__name__, static_folder=None)
    app.extensions["kb-config"] = config
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(lambda: patience.begin(config.opensearch_seconds))
    app.teardown_request(lambda _: patience.end())
    asking.install(app)
    addresses.install(app)
    measured = metrics.install(app, config)
    site.install(app, lambda: open_site(config, measured.searched))
    messages.install(app)
    language.install(app, config)
    csrf = security.install(app, config)
    assets.install(app)
    viewer.install(app)
    names.install(app)
    countdown.install(app)
    errors.install(app)
    health.install(app)
    for part in (
        home,
        search,
        articles,
        authoring,
        changing,
        drafts,
        cases,
        new_case,
        deflection,
        case_reports,
        case_articles,
        embed,
        tasks,
        sprs,
        entitlements,
        sign_in,
        account,
        feeds,
        health,
        metrics,
        api,
        case_api,
        spr_api,
        imports,
        draft_api,
        change_api,
        import_api,
        webhooks,
        webhook_api,
    ):
        app.register_blueprint(part.blueprint)
    csrf.exempt(api.blueprint)
    csrf.exempt(case_api.blueprint)
    csrf.exempt(spr_api.blueprint)
    csrf.exempt(import_api.blueprint)
    csrf.exempt(draft_api.blueprint)
    csrf.exempt(change_api.blueprint)
    csrf.exempt(webhook_api.blueprint)
    # It checks for itself, after it has seen who sends: what is checked is read first, all of it.
    csrf.exempt(imports.send)
    csrf.exempt(new_case.send)
    csrf.exempt(cases.reply)
    csrf.exempt(drafts.act)
    csrf.exempt(drafts.preview)
    return app


def open_site(config: Config, observe: Observe | None = None) -> site.Site:
    """Store, engine and accounts as the settings name them."""
    store = Store.open(config.store_url)
    cache = Cache(config.cache_mb)
    engine = open_engine(config, cache=cache)
    versions = matrices(config.matrix)
    publishing = Publishing(store, config, versions)
    editing = Editing(store, publishing, config.attachment_max_mb)
    search = Search(store, engine, fold, spellings, observe, cache)
    accounts = Accounts(store, config, versions)
    cases_of_site = Cases(store, config, versions)
    return site.Site(
        config,
        store,
        engine,
        search,
        cache,
        accounts,
        versions,
        site.Catalogue(store),
        cases_of_site,
        CaseReports(store, config, cases_of_site),
        Tasks(store),
        CaseArticles(store, cases_of_site, editing),
        Imports(store),
        publishing,
        editing,
        Curating(store, editing, publishing),
        Changing(store, editing, publishing),
        Webhooks(store, config),
        Watcher(store, cases_of_site, config, versions),
        Sprs(store),
        ExtendedSupport(store, versions),
    )


def close(app: Flask) -> None:
    """Closes what this process opened; a request after that opens it again."""
    opened: site.Opened = app.extensions["kb-site"]
    opened.close()
