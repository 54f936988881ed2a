"""The command line, `kb`. Exit codes: 0 done, 1 refused or found something, 2 wrong usage."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module

import click

from indexer.cli.common import Refused
from indexer.engines import EngineMissing
from indexer.generations import NO_PLACE
from kb.config import ConfigError
from kb.search import Busy, EngineDown
from kb.store import StoreError
from kb.store.articles import SourceChanged

REFUSED, WRONG_USAGE = 1, 2
# Each command, and where it is: only the one that is run is loaded, with what it needs.
COMMANDS: Mapping[str, str] = {
    "init": "serving:init",
    "import": "articles:import_",
    "export": "exporting:export",
    "imports": "imports:imports",
    "build": "index:build",
    "sync": "index:sync",
    "check": "index:check",
    "search": "searching:search",
    "gaps": "searching:gaps",
    "terms": "searching:terms",
    "evaluate": "evaluating:evaluate",
    "cases": "cases:cases",
    "sprs": "sprs:sprs",
    "releases": "sprs:releases",
    "user": "people:user",
    "contract": "people:contract",
    "licence": "people:licence",
    "webhooks": "webhooks:webhooks",
    "token": "people:token",
    "status": "serving:status",
    "serve": "serving:serve",
    "start": "serving:start",
}


class Commands(click.Group):
    """The commands of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"indexer.cli.{module}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="support-kb", prog_name="kb", message="%(prog)s %(version)s")
def group() -> None:
    """A knowledge base: articles in, answers out.

    Settings are environment variables that begin with KB_, see docs/settings.md; the data is in KB_HOME (./var).

    \b
    First steps:
      kb init                          make the store
      kb import articles               import a folder of Markdown, JSON lines or CSV
      kb sync                          bring the index up to date
      kb search 無法登入 --grants public
      kb serve                         serve on KB_PORT (8000)
    """


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and ends the process with its exit code. No traceback reaches who runs it."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    # As Ctrl-C does: what is half done is taken back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(_code(arguments))


def _code(arguments: list[str] | None) -> int:
    try:
        found = group(arguments, prog_name="kb", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE
    except ConfigError as error:
        return _told(str(error), WRONG_USAGE)
    except EngineMissing as error:
        return _told(str(error), WRONG_USAGE)
    except SourceChanged:
        return _told("another import of this source was faster; nothing was written, run it again", REFUSED)
    except Busy as error:
        return _told(str(error) or "another process is writing the index; try again when it is done", REFUSED)
    except (KeyboardInterrupt, click.Abort):
        return _told("stopped; what was not finished has changed nothing, run it again to go on", REFUSED)
    except BrokenPipeError:
        # Who read the output has enough. Python would complain once more when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error, _plain()):
            return _told(str(error), REFUSED)
        if isinstance(error, OSError) and error.errno in NO_PLACE:
            return _told(f"{error.filename or 'nothing can be written'}: {error.strerror}", REFUSED)
        if os.environ.get("KB_LOG_LEVEL") == "debug":
            traceback.print_exc()
            return REFUSED
        return _told(f"unexpected: {type(error).__name__}: {error}. KB_LOG_LEVEL=debug shows where", REFUSED)
    return found if isinstance(found, int) else 0


def _plain() -> tuple[type[Exception], ...]:
    """What says all there is to say."""
    from indexer.evaluation import SetError
    from indexer.serving import CannotListen
    from kb.accounts import AccountError
    from kb.imports import ImportRefused

    return AccountError, CannotListen, EngineDown, ImportRefused, Refused, StoreError, SetError


def _told(message: str, code: int) -> int:
    click.echo(f"kb: {message}", err=True)
    return code
