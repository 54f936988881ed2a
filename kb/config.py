"""Settings: read once from the environment (prefix KB_), typed, refused by name when wrong."""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kb.articles import LANGUAGES
from kb.calendars import holidays_of
from kb.limited import Limits

PREFIX = "KB_"
FOR_TESTS = "KB_TEST_"
SECRETS = ("KB_SECRET_KEY", "KB_METRICS_TOKEN", "KB_STORE_URL")
# What scripts/systemd/environment has where a secret goes, and what is to be there.
PLACEHOLDERS = {
    "KB_STORE_URL": ("KB-PASSWORD", "the password of the database's account"),
    "KB_SECRET_KEY": ("THE-SAME-ON-EVERY-WEB-HOST-AT-LEAST-32-CHARACTERS", "what `openssl rand -base64 48` says"),
    "KB_METRICS_TOKEN": ("AT-LEAST-16-CHARACTERS", "what `openssl rand -hex 24` says, and in Prometheus, too"),
}
QUESTION = "{question}"
ENGINES = ("whoosh", "tantivy", "opensearch")
LOG_LEVELS = ("debug", "info", "warning", "error")
SITE_NAMES = {"zh-Hant": "支援知識庫", "zh-Hans": "支持知识库", "en": "Support Knowledge Base"}

T = TypeVar("T")
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigError(Exception):
    """A setting is wrong: says which, what it had and what would be right."""


def _setting(name: str, parse: Callable[[str], Any], default: Any) -> Any:
    metadata = {"name": PREFIX + name, "parse": parse}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return text

    return parse


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"


def _switch_or_auto(text: str) -> bool | None:
    if text not in ("auto", "0", "1"):
        raise ValueError("auto, 0 or 1")
    return None if text == "auto" else text == "1"


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _folder(text: str) -> Path:
    path = _path(text)
    if not path.is_dir():
        raise ValueError("a folder that exists")
    return path


def _file(text: str) -> Path:
    path = _path(text)
    if not path.is_file():
        raise ValueError("a file that exists")
    return path


def _store_url(text: str) -> str:
    scheme, found, rest = text.partition("://")
    if not found or scheme.partition("+")[0] not in ("sqlite", "postgresql", "postgres") or not rest:
        raise ValueError("sqlite:////path/kb.sqlite3 or postgresql://user:password@host/database")
    if scheme.startswith("postgres"):
        _check_address(rest.partition("?")[0])
    if scheme in ("postgresql", "postgres"):
        return f"postgresql+psycopg://{rest}"
    return text


def _check_address(text: str) -> None:
    """ValueError where a sign in the password would be taken for the end of it, and the rest of it be shown."""
    if not re.fullmatch(r"([^@/]*@)?(\[[0-9a-fA-F:.]+\]|[^@/:\[\]]*)(:[0-9]{1,5})?(/[^@]*)?", text):
        raise ValueError(
            "postgresql://user:password@host:5432/database, where a password has %40 for @, %2F for / and %3F for ?; "
            "more hosts go behind it: ?host=db1:5432&host=db2:5432"
        )


def _nodes(text: str) -> tuple[str, ...]:
    nodes = tuple(node.strip().rstrip("/") for node in text.split(","))
    if not all(re.fullmatch(r"https?://(\[[0-9a-fA-F:]+\]|[^\s/@:\[\]]+)(:[0-9]{1,5})?", node) for node in nodes):
        raise ValueError("https://host:9200, several parted by commas, without user and password")
    return nodes


def _index_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", text):
        raise ValueError("up to 100 letters a to z, digits, - and _, a letter first")
    return text


def _question_url(text: str) -> str:
    if not re.match(r"https?://[^\s/]", text) or text.count(QUESTION) > 1:
        raise ValueError(f"an address that begins with https:// and has {QUESTION} where what was asked goes")
    return text


def _host(text: str) -> str:
    if not text or any(character.isspace() or character in "/:@" for character in text.replace("::", "")):
        raise ValueError("an address or a host name, e.g. 127.0.0.1 or 0.0.0.0")
    return text


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("at least 32 characters; leave it out and one is made")
    return text


def _token(text: str) -> str:
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("at least 16 characters, letters, digits and signs")
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone's name, e.g. Asia/Taipei") from None
    return text


def _holidays(text: str) -> str:
    if text == "none":
        return ""
    try:
        holidays_of(text)
    except ValueError:
        raise ValueError("a country, TW, or a part of one, DE-BY, or none") from None
    return text


