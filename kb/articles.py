"""Articles: what they are made of, and the checks every article passes on its way in, whoever brings it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from kb.entitlements import MAX_SECTION_GRANTS, PRODUCT, Grants, unknown_grants

Language = Literal["zh-Hant", "zh-Hans", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

ArticleType = Literal["solution", "how_to", "reference", "release_note", "spr", "service", "faq"]
TYPES: tuple[ArticleType, ...] = get_args(ArticleType)

Confidence = Literal["work_in_progress", "not_validated", "validated", "archived"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)

# Controls and halves of pairs, but for those that part words and lines.
NOT_IN_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
NOT_IN_A_LINE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
NUMBER = re.compile(r"KB\d{6,9}\Z")
MAX_TITLE = 300
MAX_BODY = 4_000_000
MAX_ID = 300
MAX_OWNER = 254
OWNER = re.compile(r"[^@\s]+@[^@\s]+")
ATTACHMENT_NAME = re.compile(r"[^/\\\x00-\x1f<>:\"|?*]{1,150}\Z")


# What digests are taken of.
_PACKED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode


@dataclass(frozen=True, slots=True)
class Section:
    """Part of an article in Markdown. `grants` empty: whoever reads the article reads it."""

    markdown: str
    grants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an article. `media_type` is what its bytes say, not its name."""

    name: str
    media_type: str
    content: bytes = dataclasses.field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as a reader found it: checked by `problems`, then saved.

    (`source`, `id`) is its identity for later imports. `group` joins translations of one article. `owner` is the e-mail
    of who looks after it, `review_on` the day it should be looked at again, `expires_at` when readers lose it.
    `former_numbers` lead to it, beside those that do already.
    """

    source: str
    id: str
    title: str
    lang: str
    product: str
    sections: tuple[Section, ...]
    grants: tuple[str, ...] = ()
    number: str | None = None
    type: str = "reference"
    category: str = ""
    versions: tuple[str, ...] = ()
    updated: date | None = None
    also_asked_as: tuple[str, ...] = ()
    confidence: str = "validated"
    group: str | None = None
    owner: str | None = None
    review_on: date | None = None
    expires_at: datetime | None = None
    former_numbers: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A hash over everything a reader or a search can see; equal digests mean nothing to import."""
        content = [
            self.title, self.lang, self.product, [[s.markdown, list(s.grants)] for s in self.sections],
            sorted(self.grants), self.number, self.type, self.category, list(self.versions),
            self.updated.isoformat() if self.updated else None, list(self.also_asked_as), self.confidence, self.group,
            sorted([a.name, a.media_type, a.digest] for a in self.attachments), self.extra,
        ]  # fmt: skip
        kept = [self.owner, str(self.review_on or ""), self.expires_at.isoformat() if self.expires_at else None]
        # Articles without any of these keep the digests they had before there were these.
        content += kept if any(kept) else []
        content += [sorted(self.former_numbers)] if self.former_numbers else []
        return hashlib.sha256(_PACKED(content).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an article was refused, or what its author should know.

    `field` is the key of the front matter or row at fault.

    `code` and `values` name a message of `kb.messages`, so that it can be told in the reader's language.
    """

    code: str
    field: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What an article may refer to: products of the store, rights of the matrix. `new_products`: any product goes."""

    products: Grants
    rights: Grants
    new_products: bool = False


def problems(draft: Draft, known: Known) -> list[Problem]:
    """Everything wrong with a draft, all at once, in the order of the front matter."""
    return [*_text_problems(draft), *_choice_problems(draft), *_grant_problems(draft, known), *_file_problems(draft)]


def _text_problems(draft: Draft) -> Iterable[Problem]:
    if not draft.id.strip() or len(draft.id) > MAX_ID:
        yield Problem("id_length", "id", {"limit": MAX_ID})
    if not draft.title.strip():
        yield Problem("title_missing", "title")
    elif len(draft.title) > MAX_TITLE:
        yield Problem("title_too_long", "title", {"length": len(draft.title), "limit": MAX_TITLE})
    length = sum(len(s.markdown) for s in draft.sections)
    if not any(s.markdown.strip() for s in draft.sections):
        yield Problem("body_missing", "body_markdown")
    elif length > MAX_BODY:
        yield Problem("body_too_long", "body_markdown", {"length": length, "limit": MAX_BODY})
    for name, text in (
        ("title", draft.title),
        ("id", draft.id),
        *(("body_markdown", s.markdown) for s in draft.sections),
    ):
        if bad := (NOT_IN_TEXT if name == "body_markdown" else NOT_IN_A_LINE).search(text):
            yield Problem("forbidden_character", name, {"character": f"U+{ord(bad[0]):04X}"})


def _choice_problems(draft: Draft) -> Iterable[Problem]:
    choices = (
        ("lang", draft.lang, LANGUAGES),
        ("type", draft.type, TYPES),
        ("confidence", draft.confidence, CONFIDENCES),
    )
    for name, value, allowed in choices:
        if value not in allowed:
            yield Problem("not_one_of", name, {"value": value, "allowed": ", ".join(allowed)})
    if draft.owner and (len(draft.owner) > MAX_OWNER or not OWNER.fullmatch(draft.owner)):
        yield Problem("owner_form", "owner", {"value": draft.owner})
    if draft.number is not None and not NUMBER.match(draft.number):
        yield Problem("number_form", "number", {"value": draft.number})
    for number in draft.former_numbers:
        if not NUMBER.match(number):
            yield Problem("number_form", "former_numbers", {"value": number})


def _grant_problems(draft: Draft, known: Known) -> Iterable[Problem]:
    products = known.products
    if not PRODUCT.match(draft.product) and not (known.new_products and draft.product.strip()):
        yield Problem("product_form", "product", {"value": draft.product})
    elif draft.product not in products:
        if not known.new_products:
            yield Problem("product_unknown", "product", {"value": draft.product, "known": ", ".join(sorted(products))})
        products = products | {draft.product}
    for grant in unknown_grants(draft.grants, products, known.rights):
        yield Problem("grant_unknown", "grants", {"value": grant})
    restricted = {s.grants for s in draft.sections if s.grants}
    for grants in sorted(restricted):
        for grant in unknown_grants(grants, products, known.rights):
            yield Problem("grant_unknown", "sections", {"value": grant})
    if len(restricted) > MAX_SECTION_GRANTS:
        yield Problem("too_many_section_grants", "sections", {"count": len(restricted), "limit": MAX_SECTION_GRANTS})
    if not draft.grants:
        yield Problem("nobody_reads", "grants", refuses=False)


def _file_problems(draft: Draft) -> Iterable[Problem]:
    seen: set[str] = set()
    for attachment in draft.attachments:
        if not ATTACHMENT_NAME.match(attachment.name) or attachment.name.strip(". ") != attachment.name:
            yield Problem("attachment_name", "attachments", {"value": attachment.name})
        if attachment.name.casefold() in seen:
            yield Problem("attachment_twice", "attachments", {"value": attachment.name})
        seen.add(attachment.name.casefold())
    for key in sorted(draft.extra):
        yield Problem("unknown_key", key, refuses=False)
