"""What a query is looked up by."""

from __future__ import annotations

import pytest

from indexer.folding import fold
from indexer.planning import Plan, is_code, plan
from indexer.vocabulary import Vocabularies
from kb.query import understood
from kb.question import Query


def planned(text: str) -> Plan:
    return plan(understood(Query(text))[0], Vocabularies().current())


@pytest.mark.parametrize(
    ("text", "terms"),
    [("鎖", {"c锁"}), ("鎖定", {"g锁定"}), ("鎖定帳戶", {"g锁定", "g定帐", "g帐户"}), ("a 鎖", {"ea", "sa", "c锁"})],
)
def test_a_character_is_looked_up_where_no_pair_holds_it(text: str, terms: set[str]) -> None:
    found = {one.term for one in planned(text).terms if one.kind in "cgwes"}
    assert found == terms


def test_a_pair_that_is_a_word_is_told_from_one_that_is_not() -> None:
    found = {one.term: one.is_word for one in planned("鎖定帳戶").terms if one.kind == "g"}
    assert found == {"g锁定": True, "g定帐": False, "g帐户": True}


@pytest.mark.parametrize(
    ("text", "langs"),
    [("登入", ("zh-Hant", "zh-Hans")), ("程序", ("zh-Hans", "zh-Hant")), ("版本", ("zh-Hant", "zh-Hans"))],
)
def test_what_one_region_alone_says_tells_the_language(text: str, langs: tuple[str, ...]) -> None:
    found = planned(text)
    assert found.langs == langs


def test_a_word_of_several_terms_is_said_otherwise_in_all_of_them_at_once() -> None:
    (unit,) = planned("保存文档").units
    ways = {(one.surface, one.lang, one.origin): one.shares for one in unit.evidence}
    assert set(ways["储存文件", "zh-Hant", "script"]) == {"g储存", "g存文", "g文件"}
    assert set(ways["save document", "", "english"]) == {"ssave", "sdocument"}


@pytest.mark.parametrize("asked", ["user's", "user’s"])
def test_a_word_with_what_it_is_run_together_with_is_a_word(asked: str) -> None:
    (unit,) = planned(asked).units
    assert unit.is_plain and not is_code(unit.surface)
    assert {"suser": 1.0} in [one.shares for one in unit.evidence]


def test_what_a_contraction_is_cut_into_tells_nothing() -> None:
    (unit,) = planned("can't").units
    shares = [one.shares for one in unit.evidence if one.origin == "asked"]
    assert shares == [{"kcan't": 1.0}, {"kcant": 1.0}]
    assert {"cannot", "unable to"} <= {one.surface for one in unit.evidence}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("在 Outlook 網頁版中的儲存格", ["在", "outlook", "网页版", "中", "的", "储存格"]),
        ("將連絡人新增至群組", ["将", "连络人", "新增", "至", "群组"]),
        ("主控文件", ["主控", "文件"]),
    ],
)
def test_words_of_taiwan_stay_whole_in_a_question(text: str, words: list[str]) -> None:
    assert [unit.surface for unit in planned(text).units] == words


@pytest.mark.parametrize("text", ["拒絕存取", "「拒絕存取」", " 拒絕存取。", "“拒絕存取！”"])
def test_a_passage_is_looked_for_without_what_stands_around_it(text: str) -> None:
    assert planned(text).whole == "拒绝存取"


@pytest.mark.parametrize("joint", ["-", "’"])
def test_what_is_made_of_many_terms_of_the_vocabulary_is_not_said_in_all_ways_there_are(joint: str) -> None:
    words = "client computer host cpu cache buffer volume partition nic monitor display screen".split()
    (unit,) = planned(joint.join(["ж", *words])).units
    assert len(unit.evidence) < 200


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("Log Name: System\nSource: NTDS Replication\nEvent ID: 2042", "system ntds replication event id 2042"),
        ("Faulting application name: a.exe, version: 1.2, time stamp: 0x5\nFault offset: 0x1", "a.exe 1.2 0x5 0x1"),
        ("At line:1 char:7\n+ ~~~~\nTraceback (most recent call last):\nKeyError", "1 7 keyerror"),
        ("記錄檔名稱：系統\n來源：disk", "系統 disk"),
        ("Level: 3", "level 3"),
        ("Level:\nKeywords:", "level keywords"),
        ("Set-Foo : no user\nuser: x", "set-foo no user x"),
    ],
)  # fmt: skip
def test_the_labels_of_a_pasted_log_are_no_words_of_it(pasted: str, said: str) -> None:
    assert [unit.surface for unit in planned(pasted).units] == fold(said).split()
