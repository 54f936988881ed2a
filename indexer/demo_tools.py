"""Other tools to look at: a webhook that is paused, so that nothing leaves this machine, and tokens nobody was told."""

from __future__ import annotations

from indexer.demo import DOMAIN
from indexer.demo_cases import Desk
from kb.accounts import TokenScope
from kb.webhooks import NewWebhook, Webhooks

TOKENS: tuple[tuple[str, str, tuple[TokenScope, ...]], ...] = (
    ("gold", "工單系統", ("read", "cases:write")),
    ("engineer", "值班看板", ("cases:read",)),
    ("operator", "研發系統匯入 SPR", ("sprs:write",)),
)
KINDS = ("case.opened", "case.reply", "clock.warning", "clock.breach")


def add_demo_tools(desk: Desk, webhooks: Webhooks) -> None:
    operator = desk.viewer("operator")
    new = NewWebhook("值班通知", "https://alerts.example/hooks/support", KINDS)
    webhooks.add(operator, new, desk.now)
    webhooks.set_active(operator, new.name, False)
    for who, name, scopes in TOKENS:
        desk.accounts.add_token(f"{who}@{DOMAIN}", name, 90, scopes)
