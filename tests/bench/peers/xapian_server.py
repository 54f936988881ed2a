"""Run by the Python that has Xapian: fills a database, then answers lists of words, a line of JSON each.

Standard library and xapian alone: none of the project's packages are there.
"""

import json
import os
import sys
import time
from typing import Any

import xapian  # type: ignore[import-not-found,unused-ignore]

SLOTS = {"product": 0, "lang": 1, "year": 2}
LONGEST_TERM = 200


def fill(folder: str, source: str) -> None:
    database = xapian.WritableDatabase(folder, xapian.DB_CREATE_OR_OPEN)
    with open(source, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            document = xapian.Document()
            for word in row["title"].split():
                document.add_term(word[: LONGEST_TERM // 4], 6)
            for word in row["text"].split():
                document.add_term(word[: LONGEST_TERM // 4])
            document.add_boolean_term("XS" + scope_term(row["scope"]))
            for name, slot in SLOTS.items():
                document.add_value(slot, row[name])
            document.set_data(row["text"])
            database.add_document(document)
    database.commit()
    database.close()


def scope_term(scope: str) -> str:
    return scope.replace("|", "+")[:LONGEST_TERM]


def answer(database: Any, rights: Any, words: list[str]) -> tuple[int, int, int]:
    asked = xapian.Query(xapian.Query.OP_OR, [word[: LONGEST_TERM // 4] for word in words])
    enquire = xapian.Enquire(database)
    enquire.set_query(xapian.Query(xapian.Query.OP_FILTER, asked, rights))
    spies = [xapian.ValueCountMatchSpy(slot) for slot in SLOTS.values()]
    for spy in spies:
        enquire.add_matchspy(spy)
    found = enquire.get_mset(0, 10, database.get_doccount())
    for match in found:
        found.snippet(match.document.get_data(), 300)
    return found.get_matches_estimated(), len(found), sum(len(list(spy.values())) for spy in spies)


def main(folder: str, source: str, scopes: str) -> None:
    whole = os.path.join(folder, "whole")
    if not os.path.exists(whole):
        fill(folder, source)
        open(whole, "w").close()
    database = xapian.Database(folder)
    terms = ["XS" + scope_term(scope) for scope in json.loads(scopes)]
    rights = xapian.Query(xapian.Query.OP_OR, terms)
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        told = answer(database, rights, json.loads(line))
        print(json.dumps([*told, time.perf_counter() - began]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
