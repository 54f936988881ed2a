"""Settings: what is wrong is named, what is right is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import make_url

from kb.config import Config, ConfigError, setting_names

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(setting_names()))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_nothing_else_is_documented() -> None:
    assert set(re.findall(r"`(KB_[A-Z_]+)`", DOCS)) == setting_names().keys()


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("KB_PORT", "80a", "a whole number from 1 to 65535"),
        ("KB_PORT", "0", "a whole number from 1 to 65535"),
        ("KB_PORT", "８０", "a whole number"),
        ("KB_ENGINE", "lucene", "one of whoosh"),
        ("KB_DEMO", "yes", "0 or 1"),
        ("KB_COOKIE_SECURE", "2", "auto, 0 or 1"),
        ("KB_STORE_URL", "mysql://x", "postgresql://"),
        ("KB_TIME_ZONE", "Taipei", "Asia/Taipei"),
        ("KB_HOLIDAYS", "XX", "DE-BY"),
        ("KB_CLOCK_HOURS", "some", "covered"),
        ("KB_SITE_NAME", "fr=x", "zh-Hant="),
        ("KB_HOST", "http://x", "an address"),
        ("KB_MATRIX", "/nowhere", "a folder that exists"),
        ("KB_WEIGHTS", "/nowhere", "a file that exists"),
        ("KB_LANG", "zh", "one of zh-Hant"),
        ("KB_OPENSEARCH_URL", "search:9200", "https://host:9200"),
        ("KB_OPENSEARCH_URL", "https://a:9200,https://kb@b:9200", "without user and password"),
        ("KB_OPENSEARCH_SECONDS", "0", "a whole number from 1"),
        ("KB_OPENSEARCH_CA", "/nowhere", "a file that exists"),
        ("KB_OPENSEARCH_INDEX", "KB", "a letter first"),
        ("KB_OPENSEARCH_REPLICAS", "-1", "a whole number from 0"),
        ("KB_METRICS_TOKEN", "short", "at least 16 characters"),
        ("KB_LOG_FORMAT", "xml", "one of text, json"),
        ("KB_EMBED_ORIGINS", "https://crm.example; script-src *", "origins separated by commas"),
        ("KB_EMBED_ORIGINS", "http://crm.example", "origins separated by commas"),
        ("KB_CASE_URL", "javascript:alert(1)", "begins with https://"),
        ("KB_COMMUNITY_URL", "https://a/{question}/{question}", "{question}"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(name: str, value: str, right: str) -> None:
    with pytest.raises(ConfigError, match=right) as caught:
        Config.from_env({name: value})
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"KB_OPENSEARCH_USER": "kb"}, "KB_OPENSEARCH_PASSWORD go together"),
        (
            {"KB_OPENSEARCH_USER": "kb", "KB_OPENSEARCH_PASSWORD": "x", "KB_OPENSEARCH_TOKEN": "y"},
            "KB_OPENSEARCH_TOKEN takes the place",
        ),
        ({"KB_OPENSEARCH_CA": __file__, "KB_OPENSEARCH_URL": "http://search:9200"}, "KB_OPENSEARCH_CA is for"),
    ],
)
def test_settings_that_do_not_go_together_are_named(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Config.from_env(env)


def test_the_nodes_of_a_cluster_are_parted_by_commas() -> None:
    env = {"KB_OPENSEARCH_URL": "https://a.example:9200, http://[::1]:9200/"}
    assert Config.from_env(env).opensearch_url == ("https://a.example:9200", "http://[::1]:9200")


def test_a_misspelt_setting_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(ConfigError, match="KB_PROT is not a setting; did you mean KB_PORT"):
        Config.from_env({"KB_PROT": "1"})


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("KB_SECRET_KEY", "too short", "too short"),
        ("KB_STORE_URL", "mysql://kb:pa55@host/kb", "pa55"),
        ("KB_STORE_URL", "mysql:kb:pa55", "pa55"),
        ("KB_STORE_URL", "postgresql://kb:pa55@host:543x/kb", "pa55"),
        ("KB_STORE_URL", "postgresql://kb:pa@55@host/kb", "55"),
        ("KB_STORE_URL", "postgresql://kb:pa/55@host/kb", "55"),
        ("KB_STORE_URL", "postgresql://kb:zq?55@host/kb", "zq"),
        ("KB_OPENSEARCH_URL", "https://kb:pa55@host:9200", "pa55"),
    ],
)
def test_a_secret_is_never_shown(name: str, value: str, secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({name: value})
    assert str(caught.value).startswith(f"{name} is a value that is not fit for it; it must be ")
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kb@/kb?host=%2Ftmp%2Fx",
        "postgresql://kb:a%40b:c@[::1]:5432/kb",
        "postgresql+psycopg://kb:x@db1,db2/kb?target_session_attrs=read-write",
        "postgresql://kb:x@/kb?host=db1:5432&host=db2:5432&options=-c%20a=b@c",
        "postgres://host",
    ],
)
def test_a_database_may_be_named_in_these_ways(url: str) -> None:
    assert make_url(Config.from_env({"KB_STORE_URL": url}).store_url).get_backend_name() == "postgresql"


def test_the_settings_that_are_shipped_are_refused_until_they_have_secrets_of_their_own() -> None:
    lines = (ROOT / "scripts/systemd/environment").read_text("utf-8").splitlines()
    env = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    for name, placeholder in (
        ("KB_STORE_URL", "KB-PASSWORD"),
        ("KB_SECRET_KEY", "THE-SAME-ON-EVERY-WEB-HOST-AT-LEAST-32-CHARACTERS"),
        ("KB_METRICS_TOKEN", "AT-LEAST-16-CHARACTERS"),
    ):
        with pytest.raises(ConfigError, match=f"{name} has the placeholder {placeholder}.* put there"):
            Config.from_env(env)
        env[name] = env[name].replace(placeholder, "of-this-site-" * 3)
    assert Config.from_env(env).metrics_token == "of-this-site-" * 3


def test_an_empty_value_counts_as_not_set() -> None:
    assert Config.from_env({"KB_PORT": ""}).port == 8000


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Config(home=tmp_path / "home")
    assert first.secret_key == Config(home=tmp_path / "home").secret_key
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o077 == 0
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_cookies_are_for_https_unless_this_machine_alone_is_served(tmp_path: Path) -> None:
    assert not Config(home=tmp_path).cookie_secure
    assert Config(home=tmp_path, host="0.0.0.0").cookie_secure  # noqa: S104 (nothing is served)
    assert Config(home=tmp_path, trusted_proxies=1).cookie_secure
