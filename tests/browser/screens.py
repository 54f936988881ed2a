"""Pictures of the site's pages in every language, theme and width.

python -m tests.browser.screens --base-url http://127.0.0.1:8000 --out var/shots / "/search?q=授權" /cases
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import click
from playwright.sync_api import Browser, StorageState

from tests import components
from tests.browser.chromium import ALL_LOOKS, Look, launched, open_context


@dataclass(frozen=True)
class Account:
    email: str
    password: str

    @classmethod
    def parse(cls, text: str) -> "Account":
        email, colon, password = text.partition(":")
        if not (email and colon and password):
            raise click.BadParameter("expected EMAIL:PASSWORD")
        return cls(email, password)


def save(
    browser: Browser, page_url: str, name: str, folder: Path, *, signed_in: StorageState | None = None
) -> list[Path]:
    """Writes `<name>.<language>.<theme>.<width>.png` for every look and returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for look in ALL_LOOKS:
        with open_context(browser, look, signed_in) as context:
            page = context.new_page()
            answer = page.goto(page_url)
            if answer is None or answer.status >= 500:
                raise click.ClickException(f"{page_url} answers {answer.status if answer else 'nothing'}")
            files.append(folder / f"{name}.{look}.png")
            page.screenshot(path=files[-1], full_page=True, animations="disabled")
    return files


def sign_in(browser: Browser, base_url: str, account: Account) -> StorageState:
    """Fills in the form at /sign-in and returns the session, for any number of visitors to share."""
    with open_context(browser, Look()) as context:
        page = context.new_page()
        page.goto(urljoin(base_url, "/sign-in"))
        page.fill("input[name=email]", account.email)
        page.fill("input[name=password]", account.password)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")
        if urlsplit(page.url).path == "/sign-in":
            raise click.ClickException(f"{account.email} could not sign in")
        return context.storage_state()


def file_name(path: str) -> str:
    """A path as a file's name: `/search?q=授權` gives `search-q-授權`."""
    return re.sub(r"\W+", "-", path).strip("-") or "home"


@click.command()
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True, help="The running site.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("var/shots"), show_default=True)
@click.option("--sign-in", "account", type=Account.parse, metavar="EMAIL:PASSWORD", help="Sign in first.")
@click.argument("paths", nargs=-1)
def main(base_url: str, out: Path, account: Account | None, paths: tuple[str, ...]) -> None:
    """Save pictures of PATHS (/ when none is named) in every language, theme and width."""
    program = components.chromium()
    if program is None:
        sys.exit("Chromium is missing: scripts/setup-system installs it, or says how")
    with launched(program) as browser:
        signed_in = sign_in(browser, base_url, account) if account else None
        for path in paths or ("/",):
            files = save(browser, urljoin(base_url, path), file_name(path), out, signed_in=signed_in)
            click.echo(f"{path}: {len(files)} pictures in {out}")


if __name__ == "__main__":
    main()
