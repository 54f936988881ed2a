"""How a file that is imported is to be read, where it does not say so itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from kb.articles import LANGUAGES, Problem

FormatName: TypeAlias = Literal[
    "markdown", "csv", "json_lines", "documents", "zendesk", "salesforce", "confluence", "notion"
]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
ENCODINGS = ("utf-8", "big5", "big5-hkscs", "gb18030", "utf-16", "utf-32", "windows-1252")


@dataclass(frozen=True, slots=True)
class Reading:
    """Empty: found out, or left to the file. `product` and `lang` are for articles that name none.

    `keys` are ours by the names of columns; "" leaves a column out.
    """

    format: str = ""
    encoding: str = ""
    product: str = ""
    lang: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    def problem(self) -> Problem | None:
        """What is wrong with it."""
        for name, value, allowed in (
            ("format", self.format, FORMATS),
            ("encoding", self.encoding, ENCODINGS),
            ("lang", self.lang, LANGUAGES),
        ):
            if value and value not in allowed:
                return Problem("not_one_of", name, {"value": value, "allowed": ", ".join(allowed)})
        for column, key in self.keys.items():
            if key and key not in KEYS:
                return Problem("not_one_of", column, {"value": key, "allowed": ", ".join(KEYS)})
        return None

    @classmethod
    def given(cls, values: Mapping[str, str], keys: Iterable[str] = ()) -> Reading:
        """From a form, a query or options; `keys` as `column=key`."""
        pairs = (each.rpartition("=") for each in keys)
        mapping = {column.strip(): key.strip() for column, _, key in pairs if column.strip()}
        named = {name: values.get(name, "").strip() for name in ("format", "encoding", "product", "lang")}
        return cls(**named, keys=mapping)

    @property
    def defaults(self) -> dict[str, str]:
        return {key: value for key, value in (("product", self.product), ("lang", self.lang)) if value}


AS_IT_IS = Reading()

# What a row of ours can have, in the order that a form offers it.
KEYS = (
    "id", "title", "body_markdown", "lang", "product", "grants", "category", "versions", "updated", "type", "number",
    "also_asked_as", "attachments", "confidence", "group", "owner", "review_on", "expires_at", "former_numbers",
    "sections",
)  # fmt: skip


def packed(reading: Reading) -> dict[str, Any]:
    return asdict(reading)


def unpacked(data: Mapping[str, Any]) -> Reading:
    return Reading(**data)
