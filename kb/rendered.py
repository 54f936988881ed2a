"""From a draft and what the renderer made of it to what the store takes, whoever brings the draft."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from kb.articles import Draft
from kb.likeness import sketch
from kb.rendering import RENDERER_VERSION, Outcome
from kb.store.articles import RenderedSection, TocEntry


def digest_of(draft: Draft, links: Mapping[str, str], file_grants: Mapping[str, tuple[str, ...]]) -> str:
    """Of everything that shapes what readers see: the draft, how it is rendered, where its links lead."""
    around = [draft.digest, RENDERER_VERSION, sorted(links.items()), sorted(file_grants.items())]
    return hashlib.sha256(json.dumps(around, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def sketch_of(draft: Draft) -> bytes:
    """What its text is compared with others by."""
    return sketch(section.markdown for section in draft.sections)


def sections_of(draft: Draft, outcome: Outcome) -> tuple[RenderedSection, ...]:
    """The sections of a draft, rendered."""
    return tuple(
        RenderedSection(
            section.markdown,
            section.grants,
            html.html,
            html.text,
            tuple(html.headings),
            tuple(TocEntry(*entry) for entry in html.toc),
        )
        for section, html in zip(draft.sections, outcome.sections, strict=True)
    )
