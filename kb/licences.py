"""Who may write what: licences, as KCS has them, named for an account and a product or for every product.

A candidate writes drafts, and publishes for colleagues what nobody has validated yet. A contributor publishes anything
that colleagues alone read. A publisher publishes for customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from kb.entitlements import STAFF

Level = Literal["candidate", "contributor", "publisher"]
LEVELS: tuple[Level, ...] = get_args(Level)
EVERY_PRODUCT = ""
# What an account has for which no licence is named. Once one is named, only those named count.
BY_ROLE: Mapping[str, Level] = {"engineer": "candidate", "author": "publisher", "operator": "publisher"}
UNSURE = ("work_in_progress", "not_validated")


def level_of(role: str, licences: Mapping[str, str], product: str) -> str | None:
    """What somebody of this role may do to articles of a product; None: nothing."""
    if role not in BY_ROLE:
        return None
    return licences.get(product) or licences.get(EVERY_PRODUCT) if licences else BY_ROLE[role]


def writes(role: str, licences: Mapping[str, str], products: Iterable[str]) -> bool:
    """Whether somebody may write anything at all."""
    return any(level_of(role, licences, product) for product in products)


def reaches(level: str | None, needed: Level) -> bool:
    return level is not None and LEVELS.index(level) >= LEVELS.index(needed)


def needed_for(readers: Iterable[str], confidence: str) -> Level:
    """The licence to publish something for these readers, or to change what they read already."""
    if set(readers) - {STAFF}:
        return "publisher"
    return "candidate" if confidence in UNSURE else "contributor"
