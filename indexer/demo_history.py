"""What went before the demo's cases of today: half a year of closed ones, so that reports have something to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kb.tasks import Kind


@dataclass(frozen=True, slots=True)
class Past:
    """A case of so many days ago, answered and closed so many hours after it was opened.

    `articles` are linked so many hours after it was opened; the first is the resolution. `written`: by then an article
    was written from it; 0: none.
    """

    who: str
    days: int
    product: str
    severity: int
    subject: str
    answered: float
    closed: float
    linked: float = 0.0
    articles: tuple[str, ...] = ()
    written: float = 0.0


@dataclass(frozen=True, slots=True)
class Needless:
    """A case that an article made needless, so many days ago."""

    who: str
    days: int
    product: str
    typed: str
    article: str


@dataclass(frozen=True, slots=True)
class DemoTask:
    """What colleagues want of an article, since so many days: a flag on its paragraph that begins so, or a version that
    the customer of a case may read. `done`: it was done the day after."""

    kind: Kind
    days: int
    article: str
    begins: str = ""
    note: str = ""
    case: str = ""
    done: str = ""


HISTORY = (
    Past("gold", 171, "windchill", 2, "升級後登入頁面回應 401", 1.5, 30, 3, ("KB102210",)),
    Past("goldplus", 166, "windchill", 1, "MethodServer 每天凌晨停止", 0.7, 20, 0.6, ("KB102110",)),
    Past("mixed", 158, "windchill", 3, "零件改名後搜尋不到", 30, 120, 50, ("KB102610",)),
    Past("goldplus", 150, "integrity", 2, "觸發程序 script error", 3, 60, written=20),
    Past("gold", 141, "windchill", 1, "整合介面的憑證到期", 2.5, 9, 2.4, ("KB102710",)),
    Past("goldplus", 133, "thingworx", 2, "屬性的歷史資料有缺口", 2, 44, 5, ("KB106910",)),
    Past("mixed", 127, "windchill", 2, "佇列項目一直執行中", 1, 28, 0.9, ("KB103610",)),
    Past("gold", 118, "windchill", 3, "測試環境的移機步驟", 20, 200, 26, ("KB102810",)),
    Past("goldplus", 109, "integrity", 1, "變更套件停在 CommitFailed", 1.2, 26, 1.1, ("KB105910", "KB106610")),
    Past("goldplus", 103, "windchill", 0, "封存庫所在磁碟已滿，全面停擺", 0.3, 11, 2, ("KB102510",)),
    Past("gold", 95, "windchill", 2, "ORA-28001 密碼過期", 3.5, 18, 3.4, ("KB102310",)),
    Past("mixed", 88, "windchill", 2, "簽入時 WTException", 5, 90, 70, ("KB102410",)),
    Past("goldplus", 80, "thingworx", 3, "授權檔的裝置識別碼不符", 8, 100, 30, ("KB107110",)),
    Past("gold", 72, "windchill", 1, "登入失敗 data 52e", 1.4, 6, 1.3, ("KB102210",)),
    Past("goldplus", 64, "integrity", 3, "沙箱重新同步很慢", 22, 160, 100, ("KB106210",)),
    Past("goldplus", 57, "windchill", 2, "GC overhead limit exceeded", 2, 27, 1.8, ("KB102110",)),
    Past("mixed", 49, "windchill", 3, "如何下載 CPS 修補程式", 6, 40, written=8),
    Past("gold", 41, "windchill", 2, "PKIX path building failed", 1, 14, 0.8, ("KB102710",)),
    Past("goldplus", 34, "thingworx", 1, "Mashup 空白且 HTTP 403", 1.8, 30, 1.7, ("KB106810",)),
    Past("gold", 27, "windchill", 2, "Solr 索引未同步", 3, 33, 2.8, ("KB102610",)),
    Past("mixed", 21, "windchill", 1, "全部使用者無法登入", 2.2, 8, 2.1, ("KB102210", "KB102010")),
)
NEEDLESS = (
    Needless("gold", 99, "windchill", "登入 Windchill 失敗，HTTP 401", "KB102210"),
    Needless("goldplus", 61, "thingworx", "Mashup 顯示空白頁", "KB106810"),
    Needless("mixed", 30, "windchill", "MethodServer 記憶體不足", "KB102110"),
    Needless("gold", 8, "windchill", "憑證到期，SSLHandshakeException", "KB102710"),
)
TASKS = (
    DemoTask("flag", 12, "KB102110", "", "12.1.2 以後，參數移到 site.xconf，步驟請更新。"),
    DemoTask("flag", 5, "KB102210", "重新", "這一步要先停掉所有 MethodServer，否則設定不會生效。"),
    DemoTask("flag", 20, "KB102710", "", "範例的憑證路徑少了磁碟代號。", done="已補上完整路徑。"),
    DemoTask("public_version", 2, "KB106610", case="變更套件卡住"),
)
RESOLVED = timedelta(days=1)
