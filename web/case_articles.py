"""A new article from a case: begun in the customer's words, linked to the case, and opened to be written on."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, url_for
from flask.typing import ResponseReturnValue

from kb.cases import NoCase
from kb.editing import NoDraft, NotLicensed
from kb.messages import told
from kb.publishing import EditRefused
from web.cases import case_page
from web.language import now
from web.messages import text
from web.site import site

blueprint = Blueprint("case_articles", __name__)


@blueprint.post("/cases/<number>/article")
def write(number: str) -> ResponseReturnValue:
    """To everyone but staff there is no such page."""
    try:
        draft = site().case_articles.write(g.viewer, number, g.language, now())
    except (NoCase, NoDraft):
        abort(404)
    except NotLicensed as refused:
        return case_page(number, text(f"draft.needs_{refused.needed}"), 403)
    except EditRefused as refused:
        return case_page(number, "; ".join(told(each, g.language) for each in refused.problems), 422)
    return redirect(url_for("drafts.page", number=draft), 303)
