"""Changes made under load, each noted when it is acknowledged, and looked for at the end."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.cluster.asking import Answer, Question
from tests.cluster.corpus import MUTABLE, PEOPLE, READERS, Person, State, row
from tests.cluster.load import Load

FORM = re.compile(rb'name="csrf_token" (?:type="hidden" )?value="([^"]+)"')
AGAIN_AFTER, GIVEN_UP_AFTER = 2.0, 240.0
PASSWORD = "a password of a rehearsal"
AUTHOR = next(person for person in PEOPLE if person.name == "author")
PAUSE = 8.0


def email(person: Person) -> str:
    return f"{person.name}@example.com"


@dataclass
class Ledger:
    """What was acknowledged, and what may have been done without."""

    load: Load
    cases: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    votes: dict[tuple[str, str], list[tuple[str, bool]]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    imports: int = 0
    _cookies: dict[str, str] = field(default_factory=dict)
    _voting: threading.Lock = field(default_factory=threading.Lock)

    def open_case(self, chance: random.Random) -> None:
        """One case, asked for under one key until it is acknowledged."""
        person = next(person for person in PEOPLE if person.name == chance.choice(("gold", "plus")))
        subject = f"kbcase-{person.name}-{uuid.uuid4().hex}"
        self.cases[subject] = (person.name, None)
        text = {"product": "windchill", "severity": 3, "subject": subject, "text": "登入之後沒有回應。"}
        answer = self._until(lambda headers: self._posted(person, "case", "/api/v1/cases", text, headers))
        if answer and answer.status == 201:
            self.cases[subject] = (person.name, answer.json()["number"])

    def vote(self, chance: random.Random) -> None:
        """In the browser, by a form: once, whatever becomes of it. One at a time, for the last vote counts."""
        person = next(person for person in PEOPLE if person.name == "mixed")
        number = chance.choice(
            [n for n, at in self.load.rights.numbers.items() if self.load.rights.may_read(person, at, 0.0)]
        )
        if not self._voting.acquire(blocking=False):
            return
        try:
            helpful = chance.choice(("yes", "no"))
            given = self.votes.setdefault((person.name, number), [])
            given.append((helpful, False))
            answer = self._sent(person, f"/articles/{number}", f"/articles/{number}/helpful", {"helpful": helpful})
            if answer and answer.status == 303 and "/sign-in" not in dict(answer.headers).get("Location", ""):
                given[-1] = (helpful, True)
        finally:
            self._voting.release()

    def keep_changing(self, at: int) -> None:
        """Imports an article again and again, its words and its readers changed."""
        chance, n = random.Random(at), 0
        self.changed.add(at)
        while not self.load.is_stopping:
            n += 1
            self._import(at, State(chance.choice(READERS), f"kbword{at}n{n}"))
            time.sleep(PAUSE)

    def _import(self, at: int, state: State) -> None:
        body = f"kbmark{at}x {state.word}"
        line = json.dumps(row(f"m{at}", f"變動的文章 {state.word}", body, state.grants), ensure_ascii=False) + "\n"
        sent = self._until(
            lambda headers: self._author("POST", f"?file_name=m{at}.jsonl&source=changing-{at}", line.encode(), headers)
        )
        if not sent or sent.status != 202:
            return
        job = f"/{sent.json()['id']}"
        if self._settled(job, ("checked", "failed")) != "checked":
            return
        self.load.rights.change(at, state)
        self._until(lambda headers: self._author("POST", f"{job}/apply", b"", headers))
        if self._settled(job, ("applied", "failed")) == "applied":
            self.load.rights.acknowledge(state)
            self.imports += 1

    def _settled(self, job: str, states: tuple[str, ...]) -> str:
        ends = time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < ends:
            answer = self._author("GET", job, None, {})
            if answer.status == 200 and (state := str(answer.json()["state"])) in states:
                return state
            time.sleep(1)
        return ""

    def _author(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        question = self.load.signed(AUTHOR, "import", f"/api/v1/imports{path}", method=method, body=body)
        return self.load.ask(AUTHOR, _with(question, headers))

    def _posted(self, person: Person, what: str, path: str, data: object, headers: dict[str, str]) -> Answer:
        question = self.load.signed(person, what, path, method="POST", body=json.dumps(data).encode())
        return self.load.ask(person, _with(question, {"Content-Type": "application/json", **headers}))

    def _until(self, ask: Callable[[dict[str, str]], Answer]) -> Answer | None:
        """Asks under one key until there is an answer that is not for later, as docs/api.md says."""
        headers, ends = {"Idempotency-Key": str(uuid.uuid4())}, time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < ends:
            answer = ask(headers)
            if answer.is_answered and answer.status != 409:
                return answer
            time.sleep(AGAIN_AFTER)
        return None

    def _sent(self, person: Person, page: str, path: str, fields: dict[str, str]) -> Answer | None:
        """A form of a page, sent by who is signed in. None when the page was not to be had."""
        if person.name not in self._cookies and not self._sign_in(person):
            return None
        return self._form(person, page, path, fields, self._cookies[person.name])

    def _sign_in(self, person: Person) -> bool:
        fields = {"email": email(person), "password": PASSWORD}
        answer = self._form(person, "/sign-in", "/sign-in", fields, "")
        if answer is None or answer.status != 303:
            return False
        self._cookies[person.name] = _cookies(answer)
        return True

    def _form(self, person: Person, page: str, path: str, fields: dict[str, str], cookies: str) -> Answer | None:
        shown = self.load.ask(person, Question("vote", person.name, page, headers={"Cookie": cookies}))
        token = FORM.search(shown.body)
        if shown.status != 200 or token is None:
            return None
        body = urlencode({**fields, "csrf_token": token[1].decode()}).encode()
        together = "; ".join(part for part in (cookies, _cookies(shown)) if part)
        headers = {"Cookie": together, "Content-Type": "application/x-www-form-urlencoded"}
        return self.load.ask(person, Question("vote", person.name, path, "POST", body, headers))


def _with(question: Question, headers: dict[str, str]) -> Question:
    return Question(
        question.what, question.who, question.path, question.method, question.body, {**question.headers, **headers}
    )


def _cookies(answer: Answer) -> str:
    """What an answer puts into the browser, but for what it takes out."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            jar.load(value)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items() if morsel.value)


def changing(count: int) -> range:
    return range(MUTABLE, MUTABLE + count)
