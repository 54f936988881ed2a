"""Links between articles: they lead only where their reader may go."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import Connection

from kb.entitlements import Scope
from kb.store import redirects

# Clean HTML only: there every value is in double quotes and holds none.
LINK = re.compile(r'(<(?:a|img)(?: [^\s=>"]+="[^"]*")*?) (?:href|src)="/articles/(KB[0-9]{6,9})(?:[/?#][^"]*)?"')
ADDRESS = re.compile(r"/articles/(KB[0-9]{6,9})(?=[/?#]|\Z)")


def followed(connection: Connection, pages: Sequence[str], own: str, scope: Scope) -> list[str]:
    """HTML of the article `own` whose links to what the scope may not read have no address, as if that were not there.

    Always one statement, whether there are links or not.
    """
    named = {link[2] for page in pages for link in LINK.finditer(page)} - {own}
    there = redirects.reached(connection, named, scope) | {own}
    return [LINK.sub(lambda link: link[0] if link[2] in there else link[1], page) for page in pages]
