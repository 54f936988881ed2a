"""Queries that people and programs send to break a search: 600 of them, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, islice

MOST = 4_000
COUNT = 600
PIECES = [
    *"()[]{}\"“”'*?~^:\\/|!+-%_", "&&", "||", "--", " OR ", " AND ", " NOT ",
    "title:", "number:", "product:", "version:", "lang:", "<script>", "';--",
    "\x00", "\u200b", "\u202e", "\u2066", "\ufeff", "\ud800", "\udfff", "\U0001f600",
    "é", "ß", "ﬁ", "①", "㍿", "ｶ", "ㄉㄥ", "登入", "a", "0", "0x", "ORA-", "KB", "\t", "\n", "　", " ",
]  # fmt: skip


def queries() -> list[str]:
    """At most 4,000 characters each."""
    return [text[:MOST] for text in islice(chain(_known(), _chance()), COUNT)]


def _known() -> Iterator[str]:
    for piece in PIECES:
        yield piece
        yield piece * (MOST // len(piece))
        yield f"* {piece}* ?"
    yield "(" * 2_000 + "x" + ")" * 1_999
    yield "-a " * 1_300
    yield "NOT " * 1_000
    yield " OR ".join(["x"] * 900)
    yield "x" * MOST
    yield "登" * MOST
    yield "的" * MOST
    yield "登入失敗伺服器" * 500
    yield " ".join(f"w{n}" for n in range(700))
    yield " ".join(f"a{n}*" for n in range(25))
    yield '"' + "登入 " * 900 + '"'
    yield "title:" * 600
    yield "0x" + "f" * 3_000
    yield "1" * MOST
    yield "9" * 400 + "." * 400
    yield "a.b" * 1_300
    yield "a_b-c.d/e\\f:g@h" * 250
    yield "\u0301" * MOST
    yield "e\u0301" * 2_000
    yield "\n".join(f"\tat org.example.Class{n}.method(Class.java:{n})" for n in range(80))


def _chance() -> Iterator[str]:
    chance = random.Random(600)
    while True:
        yield "".join(chance.choices(PIECES, k=chance.choice([3, 10, 50, 400, 2_000])))
