"""Results and suggestions."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, render_template, request, url_for
from markupsafe import Markup

from kb import patience
from kb.config import QUESTION
from kb.entitlements import STAFF
from kb.query import (
    clean,
    filters_apart,
    parse,
    with_phrases_left_out,
    with_words_for,
    without_each,
    without_marks,
    without_minus,
)
from kb.question import FACETS, MAX_DEPTH, MOST_CHOSEN, Filters, Query
from kb.search import CHECKED, Results, Suggestion
from kb.store import StoreError
from kb.store.articles import Product
from web import names, parameters
from web.language import OWN_NAMES, figure, today
from web.messages import text
from web.parameters import DATES, SORTS, SearchParameters
from web.problems import PastTheEnd
from web.site import site

blueprint = Blueprint("search", __name__)
SUGGESTIONS = 8
SHOWN_VALUES = 8
MOST_VALUES = 60
MOST_DROPPED = 6
LONGEST_GAP = 200
LONGEST_CARRIED = 1_000
LONGEST_MEANT = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet: `url` chooses it, or takes it back. `count` as it is shown."""

    name: str
    lang: str | None
    count: str
    chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    """`shown` values at once, `more` on request."""

    key: str
    name: str
    shown: tuple[Value, ...]
    more: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Results in HTML, with all that it was made from beside the parameters."""

    results: Results
    instead: Instead | None
    respelled: str | None
    products: Mapping[str, Product]
    html: Markup

    def is_of(
        self, results: Results, instead: Instead | None, respelled: str | None, products: Mapping[str, Product]
    ) -> bool:
        same = self.results is results and self.products is products
        return same and (self.instead, self.respelled) == (instead, respelled)


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of results; no number: pages left out."""

    number: int | None = None
    url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Instead:
    """What a reader who found nothing could try.

    The same without filters, without one of its words (that word, how many articles then, where), what he may have
    meant, and where to ask people, the question carried over.
    """

    unfiltered: int
    unquoted: tuple[int, str] | None
    shorter: tuple[tuple[str, int, str], ...]
    meant: tuple[Suggestion, ...]
    community: str | None
    case: str | None


@blueprint.get("/search")
def page() -> str:
    asked = with_typed(parameters.read(request.args, site().config.max_query))
    results = found(asked)
    spr = site().sprs.lookup(g.viewer, asked.q)
    if results.total == 0 and asked.q and asked == asked.unfiltered() and not results.plain and spr is None:
        _note_gap(asked.q)
    negated = [clause for clause in parse(asked.q).clauses if clause.negated]
    left_out = [clause for clause in negated if clause.typed not in results.literal]
    return render_template(
        "results.html",
        asked=asked,
        spr=spr,
        results=results,
        found=_shown(asked, results),
        left_out=[clause.typed.removeprefix("-") for clause in left_out],
        with_those=asked.changed(q=without_minus(asked.q)).address("/search") if left_out else "",
        without_those=asked.changed(q=with_phrases_left_out(asked.q)).address("/search") if negated != left_out else "",
    )


def with_typed(asked: SearchParameters) -> SearchParameters:
    """With what was typed of facets, such as `product:windchill`, chosen in them: there it is seen, and taken back. A
    version that none of the reader's articles is of is words."""
    words, typed = filters_apart(asked.q)
    if not typed.any:
        return asked
    if unknown := _unknown(typed):
        return with_typed(asked.model_copy(update={"q": with_words_for(asked.q, unknown)}))
    typed = replace(typed, products=frozenset(map(_typed_product, typed.products)))
    both = {facet: tuple(sorted({*asked.chosen(facet), *typed.chosen(facet)})) for facet in FACETS}
    if any(len(values) > MOST_CHOSEN for values in both.values()):
        return asked
    return asked.model_copy(update={"q": words, **both})


def _unknown(typed: Filters) -> list[tuple[str, str]]:
    """The versions that none of the reader's articles is of, as a message that was pasted has them."""

    def known(version: str) -> int:
        asked = Query("", Filters(versions=frozenset({version})), today=today())
        return site().search.total(asked, g.viewer.scope)

    return [("version", each) for each in sorted(typed.versions) if not known(each)]


