"""The law of silence at the door: every byte a reader gets is what a site without the articles he may not read gives.

Two sites are asked the same: one with everything, one with just what the reader may read. The first has a past, too:
articles inserted, changed, retitled, given to others, deleted, voted on. `make silence` asks 60,000 times. That the
test has teeth is shown by a site that filters but counts its statistics over everything: it is found guilty.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import Connection, select, update
from werkzeug.test import TestResponse

from indexer.engines import open_engine
from indexer.ranking import Statistics
from indexer.retrieval import Known
from indexer.sources import EVERYTHING, Source, rights
from indexer.sync import drain
from indexer.tree import ALWAYS, Articles, Node, Not, Term, all_of
from kb.accounts import Accounts
from kb.articles import LANGUAGES, Attachment, Draft, Section
from kb.cases import Cases, NewCase, Said
from kb.config import Config
from kb.entitlements import STAFF, Scope, matrices
from kb.sprs import NewSpr, Sprs
from kb.store import Store, originals, redirects, translations
from kb.store.articles import ImportRun, Product
from kb.store.case_tables import case_event, case_file, support_case
from kb.store.feedback import Vote
from tests.contracts.stores import rendered
from tests.site import KINDS, PRODUCTS, ReadySite, Visitor, fill
from tests.site import STAFF as STAFFS
from tests.site_articles import SOURCE, drafts
from web import close, create_app

RESPONSES = int(os.environ.get("KB_TEST_RESPONSES", "1350"))
EACH = RESPONSES // len(KINDS)
GONE = 60
WORDS = (
    "登入 失敗 登录 伺服器 服务器 逾時 憑證 磁碟 已滿 記憶體 不足 當掉 授權 過期 監控 告警 ORA-01017 0x80070005 12.1.2 "
    "WTException login failed certificate expired Windchill Creo MethodServer"
).split()
RIGHTS = [
    "public", STAFF, "windchill:silver", "windchill:gold", "windchill:gold_plus", "creo:silver", "creo:gold",
    "windchill:software_updates", "integrity:gold_plus",
]  # fmt: skip
# What differs from one answer to the next: the token of a form, and what time it is.
TOKEN = re.compile(rb'(name="csrf_token"[^>]*value=|content=|data-now=)"[^"]+"')
# Who may open cases, and the numbers of theirs.
CASES = {kind: (f"C{at:07d}0", f"C{at:07d}1") for at, kind in enumerate(("gold", "gold_plus", "mixed"), 1)}
CASE_NUMBERS = [*(number for numbers in CASES.values() for number in numbers), "C99999999"]
# Articles that are linked to every case for staff alone.
LINKED = ("KB900007", "KB900009")
# Reports by the article they are linked to, and by the customer whose cases wait for them.
SPRS = {f"KB90000{at}": f"500000{at}" for at in (1, 2, 5, 7, 9)}
OWN_SPRS = {kind: f"600000{at}" for at, kind in enumerate(CASES, 1)}
SPR_NUMBERS = [*SPRS.values(), *OWN_SPRS.values(), "9999999"]
TRANSLATED = 150
CHANCE = 200
# The number of an article for staff alone leads to one for everybody, as if that had taken it in.
MERGED = "KB900007", "KB900001"
OPENED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
# Staff alone read of it: for everybody else there is no such product.
HIDDEN = {"nova": Product("nova", {"zh-Hant": "新星", "en": "Nova"}, ("Nova",))}
PRODUCT_NAMES = ["windchill", "creo", "integrity", "nova", "none"]
PREFIXES = ["登", "登入", "wi", "ora", "deng", "ㄉㄥ", "mem", "900", "KB9", "憑", "cer", "0x8"]


def base(today: date) -> list[Draft]:
    """The usual articles, and two hundred of chance words for chance readers, most of them translations of others."""
    chance = random.Random(3)

    def text(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(1, most)))

    def linking() -> str:
        """A text that leads to another article, as its author or its number knows it: the reader may not read most."""
        to = chance.randrange(CHANCE)
        address = chance.choice(
            [f"c{to}.md#s-x", f"c{to}.md", f"/articles/KB{910000 + to}?a#b", f"/articles/{MERGED[0]}"]
        )
        picture = "!" * (chance.random() < 0.1)
        return f"{text(5)} {picture}[{text(2)}]({address}) {text(3)}"

    def one(number: int) -> Draft:
        sections = [Section(linking() if chance.random() < 0.4 else text(15))]
        if chance.random() < 0.4:
            sections.append(Section(text(8), tuple(chance.sample(RIGHTS, chance.randint(1, 2)))))
        return Draft(
            SOURCE, f"c{number}", text(5), LANGUAGES[number % len(LANGUAGES)],
            chance.choice(["windchill", "creo", "integrity", "support"]), tuple(sections),
            tuple(chance.sample(RIGHTS, chance.randint(1, 2))), f"KB{910000 + number}",
            chance.choice(["solution", "faq", "how_to"]), versions=tuple(chance.sample(["12.0", "12.1", "13.0"], 2)),
            updated=today - timedelta(chance.randint(0, 800)), group=f"g{number // 3}" if number < TRANSLATED else None,
        )  # fmt: skip

    hidden = [replace(one(number), product="nova", grants=(STAFF, "nova:gold")) for number in range(CHANCE, CHANCE + 4)]
    return [*drafts(today), *(one(number) for number in range(CHANCE)), *hidden]


def readable(draft: Draft, scope: Scope) -> Draft | None:
    """What is left of an article for a scope: the rule, written out by hand."""
    if not scope.grants & set(draft.grants) or (draft.confidence == "archived" and STAFF not in scope.grants):
        return None
    kept = tuple(each for each in draft.sections if not each.grants or scope.grants & set(each.grants))
    return replace(draft, sections=kept)


def earlier(given: list[Draft]) -> list[Draft]:
    """What a site held before: many with another's title and text, or for other readers, and some since deleted."""
    chance = random.Random(4)
    before = []
    for draft in given:
        other = chance.choice(given)
        if chance.random() < 0.4:
            draft = replace(draft, title=other.title, sections=(Section(other.sections[0].markdown),))
        if chance.random() < 0.3:
            draft = replace(draft, grants=tuple(chance.sample(RIGHTS, 2)), group=other.group)
        before.append(draft)
    gone = [replace(one, id=f"gone-{one.id}", number=f"KB92{at:04d}") for at, one in enumerate(given[:GONE])]
    return [*before[:100], *gone, *before[100:]]


