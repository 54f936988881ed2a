"""The load: so many requests a second whatever becomes of them, each answer compared with what its reader may read."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.cluster.asking import Answer, Outcome, Question, timed
from tests.cluster.corpus import PEOPLE, TOPICS, Person, Rights

WAITING_AT_MOST = 2_000
WRITES = 0.05
WORDS = ("登入", "授權 檔案", "字型", "disk space", "0x80070005", "憑證", "逾時 -登入", "KB9", "執行緒傾印")
PREFIXES = ("登", "授權", "zheng", "kbm", "圖面")


@dataclass
class Load:
    """Asks in the name of people, each with a token. Outcomes are kept in the order in which they ended."""

    address: str
    rights: Rights
    tokens: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, person: Person, question: Question) -> Answer:
        """Asks, compares and notes."""
        answer, began, seconds = timed(self.address, question)
        wrong = [f"{question.path}: {one}" for one in self.rights.forbidden(person, answer.body, began)]
        self.outcomes.append(
            Outcome(question, answer, began, seconds, tuple(wrong + self.incomplete(person, question, answer)))
        )
        return answer

    def signed(self, person: Person, what: str, path: str, **more: object) -> Question:
        token = self.tokens.get(person.name)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Question(what, person.name, path, headers=headers, **more)  # type: ignore[arg-type]

    def run(self, per_second: float, writes: Sequence[Callable[[random.Random], None]]) -> None:
        """Until `stop`."""
        chance = random.Random(7)
        began, asked = time.monotonic(), 0
        with ThreadPoolExecutor(WAITING_AT_MOST) as pool:
            while not self._stop.is_set():
                pause = began + asked / per_second - time.monotonic()
                if pause > 0:
                    self._stop.wait(pause)
                asked += 1
                if chance.random() < WRITES:
                    pool.submit(chance.choice(writes), random.Random(chance.random()))
                else:
                    pool.submit(self.ask, *self._read(chance))

    def stop(self) -> None:
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        return self._stop.is_set()

    def _read(self, chance: random.Random) -> tuple[Person, Question]:
        person, number = chance.choice(PEOPLE), chance.choice([*self.rights.numbers])
        if person.name == "anonymous" and chance.random() < 0.5:
            path = chance.choice((f"/articles/{number}", f"/search?q={quote(chance.choice(WORDS))}"))
            return person, self.signed(person, "page", path)
        choices = (
            (3, "search", f"/api/v1/search?q={chance.choice(TOPICS)}"),
            (2, "search", f"/api/v1/search?q={quote(chance.choice(WORDS))}"),
            (1, "suggest", f"/api/v1/suggest?q={quote(chance.choice(PREFIXES))}"),
            (3, "article", f"/api/v1/articles/{number}"),
        )
        _, what, path = chance.choices(choices, [weight for weight, _, _ in choices])[0]
        return person, self.signed(person, what, path)

    def incomplete(self, person: Person, question: Question, answer: Answer) -> list[str]:
        """What an answer of the engine should have counted, and an article that is the person's should have been."""
        if answer.status == 404 and question.what == "article":
            number = question.path.rpartition("/")[2]
            at = self.rights.numbers[number]
            mine = at in self.rights.articles and self.rights.may_read(person, at, 0.0)
            return [f"{question.path}: {person.name} was refused his own"] if mine else []
        topic = next((topic for topic in TOPICS if question.path.endswith(f"search?q={topic}")), None)
        if topic is None or answer.status != 200 or answer.is_plain:
            return []
        expected = len(self.rights.about(topic, person))
        total = answer.json()["total"]
        return [] if total == expected else [f"{question.path}: {person.name} was told {total}, not {expected}"]
