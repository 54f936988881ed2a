"""What came of it: a table, and whether it is good enough."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table

from tests.cluster.asking import Outcome
from tests.cluster.faults import Fault

ANSWERED = 0.999
FULL_SECONDS = 60.0
MOST_TOLD, BEGINNING = 50, 100


@dataclass
class Found:
    """All that was noted of a run."""

    faults: Sequence[Fault]
    outcomes: Sequence[Outcome]
    lost: list[str]
    acknowledged: dict[str, int]
    wrong: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)

    @property
    def answered(self) -> float:
        good = sum(outcome.answer.is_answered for outcome in self.outcomes)
        return good / max(1, len(self.outcomes))

    def unanswered(self) -> Counter[tuple[int, str]]:
        """What was said instead of an answer: status, and how the text begins."""
        bad = (outcome.answer for outcome in self.outcomes if not outcome.answer.is_answered)
        return Counter((answer.status, answer.body[:BEGINNING].decode(errors="replace")) for answer in bad)

    def during(self, fault: Fault) -> list[Outcome]:
        """What was asked from the fault on until everything was whole again."""
        return [outcome for outcome in self.outcomes if fault.began <= outcome.ended and outcome.began < fault.whole]

    def full_after(self, fault: Fault) -> float:
        """Seconds from the fault to the end of the last answer that was not full service."""
        return max((one.ended - fault.began for one in self.during(fault) if not one.is_full), default=0.0)

    def failings(self) -> list[str]:
        said = (
            self.broke
            + [f"lost: {one}" for one in self.lost]
            + [f"not his to read, or not whole: {one}" for one in self.wrong]
        )
        if self.answered < ANSWERED:
            said.append(f"{self.answered:.3%} of requests answered, not {ANSWERED:.1%}")
        late = [fault for fault in self.faults if self.full_after(fault) > FULL_SECONDS]
        return said + [
            f"full service {self.full_after(fault):.0f} s after the {fault.kind} of {fault.host}" for fault in late
        ]


def tell(found: Found, seconds: float) -> int:
    """Prints it; the exit code."""
    console = Console(width=120)
    console.print(_faults(found))
    console.print(_requests(found))
    console.print(
        f"{len(found.outcomes):,} requests in {seconds:.0f} s ({len(found.outcomes) / seconds:.1f} a second), "
        f"{found.answered:.3%} answered; acknowledged: "
        + ", ".join(f"{count:,} {what}" for what, count in found.acknowledged.items())
    )
    for (status, said), count in found.unanswered().most_common(MOST_TOLD):
        console.print(f"not answered, {count} times: {status or 'no answer'} {said}", markup=False)
    failings = found.failings()
    for one in failings[:MOST_TOLD]:
        console.print(f"FAILED: {one}", markup=False)
    if not failings:
        console.print("Nothing acknowledged was lost; nobody saw what is not his; every fault was got over in time.")
    return 1 if failings else 0


def _faults(found: Found) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Faults", title_justify="left")
    for name in (
        "#",
        "fault",
        "node",
        "was",
        "requests",
        "failed",
        "plain",
        "slowest s",
        "full after s",
        "whole after s",
    ):
        table.add_column(name, justify="left" if name in ("fault", "node", "was") else "right")
    for n, fault in enumerate(found.faults, 1):
        asked = found.during(fault)
        table.add_row(
            str(n),
            f"{fault.kind} ({fault.how})",
            fault.host,
            fault.role,
            str(len(asked)),
            str(sum(not one.answer.is_answered for one in asked)),
            str(sum(one.answer.is_plain for one in asked)),
            f"{max((one.seconds for one in asked), default=0.0):.1f}",
            f"{found.full_after(fault):.1f}",
            f"{fault.whole - fault.began:.0f}",
        )
    return table


def _requests(found: Found) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Requests", title_justify="left")
    for name in ("what", "requests", "failed", "plain", "p50 ms", "p95 ms", "p99 ms", "most ms"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for what in sorted({outcome.question.what for outcome in found.outcomes}):
        ones = [outcome for outcome in found.outcomes if outcome.question.what == what]
        times = sorted(outcome.seconds * 1000 for outcome in ones)
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
        table.add_row(
            what,
            f"{len(ones):,}",
            str(sum(not one.answer.is_answered for one in ones)),
            str(sum(one.answer.is_plain for one in ones)),
            *(f"{value:,.0f}" for value in (cuts[49], cuts[94], cuts[98], times[-1])),
        )
    return table
