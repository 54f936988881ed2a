"""Rendering in child processes with limits: see `kb.limited`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kb.limited import Limits, Pool
from kb.limited.pool import Reason
from kb.rendering.cleaning import Links
from kb.rendering.markdown import Part, Renderer
from kb.rendering.reading import Html

Failure: TypeAlias = Literal["render_time", "render_memory", "render_depth", "render_died", "render_error"]

FAILURES: Mapping[Reason, Failure] = {
    "time": "render_time", "memory": "render_memory", "depth": "render_depth", "died": "render_died",
    "error": "render_error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """An article to render; `links` are the addresses of its relative links and images."""

    parts: tuple[Part, ...]
    links: Links = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sections of an article, or why there are none: `detail` says more, e.g. how the child died."""

    sections: tuple[Html, ...] = ()
    failure: Failure | None = None
    detail: str = ""


class RenderPool(Pool[Job, tuple[Html, ...]]):
    """Renders many articles with every core, in their order."""

    def __init__(self, limits: Limits | None = None, workers: int | None = None) -> None:
        super().__init__("kb.rendering.pool:renderer", _characters, limits, workers)

    def render(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for each job, in order. Takes only as many jobs ahead as keep the children busy."""
        for done in self.run(jobs):
            yield Outcome(done.result or (), FAILURES[done.reason] if done.reason else None, done.detail)


def _characters(job: Job) -> int:
    return sum(len(part.markdown) for part in job.parts)


def renderer() -> Callable[[Job], tuple[Html, ...]]:
    """What the children do."""
    made = Renderer()
    return lambda job: made.sections(job.parts, job.links)
