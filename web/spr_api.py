"""Software performance reports for programs."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import NotFound

from kb.cases import is_staff
from kb.sprs import PAGE, STATUSES, NewSpr, NoSpr, Spr, SprRefused
from web import errors, parameters, spr_schema
from web.api import json_of
from web.articles import readable
from web.bodies import body
from web.language import now
from web.messages import text
from web.problems import BadParameter, Refused
from web.site import site
from web.sprs import listed, summary, told
from web.viewer import require_token

blueprint = Blueprint("spr_api", __name__, url_prefix="/api/v1/sprs")
PARAMETERS = {"spr_api.sprs": ("status", "limit", "cursor", "ui"), "spr_api.spr": ("ui",)}
MOST = 100


@blueprint.before_request
def check() -> None:
    """Reading takes no token, as reading articles does; changes take one of staff."""
    if request.method != "GET":
        require_token()
        site().sprs.check_staff(g.viewer)
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])


@blueprint.errorhandler(NoSpr)
def absent(_: NoSpr) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(SprRefused)
def refused(error: SprRefused) -> Response:
    return errors.told(Refused(told(error)))


@blueprint.get("")
def sprs() -> Response:
    """A page of a walk through all reports, for staff."""
    site().sprs.check_staff(g.viewer)
    status = request.args.get("status", "all")
    if status not in ("all", *STATUSES):
        raise BadParameter("status", status, text("wrong.choice", choices=", ".join(("all", *STATUSES))))
    limit = parameters.whole(request.args, "limit", PAGE, MOST)
    found, following = listed("" if status == "all" else status, request.args.get("cursor"), limit)
    return json_of(spr_schema.Sprs(sprs=[summary(row) for row in found], next=following))


@blueprint.get("/<number>")
def spr(number: str) -> Response:
    return _told(number)


@blueprint.put("/<number>")
def save(number: str) -> Response:
    """Adds a report, or changes the one of this number."""
    given = body(spr_schema.NewSpr)
    site().sprs.save(g.viewer, NewSpr(number, **given.model_dump()), now())
    return _told(number)


@blueprint.put("/<number>/articles/<article>")
def link(number: str, article: str) -> Response:
    site().sprs.link(g.viewer, number, readable(article), now())
    return _told(number)


@blueprint.delete("/<number>/articles/<article>")
def unlink(number: str, article: str) -> Response:
    site().sprs.unlink(g.viewer, number, readable(article))
    return _told(number)


def _told(number: str) -> Response:
    found = site().sprs.find(g.viewer, number)
    if found is None:
        raise NotFound
    return json_of(_whole(found))


def _whole(found: Spr) -> spr_schema.Spr:
    row, staff = found.row, is_staff(g.viewer)
    articles = [spr_schema.SprArticle(number=each.row.number, title=each.row.title) for each in found.articles]
    return spr_schema.Spr(
        **summary(row).model_dump(),
        product=row.product if staff else None,
        changed_at=row.changed_at if staff else None,
        articles=articles,
        cases=[each.number for each in found.cases],
    )