def vote_and_ask(store: Store, given: list[Draft]) -> None:
    """Readers vote on some articles, each always the same, and others ask in vain."""
    ids = {source.row.number: source.row.id for source in store.articles_for_index(limit=1_000)}
    for draft in given:
        chance = random.Random(draft.id)
        for voter in range(chance.choice([0, 0, 3, 20])):
            store.vote(Vote(ids[draft.number or ""], f"reader {voter}", chance.random() < 0.6))
    store.search_gap("what only others ask", "en", Scope(frozenset({"public"})))


def merge(store: Store) -> None:
    """MERGED, where both are there."""
    with store.writing() as connection:
        found, other = (originals.by_number(connection, number) for number in MERGED)
        if found and other:
            redirects.add(connection, store.batches(1)[0].id, {found.number: other.id})


def work_cases(config: Config, kinds: Collection[str]) -> None:
    """The cases of these customers: each has one that is closed and one that is answered, whose pages stay the same.

    Each has files, of replies and of notes, and a report of his own; others are of articles.
    """
    with Store.open(config.store_url) as store:
        accounts, cases = Accounts(store, config, matrices()), Cases(store, config, matrices())
        engineer, sprs = accounts.viewer_of(ReadySite.credentials("engineer")["email"], date.today()), Sprs(store)
        for number, spr in SPRS.items():
            if article := store.read(number, engineer.scope):
                sprs.save(engineer, NewSpr(spr, "windchill", "fixed", f"{number} 佇列停止", "12.1.2.6"), OPENED)
                sprs.link(engineer, spr, article, OPENED)
        for kind in sorted(kinds):
            sprs.save(engineer, NewSpr(OWN_SPRS[kind], "windchill", "in_work", f"{kind} 簽入失敗"), OPENED)
            viewer = accounts.viewer_of(ReadySite.credentials(kind)["email"], date.today())
            for at, number in enumerate(CASES.get(kind, ())):
                new = NewCase("windchill", 3, f"{kind} 登入失敗 {at}", "HTTP 401")
                made = cases.open(viewer, new, OPENED)
                with store.writing() as connection:
                    connection.execute(update(support_case).where(support_case.c.number == made).values(number=number))
                cases.reply(engineer, number, f"{kind}: 請重設密碼", OPENED)
                cases.reply(engineer, number, "內部討論", OPENED, internal=True)
                for internal in (False, True):
                    log = Attachment(f"{kind}.log", "text/plain", f"{kind} {internal}".encode())
                    cases.say(engineer, number, Said("", internal, (log,)), OPENED)
                cases.link_spr(engineer, number, OWN_SPRS[kind], OPENED)
                for linked in LINKED:
                    if article := store.read(linked, engineer.scope):
                        cases.link(engineer, number, article, "reference", OPENED, internal=True)
                with store.writing() as connection:
                    for file_id, internal in files_of(connection, number):
                        uid = f"{number[1:]}{internal:d}".rjust(32, "0")
                        connection.execute(update(case_file).where(case_file.c.id == file_id).values(uid=uid))
                if at:
                    cases.change(engineer, number, 1, {"status": "closed"}, OPENED)


