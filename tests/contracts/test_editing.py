"""What editing promises, on every database: drafts disturb nobody, licences hold, nothing written is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kb.accounts import Viewer
from kb.articles import Attachment, Section
from kb.config import Config
from kb.contents import Content, content_of
from kb.editing import Editing, NoDraft, NotLicensed, NotNow, Overtaken, Stale
from kb.entitlements import EVERYONE, Scope, matrices
from kb.publishing import EditRefused, Publishing
from kb.store import Store, accounts, drafts, originals
from tests.contracts.stores import OPENERS, PRODUCTS, apply, draft, rendered

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
STAFF = Scope(frozenset({"public", "staff", "windchill:gold"}))


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path) as opened:
        opened.save_products(PRODUCTS.values())
        yield opened


@pytest.fixture
def editing(store: Store, tmp_path: Path) -> Iterator[Editing]:
    publishing = Publishing(store, Config(home=tmp_path), matrices())
    yield Editing(store, publishing, 1)
    publishing.close()


def viewer(store: Store, name: str, role: str = "author", **licences: str) -> Viewer:
    values = {
        "email": f"{name}@example.com", "name": name, "role": role, "password_hash": "", "active": True, "demo": False,
        "created_at": NOW,
    }  # fmt: skip
    with store.writing() as connection:
        accounts.add_account(connection, values)
        found = accounts.account_by_email(connection, f"{name}@example.com")
    assert found
    return Viewer(found[0].id, role=role, products=frozenset(PRODUCTS), licences=licences)


@pytest.fixture
def author(store: Store) -> Viewer:
    return viewer(store, "author")


def written(**more: object) -> Content:
    given = {
        "title": "登入失敗",
        "lang": "zh-Hant",
        "product": "windchill",
        "body": "請重設密碼",
        "grants": ("public",),
    }
    return Content(**{**given, "grants": ("public",), "confidence": "validated", **more})  # type: ignore[arg-type]


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def saved(editing: Editing, who: Viewer, draft_id: int, **changes: object) -> int:
    found = editing.draft(who, draft_id)
    changed = replace(found.content, **changes)  # type: ignore[arg-type]
    return editing.save(who, draft_id, found.row.revision, changed, at(1))


def test_a_new_article_is_nobodys_until_it_is_published(store: Store, editing: Editing, author: Viewer) -> None:
    before = store.checksum()
    new = editing.new(author, written(), NOW)
    assert store.checksum() == before and store.article_ids() == []
    number = editing.publish(author, new, 1, at(1))
    found = store.read(number, EVERYONE)
    assert found and (found.row.title, found.text) == ("登入失敗", "請重設密碼")
    assert [each.article_id for each in store.notes(10)] == [found.row.id]
    with pytest.raises(NotNow):
        editing.publish(author, new, 1, at(2))


def test_a_draft_does_not_disturb_what_is_published(store: Store, editing: Editing, author: Viewer) -> None:
    secret = Section("只給金級：![圖](a.png)", ("windchill:gold",))
    apply(
        store, rendered(draft("a", "前", secret, grants=("public", "windchill:gold")), {"a.png": ("windchill:gold",)})
    )
    before = store.checksum()
    draft_id = editing.open(author, "KB000001", NOW)
    assert editing.open(author, "KB000001", NOW) == draft_id
    assert "{product}:gold" in editing.draft(author, draft_id).content.body
    revision = saved(editing, author, draft_id, title="新題")
    assert store.checksum() == before
    assert editing.publish(author, draft_id, revision, at(2)) == "KB000001"
    found = store.read("KB000001", STAFF)
    assert found and (found.row.title, found.sections[1].grants) == ("新題", frozenset({"windchill:gold"}))
    assert '/articles/KB000001/attachments/a.png"' in found.html
    assert store.attachment("KB000001", "a.png", STAFF) and not store.attachment("KB000001", "a.png", EVERYONE)
    # What it was comes back as one, to the byte.
    store.roll_back(store.batches(1)[0].id, author.account_id, at(3))
    assert store.checksum() == before


def test_what_two_write_at_once_is_not_lost(store: Store, editing: Editing, author: Viewer) -> None:
    other = viewer(store, "other")
    draft_id = editing.new(author, written(), NOW)
    editing.save(author, draft_id, 1, written(title="甲"), at(1))
    with pytest.raises(Stale) as stale:
        editing.save(other, draft_id, 1, written(title="乙"), at(1))
    assert (stale.value.draft.content.title, stale.value.draft.row.revision) == ("甲", 2)
    assert editing.save(other, draft_id, 2, written(title="乙"), at(2)) == 3
    assert [each.content["title"] for each in editing.saves(author, draft_id)] == ["乙", "甲", "登入失敗"]


def test_a_draft_that_an_import_overtook_waits_for_its_author(store: Store, editing: Editing, author: Viewer) -> None:
    apply(store, draft("a", "前"))
    draft_id = editing.open(author, "KB000001", NOW)
    revision = saved(editing, author, draft_id, body="草稿")
    apply(store, draft("a", "匯入"))
    with pytest.raises(Overtaken):
        editing.publish(author, draft_id, revision, at(2))
    assert (found := store.read("KB000001", EVERYONE)) and found.text == "匯入"
    editing.rebase(author, draft_id, revision, at(3))
    editing.publish(author, draft_id, revision, at(4))
    assert (found := store.read("KB000001", EVERYONE)) and found.text == "草稿"


def test_licences_hold(store: Store, editing: Editing) -> None:
    candidate, contributor = (
        viewer(store, "candidate", "engineer"),
        viewer(store, "b", "engineer", windchill="contributor"),
    )
    internal = editing.new(candidate, written(grants=("staff",), confidence="work_in_progress"), NOW)
    validated = editing.new(candidate, written(grants=("staff",)), NOW)
    section = editing.new(candidate, written(grants=("staff",), body=":::grants public\n開放\n:::"), NOW)
    assert editing.publish(candidate, internal, 1, at(1)) == "KB000001"
    with pytest.raises(NotLicensed) as refused:
        editing.publish(candidate, validated, 1, at(1))
    assert refused.value.needed == "contributor"
    assert editing.publish(contributor, validated, 1, at(1)) == "KB000002"
    for who in (candidate, contributor):
        with pytest.raises(NotLicensed) as refused:
            editing.publish(who, section, 1, at(1))
        assert refused.value.needed == "publisher"
    # What customers read is changed by publishers alone, for whomever it is to be.
    apply(store, draft("a"))
    taken = editing.open(contributor, "KB000003", NOW)
    revision = saved(editing, contributor, taken, grants=("staff",))
    with pytest.raises(NotLicensed):
        editing.publish(contributor, taken, revision, at(2))
    with pytest.raises(NotLicensed):
        editing.new(contributor, written(product="creo"), NOW)


@pytest.mark.parametrize("role", ["customer", "anonymous"])
def test_to_others_there_are_no_drafts(store: Store, editing: Editing, author: Viewer, role: str) -> None:
    draft_id = editing.new(author, written(), NOW)
    other = replace(viewer(store, "x", "customer"), role=role, licences={"windchill": "publisher"})
    creo = viewer(store, "y", "author", creo="publisher")
    for who in (other, creo):
        for act in (
            lambda who=who: editing.draft(who, draft_id),
            lambda who=who: editing.publish(who, draft_id, 1, NOW),
            lambda who=who: editing.file(who, draft_id, "0"),
        ):
            with pytest.raises(NoDraft):
                act()


def test_review_schedule_and_the_clock(store: Store, editing: Editing, author: Viewer) -> None:
    draft_id = editing.new(author, written(), NOW)
    editing.submit(author, draft_id, 1, at(1))
    with pytest.raises(EditRefused):
        editing.schedule(author, draft_id, 1, at(1), at(2))
    editing.schedule(author, draft_id, 1, at(10), at(2))
    assert editing.publish_due(at(9)) == 0 and store.article_ids() == []
    assert editing.publish_due(at(10)) == 1 and editing.publish_due(at(11)) == 0
    assert store.read("KB000001", EVERYONE)
    kinds = [each.kind for each in editing.events(author, draft_id)]
    assert kinds == ["published", "scheduled", "submitted", "opened"]


def test_what_cannot_be_published_when_due_goes_back_to_review(store: Store, editing: Editing, author: Viewer) -> None:
    apply(store, draft("a", "前"))
    draft_id = editing.open(author, "KB000001", NOW)
    editing.schedule(author, draft_id, 1, at(5), at(1))
    apply(store, draft("a", "匯入"))
    assert editing.publish_due(at(5)) == 0
    row = editing.draft(author, draft_id).row
    assert row.state == "in_review" and row.problem and row.problem["code"] == "overtaken"


def test_what_is_wrong_is_told_before_anybody_reads_it(editing: Editing, author: Viewer) -> None:
    draft_id = editing.new(author, written(title="", grants=("windchill:nothing",), owner="nobody"), NOW)
    for act in (editing.submit, editing.publish):
        with pytest.raises(EditRefused) as refused:
            act(author, draft_id, 1, at(1))
        assert {each.code for each in refused.value.problems} == {"title_missing", "grant_unknown", "owner_form"}


def test_files_are_kept_with_every_save(store: Store, editing: Editing, author: Viewer) -> None:
    draft_id = editing.new(author, written(), NOW)
    file = editing.add_file(author, draft_id, Attachment("log.txt", "text/plain", b"one"))
    other = editing.add_file(author, draft_id, Attachment("log.txt", "text/plain", b"two"))
    saved(editing, author, draft_id, files=(file,))
    revision = saved(editing, author, draft_id, files=(other,))
    assert editing.file(author, draft_id, file.digest) == ("text/plain", b"one")
    number = editing.publish(author, draft_id, revision, at(3))
    found = store.attachment(number, "log.txt", EVERYONE)
    assert found and found.content == b"two"
    with pytest.raises(EditRefused):
        fresh = editing.open(author, number, at(4))
        editing.add_file(author, fresh, Attachment("big.bin", "text/plain", b"0" * (1 << 20) + b"1"))


def test_a_marker_that_is_none_is_published_by_nobody(store: Store, editing: Editing, author: Viewer) -> None:
    new = editing.new(author, written(body="前\n\n：：：grants staff\n內部\n：：：\n"), NOW)
    content = editing.draft(author, new).content
    for do in (
        lambda: editing.publish(author, new, 1, at(1)),
        lambda: editing.submit(author, new, 1, at(1)),
        lambda: editing.preview(author, new, content, lambda file: file.name),
    ):
        with pytest.raises(EditRefused) as refused:
            do()
        first = refused.value.problems[0]
        assert (first.code, first.values["line"]) == ("section_marker", 3)
    assert store.article_ids() == []
    shown = editing.preview(author, new, written(body="前\n\n:::note\n後"), lambda file: file.name)
    assert [each.code for each in shown.remarks] == ["marker_shown"] and ":::note" in shown.sections[0].html


def test_a_translation_is_of_the_group_of_its_original(store: Store, editing: Editing, author: Viewer) -> None:
    apply(store, draft("a.zh-Hant", group="a"))
    new = editing.new(author, written(lang="en", title="Login fails"), NOW, beside="KB000001")
    editing.publish(author, new, 1, at(1))
    found = store.read("KB000001", EVERYONE)
    assert found and [(each.lang, each.title) for each in found.translations] == [("en", "Login fails")]


def test_what_is_written_comes_back_as_it_was(store: Store, editing: Editing, author: Viewer) -> None:
    body = "前\n\n:::grants staff {product}:gold\n```\n:::\n```\n:::\n\n後"
    content = written(
        body=body, versions=("12.0",), also_asked_as=("怎麼登入",), owner="a@example.com", review_on=NOW.date(),
        expires_at=at(10_000), category="登入", grants=("public", "{product}:gold"),
    )  # fmt: skip
    number = editing.publish(author, editing.new(author, content, NOW), 1, at(1))
    with store.reading() as connection:
        found = originals.by_number(connection, number)
        assert found and drafts.under_way(connection) == []
    again = content_of(found)
    assert replace(again, number=None, group=None) == content
