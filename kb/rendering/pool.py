"""Rendering in child processes with limits: see `kb.limited`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kb.limited import Limits, Pool
from kb.limited.pool import Reason
from kb.pictures import NotAPicture, check
from kb.rendering.cleaning import Links
from kb.rendering.markdown import Part, Renderer
from kb.rendering.reading import Html

Failure: TypeAlias = Literal[
    "render_time", "render_memory", "render_depth", "render_died", "render_error", "picture_broken"
]

FAILURES: Mapping[Reason, Failure] = {
    "time": "render_time", "memory": "render_memory", "depth": "render_depth", "died": "render_died",
    "error": "render_error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """An article to render; `links` are the addresses of its relative links and images.

    `pictures`, by name and media type, are looked at: one that is none fails the article.
    """

    parts: tuple[Part, ...]
    links: Links = field(default_factory=dict)
    pictures: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """The name of a picture that is none."""

    picture: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sections of an article, or why there are none: `detail` says more, e.g. how the child died."""

    sections: tuple[Html, ...] = ()
    failure: Failure | None = None
    detail: str = ""


class RenderPool(Pool[Job, "tuple[Html, ...] | Broken"]):
    """Renders many articles with every core, in their order."""

    def __init__(self, limits: Limits | None = None, workers: int | None = None) -> None:
        super().__init__("kb.rendering.pool:renderer", _weight, limits, workers)

    def render(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for each job, in order. Takes only as many jobs ahead as keep the children busy."""
        for done in self.run(jobs):
            if isinstance(done.result, Broken):
                yield Outcome(failure="picture_broken", detail=done.result.picture)
            else:
                yield Outcome(done.result or (), FAILURES[done.reason] if done.reason else None, done.detail)


def _weight(job: Job) -> int:
    return sum(len(part.markdown) for part in job.parts) + sum(len(content) for _, _, content in job.pictures) // 4


def renderer() -> Callable[[Job], tuple[Html, ...] | Broken]:
    """What the children do."""
    made = Renderer()

    def work(job: Job) -> tuple[Html, ...] | Broken:
        for name, media_type, content in job.pictures:
            try:
                check(content, media_type)
            except NotAPicture:
                return Broken(name)
        return made.sections(job.parts, job.links)

    return work
