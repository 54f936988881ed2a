"""One's own account: the tokens of the programs that act for it."""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.accounts import LEAST, TOKEN_SCOPES, AccountError
from kb.cases import is_staff
from kb.imports import is_author
from kb.licences import writes
from kb.store.accounts import Token
from kb.webhooks import is_operator
from web import scopes
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("account", __name__)
DAYS = (30, 90, 365)
LONGEST_NAME = 100


@blueprint.get("/account")
def page() -> ResponseReturnValue:
    return sign_in_first() or _page()


def _page(token: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    withheld = {
        "drafts": not writes(g.viewer.role, g.viewer.licences, g.viewer.products),
        "imports": not is_author(g.viewer),
        "webhooks": not is_operator(g.viewer),
        "sprs:write": not is_staff(g.viewer),
    }
    offered = [scope for scope in TOKEN_SCOPES if not withheld.get(scope)]
    page = render_template(
        "account.html",
        tokens=site().accounts.tokens(g.viewer.account_id),
        offered=scopes.told(offered),
        least=LEAST,
        days=DAYS,
        longest=LONGEST_NAME,
        token=token,
        problem=problem,
    )
    return make_response(page, status)


@blueprint.post("/account/tokens")
def add() -> ResponseReturnValue:
    """Makes a token and shows it, this once."""
    if g.viewer.account_id is None:
        abort(404)
    name, days = request.form.get("name", "").strip(), request.form.get("days", "")
    wanted = request.form.getlist("scope")
    if not name or len(name) > LONGEST_NAME or any(each.name == name for each in _own()):
        return _page(problem=text("account.name_wrong", most=LONGEST_NAME), status=422)
    if not wanted or days not in map(str, DAYS):
        return _page(problem=text("account.scope_wrong"), status=422)
    try:
        token = site().accounts.add_token(g.viewer.email, name, int(days), wanted)
    except AccountError:
        return _page(problem=text("account.scope_wrong"), status=422)
    return _page(token=token)


def _own() -> list[Token]:
    return site().accounts.tokens(g.viewer.account_id)


@blueprint.post("/account/tokens/revoke")
def revoke() -> ResponseReturnValue:
    if g.viewer.account_id is None:
        abort(404)
    name = request.form.get("name", "")
    if all(each.name != name for each in _own()):
        abort(404)
    site().accounts.revoke_token(g.viewer.email, name)
    return redirect(url_for("account.page", _anchor="tokens"), 303)
