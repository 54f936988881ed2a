"""Signs in to a running site as each demo user and searches: `python -m tests.demo_walk http://127.0.0.1:8000`.

The right article must be found in 繁體, 简体, English, mixed and by code; who may not read it must not meet it
anywhere, not in results or suggestions, nor by its address, on pages or in the API.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import quote, urlencode

from indexer.demo import DEMOS

STAFF = ("engineer", "author", "operator")
# (query, article, who reads it beside staff)
ASKED = (
    ("網域帳號無法登入 401", "KB102210", ("gold", "goldplus", "mixed")),
    ("方法服务器 内存不足", "KB102120", ("gold", "goldplus", "mixed")),
    ("certificate expired PKIX", "KB102730", ("gold", "goldplus", "mixed")),
    ("Windchill 升級後 ORA-01017", "KB102310", ("gold", "goldplus", "mixed")),
    ("CS123456", "KB102410", ("gold", "goldplus", "mixed")),
    ("0xC0000005", "KB103910", ("silver", "mixed")),
    ("Creo 授權 -15,570", "KB104010", ("silver", "mixed")),
    ("mapkey 錄製", "KB104910", ()),
    ("Windchill 13.0.2 版本說明", "KB102910", ("gold", "goldplus", "mixed")),
    ("Performance Advisor 進階功能 慢頁面", "KB103210", ("goldplus",)),
    ("主動式監控 警示", "KB103410", ("goldplus",)),
    ("Windchill 11.0 SPR 狀態清單", "KB103510", ("gold",)),
    ("MKS124066", "KB105910", ("goldplus",)),
    ("MKS 錯誤碼對照與分流表", "KB106610", ()),
    ("值流佇列已滿", "KB106910", ("goldplus",)),
    ("嚴重性 回應時間", "KB100310", ("anonymous", "silver", "gold", "goldplus", "mixed", "ended")),
)


class Reader:
    """A browser without scripts."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        request = urllib.request.Request(self._base + path)  # noqa: S310 (the address is the caller's)
        if form is not None:
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.ask(path)[1])
            assert token, f"{path} holds no form"
            request.data = urlencode({**form, "csrf_token": token[1]}).encode()
            request.add_header("Referer", self._base + path)
        try:
            with self._opener.open(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def walk(base: str) -> int:
    """How many answers were looked at; AssertionError at the first that is wrong."""
    looked = 0
    people = {"anonymous": Reader(base)}
    for demo in DEMOS:
        name = demo.email.partition("@")[0]
        people[name] = Reader(base)
        status, page = people[name].ask("/sign-in", {"email": demo.email, "password": demo.password})
        assert status == 200 and "/sign-out" in page, f"{name} cannot sign in"
    for text, number, readers in ASKED:
        for name, reader in people.items():
            may = name in STAFF or name in readers
            asked = quote(text)
            found = json.loads(reader.ask(f"/api/v1/search?q={asked}&ui=zh-Hant")[1])
            numbers = [result["number"] for result in found["results"]]
            assert (number in numbers[:3]) if may else (number not in numbers), (name, text, numbers)
            page = reader.ask(f"/search?q={asked}&ui=zh-Hant")[1]
            assert (f"/articles/{number}" in page) is may, (name, text)
            assert (f"/articles/{number}" in reader.ask(f"/suggest?q={number}")[1]) is may, (name, number)
            for path in (f"/articles/{number}", f"/api/v1/articles/{number}"):
                status, body = reader.ask(path)
                assert status == (200 if may else 404), (name, path, status)
                absent = reader.ask(path.replace(number, "KB999999"))[1]
                assert may or body.replace(number, "") == absent.replace("KB999999", ""), (name, path)
            looked += 5
        print(f"{text}: {number} for {', '.join(readers) or 'nobody'} and staff, for no one else", flush=True)
    return looked


if __name__ == "__main__":
    print(f"{walk(sys.argv[1].rstrip('/'))} answers as they should be")
