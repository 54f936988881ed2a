"""Software performance reports to look at, as the shipped articles tell of them; and when releases' support ends."""

from __future__ import annotations

from datetime import timedelta

from indexer.demo_cases import Desk
from kb.extended_support import ExtendedSupport
from kb.sprs import NewSpr, Sprs
from kb.store.releases import Release

# Number, status, title, version it is fixed in: by the article that tells of them.
SPRS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "KB102910": (
        ("7610234", "fixed", "展開含大量選項篩選的結構時，MethodServer 記憶體持續增加", "13.0.2"),
        ("7618851", "fixed", "叢集主節點切換後，WfPropagationQueue 未自動恢復輪詢", "13.0.2"),
        ("7622097", "fixed", "大量索引工具於重新啟動後重複處理已完成的內容檔", "13.0.2"),
        ("7630415", "fixed", "資料夾設為唯讀後，仍有少數上傳寫入原資料夾", "13.0.2"),
    ),
    "KB103010": (
        ("7543388", "fixed", "屬性限制變更後，簽入出現 WTInvalidParameterException，但值符合新限制", "12.1.2.5"),
        ("7546902", "fixed", "佇列項目的引數過大時，輪詢執行緒停止", "12.1.2.5"),
        ("7549015", "fixed", "目錄伺服器短暫中斷後，JNDI 連線集區未恢復", "12.1.2.5"),
    ),
    "KB103510": (
        ("7654321", "fixed", "WfPropagationQueue 在資料庫短暫中斷後停止輪詢", "11.0 M030-CPS28"),
        ("7648870", "in_work", "大量簽入時偶發 wt.pom.UniquenessException", ""),
        ("7647215", "fixed", "唯讀掛載未即時反映於叢集其他節點", "11.0 M030-CPS29"),
        ("7645093", "fixed", "AD 帳號含非 ASCII 字元時回覆 HTTP 401", "12.0.2"),
        ("7642266", "declined", "含全形括號的編號無法以萬用字元搜尋", ""),
    ),
    "KB106910": (("8012207", "submitted", "Value Stream 佇列滿了之後不再寫入，須重新啟動", ""),),
}
# So many days from now, standard support of a release ends.
RELEASES = (("windchill", "11.0", -120), ("windchill", "12.0", 200), ("creo", "7.0", -90), ("thingworx", "9.0", -500))


def add_demo_sprs(desk: Desk, support: ExtendedSupport) -> None:
    """Makes them where there are none yet, over the shipped articles."""
    engineer, sprs = desk.viewer("engineer"), Sprs(desk.store)
    if sprs.page(engineer, limit=1):
        return
    at = desk.now - timedelta(days=30)
    for number, told in SPRS.items():
        article = desk.article(number)
        if article is None:
            continue
        for spr, status, title, fixed_in in told:
            at += timedelta(hours=30)
            sprs.save(engineer, NewSpr(spr, article.row.product, status, title, fixed_in), at)
            sprs.link(engineer, spr, article, at)
    products = desk.store.products()
    for product, name, days in RELEASES:
        if product in products:
            support.save(Release(product, name, (desk.now + timedelta(days=days)).date()))
