"""A case's articles as a panel in the page of another tool, a CRM: an engineer searches and links there.

Pages that the settings name may hold it in a frame, and nobody else; by default nobody may.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.cases import CaseRefused, NoCase, is_staff
from kb.config import Config
from web import articles
from web.cases import offered, told
from web.language import now
from web.security import PAGE_POLICY
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("embed", __name__, url_prefix="/embed")
PREFIX = "/embed/"
ANCESTORS = "frame-ancestors 'none'"


@blueprint.after_request
def frame(response: Response) -> Response:
    """Lets the pages that the settings name hold this one in a frame."""
    config: Config = current_app.extensions["kb-config"]
    if config.embed_origins:
        ancestors = f"frame-ancestors {' '.join(config.embed_origins)}"
        response.headers["Content-Security-Policy"] = PAGE_POLICY.replace(ANCESTORS, ancestors)
        # Browsers that know both go by the policy; the header can name no others, and is left out.
        g.framed = True
    return response


@blueprint.get("/case-panel")
def panel() -> ResponseReturnValue:
    """The articles of `case`, and those that `q`, or else the case itself, finds. For staff alone."""
    return sign_in_first() or _panel(request.args.get("case", ""))


def _panel(number: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = site().cases.case(g.viewer, number, now()) if is_staff(g.viewer) else None
    if found is None:
        abort(404)
    asked = request.args.get("q")
    said = "\n".join((found.row.subject, found.events[0].text))
    page = render_template(
        "case_panel.html",
        case=found,
        row=found.row,
        asked=found.row.subject if asked is None else asked,
        offered=offered(found, said if asked is None else asked),
        problem=problem,
        now=now(),
    )
    return make_response(page, status)


@blueprint.post("/case-panel")
def change() -> ResponseReturnValue:
    """Links an article to the case as its `role` says, or takes the link back, and shows the panel again."""
    if not is_staff(g.viewer):
        abort(404)
    number, form = request.args.get("case", ""), request.form
    article = articles.readable(form.get("article", ""))
    try:
        if form.get("unlink"):
            site().cases.unlink(g.viewer, number, article.row.id, now())
        else:
            internal = form.get("internal") == "1"
            site().cases.link(g.viewer, number, article, form.get("role", ""), now(), internal=internal)
    except NoCase:
        abort(404)
    except CaseRefused as refused:
        return _panel(number, told(refused), 422)
    return redirect(url_for("embed.panel", case=number, q=request.args.get("q")), 303)
