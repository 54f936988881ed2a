"""What is looked for when the load has ended: every acknowledged change, and every right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from sqlalchemy import text

from kb.store import Store
from tests.cluster.corpus import PEOPLE, Person, State
from tests.cluster.deployment import Deployment, wait
from tests.cluster.load import Load
from tests.cluster.writes import Ledger, email

AT_ONCE = 8
STAFF = next(person for person in PEOPLE if person.name == "engineer")


def lost(deployment: Deployment, ledger: Ledger) -> list[str]:
    """Acknowledged changes that are not there, or there twice. Call when everything is whole and nothing is asked."""
    wait("an index that has learned of everything", lambda: _indexed(deployment), 120)
    return [*_cases(ledger), *_votes(deployment, ledger), *_articles(ledger)]


def _indexed(deployment: Deployment) -> bool:
    with Store.open(deployment.config().store_url) as store:
        return store.waiting() == 0


def _cases(ledger: Ledger) -> Iterator[str]:
    for name in ("gold", "plus"):
        person = next(person for person in PEOPLE if person.name == name)
        there = [*_walked(ledger.load, person)]
        subjects = [subject for subject, _ in there]
        numbers = dict(there)
        for subject, (owner, number) in ledger.cases.items():
            if owner != name:
                continue
            if subjects.count(subject) > 1:
                yield f"{subject} was opened {subjects.count(subject)} times"
            if number is not None and numbers.get(subject) != number:
                yield f"{subject}, acknowledged as {number}, is {numbers.get(subject, 'gone')}"


def _walked(load: Load, person: Person) -> Iterator[tuple[str, str]]:
    cursor = ""
    while True:
        path = f"/api/v1/cases?state=all&limit=100{cursor and '&cursor=' + quote(cursor)}"
        found = load.ask(person, load.signed(person, "look", path)).json()
        for case in found["cases"]:
            yield case["subject"], case["number"]
        if not found["next"]:
            return
        cursor = found["next"]


def _votes(deployment: Deployment, ledger: Ledger) -> Iterator[str]:
    query = text(
        "SELECT article.number, vote.helpful FROM vote JOIN article ON article.id = vote.article_id "
        "JOIN account ON vote.voter = 'account:' || account.id WHERE account.email = :email"
    )
    for name in {name for name, _ in ledger.votes}:
        person = next(person for person in PEOPLE if person.name == name)
        with Store.open(deployment.config().store_url) as store, store.reading() as connection:
            found = connection.execute(query, {"email": email(person)})
            there = {number: "yes" if helpful else "no" for number, helpful in found}
        for (_, number), given in ((key, votes) for key, votes in ledger.votes.items() if key[0] == name):
            sure = [n for n, (_, acknowledged) in enumerate(given) if acknowledged]
            may_be = {answer for answer, _ in given[sure[-1] :]} if sure else None
            if may_be is not None and there.get(number) not in may_be:
                yield f"{name}'s vote on {number} is {there.get(number)}, acknowledged were {may_be}"


def _articles(ledger: Ledger) -> Iterator[str]:
    for at in ledger.changed:
        states = ledger.load.rights.possible(at, time.monotonic())
        if not states or states[0].acknowledged is None:
            continue
        found = [state for state in states if _found(ledger.load, state)]
        if len(found) != 1:
            yield f"of article {at}, {len(found)} of the states {[state.word for state in states]} are found"


def _found(load: Load, state: State) -> bool:
    path = f"/api/v1/search?q={state.word}"
    answer = load.ask(STAFF, load.signed(STAFF, "look", path))
    return bool(answer.json()["total"] == 1)


def swept(load: Load) -> list[str]:
    """Every article asked for by every person: what is refused, or given, against his rights."""
    asked = [(person, number, at) for person in PEOPLE for number, at in load.rights.numbers.items()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [wrong for wrong in pool.map(lambda one: _misread(load, *one), asked) if wrong]


def _misread(load: Load, person: Person, number: str, at: int) -> str:
    answer = load.ask(person, load.signed(person, "look", f"/api/v1/articles/{number}"))
    expected = 200 if load.rights.may_read(person, at, 0.0) else 404
    return "" if answer.status == expected else f"{person.name}: {answer.status} for {number}, not {expected}"
