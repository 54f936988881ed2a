"""Every route as every kind of user, against a table written by hand. A route that is not in the table fails."""

from __future__ import annotations

import pytest
from werkzeug.routing import Rule

from tests.site import KINDS, ReadySite, Visitor

EVERYBODY = dict.fromkeys(KINDS, 200)
NOBODY = dict.fromkeys(KINDS, 404)
STAFF = {"engineer", "author", "operator"}
AUTHORS = {"author", "operator"}


def only(*kinds: str) -> dict[str, int]:
    """200 for these and for staff, 404 for everybody else."""
    return {kind: 200 if kind in STAFF or kind in kinds else 404 for kind in KINDS}


def same(status: int) -> dict[str, int]:
    return dict.fromkeys(KINDS, status)


PUBLIC = "KB900001"
WINDCHILL = "KB900002"
CREO = "KB900005"
GOLD = "KB900006"
INTERNAL = "KB900007"
UPDATES = "KB900008"
MONITORING = "KB900009"
ARCHIVED = "KB900010"
ABSENT = "KB999999"

EDITORS = {kind: 302 if kind == "anonymous" else 200 if kind in STAFF else 404 for kind in KINDS}
WINDCHILL_HOLDERS = ("gold", "gold_plus", "mixed")

SIGNED_IN = {kind: 302 if kind == "anonymous" else 200 for kind in KINDS}
STAFF_PAGES = {kind: 302 if kind == "anonymous" else 200 if kind in STAFF else 404 for kind in KINDS}

