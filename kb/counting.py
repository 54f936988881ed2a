"""What a case counts for in the reports: docs/cases.md says what each measure means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kb.clocks import Clock
from kb.editing import SOURCE
from kb.store.cases import CaseRow
from kb.store.counts import Counted, LinkRow

# How long the first link took: measure → less than this; the last: all else.
SOON = (
    ("link_1h", timedelta(hours=1)),
    ("link_4h", timedelta(hours=4)),
    ("link_1d", timedelta(days=1)),
    ("link_3d", timedelta(days=3)),
)
LATER = "link_later"
LINK_TIMES = (*(name for name, _ in SOON), LATER)
MEASURES = (
    "cases", "closed", "linked", "known", "new", "links", *LINK_TIMES,
    *(f"{kind}_{how}" for kind in ("first_response", "next_update", "recovery") for how in ("met", "missed")),
)  # fmt: skip
LINKED_BY, LINKED_ARTICLE = "linked_by", "linked_article"


@dataclass(frozen=True, slots=True)
class Story:
    """A case with what happened to it. `clocks` are those of now, `waits` the waits for an update that have ended."""

    row: CaseRow
    month: str
    package: str | None
    clocks: Sequence[Clock]
    waits: Sequence[Clock]
    links: Sequence[LinkRow]


def counted(story: Story) -> Counted:
    """What the case counts for, as things are now."""
    row, links = story.row, story.links
    counts = Counter({"cases": 1, "closed": int(row.status == "closed"), "links": len(links)})
    if links:
        counts[_soon(links[0].at - row.opened_at)] += 1
    if links and row.status == "closed":
        counts["linked"] += 1
        counts["known" if any(_known(link, row) for link in links) else "new"] += 1
    for one in (*story.clocks, *story.waits):
        if one.state == "breached":
            counts[f"{one.kind}_missed"] += 1
        elif one.state == "met":
            counts[f"{one.kind}_met"] += 1
    subjects = Counter((LINKED_BY, link.account_id) for link in links)
    subjects.update((LINKED_ARTICLE, link.article_id) for link in links)
    running: dict[str, datetime] = {one.kind: one.due for one in story.clocks if one.due and one.state == "running"}
    return Counted(
        row.customer_id, story.month, row.product, story.package or "", row.severity, counts, subjects, running
    )


def _soon(took: timedelta) -> str:
    return next((name for name, under in SOON if took < under), LATER)


def _known(link: LinkRow, row: CaseRow) -> bool:
    """The article was there when the case was opened. What is imported was written before, whenever it came in."""
    return link.source != SOURCE or link.created_at < row.opened_at
