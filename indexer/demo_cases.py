"""Cases to look at: a dozen in every state, about what the shipped articles answer, and half a year of closed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from indexer.demo import DOMAIN
from indexer.demo_history import HISTORY, NEEDLESS, RESOLVED, TASKS, DemoTask, Past
from kb.accounts import Accounts, Viewer
from kb.articles import Attachment
from kb.case_articles import CaseArticles
from kb.cases import Cases, NewCase, Said
from kb.sprs import Sprs
from kb.store import Store
from kb.store.articles import Readable
from kb.tasks import Tasks, paragraphs

Act = Literal[
    "answer", "ask", "note", "wait", "rd", "solve", "close", "take", "resolution", "reference", "write", "file"
]
STATUS = {"wait": "waiting_customer", "rd": "waiting_rd", "solve": "solution_offered", "close": "closed"}


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A case opened so many hours ago by `who`, and what was done since: (hours after it was opened, what, with)."""

    who: str
    ago: float
    new: NewCase
    acts: tuple[tuple[float, Act, str], ...] = ()


def _new(product: str, severity: int, subject: str, text: str, version: str = "") -> NewCase:
    return NewCase(product, severity, subject, text, version, "Windows Server 2022，Oracle 19c" if version else "")


CASES = (
    DemoCase(
        "goldplus",
        0.2,
        _new(
            "windchill",
            0,
            "正式環境全面停擺：MethodServer 記憶體不足",
            "java.lang.OutOfMemoryError: GC overhead limit exceeded\n三百人無法工作。",
            "12.1.2",
        ),
    ),
    DemoCase(
        "gold",
        1.0,
        _new(
            "windchill",
            1,
            "登入失敗，HTTP 401",
            "LDAP: error code 49 - 80090308, data 52e\n今天早上換過服務帳號的密碼。",
            "12.1.2",
        ),
        ((0.3, "take", ""),),
    ),
    DemoCase(
        "gold",
        30.0,
        _new(
            "windchill",
            2,
            "升級後無法啟動，ORA-01017",
            "升級到 12.1.2.5 之後 Windchill 無法啟動：ORA-01017。",
            "12.1.2.5",
        ),
        (
            (0.8, "take", ""),
            (1.0, "answer", "請確認資料庫密碼的大小寫，並附上 db.properties（去掉密碼）。"),
            (1.1, "wait", ""),
        ),
    ),
    DemoCase(
        "goldplus",
        50.0,
        _new(
            "thingworx",
            1,
            "Value Stream Queue is full",
            "歷史資料出現缺口，記錄檔裡有 Value Stream Queue is full。",
            "9.6",
        ),
        (
            (0.5, "take", ""),
            (1.0, "answer", "已收到，正在分析佇列的設定。"),
            (1.2, "reference", "KB106910"),
            (3.0, "note", "與去年 C 公司的情形相同，先請研發確認。"),
            (3.1, "rd", "8012207"),
        ),
    ),
    DemoCase(
        "mixed",
        76.0,
        _new("windchill", 3, "搜尋不到新建立的零件", "Windchill Index Search 找不到昨天建立的零件。", "13.0.2"),
        (
            (2.0, "take", ""),
            (4.0, "resolution", "KB102610"),
            (4.2, "answer", "索引未同步，請依 KB102610 的步驟重建索引。"),
            (4.3, "solve", ""),
        ),
    ),
    DemoCase(
        "gold",
        200.0,
        _new(
            "windchill", 2, "SSLHandshakeException：憑證到期", "PKIX path building failed，整合介面全部中斷。", "12.1.2"
        ),
        (
            (1.0, "take", ""),
            (1.5, "resolution", "KB102710"),
            (2.0, "answer", "憑證已到期，更新的方法在 KB102710。"),
            (2.1, "solve", ""),
            (5.0, "ask", "更新後正常了，謝謝。"),
            (5.2, "close", ""),
        ),
    ),
    DemoCase(
        "goldplus",
        300.0,
        _new("integrity", 2, "變更套件卡住", "Change package 一直處於 Submitted。", "13.3"),
        (
            (1.0, "take", ""),
            (2.0, "answer", "請提供變更套件的編號。"),
            (2.1, "wait", ""),
            (20.0, "ask", "編號是 4711:2。"),
        ),
    ),
    DemoCase(
        "goldplus",
        90.0,
        _new("thingworx", 3, "Mashup 顯示空白頁", "嵌入入口網站後，Mashup 是空白的。", "9.6"),
        ((20.0, "answer", "請看瀏覽器主控台有沒有 Content-Security-Policy 的訊息。"), (20.1, "reference", "KB106810")),
    ),
    DemoCase(
        "mixed",
        170.0,
        _new("windchill", 2, "佇列 WfPropagationQueue 不再處理", "項目都是 SEVERE。", "12.1.2"),
        (
            (0.5, "take", ""),
            (1.0, "answer", "請依文章重設卡住的項目。"),
            (1.1, "resolution", "KB103610"),
            (9.0, "close", ""),
        ),
    ),
    DemoCase("gold", 26.0, _new("windchill", 3, "如何把測試環境搬到新主機", "想知道 rehost 的步驟。", "12.1.2")),
    DemoCase(
        "goldplus",
        400.0,
        _new("windchill", 1, "物件封存庫磁碟已滿", "上傳失敗：No space left on device", "12.1.2"),
        (
            (0.5, "take", ""),
            (1.0, "answer", "先清出空間，再依 KB102510 重新封存。"),
            (1.1, "resolution", "KB102510"),
            (8.0, "close", ""),
        ),
    ),
    DemoCase(
        "goldplus",
        6.0,
        _new("windchill", 2, "簽入失敗 WTInvalidParameterException CS123456", "簽入組件時失敗，附上堆疊。", "12.1.2"),
        (
            (
                0.1,
                "file",
                "wt.util.WTInvalidParameterException: Value for argument is not valid (CS123456)",
            ),
            (1.0, "take", ""),
            (1.5, "answer", "已重現，正在查證修正版本。"),
            (1.6, "reference", "KB102410"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the demo's cases are made with."""

    store: Store
    cases: Cases
    tasks: Tasks
    articles: CaseArticles
    accounts: Accounts
    now: datetime

    def viewer(self, who: str) -> Viewer:
        return self.accounts.viewer_of(f"{who}@{DOMAIN}", self.now.date())

    def article(self, number: str) -> Readable | None:
        """Whoever runs the demo without the shipped articles has the cases without the links."""
        return self.store.read(number, self.viewer("engineer").scope)


def add_demo_cases(desk: Desk) -> int:
    """Makes cases, past and present, and tasks, where there is no case yet; says how many cases."""
    engineer = desk.viewer("engineer")
    if desk.cases.page(engineer) or desk.cases.page(engineer, is_open=False):
        return 0
    every = [*map(_past, HISTORY), *CASES]
    numbers: dict[str, str] = {}
    for demo in sorted(every, key=lambda one: -one.ago):
        customer, opened = desk.viewer(demo.who), desk.now - timedelta(hours=demo.ago)
        numbers[demo.new.subject] = number = desk.cases.open(customer, demo.new, opened)
        for after, act, given in demo.acts:
            _play(desk, (customer, engineer), number, (act, given), opened + timedelta(hours=after))
    for needless in NEEDLESS:
        if article := desk.article(needless.article):
            at = desk.now - timedelta(days=needless.days)
            desk.cases.solved(desk.viewer(needless.who), article, needless.product, needless.typed, at)
    for task in TASKS:
        _ask(desk, task, numbers)
    return len(every)


def _past(one: Past) -> DemoCase:
    acts: list[tuple[float, Act, str]] = [(0.1, "take", ""), (one.answered, "answer", "請看連結的文章。")]
    for at, number in enumerate(one.articles):
        acts.append((one.linked + at / 10, "reference" if at else "resolution", number))
    acts += [(one.written, "write", "")] if one.written else []
    acts += [(one.closed - 1, "solve", ""), (one.closed, "close", "")]
    new = NewCase(one.product, one.severity, one.subject, f"{one.subject}。")
    return DemoCase(one.who, one.days * 24.0, new, tuple(sorted(acts)))


def _ask(desk: Desk, task: DemoTask, numbers: Mapping[str, str]) -> None:
    article, engineer, at = desk.article(task.article), desk.viewer("engineer"), desk.now - timedelta(days=task.days)
    if article is None:
        return
    if task.kind == "public_version":
        return desk.tasks.request_public(engineer, numbers[task.case], article, at)
    said = paragraphs(article)
    about = next((place for place, line in enumerate(said, 1) if task.begins and line.startswith(task.begins)), 0)
    number = desk.tasks.flag(engineer, article, about, task.note, at)
    if task.done:
        desk.tasks.resolve(desk.viewer("author"), number, task.done, at + RESOLVED)
    return None


def _play(desk: Desk, people: tuple[Viewer, Viewer], number: str, act: tuple[Act, str], at: datetime) -> None:
    (customer, engineer), (what, given) = people, act
    found = desk.cases.case(engineer, number, at)
    assert found is not None  # noqa: S101
    if what in ("resolution", "reference"):
        if article := desk.article(given):
            closed = article.row.id not in desk.cases.readers(found.row, [article.row.id], at)
            desk.cases.link(engineer, number, article, what, at, internal=closed)
    elif what == "write":
        desk.articles.write(engineer, number, "zh-Hant", at)
    elif what == "file":
        desk.cases.say(customer, number, Said("", files=(Attachment("stack.txt", "text/plain", given.encode()),)), at)
    elif what in ("answer", "note", "ask"):
        desk.cases.reply(customer if what == "ask" else engineer, number, given, at, internal=what == "note")
    else:
        taken = what == "take"
        wanted: dict[str, object] = {"owner_id": engineer.account_id} if taken else {"status": STATUS[what]}
        # Whoever runs the demo without the shipped articles has no reports either.
        if given and Sprs(desk.store).find(engineer, given):
            wanted["spr"] = given
        desk.cases.change(engineer, number, found.row.revision, wanted, at)