def _typed_product(value: str) -> str:
    """The product that goes by this name, of those the reader sees articles of; else as it was typed."""
    products, seen = site().catalogue.products(), site().store.counts_by_product(g.viewer.scope)
    called = (id_ for id_ in sorted(seen) if id_ in products and value in map(str.lower, products[id_].names.values()))
    return value if value in seen else next(called, value)


def _shown(asked: SearchParameters, results: Results) -> Markup:
    """The results as a page shows them: kept for as long as they, what is shown where there are none, how a word may be
    meant to be spelt, and what products are called stay the same."""
    products = site().catalogue.products()
    offered = instead(asked, results.plain) if results.total == 0 and asked.q else None
    short, scope = 0 < len(asked.q) <= LONGEST_MEANT, g.viewer.scope
    mended = short and not results.plain
    respelled = site().search.respelled(asked.q, scope, results.without) if mended else None
    known = g.viewer.account_id is not None
    key = (CHECKED, "shown", request.script_root, g.language, known, g.viewer.scope.grants, asked)
    kept: Shown | None = site().keep.find(key)
    made_of = results, offered, respelled, products
    if kept is None or not kept.is_of(*made_of):
        kept = Shown(*made_of, _made(asked, results, offered, respelled))
        if not results.plain and _names_are_of(results, asked):
            site().keep.put(key, kept, sys.getsizeof(kept.html) + sys.getsizeof(asked.q))
    return kept.html


def _made(asked: SearchParameters, results: Results, offered: Instead | None, respelled: str | None) -> Markup:
    facets = facets_of(results, asked)
    view: dict[str, object] = {
        "asked": asked,
        "results": results,
        "facets": facets,
        "chips": _chips(facets),
        "clear": asked.unfiltered().address("/search"),
        "sorts": [(sort, asked.changed(sort=sort).address("/search"), sort == asked.sort) for sort in SORTS],
        "pages": pages(asked, results.pages),
        "deepest": MAX_DEPTH,
        "suggestion_url": suggestion_url,
        "instead": offered,
        "respelled": (respelled, asked.changed(q=respelled).address("/search")) if respelled else None,
    }
    return Markup(render_template("found.html", **view))  # noqa: S704 - a template of ours, escaped where it was made


def _note_gap(text: str) -> None:
    """For authors: what customers and staff ask in vain. A page must not fail for it."""
    if g.viewer.account_id is None or len(text) > LONGEST_GAP:
        return
    try:
        site().store.search_gap(text, g.language, g.viewer.scope)
    except StoreError as error:
        log.warning("a question without an answer could not be noted: %s", error)


def found(asked: SearchParameters) -> Results:
    """The results. PastTheEnd for a page there is not."""
    scope = g.viewer.scope
    results = site().search.find(replace(asked.query(today()), explain=STAFF in scope.grants), scope)
    last = max(results.pages, 1)
    if asked.page > last:
        raise PastTheEnd(asked.changed(page=last).address("/search"), deep=results.total > MAX_DEPTH)
    return results


def facets_of(results: Results, asked: SearchParameters) -> list[Facet]:
    """The facets that offer a choice; what is chosen is there even when nothing has it."""
    facets = [_facet(key, results.facets.get(key, ()), asked) for key in FACETS]
    return [facet for facet in facets if len(facet.shown) > 1 or any(value.chosen for value in facet.shown)]


def _facet(key: str, counts: tuple[tuple[str, int], ...], asked: SearchParameters) -> Facet:
    chosen = asked.chosen(key)
    if key == "date":
        counts = tuple(sorted(counts, key=lambda pair: DATES.index(pair[0])))
    present = {value for value, _ in counts}
    absent = tuple((value, 0) for value in sorted(chosen) if value not in present)
    offered = [
        *counts[: SHOWN_VALUES + MOST_VALUES],
        *(pair for pair in counts[SHOWN_VALUES + MOST_VALUES :] if pair[0] in chosen),
        *absent,
    ]
    toggled = asked.toggles(key, "/search")
    values = [
        Value(
            _name(key, value, value in present),
            value if key == "lang" and value in OWN_NAMES else None,
            figure(count),
            value in chosen,
            toggled(value),
        )
        for value, count in offered
    ]
    first = tuple(value for at, value in enumerate(values) if at < SHOWN_VALUES or value.chosen)
    rest = tuple(value for at, value in enumerate(values) if at >= SHOWN_VALUES and not value.chosen)
    return Facet(key, text(f"facet.{key}"), first, rest)


