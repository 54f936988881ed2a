"""The form an article is written in: from its fields to a content, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from flask import current_app, g
from werkzeug.datastructures import MultiDict

from kb.articles import MAX_BODY, NUMBER, Problem
from kb.contents import OWN_PRODUCT, Content
from kb.entitlements import PUBLIC, STAFF
from kb.publishing import EditRefused
from web import names
from web.messages import text

# What a form holds beside its text and its files.
ROOM = 256 * 1024
LARGEST_TEXT = 4 * MAX_BODY


def content_in(form: MultiDict[str, str], before: Content) -> Content:
    """What was written; what the form does not hold stays as it was. EditRefused: a field that cannot be read."""
    problems: list[Problem] = []
    kept = set(form.getlist("keep"))
    review_on = _day(form.get("review_on", ""), problems)
    expires_at = _moment(form.get("expires_at", ""), "expires_at", problems)
    number = form.get("number", "").strip().upper()
    if number and not NUMBER.match(number):
        problems.append(Problem("number_form", "number", {"value": number}))
    if problems:
        raise EditRefused(*problems)
    return replace(
        before,
        title=form.get("title", "").strip(),
        lang=form.get("lang", before.lang),
        product=form.get("product", before.product),
        body=form.get("body", "").replace("\r\n", "\n").replace("\r", "\n"),
        grants=_grants(form, before.product),
        type=form.get("type", before.type),
        category=form.get("category", "").strip(),
        versions=listed(form.get("versions", "").replace("，", ",").replace("、", ",").split(",")),
        also_asked_as=listed(form.get("also_asked_as", "").splitlines()),
        confidence=form.get("confidence", before.confidence),
        owner=form.get("owner", "").strip() or None,
        review_on=review_on,
        expires_at=expires_at,
        number=number or None,
        files=tuple(file for file in before.files if file.digest in kept),
    )


def listed(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, what is empty left out."""
    return tuple(dict.fromkeys(each.strip() for each in values if each.strip()))


def _grants(form: MultiDict[str, str], product: str) -> tuple[str, ...]:
    """Those that are ticked, and those that are written."""
    given = [*form.getlist("grants"), *form.get("more_grants", "").replace(",", " ").split()]
    own = f"{product}:"
    return listed(OWN_PRODUCT + each.removeprefix(own) if product and each.startswith(own) else each for each in given)


def _day(given: str, problems: list[Problem]) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        problems.append(Problem("wrong_date", "review_on", {"value": given}))
        return None


def _moment(given: str, field: str, problems: list[Problem]) -> datetime | None:
    """A time of day where the support organisation is."""
    try:
        return datetime.fromisoformat(given).replace(tzinfo=current_app.extensions["kb-time-zone"]) if given else None
    except ValueError:
        problems.append(Problem("wrong_moment", field, {"value": given}))
        return None


def moment_in(given: str, field: str) -> datetime | None:
    """A moment as a form gives it, by the site's time zone; EditRefused: it is none."""
    problems: list[Problem] = []
    found = _moment(given, field, problems)
    if problems:
        raise EditRefused(*problems)
    return found


def typed(value: datetime | None) -> str:
    """A moment as the browser's field for one takes it."""
    return value.astimezone(current_app.extensions["kb-time-zone"]).strftime("%Y-%m-%dT%H:%M") if value else ""


def grant_choices() -> list[tuple[str, str]]:
    """Who an article may be for: grants to tick, and what they are called."""
    packages = [(OWN_PRODUCT + each, names.right(each)) for each in names.matrix().packages]
    return [(PUBLIC, text("audience.public")), *packages, (STAFF, text("audience.staff"))]


def other_grants(content: Content) -> str:
    """Those of an article that cannot be ticked."""
    known = {grant for grant, _ in grant_choices()}
    return " ".join(each for each in content.grants if each not in known)


def right_choices() -> Mapping[str, str]:
    """Every right of the guide that a grant may name, with what it is called."""
    rights = sorted({row.right for row in names.matrix().rows if row.right})
    return {OWN_PRODUCT + each: names.right(each) for each in rights}


def grants_told(grants: Iterable[str]) -> str:
    """Grants in words, as far as there are words for them."""
    separator = ", " if g.language == "en" else "、"
    return separator.join(grant_told(each) for each in grants)


def grant_told(grant: str) -> str:
    if grant in (PUBLIC, STAFF):
        return text(f"audience.{grant}")
    product, _, entitled = grant.partition(":")
    return names.right(entitled) if product == OWN_PRODUCT[:-1] else f"{names.product(product)} {names.right(entitled)}"