# (method, path) → status by kind of user. Forms are sent with a valid token and without any field.
TABLE: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/search?q=登入"): EVERYBODY,
    ("GET", "/search"): EVERYBODY,
    ("GET", "/feed.atom"): EVERYBODY,
    ("GET", "/sitemap.xml"): EVERYBODY,
    ("GET", "/sitemap-1.xml"): EVERYBODY,
    ("GET", "/sitemap-2.xml"): NOBODY,
    ("GET", "/robots.txt"): EVERYBODY,
    ("GET", "/suggest?q=登"): EVERYBODY,
    ("GET", "/entitlements"): EVERYBODY,
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): same(401),
    ("GET", "/sign-out"): {kind: 302 if kind == "anonymous" else 200 for kind in KINDS},
    ("GET", f"/articles/{PUBLIC}"): EVERYBODY,
    ("GET", f"/articles/{WINDCHILL}"): only(*WINDCHILL_HOLDERS),
    ("GET", f"/articles/{CREO}"): only("silver", "mixed"),
    ("GET", f"/articles/{GOLD}"): only(*WINDCHILL_HOLDERS),
    ("GET", f"/articles/{INTERNAL}"): only(),
    ("GET", f"/articles/{UPDATES}"): only(*WINDCHILL_HOLDERS),
    ("GET", f"/articles/{MONITORING}"): only("gold_plus"),
    ("GET", f"/articles/{ARCHIVED}"): only(),
    ("GET", f"/articles/{ABSENT}"): NOBODY,
    ("GET", f"/articles/{WINDCHILL}/attachments/sample.log"): only(*WINDCHILL_HOLDERS),
    ("GET", f"/articles/{WINDCHILL}/attachments/none.log"): NOBODY,
    ("GET", f"/articles/{ABSENT}/attachments/sample.log"): NOBODY,
    ("POST", f"/articles/{WINDCHILL}/helpful"): same(400),
    ("GET", "/cases"): SIGNED_IN,
    ("GET", "/cases/clocks"): {kind: 302 if kind == "anonymous" else 200 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/cases/new"): SIGNED_IN,
    ("POST", "/cases/new"): {kind: 404 if kind == "anonymous" else 422 for kind in KINDS},
    ("POST", "/cases/new/solved"): NOBODY,
    ("POST", "/cases/new/suggest"): NOBODY,
    ("GET", "/cases/C99999999"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/cases/C99999999/reply"): NOBODY,
    ("GET", "/cases/C99999999/files/0"): NOBODY,
    ("POST", "/cases/C99999999/change"): NOBODY,
    ("POST", "/cases/C99999999/link"): NOBODY,
    ("POST", "/cases/C99999999/unlink"): NOBODY,
    ("POST", "/cases/C99999999/quote"): NOBODY,
    ("POST", "/cases/C99999999/request-public"): NOBODY,
    ("POST", "/cases/C99999999/article"): NOBODY,
    ("POST", "/cases/C99999999/unlink-spr"): NOBODY,
    ("GET", "/tasks"): STAFF_PAGES,
    ("POST", "/tasks/99/resolve"): NOBODY,
    ("POST", f"/articles/{PUBLIC}/flags"): {kind: 422 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/embed/case-panel?case=C99999999"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/embed/case-panel?case=C99999999"): NOBODY,
    ("GET", "/sprs"): STAFF_PAGES,
    ("POST", "/sprs"): {kind: 422 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/sprs/9999999"): NOBODY,
    ("POST", "/sprs/9999999/link"): NOBODY,
    ("POST", "/sprs/9999999/unlink"): NOBODY,
    ("GET", "/api/v1/sprs"): {kind: 200 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/api/v1/sprs/9999999"): NOBODY,
    ("PUT", "/api/v1/sprs/9999999"): same(401),
    ("PUT", f"/api/v1/sprs/9999999/articles/{PUBLIC}"): same(401),
    ("DELETE", f"/api/v1/sprs/9999999/articles/{PUBLIC}"): same(401),
    ("GET", "/reports"): STAFF_PAGES,
    ("GET", "/reports/links_months.csv"): STAFF_PAGES,
    ("GET", "/reports/activity"): SIGNED_IN,
    ("GET", "/reports/activity/months.csv"): {
        kind: 302 if kind == "anonymous" else 404 if kind in STAFF else 200 for kind in KINDS
    },
    ("GET", "/api/v1/search?q=登入"): EVERYBODY,
    ("GET", "/api/v1/suggest?q=登"): EVERYBODY,
    ("GET", f"/api/v1/articles/{PUBLIC}"): EVERYBODY,
    ("GET", f"/api/v1/articles/{WINDCHILL}"): only(*WINDCHILL_HOLDERS),
    ("GET", f"/api/v1/articles/{CREO}"): only("silver", "mixed"),
    ("GET", f"/api/v1/articles/{INTERNAL}"): only(),
    ("GET", f"/api/v1/articles/{MONITORING}"): only("gold_plus"),
    ("GET", f"/api/v1/articles/{ABSENT}"): NOBODY,
    ("GET", "/api/v1/cases"): {kind: 401 if kind == "anonymous" else 200 for kind in KINDS},
    ("GET", "/api/v1/cases/C99999999"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    # A cookie is not enough to change something.
    ("POST", "/api/v1/cases"): same(401),
    ("PATCH", "/api/v1/cases/C99999999"): same(401),
    ("POST", "/api/v1/cases/C99999999/replies"): same(401),
    ("PUT", f"/api/v1/cases/C99999999/links/{PUBLIC}"): same(401),
    ("DELETE", f"/api/v1/cases/C99999999/links/{PUBLIC}"): same(401),
    ("POST", "/api/v1/cases/C99999999/files?file_name=a.log"): same(401),
    ("GET", "/api/v1/cases/C99999999/files/0"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    ("PUT", "/api/v1/cases/C99999999/sprs/9999999"): same(401),
    ("DELETE", "/api/v1/cases/C99999999/sprs/9999999"): same(401),
    ("GET", "/account"): {kind: 302 if kind == "anonymous" else 200 for kind in KINDS},
    ("POST", "/account/tokens"): {kind: 404 if kind == "anonymous" else 422 for kind in KINDS},
    ("POST", "/account/tokens/revoke"): NOBODY,
    ("GET", "/authoring"): EDITORS,
    ("GET", "/authoring/change"): EDITORS,
    ("POST", "/authoring/change"): {kind: 422 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/authoring/new"): EDITORS,
    ("POST", "/authoring/new"): {kind: 422 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/authoring/drafts/99"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/authoring/drafts/99"): NOBODY,
    ("POST", "/authoring/drafts/99/preview"): NOBODY,
    ("GET", "/authoring/drafts/99/files/0"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", f"/articles/{ABSENT}/edit"): NOBODY,
    ("GET", f"/articles/{PUBLIC}/history"): EDITORS,
    ("POST", f"/articles/{ABSENT}/restore"): NOBODY,
    ("POST", f"/articles/{ABSENT}/archive"): NOBODY,
    ("POST", f"/articles/{ABSENT}/merge"): NOBODY,
    ("POST", f"/articles/{ABSENT}/confirm"): NOBODY,
    ("GET", "/webhooks"): {kind: 302 if kind == "anonymous" else 200 if kind == "operator" else 404 for kind in KINDS},
    ("POST", "/webhooks"): {kind: 422 if kind == "operator" else 404 for kind in KINDS},
    ("POST", "/webhooks/none/rotate"): NOBODY,
    ("POST", "/webhooks/none/pause"): NOBODY,
    ("POST", "/webhooks/none/remove"): NOBODY,
    ("POST", "/webhooks/deliveries/99/replay"): NOBODY,
    ("POST", "/webhooks/deliveries/replay"): {kind: 303 if kind == "operator" else 404 for kind in KINDS},
    ("GET", "/api/v1/webhooks"): {
        kind: 401 if kind == "anonymous" else 200 if kind == "operator" else 404 for kind in KINDS
    },
    ("GET", "/api/v1/webhooks/deliveries"): {
        kind: 401 if kind == "anonymous" else 200 if kind == "operator" else 404 for kind in KINDS
    },
    ("POST", "/api/v1/webhooks"): same(401),
    ("PATCH", "/api/v1/webhooks/none"): same(401),
    ("DELETE", "/api/v1/webhooks/none"): same(401),
    ("POST", "/api/v1/webhooks/none/rotate"): same(401),
    ("POST", "/api/v1/webhooks/deliveries/99/replay"): same(401),
    ("POST", "/api/v1/webhooks/deliveries/replay"): same(401),
    ("GET", "/imports"): {kind: 302 if kind == "anonymous" else 200 if kind in AUTHORS else 404 for kind in KINDS},
    ("GET", "/imports/export.zip"): {
        kind: 302 if kind == "anonymous" else 200 if kind in AUTHORS else 404 for kind in KINDS
    },
    ("GET", "/api/v1/imports/export.zip"): {
        kind: 401 if kind == "anonymous" else 200 if kind in AUTHORS else 404 for kind in KINDS
    },
    ("GET", "/imports/99"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("GET", "/imports/99/report.csv"): {kind: 302 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/imports"): {kind: 422 if kind in AUTHORS else 404 for kind in KINDS},
    ("POST", "/imports/99/apply"): NOBODY,
    ("POST", "/imports/99/columns"): NOBODY,
    ("POST", "/imports/99/stop"): NOBODY,
    ("POST", "/imports/batches/99/take-back"): NOBODY,
    ("GET", "/api/v1/imports"): {
        kind: 401 if kind == "anonymous" else 200 if kind in AUTHORS else 404 for kind in KINDS
    },
    ("GET", "/api/v1/drafts"): {kind: 401 if kind == "anonymous" else 200 if kind in STAFF else 404 for kind in KINDS},
    ("GET", "/api/v1/drafts/99"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/api/v1/drafts"): same(401),
    ("PATCH", "/api/v1/drafts/99"): same(401),
    **{
        ("POST", f"/api/v1/drafts/99/{turn}"): same(401)
        for turn in ("files", "preview", "submit", "send-back", "rebase", "discard", "publish", "schedule")
    },
    ("POST", "/api/v1/changes"): same(401),
    ("POST", "/api/v1/changes/look"): same(401),
    ("POST", "/api/v1/changes/99/take-back"): same(401),
    ("GET", "/api/v1/imports/99"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    ("GET", "/api/v1/imports/99/rows"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    ("GET", "/api/v1/imports/99/report.csv"): {kind: 401 if kind == "anonymous" else 404 for kind in KINDS},
    ("POST", "/api/v1/imports"): same(401),
    ("POST", "/api/v1/imports/99/apply"): same(401),
    ("POST", "/api/v1/imports/99/stop"): same(401),
    ("POST", "/api/v1/imports/batches/99/take-back"): same(401),
    ("GET", "/api/v1/openapi.json"): EVERYBODY,
    ("GET", "/livez"): EVERYBODY,
    ("GET", "/readyz"): EVERYBODY,
    # To this machine alone, where the tests run, whoever is signed in: test_metrics.py.
    ("GET", "/metrics"): EVERYBODY,
    ("GET", "/static/any/base.css"): EVERYBODY,
    ("GET", "/static/any/none.css"): NOBODY,
    ("GET", "/nowhere"): NOBODY,
}
# Signing out ends a session, so it is tried by itself: test_sign_in.py.
ELSEWHERE = {("POST", "/sign-out")}


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_kind_of_user(visitors: dict[str, Visitor], method: str, path: str) -> None:
    found = {kind: visitors[kind].send(method, path).status_code for kind in KINDS}
    assert found == TABLE[method, path], path


def test_every_route_is_in_the_table(site: ReadySite) -> None:
    adapter = site.app.url_map.bind("localhost")
    covered = set()
    for method, path in TABLE.keys() | ELSEWHERE:
        if path != "/nowhere":
            rule, _ = adapter.match(path.partition("?")[0], method, return_rule=True)
            covered.add((rule.rule, method))
    assert covered == {pair for rule in site.app.url_map.iter_rules() for pair in doors(rule)}


def doors(rule: Rule) -> list[tuple[str, str]]:
    return [(rule.rule, method) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/articles/{}", "/articles/{}/attachments/sample.log", "/api/v1/articles/{}"])
def test_forbidden_is_absent(visitors: dict[str, Visitor], kind: str, path: str) -> None:
    """Byte by byte, headers too."""
    hidden = [number for number in (WINDCHILL, CREO, INTERNAL, MONITORING, ARCHIVED) if not readable(number, kind)]
    absent = visitors[kind].get(path.format(ABSENT))
    assert absent.status_code == 404
    for number in hidden:
        answer = visitors[kind].get(path.format(number))
        assert (answer.status_code, answer.data) == (404, absent.data), f"{kind} learns of {number}"
        assert headers(answer) == headers(absent)
    malformed = visitors[kind].get(path.format("KB1"))
    assert malformed.data == absent.data


def readable(number: str, kind: str) -> bool:
    return TABLE["GET", f"/articles/{number}"][kind] == 200


def headers(answer: object) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers if name != "Date")  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_hidden_article_shows_anywhere(visitors: dict[str, Visitor], kind: str) -> None:
    """Results, counts, facets, suggestions and related articles, on pages and in the API."""
    visitor = visitors[kind]
    words = "登入 Windchill MethodServer 記憶體 Creo 當掉 監控 內部缺陷 版本資訊 封存"
    addresses = ["/", f"/search?q={words}", f"/api/v1/search?q={words}", f"/articles/{PUBLIC}"]
    addresses += [
        f"/{door}?q={prefix}" for door in ("suggest", "api/v1/suggest") for prefix in ("登", "內部", "Me", "KB9")
    ]
    shown = "\n".join(visitor.get(address).get_data(as_text=True) for address in addresses)
    for number in (WINDCHILL, CREO, GOLD, INTERNAL, UPDATES, MONITORING, ARCHIVED):
        if not readable(number, kind):
            assert number not in shown, f"{kind} sees {number}"


def test_a_section_is_for_those_who_hold_its_grants(visitors: dict[str, Visitor]) -> None:
    """Part of the article is for Gold Plus; the rest of it for every package."""
    path = f"/articles/{WINDCHILL}"
    for kind in ("gold", "mixed"):
        page = visitors[kind].get(path).get_data(as_text=True)
        assert "重新命名服務帳號" not in page and "LDAP" in page
    assert "重新命名服務帳號" in visitors["gold_plus"].get(path).get_data(as_text=True)
    assert "重新命名服務帳號" in visitors["engineer"].get(path).get_data(as_text=True)
    assert "重新命名服務帳號" not in visitors["gold"].get(f"/api/v1{path}").get_data(as_text=True)