def _warning(text: str) -> Fraction | timedelta:
    found = re.fullmatch(r"([0-9]{1,4})(%|m)", text)
    amount = int(found[1]) if found else 0
    if not found or not amount or (found[2] == "%" and amount > 99):
        raise ValueError("a part of the time, 75%, or minutes before the end, 30m")
    return Fraction(amount, 100) if found[2] == "%" else timedelta(minutes=amount)


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in text.split(","))
    except ValueError:
        raise ValueError("networks separated by commas, e.g. 10.20.0.0/16,fd00::/8") from None


def _origins(text: str) -> tuple[str, ...]:
    """As a policy for frames names them; over plain HTTP on this machine alone."""
    found = tuple(each.strip() for each in text.split(","))
    for each in found:
        if not re.fullmatch(r"https://(\*\.)?[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?", each):
            raise ValueError("origins separated by commas, e.g. https://crm.example,https://*.force.example")
    return found


def _site_name(text: str) -> Mapping[str, str]:
    """One name for every language, or `zh-Hant=…;zh-Hans=…;en=…`; a language left out keeps its default."""
    if "=" not in text:
        if not text.strip():
            raise ValueError("a name, or zh-Hant=…;zh-Hans=…;en=…")
        return dict.fromkeys(LANGUAGES, text.strip())
    names: dict[str, str] = dict(SITE_NAMES)
    for part in text.split(";"):
        lang, _, name = (piece.strip() for piece in part.partition("="))
        if lang not in LANGUAGES or not name:
            raise ValueError("a name, or zh-Hant=…;zh-Hans=…;en=…")
        names[lang] = name
    return names


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting. `Config.from_env` reads them; tests and tools build one directly.

    Described in docs/settings.md.
    """

    home: Path = _setting("HOME", _path, lambda: Path("var").absolute())
    store_url: str = _setting("STORE_URL", _store_url, "")
    engine: str = _setting("ENGINE", _one_of(*ENGINES), "whoosh")
    opensearch_url: tuple[str, ...] = _setting("OPENSEARCH_URL", _nodes, ("http://127.0.0.1:9200",))
    opensearch_user: str | None = _setting("OPENSEARCH_USER", str, None)
    opensearch_password: str | None = _setting("OPENSEARCH_PASSWORD", str, None)
    opensearch_token: str | None = _setting("OPENSEARCH_TOKEN", str, None)
    opensearch_ca: Path | None = _setting("OPENSEARCH_CA", _file, None)
    opensearch_seconds: int = _setting("OPENSEARCH_SECONDS", _whole(1, 600), 5)
    opensearch_index: str = _setting("OPENSEARCH_INDEX", _index_name, "kb")
    opensearch_shards: int = _setting("OPENSEARCH_SHARDS", _whole(1, 100), 1)
    opensearch_replicas: int = _setting("OPENSEARCH_REPLICAS", _whole(0, 10), 1)
    host: str = _setting("HOST", _host, "127.0.0.1")
    port: int = _setting("PORT", _whole(1, 65535), 8000)
    workers: int = _setting("WORKERS", _whole(1, 64), 2)
    threads: int = _setting("THREADS", _whole(1, 64), 4)
    cache_mb: int = _setting("CACHE_MB", _whole(16, 65_536), 128)
    site_name: Mapping[str, str] = _setting("SITE_NAME", _site_name, lambda: dict(SITE_NAMES))
    given_secret_key: str | None = _setting("SECRET_KEY", _secret, None)
    matrix: Path | None = _setting("MATRIX", _folder, None)
    session_hours: int = _setting("SESSION_HOURS", _whole(1, 24 * 90), 12)
    cookie_secure: bool | None = _setting("COOKIE_SECURE", _switch_or_auto, None)
    trusted_proxies: int = _setting("TRUSTED_PROXIES", _whole(0, 10), 0)
    hashes_at_once: int = _setting("HASHES_AT_ONCE", _whole(1, 64), 2)
    sign_in_attempts: int = _setting("SIGN_IN_ATTEMPTS", _whole(1, 1000), 10)
    max_query: int = _setting("MAX_QUERY", _whole(10, 4000), 4000)
    attachment_max_mb: int = _setting("ATTACHMENT_MAX_MB", _whole(1, 1024), 20)
    case_files_mb: int = _setting("CASE_FILES_MB", _whole(1, 102_400), 500)
    import_max_mb: int = _setting("IMPORT_MAX_MB", _whole(1, 10_240), 200)
    zip_entries: int = _setting("ZIP_ENTRIES", _whole(1, 10_000_000), 100_000)
    zip_mb: int = _setting("ZIP_MB", _whole(1, 1 << 20), 4096)
    zip_entry_mb: int = _setting("ZIP_ENTRY_MB", _whole(1, 1 << 20), 512)
    zip_ratio: int = _setting("ZIP_RATIO", _whole(2, 100_000), 200)
    zip_depth: int = _setting("ZIP_DEPTH", _whole(1, 200), 20)
    render_seconds: int = _setting("RENDER_SECONDS", _whole(1, 600), 20)
    render_memory_mb: int = _setting("RENDER_MEMORY_MB", _whole(128, 16384), 768)
    time_zone: str = _setting("TIME_ZONE", _time_zone, "Asia/Taipei")
    holidays: str = _setting("HOLIDAYS", _holidays, "TW")
    clock_hours: str = _setting("CLOCK_HOURS", _one_of("covered", "all"), "covered")
    clock_warning: Fraction | timedelta = _setting("CLOCK_WARNING", _warning, Fraction(3, 4))
    review_days: int = _setting("REVIEW_DAYS", _whole(1, 3650), 365)
    webhook_networks: tuple[Network, ...] = _setting("WEBHOOK_NETWORKS", _networks, ())
    embed_origins: tuple[str, ...] = _setting("EMBED_ORIGINS", _origins, ())
    demo: bool = _setting("DEMO", _switch, True)
    metrics_token: str | None = _setting("METRICS_TOKEN", _token, None)
    log_format: str = _setting("LOG_FORMAT", _one_of("text", "json"), "text")
    log_level: str = _setting("LOG_LEVEL", _one_of(*LOG_LEVELS), "info")
    lang: str | None = _setting("LANG", _one_of(*LANGUAGES), None)
    weights: Path | None = _setting("WEIGHTS", _file, None)
    terms: Path | None = _setting("TERMS", _path, None)
    community_url: str | None = _setting("COMMUNITY_URL", _question_url, None)
    case_url: str | None = _setting("CASE_URL", _question_url, None)

    def __post_init__(self) -> None:
        if not self.store_url:
            object.__setattr__(self, "store_url", f"sqlite:///{self.home / 'kb.sqlite3'}")
        if self.cookie_secure is None:
            object.__setattr__(self, "cookie_secure", self.trusted_proxies > 0 or not _is_loopback(self.host))
        _check_opensearch(self)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Config:
        """ConfigError for the first setting that is wrong or unknown. An empty value counts as not set."""
        given = {n: v for n, v in env.items() if n.startswith(PREFIX) and not n.startswith(FOR_TESTS) and v != ""}
        names = setting_names()
        if unknown := sorted(given.keys() - names.keys()):
            raise ConfigError(_unknown(unknown[0], list(names)))
        for name, (placeholder, right) in PLACEHOLDERS.items():
            if placeholder in given.get(name, ""):
                raise ConfigError(f"{name} has the placeholder {placeholder}, which everybody knows; put there {right}")
        settings = {each.name: each for each in fields(cls)}
        return cls(**{names[n]: _parsed(n, v, settings[names[n]].metadata["parse"]) for n, v in given.items()})

    @property
    def limits(self) -> Limits:
        """What rendering, converting or reading out one article or file may take."""
        return Limits(self.render_seconds, self.render_memory_mb)

    @property
    def secret_key(self) -> str:
        """What sessions and forms are signed with: the given one, or one made at first use and kept in `home`."""
        if self.given_secret_key:
            return self.given_secret_key
        path = self.prepare_home() / "secret"
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()

    def prepare_home(self) -> Path:
        """The data folder, made if need be, private to this user."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.home.stat().st_uid == os.geteuid():
            self.home.chmod(0o700)
        return self.home


