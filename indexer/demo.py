"""Accounts to try the knowledge base with: one of each kind of reader, over the shipped articles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kb.accounts import Accounts, NewAccount
from kb.entitlements import ContractLine

DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Demo:
    """An account that is the same on every machine. `lines`: (product, package); `add_ons` go to the first of them."""

    email: str
    password: str
    name: str
    role: str
    what: str
    lines: tuple[tuple[str, str], ...] = ()
    add_ons: tuple[str, ...] = ()
    ended: bool = False


def _demo(who: str, name: str, what: str, role: str = "customer", **others: object) -> Demo:
    return Demo(f"{who}@{DOMAIN}", f"demo-{who}-2026", name, role, what, **others)  # type: ignore[arg-type]


DEMOS = (
    _demo("silver", "林怡君", "Silver: Creo Parametric", lines=(("creo", "silver"),)),
    _demo(
        "gold",
        "陳建宏",
        "Gold: Windchill, with extended support",
        lines=(("windchill", "gold"),),
        add_ons=("extended_support",),
    ),
    _demo(
        "goldplus",
        "王淑芬",
        "Gold Plus: Windchill, Integrity, ThingWorx",
        lines=(("windchill", "gold_plus"), ("integrity", "gold_plus"), ("thingworx", "gold_plus")),
    ),
    _demo(
        "mixed", "張志明", "Gold: Windchill; Silver: Creo Parametric", lines=(("windchill", "gold"), ("creo", "silver"))
    ),
    _demo("ended", "李美玲", "Gold: Windchill, contract ended", lines=(("windchill", "gold"),), ended=True),
    _demo("engineer", "黃俊傑", "support engineer: reads everything", role="engineer"),
    _demo("author", "吳雅婷", "content author: reads everything", role="author"),
    _demo("operator", "劉家豪", "operator: reads everything", role="operator"),
)


def add_demos(accounts: Accounts, today: date) -> None:
    """Makes those that are not there yet. One that is there is left as it is, its password too."""
    there = {account.email for account in accounts.all()}
    for demo in DEMOS:
        if demo.email in there:
            continue
        customer = f"Demo {demo.email.partition('@')[0]}" if demo.role == "customer" else None
        # The contract before the account: stopped in between, the next run finds no account and does the rest.
        if not any(each.customer == customer for each in accounts.contracts()):
            for at, line in enumerate(_lines(demo, today)):
                accounts.add_line(f"DEMO-{demo.email.partition('@')[0].upper()}", customer if at == 0 else None, line)
        accounts.add(NewAccount(demo.email, demo.name, demo.role, demo.password, customer, demo=True))


def _lines(demo: Demo, today: date) -> list[ContractLine]:
    starts = today - timedelta(days=400)
    ends = today - timedelta(days=30) if demo.ended else today + timedelta(days=3650)
    add_ons = dict.fromkeys(demo.add_ons, ends)
    return [
        ContractLine(product, package, starts, ends, add_ons if at == 0 else {})
        for at, (product, package) in enumerate(demo.lines)
    ]
