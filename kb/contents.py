"""What an author writes: an article as a form holds it, on its way to a draft that the checks and the store take."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeAlias
from urllib.parse import quote

from kb.articles import Draft, Problem, Section
from kb.entitlements import expand
from kb.files import grants_by_name, meant
from kb.rendering.addresses import addresses, article_address
from kb.rendering.cleaning import target
from kb.sections import joined, split
from kb.store.originals import Original, OriginalFile

AddressOf: TypeAlias = Callable[["File"], str]
Others: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]
OWN_PRODUCT = "{product}:"


@dataclass(frozen=True, slots=True)
class File:
    """A file of an article by its digest. `grants` empty: whoever reads the article may have it."""

    name: str
    digest: str
    media_type: str
    size: int
    grants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """An article as its author writes it. `{product}` in grants, of the text's sections too, is the article's own.

    `number` None: the one it has, or one the store gives. `links`: where relative addresses of its text led so far.
    """

    title: str
    lang: str
    product: str
    body: str
    grants: tuple[str, ...] = ()
    type: str = "solution"
    category: str = ""
    versions: tuple[str, ...] = ()
    also_asked_as: tuple[str, ...] = ()
    confidence: str = "work_in_progress"
    owner: str | None = None
    review_on: date | None = None
    expires_at: datetime | None = None
    number: str | None = None
    group: str | None = None
    files: tuple[File, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def readers(self) -> set[str]:
        """Every grant that reads any of it."""
        sections, _ = split(self.body, self.product)
        return {*expand(self.grants, self.product), *(grant for each in sections for grant in each.grants)}


def packed(content: Content) -> dict[str, Any]:
    """As JSON takes it; `unpacked` reads it."""
    data = asdict(content)
    data["review_on"] = content.review_on.isoformat() if content.review_on else None
    data["expires_at"] = content.expires_at.isoformat() if content.expires_at else None
    return data


def unpacked(data: Mapping[str, Any]) -> Content:
    values = dict(data)
    for name in ("grants", "versions", "also_asked_as"):
        values[name] = tuple(values[name])
    values["files"] = tuple(File(**{**each, "grants": tuple(each["grants"])}) for each in values["files"])
    values["review_on"] = date.fromisoformat(values["review_on"]) if values["review_on"] else None
    values["expires_at"] = datetime.fromisoformat(values["expires_at"]) if values["expires_at"] else None
    return Content(**values)


def content_of(original: Original) -> Content:
    """An article of the store as its author would write it."""
    draft, own = original.draft, f"{original.draft.product}:"

    def short(grants: Iterable[str]) -> tuple[str, ...]:
        return tuple(OWN_PRODUCT + each.removeprefix(own) if each.startswith(own) else each for each in grants)

    sections = [Section(each.markdown, short(each.grants)) for each in draft.sections]
    files = tuple(
        File(each.name, each.digest, each.media_type, each.size, tuple(sorted(each.grants))) for each in original.files
    )
    same = ("title", "lang", "product", "type", "category", "versions", "also_asked_as", "confidence", "owner")
    more = ("review_on", "expires_at", "group", "extra")
    values = {name: getattr(draft, name) for name in (*same, *more)}
    return Content(
        body=joined(sections),
        grants=short(draft.grants),
        number=original.number,
        files=files,
        links=original.links,
        **values,
    )


def as_original(content: Content) -> Original:
    """A content as one compares it: as if the store had it."""
    draft, _ = draft_of(content, "", "")
    files = tuple(
        OriginalFile(0, each.name, each.media_type, each.size, each.digest, frozenset(each.grants))
        for each in content.files
    )
    return Original(0, content.number or "", draft, files)


def draft_of(content: Content, source: str, external_id: str) -> tuple[Draft, list[Problem]]:
    """What the checks and the store take, without its files, and what there is to say of the text's markers."""
    sections, problems = split(content.body.replace("\r\n", "\n").replace("\r", "\n"), content.product)
    draft = Draft(
        source=source,
        id=external_id,
        title=content.title.strip(),
        lang=content.lang,
        product=content.product,
        sections=tuple(sections),
        grants=tuple(expand(content.grants, content.product)),
        number=content.number,
        type=content.type,
        category=content.category.strip(),
        versions=content.versions,
        also_asked_as=content.also_asked_as,
        confidence=content.confidence,
        group=content.group,
        owner=content.owner,
        review_on=content.review_on,
        expires_at=content.expires_at,
        extra=content.extra,
    )
    return draft, problems


def with_file_grants(content: Content, draft: Draft) -> Content:
    """Its files with their readers as its text has them; one that it does not refer to keeps those it had."""
    grants = grants_by_name(draft.sections, {file.name for file in content.files}, content.links)
    files = tuple(replace(file, grants=grants.get(file.name, file.grants)) for file in content.files)
    return replace(content, files=files)


def links_of(draft: Draft, content: Content, address_of: AddressOf, others: Others) -> tuple[dict[str, str], list[str]]:
    """The addresses of relative links, and the links that lead nowhere.

    Another article is meant by its file, as folders have them. `others` tells the addresses of those of these ids that
    the source has.
    """
    named = {file.name: address_of(file) for file in content.files}
    wanted = sorted({target(address) for section in draft.sections for address in addresses(section.markdown)})
    links = {path: named[name] for path in wanted if (name := meant(path, named, content.links))}
    folder = posixpath.dirname(draft.id)
    ids = {
        path: posixpath.normpath(posixpath.join(folder, path))[: -len(".md")]
        for path in wanted
        if path.lower().endswith(".md") and path not in links
    }
    there = others(sorted(set(ids.values()))) if ids else {}
    links |= {path: there[id_] for path, id_ in ids.items() if id_ in there}
    links |= {path: content.links[path] for path in wanted if path not in links and path in content.links}
    return {**named, **links}, [path for path in wanted if path not in links]


def file_address(external_id: str, file: File) -> str:
    """Where a file of an article will be, once the article has its number."""
    return f"{article_address(external_id)}/attachments/{quote(file.name)}"
