"""Every text a person sees is there in each language, and means the same."""

import re
from pathlib import Path
from string import Formatter

import pytest
from opencc import OpenCC

from kb.accounts import TOKEN_SCOPES
from kb.articles import CONFIDENCES, LANGUAGES, TYPES
from kb.cases import REFUSALS, ROLES, SEVERITIES, STATUSES
from kb.clocks import KINDS
from kb.counting import LINK_TIMES
from kb.extended_support import STATES as SUPPORT_STATES
from kb.licences import LEVELS
from kb.question import DATE_BUCKETS, FACETS
from kb.reading import FORMATS
from kb.reports import STATUSES as ROW_STATUSES
from kb.search import PARTS
from kb.sprs import REFUSALS as SPR_REFUSALS
from kb.sprs import STATUSES as SPR_STATUSES
from kb.store.clock_events import CLOCK_SIGNS
from kb.store.drafts import STATES as DRAFT_STATES
from kb.store.file_texts import FILE_PROBLEMS
from kb.store.jobs import STATES as JOB_STATES
from kb.store.outbox import CONTENTS
from kb.tasks import KINDS as TASK_KINDS
from kb.tasks import REFUSALS as TASK_REFUSALS
from kb.tasks import STATES as TASK_STATES
from kb.webhooks import REFUSALS as WEBHOOK_REFUSALS
from web import messages
from web.articles import REASONS
from web.countdown import UNITS
from web.errors import TOLD
from web.language import THEMES
from web.messages import Catalogue, Forms
from web.parameters import SORTS