def _names_are_of(results: Results, asked: SearchParameters) -> bool:
    """Whether no name on the page comes from elsewhere; see `_name`."""
    return {value for value, _ in results.facets.get("product", ())}.issuperset(asked.product)


def _name(key: str, value: str, present: bool) -> str:
    # A product the reader sees no article of is called as he called it: whether it exists is not his to know.
    if key == "product" and not present and not site().store.counts_by_product(g.viewer.scope).get(value):
        return value
    return names.facet_value(key, value)


def _chips(facets: list[Facet]) -> list[tuple[Facet, Value]]:
    return [(facet, value) for facet in facets for value in facet.shown if value.chosen]


def pages(asked: SearchParameters, last: int) -> list[PageLink]:
    """Links to the first page, the last, and those around this one."""
    if last < 2:
        return []
    near = sorted({1, last, *range(max(1, asked.page - 2), min(last, asked.page + 2) + 1)})
    links: list[PageLink] = []
    for number in near:
        if links and number > near[len([link for link in links if link.number]) - 1] + 1:
            links.append(PageLink())
        links.append(PageLink(number, asked.changed(page=number).address("/search"), number == asked.page))
    return links


def instead(asked: SearchParameters, plain: bool) -> Instead:
    """What to try. While the store answers plainly, or the reader has waited long, nothing that takes further searches:
    each costs a second then."""
    search, scope = site().search, g.viewer.scope
    plain = plain or not patience.left(1)
    wider = search.total(asked.unfiltered().query(today()), scope) if asked != asked.unfiltered() and not plain else 0
    meant = search.suggest(asked.q, scope, SUGGESTIONS, (g.language,)) if len(asked.q) <= LONGEST_MEANT else ()
    others = tuple(each for each in meant if each.text != asked.q)
    community = site().config.community_url
    return Instead(
        wider,
        None if plain else _unquoted(asked),
        () if plain else _shorter(asked),
        others,
        community and carrying(community, asked.q),
        _case(asked.q),
    )


def _case(question: str) -> str | None:
    """Where to open a case about it, for those who may."""
    if g.viewer.account_id is None:
        return None
    if elsewhere := site().config.case_url:
        return carrying(elsewhere, question)
    subject = question[:LONGEST_GAP]
    return url_for("new_case.form", subject=subject) if site().cases.products(g.viewer) else None


def carrying(address: str, question: str) -> str:
    """An address of the settings with what was asked put where it belongs."""
    return address.replace(QUESTION, quote(question[:LONGEST_CARRIED], safe="", errors="replace"))


def _unquoted(asked: SearchParameters) -> tuple[int, str] | None:
    """How many there are without quotation marks, if any were typed, and where."""
    words = asked.changed(q=without_marks(asked.q))
    if words == asked or words.q == clean(asked.q):
        return None
    total = site().search.total(words.query(today()), g.viewer.scope)
    return (total, words.address("/search")) if total else None


def _shorter(asked: SearchParameters) -> tuple[tuple[str, int, str], ...]:
    """The words that one could do without, those that hide most first."""
    found = []
    for piece, rest in without_each(asked.q)[:MOST_DROPPED]:
        if not patience.left(1):
            break
        without = asked.changed(q=rest)
        if total := site().search.total(without.query(today()), g.viewer.scope):
            found.append((piece, total, without.address("/search")))
    return tuple(sorted(found, key=lambda one: -one[1]))


@blueprint.get("/suggest")
def suggest() -> Response:
    return jsonify({"suggestions": suggestions(parameters.prefix(request.args, site().config.max_query))})


def suggestions(prefix: str) -> list[dict[str, str | None]]:
    """What may be meant, each with the address it leads to."""
    offered = site().search.suggest(prefix, g.viewer.scope, SUGGESTIONS, (g.language,)) if prefix else ()
    return [
        {
            "text": each.text,
            "kind": each.kind,
            "source": text(f"suggestion.{each.kind}"),
            "number": each.number,
            "url": suggestion_url(each),
        }
        for each in offered
    ]


def suggestion_url(suggestion: Suggestion) -> str:
    if suggestion.number:
        return url_for("articles.page", number=suggestion.number)
    return url_for("search.page", q=suggestion.text)
