"""Add it: a new article from a case, in the customer's words, for colleagues until somebody has validated it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from kb.accounts import Viewer
from kb.articles import MAX_TITLE, Language
from kb.cases import Case, Cases, NoCase, is_staff
from kb.contents import Content
from kb.editing import Editing, NotLicensed
from kb.entitlements import STAFF
from kb.store import Store

HAN = re.compile("[\u3400-\u9fff]")
FENCES = re.compile("`{3,}")
# Problem, environment, cause, resolution.
HEADINGS: Mapping[Language, tuple[str, str, str, str]] = {
    "zh-Hant": ("問題", "環境", "原因", "解決方法"),
    "zh-Hans": ("问题", "环境", "原因", "解决方法"),
    "en": ("Problem", "Environment", "Cause", "Resolution"),
}


class CaseArticles:
    """Writes articles from cases. Safe to share between threads."""

    def __init__(self, store: Store, cases: Cases, editing: Editing) -> None:
        self._store, self._cases, self._editing = store, cases, editing

    def write(self, viewer: Viewer, number: str, lang: Language, now: datetime) -> int:
        """Makes an article of a case, which colleagues alone read, links it to the case for staff only, and gives the
        draft to go on with. `lang` is the language it is in where it cannot be told from the customer's words.

        NoCase for whoever is not staff; NotLicensed without a licence to write for the product. EditRefused: the
        case's words make no article.
        """
        case = self._cases.case(viewer, number, now) if is_staff(viewer) else None
        if case is None:
            raise NoCase(number)
        if not self._editing.may(viewer, case.row.product):
            raise NotLicensed("candidate")
        draft = self._editing.new(viewer, content_of(case, viewer, lang), now)
        made = self._editing.publish(viewer, draft, self._editing.draft(viewer, draft).row.revision, now)
        article = self._store.read(made, viewer.scope)
        if article is None:
            raise NoCase(number)
        self._cases.link(viewer, number, article, "reference", now, internal=True)
        return self._editing.open(viewer, made, now)


def content_of(case: Case, viewer: Viewer, lang: Language) -> Content:
    """What a case holds of an article: the customer's problem and environment, as he told them; the rest is open."""
    row, said = case.row, case.events[0].text
    words = f"{row.subject}\n{said}"
    language: Language = (lang if lang != "en" else "zh-Hant") if HAN.search(words) else "en"
    problem, environment, cause, resolution = HEADINGS[language]
    where = "\n".join(part for part in (row.version, row.environment) if part.strip())
    parts = [f"## {problem}", _quoted(said)]
    parts += [f"## {environment}", _quoted(where)] if where else []
    parts += [f"## {cause}", "…", f"## {resolution}", "…"]
    return Content(
        title=row.subject[:MAX_TITLE],
        lang=language,
        product=row.product,
        body="\n\n".join(parts),
        grants=(STAFF,),
        versions=(row.version.strip(),) if row.version.strip() else (),
        also_asked_as=(row.subject,),
        confidence="work_in_progress",
        owner=viewer.email,
    )


def _quoted(text: str) -> str:
    """As it was typed: nothing in a customer's words is Markdown, or a marker of ours."""
    fence = "`" * max([3, *(len(found) + 1 for found in FENCES.findall(text))])
    return f"{fence}text\n{text}\n{fence}"
