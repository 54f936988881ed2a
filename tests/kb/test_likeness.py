"""Sketches are kept in the store and compared with those of later versions: the same text has the same one for good."""

from __future__ import annotations

import hashlib

import pytest

from kb.likeness import sketch


@pytest.mark.parametrize(
    ("text", "length", "digest"),
    [
        ("無法登入 ORA-01017。Restart the method server. 伺服器無法啟動", 136, "e90c47d0d65c5778"),
        ("伺服器無法啟動，記錄檔出現 ORA-01017。Restart it and check the port 7001. " * 40, 192, "71517cdd2e72b059"),
        (
            "".join(f"第 {n} 步：Open page {n * 7919 % 1009} \U00020001。\n" for n in range(900)),
            256,
            "de88ea7ba812d593",
        ),
        ("abc" * 4_000, 12, "34dae5f453c57d5d"),
        ("too short", 0, "e3b0c44298fc1c14"),
    ],
)
def test_a_text_has_one_sketch(text: str, length: int, digest: str) -> None:
    made = sketch([text])
    assert (len(made), hashlib.sha256(made).hexdigest()[:16]) == (length, digest)
