"""Markdown to safe HTML and to the plain text that is searched: once, when an article comes in; never in a request."""

from __future__ import annotations

from kb.limited import Limits
from kb.rendering.markdown import RENDERER_VERSION, Renderer, render
from kb.rendering.pool import Job, Outcome, RenderPool
from kb.rendering.reading import Html

__all__ = ["RENDERER_VERSION", "Html", "Job", "Limits", "Outcome", "RenderPool", "Renderer", "render"]
