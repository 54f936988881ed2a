"""From what an author wrote to an article in the store: checked, rendered, written as a batch of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from kb.articles import Attachment, Draft, Known, Problem, problems
from kb.config import Config
from kb.contents import AddressOf, Content, Others, draft_of, file_address, links_of, with_file_grants
from kb.entitlements import Grants, Matrix
from kb.files import is_picture
from kb.rendered import digest_of, sections_of, sketch_of
from kb.rendering import Job
from kb.rendering.addresses import article_address
from kb.rendering.cleaning import Links
from kb.rendering.markdown import Part
from kb.rendering.waiting import Waiting
from kb.store import Store, originals, writing
from kb.store.articles import ImportRun, Rendered, RenderedAttachment, RenderedSection
from kb.store.tables import article


class EditRefused(Exception):
    """An article as it is written cannot be: `problems` say why, and what would be right."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(each.code for each in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article that may be written: checked and rendered. `remarks` are what its author should know."""

    content: Content
    rendered: Rendered
    remarks: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Who writes, and when; `account_id` None: the clock."""

    account_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """An article that was written, and the batch it was written as."""

    article_id: int
    batch: int


class Publishing:
    """Makes articles of contents. Safe to share between threads; not across a fork."""

    def __init__(self, store: Store, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._config = store, config
        self._rights: Grants = frozenset[str]().union(*(each.rights for each in matrices))
        self._waiting = Waiting(config.limits)

    def close(self) -> None:
        self._waiting.close()

    def problems(self, content: Content, source: str, external_id: str) -> list[Problem]:
        """Everything wrong with it, and what its author should know."""
        return self._checked(content, source, external_id)[1]

    def _checked(self, content: Content, source: str, external_id: str) -> tuple[Draft, list[Problem]]:
        draft, found = draft_of(content, source, external_id)
        known = Known(frozenset(self._store.products()), self._rights)
        told = [each for each in problems(draft, known) if each.code != "unknown_key"]
        return draft, [*found, *told]

    def sections(
        self, content: Content, source: str, external_id: str, address_of: AddressOf
    ) -> tuple[tuple[RenderedSection, ...], list[Problem]]:
        """What readers would see, its files at these addresses, and what its author should know. EditRefused: why not.

        A preview: the rest of it may be wrong still.
        """
        draft, found = draft_of(content, source, external_id)
        if refusing := [each for each in found if each.refuses]:
            raise EditRefused(*refusing)
        pages = partial(self._pages, source)
        made, _, remarks = self._rendered(draft, content, address_of, pages)
        return made, [*found, *remarks]

    def prepared(self, content: Content, source: str, external_id: str) -> Prepared:
        """EditRefused, with every reason, when it cannot be."""
        draft, found = self._checked(content, source, external_id)
        if any(each.refuses for each in found):
            raise EditRefused(*(each for each in found if each.refuses))
        content = with_file_grants(content, draft)
        sections, links, remarks = self._rendered(
            draft, content, partial(file_address, external_id), partial(self._to_be, source)
        )
        grants = {file.name: file.grants for file in content.files if file.grants}
        whole = digest_of(draft, {**links, **{file.name: file.digest for file in content.files}}, grants)
        today = datetime.now(ZoneInfo(self._config.time_zone)).date()
        return Prepared(
            content, Rendered(draft, today, whole, sections, links=links, sketch=sketch_of(draft)), (*found, *remarks)
        )

    def check_picture(self, file: Attachment) -> None:
        """EditRefused when it calls itself a picture and is none that can be shown."""
        if is_picture(file):
            outcome = self._waiting.render(Job((), {}, ((file.name, file.media_type, file.content),)))
            if outcome.failure:
                raise EditRefused(Problem("picture_broken", "attachments", {"value": file.name}))

    def _pages(self, source: str, ids: Sequence[str]) -> dict[str, str]:
        with self._store.reading() as connection:
            found = originals.numbers(connection, source, ids)
        return {id_: f"/articles/{number}" for id_, number in found.items()}

    def _to_be(self, source: str, ids: Sequence[str]) -> dict[str, str]:
        """Addresses that follow an article when its number changes until it is written."""
        return {id_: article_address(id_) for id_ in self._pages(source, ids)}

    def _rendered(
        self, draft: Draft, content: Content, address_of: AddressOf, others: Others
    ) -> tuple[tuple[RenderedSection, ...], Links, list[Problem]]:
        links, missing = links_of(draft, content, address_of, others)
        parts = tuple(Part(section.markdown, section.grants) for section in draft.sections)
        outcome = self._waiting.render(Job(parts, links))
        if outcome.failure:
            limits = {"seconds": self._config.render_seconds, "memory_mb": self._config.render_memory_mb}
            raise EditRefused(Problem(outcome.failure, "body_markdown", {**limits, "detail": outcome.detail}))
        remarks = [Problem("link_missing", "body_markdown", {"value": path}, refuses=False) for path in missing]
        return sections_of(draft, outcome), links, remarks

    def write(self, connection: Connection, prepared: Prepared, files: Mapping[str, bytes], by: By) -> Written:
        """Writes it as a batch of its own, with its files by digest; EditRefused: its number is another's."""
        rendered, draft = prepared.rendered, prepared.rendered.draft
        kept = tuple(
            RenderedAttachment(Attachment(file.name, file.media_type, files[file.digest]), file.grants)
            for file in prepared.content.files
        )
        numbers = frozenset({draft.number} if draft.number else ())
        run = ImportRun(draft.source, by.at, numbers=numbers, account_id=by.account_id, only=frozenset({draft.id}))
        applied = writing.apply(connection, [replace(rendered, attachments=kept)], run)
        if applied.refused:
            taken = writing.numbers_of_others(connection, draft.source, numbers).get(draft.number or "", draft.source)
            raise EditRefused(Problem("number_taken", "number", {"value": draft.number, "source": taken}))
        same = article.c.source == draft.source, article.c.external_id == draft.id
        return Written(int(connection.execute(select(article.c.id).where(*same)).scalar_one()), applied.batch)