def files_of(connection: Connection, number: str) -> list[tuple[int, bool]]:
    """The files of a case, each with whether it is internal."""
    joined = case_file.join(case_event, case_file.c.event_id == case_event.c.id).join(support_case)
    found = select(case_file.c.id, case_event.c.internal).select_from(joined).where(support_case.c.number == number)
    return [(row.id, row.internal) for row in connection.execute(found)]


def site(
    home: Path, given: list[Draft], past: list[Draft] | None = None, customers: Collection[str] = tuple(CASES)
) -> ReadySite:
    """A site that holds these articles, and the cases of these customers, and held articles of its past before."""
    config = Config(home=home, sign_in_attempts=1000)
    known = {**PRODUCTS, **(HIDDEN if any(draft.product in HIDDEN for draft in given) else {})}
    fill(config, past or given, known)
    with Store.open(config.store_url) as store:
        engine = open_engine(config)
        if past:
            store.apply([rendered(each) for each in given], ImportRun(SOURCE, datetime.now(UTC), known))
            kept = {draft.number for draft in given}
            store.delete([draft.number or "" for draft in past if draft.number not in kept])
            drain(store, engine)
            with store.writing() as connection:
                # Staff are told of translations that are behind, which is of the past, and of nothing hidden.
                for article_id in store.article_ids():
                    translations.is_current(connection, article_id, datetime.now(UTC))
        vote_and_ask(store, given)
        merge(store)
        drain(store, engine)
        engine.close()
    work_cases(config, customers)
    app = create_app(config)
    app.testing = True
    return ReadySite(app, config)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadySite]:
    given = base(date.today())
    found = site(tmp_path_factory.mktemp("everything"), given, earlier(given))
    yield found
    close(found.app)


def scope_of(everything: ReadySite, kind: str) -> Scope:
    if kind == "anonymous":
        return Scope(frozenset({"public"}))
    return everything.accounts.viewer_of(everything.credentials(kind)["email"], date.today()).scope