WEB = Path(messages.__file__).parent
CALL = re.compile(r"""\b(?:t|th|text)\(\s*"([\w.]+)"(?!\s*~)|"([\w]+\.[\w]+)" if |else "([\w]+\.[\w]+)"\)""")
HAN = re.compile("[\u3400-\u9fff]")
# Words of the other side of the strait, in the script of this one.
MAINLAND = "軟件 服務器 程序 文檔 視頻 默認 信息 搜索 登錄 支持 網絡 用戶 質量 反饋 合同 賬".split()
TAIWAN = "软体 伺服器 程式 讯息 搜寻 登入 网路 资讯 预设 使用者 支援 回馈 合约 萤幕 字元".split()
SECTIONS = (
    "links_months", "times", "clocks", "reuse", "people", "products", "months", "severities", "own_products",
)  # fmt: skip
HEADS = (
    "month", "cases", "opened", "closed", "still_open", "linked", "link_rate", "links", "rate", "share", "within",
    "published", "kept", "missed", "deflected", "clock", "package", "person", "article",
)  # fmt: skip
QUEUES = ("to_review", "under_way", "scheduled", "expired", "to_look_at", "behind")
ACTIONS = ("save", "preview", "publish", "schedule", "submit", "send_back", "discard", "rebase")
EVENTS = (
    "opened", "saved", "submitted", "returned", "scheduled", "discarded", "rebased", "published", "failed", "restored",
    "archived", "merged", "expired", "confirmed",
)  # fmt: skip
FIELDS = (
    "title", "lang", "product", "type", "category", "confidence", "versions", "also_asked_as", "group", "owner",
    "review_on", "expires_at", "number", "grants", "attachments", "body", "publish_at",
)  # fmt: skip
COMPUTED = {
    *(f"type.{name}" for name in TYPES),
    *(f"date.{name}" for name, _ in DATE_BUCKETS),
    *(f"facet.{name}" for name in FACETS),
    *(f"sort.{name}" for name in SORTS),
    *(f"theme.{name}" for name in THEMES),
    *(f"reason.{name}" for name in REASONS),
    *(f"why.{name}" for name in PARTS),
    *(f"severity.{severity}" for severity in SEVERITIES),
    *(f"severity.means_{severity}" for severity in SEVERITIES),
    *(f"status.{status}" for status in STATUSES),
    *(f"cases.{state}" for state in ("open", "closed")),
    *(f"clock.{kind}" for kind in KINDS),
    *(f"clock.{state}" for state in ("met", "breached", "paused", "best_effort")),
    *(f"clock.paused_{status}" for status in STATUSES if status not in ("in_progress", "closed")),
    *(f"count.{unit}" for unit in UNITS),
    *(f"report.{name}" for name in (*LINK_TIMES, "known", "new", "unlinked")),
    *(f"report.{said}{name}" for name in SECTIONS for said in ("", "means_")),
    *(f"report.{name}" for name in HEADS),
    "clock.left",
    "clock.until",
    *(
        f"event.{kind}"
        for kind in (
            "opened",
            "reply",
            "note",
            "change",
            "link",
            "unlink",
            "file",
            "spr_link",
            "spr_unlink",
            "spr_fixed",
        )
    ),
    *(f"link.{role}" for role in ROLES),
    *(f"case.wrong.{reason}" for reason in REFUSALS),
    *(f"spr.status_{status}" for status in SPR_STATUSES),
    *(f"spr.wrong_{reason}" for reason in SPR_REFUSALS),
    *(f"support.{state}" for state in SUPPORT_STATES),
    *(f"task.kind_{kind}" for kind in TASK_KINDS),
    *(f"task.state_{state}" for state in TASK_STATES),
    *(f"task.wrong.{reason}" for reason in TASK_REFUSALS),
    *(f"imports.state_{state}" for state in (*JOB_STATES, "taken_back")),
    *(f"imports.doing_{state}" for state in ("waiting", "checking", "approved", "applying")),
    *(f"imports.count_{what}" for what in (*ROW_STATUSES, "readers", "told")),
    *(f"webhooks.wrong_{reason}" for reason in WEBHOOK_REFUSALS),
    *(f"webhooks.content_{content}" for content in CONTENTS),
    *(f"webhooks.problem_{problem}" for problem in ("garbled", "redirect", "refused", "timeout", "unknown")),
    *(f"webhooks.problem_{problem}" for problem in ("certificate", "forbidden", "unreachable")),
    *(f"clocks.{sign}" for sign in CLOCK_SIGNS),
    *(f"scope.{scope.replace(':', '_')}" for scope in TOKEN_SCOPES),
    *(f"article.unread_{problem}" for problem in FILE_PROBLEMS),
    *(f"authoring.{name}" for name in QUEUES),
    *(f"confidence.{name}" for name in CONFIDENCES),
    *(f"draft.state_{state}" for state in DRAFT_STATES),
    *(f"draft.do_{action}" for action in ACTIONS),
    *(f"draft.done_{action}" for action in ("save", "submit", "send_back", "schedule", "rebase", "restored")),
    *(f"draft.needs_{level}" for level in LEVELS),
    *(f"edited.{kind}" for kind in EVENTS),
    *(f"field.{name}" for name in FIELDS),
    *(f"imports.format_{name}" for name in FORMATS),
    *(f"role.{name}" for name in ("anonymous", "customer", "engineer", "author", "operator")),
    *(f"suggestion.{name}" for name in ("number", "title", "term", "pinyin", "zhuyin", "typo")),
    *(f"error.{status}.{part}" for status in TOLD for part in ("title", "detail")),
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return messages.read()


def fields(forms: Forms) -> set[str]:
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def used() -> set[str]:
    sources = [*WEB.glob("*.py"), *WEB.glob("templates/*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources).replace("'", '"')
    return {next(filter(None, match.groups())) for match in CALL.finditer(text)}


def test_what_is_said_is_in_the_catalogue_and_the_other_way_round(catalogue: Catalogue) -> None:
    assert used() | COMPUTED == set(catalogue)


def test_every_message_says_something_in_each_language_with_the_same_values(catalogue: Catalogue) -> None:
    for name, message in catalogue.items():
        assert set(message) == set(LANGUAGES), name
        assert all(form.strip() for forms in message.values() for form in forms), name
        assert len({frozenset(fields(forms)) for forms in message.values()}) == 1, name
        assert len(message["zh-Hant"]) == len(message["zh-Hans"]) == 1, name


def test_each_language_is_itself(catalogue: Catalogue) -> None:
    to_simplified, to_traditional = OpenCC("t2s"), OpenCC("s2tw")
    for name, message in catalogue.items():
        hant, hans, en = (" ".join(message[lang]) for lang in LANGUAGES)
        hant, hans = hant.replace("简体", ""), hans.replace("繁體", "")
        assert to_simplified.convert(hans) == hans, name
        assert to_traditional.convert(hant) == hant, name
        assert not HAN.search(en.replace("繁體", "").replace("简体", "")), name
        assert not [word for word in MAINLAND if word in hant], name
        assert not [word for word in TAIWAN if word in hans], name


def test_chinese_has_chinese_punctuation(catalogue: Catalogue) -> None:
    for name, message in catalogue.items():
        for lang in ("zh-Hant", "zh-Hans"):
            assert not re.search(r"[\u3400-\u9fff][,;:?!]|[\u3400-\u9fff]\.(?:\s|$)", message[lang][0]), name


def test_a_message_without_a_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[a.b]\nzh-Hant = "甲"\nen = "A"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.toml: a\.b must have exactly zh-Hant, zh-Hans, en"):
        messages.read(tmp_path)
