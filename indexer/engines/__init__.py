"""The engines there are, and how one is opened by its name in the settings. Each is loaded only when it is chosen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from indexer.caching import Cache
from kb.config import ENGINES
from kb.search import Engine

if TYPE_CHECKING:
    from kb.config import Config


class EngineMissing(Exception):
    """The engine named in the settings is not one of ours, or its package is not installed."""


def open_engine(config: Config, name: str | None = None, cache: Cache | None = None) -> Engine:
    """The engine `name`, or the one of the settings. EngineMissing says what to install or which names there are.

    What it keeps goes into `cache`; None: one of its own.
    """
    chosen = name or config.engine
    if chosen not in ENGINES:
        raise EngineMissing(f"engine {chosen!r} is not one of: {', '.join(ENGINES)}")
    try:
        module = import_module(f"indexer.engines.{chosen}")
    except ModuleNotFoundError as error:
        raise EngineMissing(
            f"engine {chosen!r} needs the package {error.name!r}; where the program is: "
            f".venv/bin/pip install -e '.[{chosen}]'"
        ) from error
    return cast(Engine, module.open_engine(config, cache or Cache(config.cache_mb)))