def paths(chance: random.Random, numbers: list[str]) -> Iterator[str]:
    """Addresses of every surface, right and wrong, over and over."""
    while True:
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 4)))
        text = chance.choice(
            [text, text, f'"{text}"', f"“{text}”", f"-{text}", f"{text[:3]}*", f"title:{text}", f"{text} OR 登入"]
        )
        more = [
            (name, chance.choice(values))
            for name, values in (
                ("product", PRODUCT_NAMES),
                ("type", ["solution", "faq"]),
                ("lang", ["zh-Hant", "zh-Hans", "en"]),
                ("version", ["12.0", "13.0", "99"]),
                ("date", ["month", "year", "older"]),
                ("sort", ["updated", "title", "relevance"]),
                ("page", ["1", "2", "9"]),
                ("ui", ["zh-Hant", "zh-Hans", "en"]),
            )
            if chance.random() < 0.2
        ]
        number = chance.choice([*numbers, "KB999999"])
        yield from (
            "/search?" + urlencode([("q", text), *more]),
            "/api/v1/search?" + urlencode([("q", text), *more]),
            f"/suggest?q={quote(chance.choice([*PREFIXES, text[:4]]))}",
            f"/articles/{number}",
            f"/api/v1/articles/{number}",
            f"/cases/{chance.choice(CASE_NUMBERS)}",
            chance.choice(["/search?q=SPR+{}", "/api/v1/search?q={}", "/sprs/{}", "/api/v1/sprs/{}"]).format(
                chance.choice(SPR_NUMBERS)
            ),
            f"/cases/{(case := chance.choice(CASE_NUMBERS))}/files/{case[1:]}{chance.choice('01')}".replace(
                f"files/{case[1:]}", f"files/{'0' * 23}{case[1:]}"
            ),
            chance.choice(
                [
                    "/",
                    "/feed.atom",
                    f"/feed.atom?product={chance.choice(PRODUCT_NAMES)}&lang=zh-Hant",
                    "/sitemap.xml",
                    "/sitemap-1.xml",
                    "/cases",
                    "/cases?state=closed",
                    "/cases/new",
                    f"/cases/new?product={chance.choice(PRODUCT_NAMES)}",
                    "/cases/clocks",
                    "/sprs",
                    "/account",
                    "/webhooks",
                    "/api/v1/webhooks/deliveries",
                    "/api/v1/sprs",
                    f"/embed/case-panel?case={chance.choice(CASE_NUMBERS)}",
                    "/reports",
                    "/reports/activity?from=2026-02&to=2026-03",
                    f"/reports/activity?product={chance.choice(PRODUCT_NAMES)}",
                    f"/reports/activity?from=2026-03&to=2026-04&customer={chance.choice(list(CASES))}+company",
                    "/reports/activity/clocks.csv?from=2026-03&to=2026-03",
                    "/api/v1/cases",
                    "/api/v1/cases?state=closed",
                    f"/api/v1/cases/{chance.choice(CASE_NUMBERS)}",
                    "/entitlements",
                    f"/articles/{number}/attachments/sample.log",
                    f"/api/v1/suggest?q={quote(text[:3])}",
                ]
            ),
        )


def seen(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    """All that reaches the reader, but for the token of its form and the time."""
    kept = {name: value for name, value in answer.headers.items() if name not in ("Date", "Set-Cookie")}
    return answer.status_code, TOKEN.sub(rb'\1""', answer.get_data()), kept


def differences(one: Visitor, other: Visitor, numbers: list[str], seed: str) -> list[str]:
    asked = paths(random.Random(seed), numbers)
    return [path for path in (next(asked) for _ in range(EACH)) if seen(one.get(path)) != seen(other.get(path))]


@pytest.fixture
def pair(everything: ReadySite, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Visitor, Visitor]]:
    kind: str = request.param
    scope = scope_of(everything, kind)
    left = [kept for kept in map(partial(readable, scope=scope), base(date.today())) if kept]
    reduced = site(tmp_path / "reduced", left, customers=CASES if kind in STAFFS else {kind} & set(CASES))
    yield everything.visitor(kind), reduced.visitor(kind)
    close(reduced.app)


@pytest.mark.slow
@pytest.mark.parametrize(("pair", "kind"), [(kind, kind) for kind in KINDS], indirect=["pair"], ids=KINDS)
def test_what_one_may_not_read_changes_no_byte(pair: tuple[Visitor, Visitor], kind: str) -> None:
    assert differences(*pair, [draft.number or "" for draft in base(date.today())], kind) == []
    seen = [number for number in CASE_NUMBERS if pair[0].get(f"/cases/{number}").status_code == 200]
    assert seen == (CASE_NUMBERS[:-1] if kind in STAFFS else list(CASES.get(kind, ())))


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["silver"], indirect=True)
def test_a_filter_alone_is_found_guilty(pair: tuple[Visitor, Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliberately weak: rights filter what is shown, but words are counted in every article."""

    def counted_in_all(source: Source, scope: Scope, without: frozenset[int]) -> tuple[Node, Statistics]:
        def ask(terms: Sequence[str]) -> Sequence[int]:
            return source.frequencies(ALWAYS, [Term(EVERYTHING, term) for term in terms])

        among = all_of([rights(source, scope), Not(Articles(without))])
        return among, Statistics(source.frequencies(ALWAYS, [ALWAYS])[0], ask)

    monkeypatch.setattr(Known, "_made", staticmethod(counted_in_all))
    assert differences(*pair, [draft.number or "" for draft in base(date.today())], "guilty") != []
