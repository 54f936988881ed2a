"""Articles whose every text says who may read it, people who may, and what nobody else may ever be sent.

What a person may read is said here alone, by the words of the guide, not by the code that is tested.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = "cluster"
PRODUCTS = ("windchill", "creo")
# Words that nothing else is like: whoever reads an article of one finds it by the word, and nothing else.
TOPICS = ("alphastone", "bravoriver", "charliehill", "deltafield", "echoforest", "foxtrotlake")
FILLING = (
    "伺服器的記錄檔顯示逾時，請先確認網路設定。",
    "管理員重新啟動服務之後，問題不再出現。",
    "The log shows `0x80070005` when the client connects.",
    "如果仍然失敗，請收集執行緒傾印並附在案件中。",
    "Version 12.1.2 and later are affected; 11.0 is not.",
)
MUTABLE = 9000
MARK = re.compile(rb"kbmark(\d{4})([xs])")
NUMBER = re.compile(rb"KB\d{6}")
# The example in the box that searches are typed in.
EXAMPLE = "KB000123"
CASE = re.compile(rb"kbcase-([a-z]+)-")


@dataclass(frozen=True)
class Person:
    """Somebody who asks: what he holds, spelled out."""

    name: str
    role: str = ""
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def is_staff(self) -> bool:
        return self.role in ("engineer", "author", "operator")

    def reads(self, grants: Iterable[str]) -> bool:
        held = {"public", *(f"{product}:{package}" for product, package in self.lines)}
        return (self.is_staff and bool(set(grants))) or not held.isdisjoint(grants)


PEOPLE = (
    Person("anonymous"),
    Person("silver", "customer", (("creo", "silver"),)),
    Person("gold", "customer", (("windchill", "gold"),)),
    Person("plus", "customer", (("windchill", "gold_plus"), ("creo", "gold_plus"))),
    Person("mixed", "customer", (("windchill", "gold"), ("creo", "silver"))),
    Person("engineer", "engineer"),
    Person("author", "author"),
)
READERS: Sequence[tuple[str, ...]] = (
    ("public",),
    ("windchill:silver", "windchill:gold", "windchill:gold_plus"),
    ("windchill:gold", "windchill:gold_plus"),
    ("windchill:gold_plus",),
    ("creo:silver", "creo:gold", "creo:gold_plus"),
    ("creo:gold", "creo:gold_plus"),
    ("staff",),
)


@dataclass(frozen=True)
class Article:
    """One that nobody changes. `inner`: who may read a section of it besides, if it has one."""

    at: int
    topic: str
    grants: tuple[str, ...]
    inner: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        chance = random.Random(self.at)
        body = [f"登入失敗的處理（{self.topic}），kbmark{self.at:04d}x。", *chance.sample(FILLING, 3)]
        if self.inner:
            body.append(f":::grants {' '.join(self.inner)}\n\n更多說明：kbmark{self.at:04d}s。\n\n:::")
        return row(f"a{self.at}", f"登入失敗 {self.topic} {self.at}", "\n\n".join(body), self.grants)


def row(id_: str, title: str, body: str, grants: Sequence[str]) -> dict[str, object]:
    product = next((grant.partition(":")[0] for grant in grants if ":" in grant), "windchill")
    return {
        "id": id_,
        "title": title,
        "body_markdown": body,
        "lang": "zh-Hant",
        "product": product,
        "grants": [*grants],
    }


def articles(count: int) -> list[Article]:
    made = []
    for at in range(count):
        grants = READERS[at % len(READERS)]
        inner = ("windchill:gold_plus",) if at % 3 == 0 and grants in (("public",), READERS[2]) else ()
        made.append(Article(at, TOPICS[at % len(TOPICS)], grants, inner))
    return made


def write(given: Sequence[Article], path: Path) -> None:
    path.write_text("".join(json.dumps(one.row(), ensure_ascii=False) + "\n" for one in given), "utf-8")


@dataclass
class State:
    """What a changing article says from some moment on: known to be so since `acknowledged`, if ever."""

    grants: tuple[str, ...]
    word: str
    acknowledged: float | None = None


@dataclass
class Rights:
    """Who may be sent what, at which moment. Safe between threads."""

    articles: Mapping[int, Article]
    numbers: dict[str, int] = field(default_factory=dict)
    _changing: dict[int, list[State]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, at: int, state: State) -> None:
        """From now on it may be so, and may be as it was."""
        with self._lock:
            self._changing.setdefault(at, []).append(state)

    def acknowledge(self, state: State) -> None:
        with self._lock:
            state.acknowledged = time.monotonic()

    def possible(self, at: int, since: float) -> list[State]:
        """The states in which somebody who asked at a moment may have found a changing article."""
        with self._lock:
            states = list(self._changing.get(at, ()))
        known = [n for n, state in enumerate(states) if state.acknowledged is not None and state.acknowledged <= since]
        return states[known[-1] :] if known else states

    def forbidden(self, person: Person, body: bytes, since: float) -> list[str]:
        """What is in an answer that this person may not read, who asked at that moment."""
        found = [
            mark.decode()
            for mark, at, kind in {(one[0], int(one[1]), one[2]) for one in MARK.finditer(body)}
            if not self.may_read(person, at, since, inner=kind == b"s")
        ]
        numbers = {one.decode() for one in NUMBER.findall(body)} & self.numbers.keys()
        found += [number for number in numbers if not self.may_read(person, self.numbers[number], since)]
        owners = {one.decode() for one in CASE.findall(body)}
        return found + [f"a case of {owner}" for owner in owners if not person.is_staff and owner != person.name]

    def may_read(self, person: Person, at: int, since: float, *, inner: bool = False) -> bool:
        if at >= MUTABLE:
            return person.is_staff or any(person.reads(state.grants) for state in self.possible(at, since))
        article = self.articles[at]
        return person.reads(article.grants) and (not inner or person.reads(article.inner))

    def about(self, topic: str, person: Person) -> set[int]:
        """The articles of a topic that a person reads."""
        return {at for at, one in self.articles.items() if one.topic == topic and person.reads(one.grants)}
