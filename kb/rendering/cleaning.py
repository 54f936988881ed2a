"""The HTML an article may hold, and the addresses its links may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote

import nh3

Links: TypeAlias = Mapping[str, str]

TAGS = frozenset(
    "a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary sup "
    "table tbody td tfoot th thead time tr u ul var wbr".split()
)
CONTENT_DROPPED = frozenset("script style template noscript iframe object embed svg math title textarea select".split())
CELL = {"align", "colspan", "rowspan", "scope"}
ATTRIBUTES: Mapping[str, set[str]] = {
    "*": {"id", "class", "lang", "title", "dir"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "td": CELL,
    "th": CELL,
    "time": {"datetime"},
    "details": {"open"},
}
SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp"})
CLASSES = frozenset(
    "admonition admonition-title note warning tip important caution danger hint attention error info footnote "
    "footnote-ref footnote-backref footnotes".split()
)
# Pages of ours that an article may link to. Any other path is one of the site the text came from.
OWN_PAGE = re.compile(r"/(articles/KB\d{6,9}|entitlements|search)([/?#].*)?\Z", re.ASCII)
ARTICLE = re.compile(r"(/articles/KB\d+|kb-article:[0-9a-f]+)\Z", re.ASCII)
ANCHOR = re.compile(r"[^\s\"'<>&]{1,200}\Z")


class Cleaner:
    """Cleans the HTML of one article after another. For one thread."""

    def __init__(self) -> None:
        self._links: Links = {}
        self._nh3 = nh3.Cleaner(
            tags=set(TAGS),
            clean_content_tags=set(CONTENT_DROPPED),
            attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
            attribute_filter=self._attribute,
            url_schemes=set(SCHEMES),
            link_rel=None,
        )

    def clean(self, html: str, links: Links) -> str:
        self._links = links
        return self._nh3.clean(html)

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return self._address(value)
        if name == "src":
            # Pictures of other sites would tell them who reads what; an article is none.
            found = self._links.get(target(value))
            return None if found and ARTICLE.match(found) else found
        if name == "class":
            kept = [each for each in value.split() if each in CLASSES or each.startswith("language-")]
            return " ".join(kept) or None
        if name in ("id", "name"):
            return value if ANCHOR.match(value) else None
        return value

    def _address(self, value: str) -> str | None:
        path, hash_, anchor = value.partition("#")
        if not path:
            return value if ANCHOR.match(anchor) else None
        if found := self._links.get(target(value)):
            return f"{found}#s-{unquote(anchor)}" if hash_ and anchor else found
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", value):
            return value
        return value if OWN_PAGE.match(value) else None


def target(address: str) -> str:
    """The file that a relative link means, as keys of `Links` have it: no fragment, nothing percent-encoded."""
    path = address.strip().partition("#")[0]
    return unquote(path).removeprefix("./")
