"""The reader's language and theme: chosen in the address, kept in a cookie, else as account or browser say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, request

from kb.articles import LANGUAGES, Language
from kb.config import Config
from web.messages import text

DEFAULT: Language = "zh-Hant"
LOCALES = {"zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans", "en": "en"}
OWN_NAMES: dict[Language, str] = {"zh-Hant": "繁體中文", "zh-Hans": "简体中文", "en": "English"}
THEMES = ("auto", "light", "dark")
TRADITIONAL = ("tw", "hk", "mo")
LANG_COOKIE = "kb_lang"
THEME_COOKIE = "kb_theme"
YEAR = 365 * 24 * 3600
LONGEST = 2_000
DAYS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting a reader can switch to: where to, what it is called, whether it is the one in force."""

    key: str
    name: str
    url: str
    chosen: bool


def install(app: Flask, config: Config) -> None:
    """Settles `g.language` and `g.theme` before each request and gives templates their formats."""
    app.before_request(_settle)
    app.after_request(_remember)
    app.jinja_env.globals.update(
        day=day,
        moment=moment,
        span=span,
        figure=figure,
        size=size,
        languages=languages,
        themes=themes,
        today=today,
        site_name=site_name,
    )
    app.extensions["kb-time-zone"] = ZoneInfo(config.time_zone)


def _locale() -> str:
    return LOCALES[g.get("language", DEFAULT)]


def _settle() -> None:
    """A wrong `ui` or `theme` is left for the parameters' check: its refusal needs a language to be told in."""
    g.language = _known(request.args.get("ui")) or _known(request.cookies.get(LANG_COOKIE)) or accepted()
    theme = request.args.get("theme") or request.cookies.get(THEME_COOKIE)
    g.theme = theme if theme in THEMES else "auto"


def use_account_language(lang: str | None) -> None:
    """The account's language, for a reader who has chosen none here."""
    if not request.args.get("ui") and not request.cookies.get(LANG_COOKIE) and (known := _known(lang)):
        g.language = known


def _remember(response: Response) -> Response:
    if request.method == "GET":
        for name, cookie, allowed in (("ui", LANG_COOKIE, LANGUAGES), ("theme", THEME_COOKIE, THEMES)):
            if (value := request.args.get(name)) in allowed:
                response.set_cookie(cookie, str(value), YEAR, secure=request.is_secure, samesite="Lax")
    return response


def _known(text: str | None) -> Language | None:
    return next((lang for lang in LANGUAGES if lang == text), None)


def accepted() -> Language:
    """The first language of Accept-Language that we have; the default when there is none."""
    for tag, quality in request.accept_languages:
        if quality > 0 and (lang := spoken(tag)):
            return lang
    return DEFAULT


def spoken(tag: str) -> Language | None:
    """Ours for a language tag: zh-TW and zh-Hant-HK are Traditional, other Chinese is Simplified."""
    parts = tag.lower().replace("_", "-").split("-")
    if parts[0] == "en":
        return "en"
    if parts[0] != "zh":
        return None
    if "hans" in parts:
        return "zh-Hans"
    return "zh-Hant" if "hant" in parts or any(region in parts for region in TRADITIONAL) else "zh-Hans"


def languages() -> list[Choice]:
    """The languages, each with the address of this very page in it."""
    here = _here()
    return [Choice(lang, OWN_NAMES[lang], here("ui", lang), lang == g.language) for lang in LANGUAGES]


def themes() -> list[Choice]:
    here = _here()
    return [Choice(theme, text(f"theme.{theme}"), here("theme", theme), theme == g.theme) for theme in THEMES]


def _here() -> Callable[[str, str], str]:
    """This page with a setting changed: relative, so that the page of an error says nothing of the path asked for."""
    kept = urlencode([(n, v) for n, v in request.args.items(multi=True) if n not in ("ui", "theme")])
    page = "" if request.method in ("GET", "HEAD") or request.endpoint == "sign_in.enter" else "/"

    def address(name: str, value: str) -> str:
        setting = urlencode({name: value})
        query = f"{kept}&{setting}" if kept else setting
        return f"{page}?{query if len(query) <= LONGEST else setting}"

    return address


def now() -> datetime:
    """The time where the support organisation is."""
    zone: ZoneInfo = current_app.extensions["kb-time-zone"]
    return datetime.now(zone)


def today() -> date:
    return now().date()


def site_name() -> str:
    config: Config = current_app.extensions["kb-config"]
    return config.site_name[g.language]


def day(value: date) -> str:
    return _day(value, _locale())


@lru_cache(DAYS_KEPT)
def _day(value: date, locale: str) -> str:
    return format_date(value, "medium", locale=locale)


def month_name(month: str, skeleton: str = "yMMM") -> str:
    """A month, given as YYYY-MM, by its name."""
    year, number = map(int, month.split("-"))
    return str(format_skeleton(skeleton, date(year, number, 1), locale=_locale()))


def moment(value: datetime) -> str:
    """A date and time of day, by the site's time zone."""
    zone = current_app.extensions["kb-time-zone"]
    return format_datetime(value, "medium", tzinfo=zone, locale=_locale())


def span(value: timedelta) -> str:
    """How long, in the greatest unit of which there are two: 80 minutes, 47 hours."""
    return format_timedelta(abs(value), granularity="minute", threshold=2, locale=_locale())


def figure(value: int) -> str:
    """Grouped by thousands with commas, as all three languages do."""
    return f"{value:,}"


def size(octets: int) -> str:
    """A file's size as people say it."""
    amount, units = float(octets), ("B", "KB", "MB", "GB")
    for unit in units:
        if amount < 1000 or unit == units[-1]:
            break
        amount /= 1000
    return f"{format_decimal(amount, '#,##0' if unit == 'B' or amount >= 10 else '#,##0.#', locale=_locale())} {unit}"
