"""The articles of the small site that tests look at: one for each way of being read, and enough for two pages."""

from __future__ import annotations

from datetime import date, timedelta

from kb.articles import Attachment, Draft, Section
from kb.entitlements import STAFF

SOURCE = "test"
PACKAGES = ("silver", "gold", "gold_plus")

LOGIN = {
    "zh-Hant": """\
## 症狀

以網域帳號登入 Windchill 失敗，瀏覽器停在 401 畫面，記錄檔出現：

```log
[auth_basic:error] [pid 4711] AH01617: user wcadmin: authentication failure for "/Windchill": Password Mismatch
wt.httpgw.WTContextBean: LDAP: error code 49 - Invalid Credentials
```

## 原因

目錄服務（LDAP）的服務帳號密碼已過期，HTTP 伺服器無法再以它查詢使用者。

## 解決方式

| 檔案 | 要修改的設定 |
|---|---|
| `app-Windchill-AuthProvider.xml` | `AuthLDAPBindPassword` |
| `MapCredentials.xml` | `password` |

1. 在目錄服務重設服務帳號的密碼。
2. 執行 `ant -f webAppConfig.xml` 產生新的設定。
3. 重新啟動 HTTP 伺服器，再登入一次。
""",
    "zh-Hans": """\
## 症状

用域账号登录 Windchill 失败，浏览器停在 401 页面，日志中有 `LDAP: error code 49`。

## 原因

目录服务（LDAP）的服务账号密码已过期。

## 解决方法

重设服务账号的密码，然后重新启动 HTTP 服务器。
""",
    "en": """\
## Symptom

Login to Windchill fails with status 401, and the log says `LDAP: error code 49`.

## Cause

The password of the directory's service account has expired.

## Resolution

Set a new password for the service account and restart the HTTP server.
""",
}
RENAMED = """\
## 重新命名服務帳號

服務帳號改名後，請同時更新兩個設定檔的 `bindDN`，再重新產生設定。
"""
SAMPLE = Attachment("sample.log", "text/plain; charset=utf-8", "AH01617: LDAP 認證失敗\n".encode())


def of(product: str, *rights: str) -> tuple[str, ...]:
    return tuple(f"{product}:{right}" for right in rights or PACKAGES)


def drafts(today: date) -> list[Draft]:
    """Dates are counted back from `today`, so that each bucket of the date facet has an article."""
    return [*_login(today), *_others(today), *_pages(today)]


def _login(today: date) -> list[Draft]:
    titles = {"zh-Hant": "登入 Windchill 失敗", "zh-Hans": "登录 Windchill 失败", "en": "Login to Windchill fails"}
    return [
        Draft(
            SOURCE, "login" if lang == "zh-Hant" else f"login.{lang}", title, lang, "windchill",
            (Section(LOGIN[lang]), Section(RENAMED, of("windchill", "gold_plus")))[: 2 if lang == "zh-Hant" else 1],
            of("windchill"), f"KB90000{number}", "solution", "登入與權限", ("12.1", "12.0"), today - timedelta(3),
            group="login", attachments=(SAMPLE,) if lang == "zh-Hant" else (),
        )
        for number, (lang, title) in enumerate(titles.items(), 2)
    ]  # fmt: skip


def _one(
    number: int, title: str, text: str, product: str, grants: tuple[str, ...], updated: date, **more: object
) -> Draft:
    return Draft(
        SOURCE, f"a{number}", title, "zh-Hant", product, (Section(text),), grants, f"KB{900000 + number}",
        updated=updated, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _others(today: date) -> list[Draft]:
    def before(days: int) -> date:
        return today - timedelta(days)

    return [
        _one(1, "知識庫怎麼用：搜尋、登入與閱讀範圍",
             "## 搜尋\n\n輸入問題、關鍵字或錯誤碼，例如 `0x80070005`。\n\n## 登入\n\n登入後可閱讀您的合約包含的文章。",
             "support", ("public",), before(1), type="how_to"),
        _one(5, "Creo 開啟大型組件時當掉",
             "## 症狀\n\n開啟大型組件時 Creo 當掉，事件檢視器記錄 `0xC0000005`。\n\n## 解決方式\n\n更新顯示卡驅動。",
             "creo", of("creo"), before(60), type="solution", versions=("9.0", "10.0")),
        _one(6, "Windchill MethodServer 記憶體不足",
             "## 症狀\n\nMethodServer 記憶體不足而停止：\n\n```\njava.lang.OutOfMemoryError: Java heap space\n```\n\n"
             "## 解決方式\n\n調高 `wt.manager.cmd.MethodServer.java.args` 的 `-Xmx`。",
             "windchill", of("windchill", "gold", "gold_plus"), before(200), type="solution", versions=("12.0",)),
        _one(7, "內部缺陷：Windchill 佇列重複執行", "尚未公開的內部缺陷，請勿轉寄給客戶。",
             "windchill", (STAFF,), before(10), type="spr"),
        _one(8, "Windchill 12.1.2 版本資訊", "## 新功能\n\n本版本資訊列出 Windchill 12.1.2 的修正與新功能。",
             "windchill", of("windchill", "software_updates"), before(400), type="release_note", versions=("12.1.2",)),
        _one(9, "主動式監控的告警說明", "## 告警\n\n監控服務發現 Windchill 或 Integrity 異常時會先聯絡您。",
             "integrity", (*of("windchill", "proactive_monitoring"), *of("integrity", "proactive_monitoring")),
             before(20), type="service"),
        _one(10, "已封存：Windchill 9 的安裝步驟", "封存的文章，僅供內部參考。",
             "windchill", of("windchill"), before(900), type="how_to", confidence="archived"),
    ]  # fmt: skip


def _pages(today: date) -> list[Draft]:
    return [
        _one(
            100 + at,
            f"分頁示範第 {at} 篇",
            f"這是分頁示範的第 {at} 篇，只為了讓結果超過一頁。",
            "support",
            ("public",),
            today - timedelta(500 + at),
            type="faq" if at % 2 else "reference",
        )
        for at in range(1, 13)
    ]
