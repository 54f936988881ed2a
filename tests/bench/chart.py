"""Tables and a chart for docs/performance.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

Bar = tuple[str, float, float]

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 300, 110, 26, 44
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2937}.p95{fill:#93c5fd}.p50{fill:#1d4ed8}"
    "@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.p95{fill:#1e40af}.p50{fill:#93c5fd}}"
)


def svg(title: str, bars: Sequence[Bar]) -> str:
    """Bars of p50 within bars of p95, in milliseconds, on a logarithmic scale: the best first."""
    ordered = sorted(bars, key=lambda bar: bar[2])
    least = min(0.1, *(bar[1] for bar in ordered))
    span = math.log10(max(bar[2] for bar in ordered) / least) or 1.0

    def length(ms: float) -> float:
        return max(2.0, (WIDTH - LEFT - RIGHT) * math.log10(max(ms, least) / least) / span)

    rows = []
    for at, (who, p50, p95) in enumerate(ordered):
        y = TOP + at * ROW
        rows += [
            f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(who)}</text>',
            f'<rect class="p95" x="{LEFT}" y="{y}" width="{length(p95):.0f}" height="18" rx="2"/>',
            f'<rect class="p50" x="{LEFT}" y="{y + 5}" width="{length(p50):.0f}" height="8" rx="2"/>',
            f'<text x="{LEFT + length(p95) + 6:.0f}" y="{y + 13}">{_ms(p50)} / {_ms(p95)}</text>',
        ]
    height = TOP + len(ordered) * ROW + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<text x="0" y="18">{escape(title)}</text>{"".join(rows)}</svg>\n'
    )


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