def _check_opensearch(config: Config) -> None:
    """ConfigError when settings that are right by themselves do not go together."""
    if (config.opensearch_user is None) != (config.opensearch_password is None):
        raise ConfigError("KB_OPENSEARCH_USER and KB_OPENSEARCH_PASSWORD go together: set both or none")
    if config.opensearch_user and config.opensearch_token:
        raise ConfigError("KB_OPENSEARCH_TOKEN takes the place of KB_OPENSEARCH_USER: set one of them")
    if config.opensearch_ca and not all(node.startswith("https://") for node in config.opensearch_url):
        raise ConfigError("KB_OPENSEARCH_CA is for nodes asked by https://, and KB_OPENSEARCH_URL has one by http://")


def setting_names() -> dict[str, str]:
    """Environment variable → field of `Config`."""
    return {each.metadata["name"]: each.name for each in fields(Config)}


def _parsed(name: str, value: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(value)
    except ValueError as error:
        shown = "a value that is not fit for it" if name in SECRETS or "@" in value else repr(value)
        raise ConfigError(f"{name} is {shown}; it must be {error}") from None


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    hint = f"did you mean {near[0]}?" if near else "see docs/settings.md"
    return f"{name} is not a setting; {hint}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _make_secret(path: Path) -> None:
    """Whole or not there: another process may do the same now, and the first to finish wins."""
    new = path.with_name(f".secret-{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(new, path)
    new.unlink()
