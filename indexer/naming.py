"""What a product is called in an import, and the identifier the store knows it by."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from kb.articles import LANGUAGES
from kb.entitlements import PRODUCT
from kb.store.articles import Product

LONGEST = 40


class Products:
    """Identifiers of products by identifier, name, or another word. With `new`, unknown ones get one and are kept."""

    def __init__(self, known: Mapping[str, Product], new: bool = False) -> None:
        self.known = dict(known)
        self.added: dict[str, Product] = {}
        self._new = new
        self._ids = {word: each.id for each in known.values() for word in map(_folded, each.words)}
        self._ids |= {name: each.id for each in known.values() for name in map(_folded, each.names.values())}
        self._ids |= {_folded(id_): id_ for id_ in known}

    def id_of(self, name: str) -> str:
        """The identifier; the name itself when it is unknown and there are to be no new products."""
        key = _folded(name)
        if key in self._ids:
            return self._ids[key]
        if not self._new or not key:
            return name
        id_ = name if PRODUCT.match(name) else _identifier(name)
        if id_ in self.known:
            id_ = f"{id_}-{hashlib.sha256(key.encode()).hexdigest()[:6]}"
        self._ids[key] = id_
        self.known[id_] = self.added[id_] = Product(id_, dict.fromkeys(LANGUAGES, name.strip()))
        return id_


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _identifier(name: str) -> str:
    """Small letters, digits and hyphens: Han by its pinyin, so that it can be read aloud."""
    # It reads its dictionaries, which few imports need.
    from pypinyin import lazy_pinyin

    latin = " ".join(lazy_pinyin(unicodedata.normalize("NFKC", name)))
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode().lower()
    id_ = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return id_ or "product-" + hashlib.sha256(name.encode()).hexdigest()[:8]
