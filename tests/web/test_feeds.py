"""What programs read along: the feed of what is new, and the addresses for search engines."""

from __future__ import annotations

from xml.etree import ElementTree as XML

import pytest

from tests.site import ReadySite, Visitor
from web import feeds

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(visitor: Visitor, path: str = "/feed.atom") -> list[str]:
    answer = visitor.get(path)
    assert answer.content_type.startswith("application/atom+xml"), answer.status
    found = XML.fromstring(answer.get_data())  # noqa: S314 - our own
    return [(entry.findtext(f"{ATOM}id") or "").rpartition("/")[2] for entry in found.iter(f"{ATOM}entry")]


def addresses(visitor: Visitor, path: str) -> list[str]:
    found = XML.fromstring(visitor.get(path).get_data())  # noqa: S314 - our own
    return [loc.text or "" for loc in found.iter(f"{SITEMAP}loc")]


@pytest.mark.parametrize("kind", ["anonymous", "silver", "gold", "engineer"])
def test_a_feed_has_what_its_reader_may_read(visitors: dict[str, Visitor], kind: str) -> None:
    found = entries(visitors[kind])
    assert found
    assert all(visitors[kind].get(f"/articles/{number}").status_code == 200 for number in found)
    assert ("KB900002" in found) == (kind in ("gold", "engineer"))


def test_a_feed_may_be_of_one_product_and_language(visitors: dict[str, Visitor]) -> None:
    of_product = entries(visitors["engineer"], "/feed.atom?product=creo&lang=zh-Hant")
    assert of_product and set(of_product) < set(entries(visitors["engineer"]))
    assert entries(visitors["engineer"], "/feed.atom?product=none") == []
    assert visitors["engineer"].get("/feed.atom?lang=tlh").status_code == 400


def test_a_feed_is_sent_again_only_when_it_changed(visitors: dict[str, Visitor]) -> None:
    first = visitors["gold"].get("/feed.atom")
    again = visitors["gold"].get("/feed.atom", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_sitemap_is_of_what_everyone_may_read(visitors: dict[str, Visitor]) -> None:
    found = addresses(visitors["engineer"], "/sitemap.xml")
    assert found and found == addresses(visitors["anonymous"], "/sitemap.xml")
    for address in found:
        assert visitors["anonymous"].get(address.partition("localhost")[2]).status_code == 200
    assert not any(address.endswith("KB900002") for address in found)


def test_a_long_sitemap_is_several(visitors: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = addresses(visitors["anonymous"], "/sitemap.xml")
    monkeypatch.setattr(feeds, "ADDRESSES", 2)
    parts = addresses(visitors["anonymous"], "/sitemap.xml")
    assert len(parts) == -(-len(whole) // 2)
    told = [each for part in parts for each in addresses(visitors["anonymous"], part.partition("localhost")[2])]
    assert told == whole


def test_robots_are_led_to_the_sitemap_and_from_what_is_for_people(site: ReadySite) -> None:
    told = site.visitor("anonymous").get("/robots.txt").get_data(as_text=True)
    assert "Sitemap: http://localhost/sitemap.xml" in told and "Disallow: /search" in told
