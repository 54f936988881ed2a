"""The tables. `kb/migrations` makes them; a test holds the two to the same shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A moment, always with its time zone in Python and in UTC in the database, which SQLite would else forget."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _article(**options: Any) -> Column[int]:
    return Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False, **options)


product = Table(
    "product",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("names", JSON, nullable=False),
    Column("words", JSON, nullable=False),
)

# A set of grants, written once and never changed: articles and sections refer to it, so that "readable" is a question
# about a few sets and not about every article.
grant_set = Table(
    "grant_set",
    metadata,
    _id(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("grants", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# An id is never used twice, for an index may still hold the article that had it. `text_at` is when title or text last
# changed, which `text_digest` tells; None: not since there are these columns.
article = Table(
    "article",
    metadata,
    _id(),
    Column("number", String(16), nullable=False, unique=True),
    Column("source", String(100), nullable=False),
    Column("external_id", String(300), nullable=False),
    Column("group", String(300)),
    Column("title", Text, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("product", String(64), ForeignKey("product.id"), nullable=False),
    Column("type", String(32), nullable=False),
    Column("category", Text, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("updated", Date, nullable=False),
    Column("grant_set_id", Integer, ForeignKey("grant_set.id"), nullable=False),
    Column("also_asked_as", JSON, nullable=False),
    Column("confidence", String(32), nullable=False),
    Column("extra", JSON, nullable=False),
    # Where the relative addresses of its text lead, as its HTML has them.
    Column("links", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("owner", String(254)),
    Column("review_on", Date),
    Column("expires_at", Moment, index=True),
    Column("text_digest", String(64)),
    Column("text_at", Moment),
    # As `kb.likeness` makes it; None: not since there is this column.
    Column("sketch", LargeBinary),
    UniqueConstraint("source", "external_id"),
    Index(None, "source", "group"),
    Index(None, "confidence", "expires_at"),
    Index(None, "updated", "id", "grant_set_id", "confidence", "expires_at"),
    Index(None, "product", "grant_set_id", "confidence", "expires_at"),
    sqlite_autoincrement=True,
)

# `grant_set_id` NULL: whoever reads the article reads it.
article_section = Table(
    "article_section",
    metadata,
    _id(),
    _article(),
    Column("ordinal", Integer, nullable=False),
    Column("grant_set_id", Integer, ForeignKey("grant_set.id")),
    Column("headings", JSON, nullable=False),
    Column("toc", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("markdown", Text, nullable=False),
    UniqueConstraint("article_id", "ordinal"),
)

attachment = Table(
    "attachment",
    metadata,
    _id(),
    _article(),
    Column("name", String(150), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("grant_set_id", Integer, ForeignKey("grant_set.id")),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("article_id", "name"),
)

# No foreign key: the note that an article is gone outlives the article.
# What a file says, by its digest; "": nothing. `problem` tells why that is not all of it.
file_text = Table(
    "file_text",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("problem", String(32), nullable=False),
)

change_note = Table(
    "change_note",
    metadata,
    _id(),
    Column("article_id", Integer, nullable=False),
    # Whether the index may hold, for readers who may not read it now, what they could before.
    Column("hides", Boolean, nullable=False, server_default=false()),
    Index(None, "hides", "article_id"),
    sqlite_autoincrement=True,
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
)

# Where an article is that had this number before, or that took in the one that had it.
redirect = Table(
    "redirect",
    metadata,
    Column("number", String(16), primary_key=True),
    _article(index=True),
    Column("batch_id", Integer, nullable=False, index=True),
)

# What was written as one and can be taken back as one: an import, or an edit. `products` are those it added (null) or
# changed, as they were before.
batch = Table(
    "batch",
    metadata,
    _id(),
    Column("source", String(100), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("counts", JSON, nullable=False),
    Column("products", JSON, nullable=False),
    Column("rolled_back_at", Moment),
    Column("rolled_back_by", Integer, ForeignKey("account.id")),
    Index(None, "source", "id"),
    sqlite_autoincrement=True,
)


def _as_it_was(table: Table, *without: str) -> list[Column[Any]]:
    """The columns of a table as a version keeps them: the same values, without what binds them."""
    return [Column(each.name, each.type) for each in table.columns if each.name not in without]


# An article as it was before a batch changed it; `existed` false: there was none. No foreign key to the article: it
# may be gone by now.
article_version = Table(
    "article_version",
    metadata,
    _id(),
    Column("batch_id", Integer, ForeignKey("batch.id", ondelete="CASCADE"), nullable=False),
    Column("article_id", Integer, nullable=False),
    Column("existed", Boolean, nullable=False),
    *_as_it_was(article, "id"),
    UniqueConstraint("batch_id", "article_id"),
    Index(None, "article_id", "batch_id"),
)

section_version = Table(
    "section_version",
    metadata,
    _id(),
    Column("version_id", Integer, ForeignKey("article_version.id", ondelete="CASCADE"), nullable=False, index=True),
    *_as_it_was(article_section, "id", "article_id"),
)

attachment_version = Table(
    "attachment_version",
    metadata,
    _id(),
    Column("version_id", Integer, ForeignKey("article_version.id", ondelete="CASCADE"), nullable=False, index=True),
    *_as_it_was(attachment, "id", "article_id"),
)

customer = Table(
    "customer",
    metadata,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

contract = Table(
    "contract",
    metadata,
    _id(),
    Column("number", String(64), nullable=False, unique=True),
    Column("customer_id", Integer, ForeignKey("customer.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

contract_line = Table(
    "contract_line",
    metadata,
    _id(),
    Column("contract_id", Integer, ForeignKey("contract.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("product", String(64), ForeignKey("product.id"), nullable=False),
    Column("package", String(64), nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date),
    Column("add_ons", JSON, nullable=False),
)

account = Table(
    "account",
    metadata,
    _id(),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("customer_id", Integer, ForeignKey("customer.id"), index=True),
    Column("password_hash", String(300), nullable=False),
    Column("lang", String(8)),
    Column("active", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

api_token = Table(
    "api_token",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    UniqueConstraint("account_id", "name"),
)

# What a program did under a key of its own choice, so that asking again does it once. `fingerprint` is of what it
# asked; `written`: the work is done; `made` holds what came of it, in a list; NULL: that is not known yet, or lost.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    _id(),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("written", Boolean, nullable=False),
    # Of the version before this one, whose processes may still run; nothing reads them here.
    Column("status", Integer),
    Column("headers", JSON),
    Column("body", LargeBinary),
    Column("made", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False, index=True),
    UniqueConstraint("account_id", "key"),
)

# Keys are hashes of an e-mail or an address: what was tried is nobody's business.
sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    _id(),
    Column("key", String(64), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index(None, "key", "at"),
)

# A file sent in a browser or by a program, and its import: looked at first, applied when its author says so. `worker`
# holds it until `beat_at` is too old; `done` of `total` of `step` are done, since `step_at`.
import_job = Table(
    "import_job",
    metadata,
    _id(),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("source", String(100), nullable=False),
    Column("file_name", String(300), nullable=False),
    Column("size", Integer, nullable=False),
    Column("grants", JSON, nullable=False),
    Column("new_products", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("stopping", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(32)),
    Column("step_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("report", JSON),
    Column("problem", JSON),
    Column("batch_id", Integer, ForeignKey("batch.id")),
    Column("reading", JSON),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
)

# Which column of a source's tables is which key of ours, as its last import had it.
column_mapping = Table(
    "column_mapping",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("keys", JSON, nullable=False),
)

upload_chunk = Table(
    "upload_chunk",
    metadata,
    Column("job_id", Integer, ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# The rows of a job's report, as `kb.reports` packs them.
import_entry = Table(
    "import_entry",
    metadata,
    Column("job_id", Integer, ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("status", String(8), nullable=False),
    Column("readers_change", Boolean, nullable=False),
    # There is something to be told of it, though nothing refuses it.
    Column("told", Boolean, nullable=False, server_default=false()),
    Column("data", JSON, nullable=False),
)
