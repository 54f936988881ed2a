"""For programs that read along: a feed of what is new, and for search engines what there is for everyone."""

from __future__ import annotations

from datetime import UTC, datetime, time
from xml.etree import ElementTree as XML

from flask import Blueprint, Response, abort, g, request, url_for

from kb.articles import LANGUAGES
from kb.entitlements import EVERYONE
from kb.store.articles import ArticleRow
from web import names
from web.language import site_name
from web.messages import text
from web.problems import BadParameter
from web.site import site

blueprint = Blueprint("feeds", __name__)
NEWEST = 50
# The protocol allows 50,000 addresses in a file.
ADDRESSES = 10_000
ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
FOR_PEOPLE = ("/search", "/suggest", "/sign-in", "/sign-out", "/cases", "/reports", "/authoring", "/imports", "/api/")
ROBOTS = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in FOR_PEOPLE)
XML.register_namespace("", ATOM)


@blueprint.get("/feed.atom")
def feed() -> Response:
    """The articles last updated among those the reader may read, as Atom (RFC 4287)."""
    product, lang = request.args.get("product", ""), request.args.get("lang", "")
    if lang not in ("", *LANGUAGES):
        raise BadParameter("lang", lang, text("wrong.choice", choices=", ".join(LANGUAGES)))
    rows = site().store.browse(g.viewer.scope, NEWEST, product, lang)
    root = XML.Element(f"{{{ATOM}}}feed", {"xml:lang": g.language})
    _add(root, "id", request.url)
    _add(root, "title", f"{text('home.newest')} · {site_name()}")
    _add(root, "updated", max((_moment(row) for row in rows), default=_stamp(datetime.min)))
    _add(root, "link", rel="self", href=request.url)
    _add(root, "link", rel="alternate", type="text/html", href=url_for("home.page", _external=True))
    author = _add(root, "author")
    _add(author, "name", site_name())
    for row in rows:
        entry = XML.SubElement(root, f"{{{ATOM}}}entry", {"xml:lang": row.lang})
        address = url_for("articles.page", number=row.number, _external=True)
        _add(entry, "id", address)
        _add(entry, "title", row.title)
        _add(entry, "updated", _moment(row))
        _add(entry, "link", rel="alternate", type="text/html", href=address)
        _add(entry, "category", term=row.product, label=names.product(row.product))
    return _xml(root, "application/atom+xml")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """What everyone may read, in one file, or the files that tell it together."""
    count = sum(site().store.counts_by_product(EVERYONE).values())
    if count <= ADDRESSES:
        return _addresses(0)
    root = XML.Element("sitemapindex", xmlns=SITEMAP)
    for part in range(-(-count // ADDRESSES)):
        told = XML.SubElement(root, "sitemap")
        XML.SubElement(told, "loc").text = url_for("feeds.sitemap_part", part=part + 1, _external=True)
    return _xml(root, "application/xml")


@blueprint.get("/sitemap-<int:part>.xml")
def sitemap_part(part: int) -> Response:
    if not 1 <= part <= 1_000:
        abort(404)
    return _addresses(part - 1)


@blueprint.get("/robots.txt")
def robots() -> Response:
    told = f"{ROBOTS}\nSitemap: {url_for('feeds.sitemap', _external=True)}\n"
    return Response(told, content_type="text/plain; charset=utf-8")


def _addresses(part: int) -> Response:
    rows = site().store.listed(EVERYONE, part * ADDRESSES, ADDRESSES)
    if part and not rows:
        abort(404)
    root = XML.Element("urlset", xmlns=SITEMAP)
    for row in rows:
        told = XML.SubElement(root, "url")
        XML.SubElement(told, "loc").text = url_for("articles.page", number=row.number, _external=True)
        XML.SubElement(told, "lastmod").text = row.updated.isoformat()
    return _xml(root, "application/xml")


def _add(parent: XML.Element, name: str, said: str = "", **attributes: str) -> XML.Element:
    found = XML.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    found.text = _writable(said) or None
    return found


def _writable(said: str) -> str:
    """The text without the characters that XML cannot hold."""
    return "".join(each for each in said if each in "\t\n" or (each >= " " and each not in "\ufffe\uffff"))


def _moment(row: ArticleRow) -> str:
    return _stamp(datetime.combine(row.updated, time()))


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _xml(root: XML.Element, media_type: str) -> Response:
    response = Response(XML.tostring(root, "utf-8", xml_declaration=True), content_type=f"{media_type}; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response
