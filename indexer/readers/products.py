"""`products.toml` of a folder: the products its articles may name."""

from __future__ import annotations

import tomllib

from indexer.readers.files import FileProblem
from indexer.readers.tree import Tree, content
from indexer.readers.unreadable import Unreadable
from kb.articles import LANGUAGES
from kb.entitlements import PRODUCT
from kb.reports import Place
from kb.store.articles import Product

FILE = "products.toml"
MAX_FILE = 1 << 20


def read_products(tree: Tree) -> dict[str, Product]:
    """The products by their identifiers; none when there is no such file. Unreadable says what is wrong in it."""
    if not tree.has(FILE):
        return {}
    try:
        found = tomllib.loads(content(tree, FILE, MAX_FILE).decode("utf-8"))
    except FileProblem as problem:
        raise Unreadable(Place(FILE), problem.code, **problem.values(FILE)) from problem
    except (ValueError, RecursionError) as error:
        raise Unreadable(Place(FILE), "products_wrong", detail=str(error)) from error
    return {id_: _product(id_, given) for id_, given in found.items()}


def _product(id_: str, given: object) -> Product:
    if not PRODUCT.match(id_):
        raise Unreadable(Place(FILE), "product_form", value=id_)
    if not isinstance(given, dict) or given.keys() - {"names", "words"}:
        raise Unreadable(Place(FILE), "products_wrong", detail=f"[{id_}] has `names` and `words`, nothing else")
    names, words = given.get("names", {}), given.get("words", [])
    if not isinstance(names, dict) or names.keys() - set(LANGUAGES) or not all(map(_is_text, names.values())):
        raise Unreadable(Place(FILE), "products_wrong", detail=f"[{id_}] names: a text for each language")
    if not isinstance(words, list) or not all(map(_is_text, words)):
        raise Unreadable(Place(FILE), "products_wrong", detail=f"[{id_}] words: a list of texts")
    return Product(id_, names, tuple(words))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
