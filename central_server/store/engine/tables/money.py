"""Tables of money that the bank confirmed: the ledger and its publication, refunds, the bank's files, spending.

Lines of the ledger are added, never changed. Their amounts are positive but in corrections; the kind tells the way.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from central_server.store.engine.tables.metadata import Counted, community, index_of, metadata
from central_server.store.engine.timestamps import Instant

_LEFT = text("left_minor > 0")


def _purse() -> tuple[Column[str], Column[str], Column[str]]:
    """Return the columns that name a ledger: each community, project and environment has its own."""
    return (
        community(),
        Column("environment", String(8), nullable=False),
        Column("project", String(16), nullable=False),
    )


def _money() -> tuple[Column[int], Column[str]]:
    return Column("amount_minor", BigInteger, nullable=False), Column("currency", String(3), nullable=False)


def _two_people() -> tuple[Column[str], Column[object], Column[str], Column[object], Column[str]]:
    """Return the columns of the requester and the decider, who are never the same person."""
    return (
        Column("requested_by", String(64), nullable=False),
        Column("requested_at", Instant, nullable=False),
        Column("decided_by", String(64)),
        Column("decided_at", Instant),
        Column("note", String(300), nullable=False),
    )


purses = Table(
    "purses",
    metadata,
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("environment", String(8), primary_key=True),
    Column("project", String(16), primary_key=True),
    Column("lines", BigInteger, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("owed_minor", BigInteger, nullable=False),
    CheckConstraint("balance_minor >= 0", name="ck_purses_balance"),
    CheckConstraint("owed_minor >= 0", name="ck_purses_owed"),
)

project_terms = Table(
    "project_terms",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)

ledger_lines = Table(
    "ledger_lines",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("identity", String(80), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    *_purse(),
    Column("n", BigInteger, nullable=False),
    Column("gateway", String(16)),
    Column("intent", String(32)),
    Column("attempt", String(32), ForeignKey("attempts.id")),
    *_money(),
    Column("slip", String(9), unique=True),
    Column("secret", String(32), nullable=False),
    Column("refers", String(80), nullable=False),
    Column("purpose", String(300), nullable=False),
    Column("people", Integer),
    Column("late", Boolean(name="late"), nullable=False),
    Column("outside_permit", Boolean(name="outside_permit"), nullable=False),
    Column("flawed", Boolean(name="flawed"), nullable=False),
    Column("evidence", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("terms", String(64), ForeignKey("project_terms.digest")),
    CheckConstraint("people % 5 = 0", name="ck_ledger_lines_people"),
    UniqueConstraint("community", "environment", "project", "n"),
    Index(None, "community", "at"),
    Index(None, "project", "environment"),
    Index(None, "attempt"),
    Index(None, "secret"),
    index_of(text("kind = 'transfer' OR kind = 'cheque'"), "ix_ledger_lines_remitted", "community"),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("attempt", String(32), ForeignKey("attempts.id"), nullable=False),
    *_purse(),
    *_money(),
    Column("reason", String(300), nullable=False),
    Column("state", String(16), nullable=False),
    *_two_people(),
    Column("source", String(16), nullable=False),
    Column("source_minor", BigInteger, nullable=False),
    Column("sent_at", Instant),
    Column("evidence", String(200), nullable=False),
    Column("queries", Integer, nullable=False),
    Column("next_query_at", Instant),
    Index(None, "attempt"),
    Index(None, "community", "state"),
    Index(None, "next_query_at"),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("bank", String(32), nullable=False),
    Column("day", Date, nullable=False),
    community(),
    Column("environment", String(8), nullable=False),
    Column("name", String(120), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("cause", String(64), nullable=False),
    Column("complete", Boolean, nullable=False),
    UniqueConstraint("bank", "environment", "day", "fingerprint"),
)

statement_rows = Table(
    "statement_rows",
    metadata,
    Column("statement", Counted, ForeignKey("statements.id"), primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("movement", String(16), nullable=False),
    Column("order_id", String(64), nullable=False),
    *_money(),
    Column("fee_minor", BigInteger, nullable=False),
    Column("evidence", String(64), nullable=False),
    Column("refers", String(64), nullable=False),
    Column("identity", String(40), nullable=False),
    Column("attempt", String(32), ForeignKey("attempts.id")),
    Column("refund", String(32), ForeignKey("refunds.id")),
    Column("result", String(16), nullable=False),
    Index(None, "attempt"),
    Index(None, "refund"),
    Index(None, "order_id"),
    index_of(text("result = 'new'"), "ix_statement_rows_unmatched", "statement"),
)

differences = Table(
    "differences",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("identity", String(120), nullable=False, unique=True),
    community(),
    Column("environment", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("bank", String(32), nullable=False),
    Column("day", Date, nullable=False),
    Column("statement", Counted),
    Column("line", Integer),
    Column("attempt", String(32), ForeignKey("attempts.id")),
    Column("refund", String(32), ForeignKey("refunds.id")),
    Column("order_id", String(64), nullable=False),
    Column("ours_minor", BigInteger),
    Column("theirs_minor", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(64)),
    Column("reason", String(300), nullable=False),
    Column("refusal", String(500), nullable=False),
    ForeignKeyConstraint(["statement", "line"], ["statement_rows.statement", "statement_rows.line"]),
    Index(None, "community", "settled_at"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("sha256", String(64), primary_key=True),
    community(),
    Column("content_type", String(32), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", String(64), nullable=False),
)

disbursements = Table(
    "disbursements",
    metadata,
    Column("id", String(32), primary_key=True),
    *_purse(),
    *_money(),
    Column("purpose", String(300), nullable=False),
    Column("payee", String(200), nullable=False),
    Column("voucher", String(64), ForeignKey("vouchers.sha256")),
    Column("spent_on", Date, nullable=False),
    Column("people", Integer),
    Column("to_project", String(16), nullable=False),
    Column("corrects", String(32), ForeignKey("disbursements.id")),
    Column("covers", Boolean(name="covers"), nullable=False),
    Column("state", String(16), nullable=False),
    *_two_people(),
    Index(None, "community", "state"),
)

locked_months = Table(
    "locked_months",
    metadata,
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("environment", String(8), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("locked_by", String(64), nullable=False),
    Column("locked_at", Instant, nullable=False),
)

heads = Table(
    "heads",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    *_purse(),
    Column("step", Integer, nullable=False),
    Column("up_to", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("signature", String(88), nullable=False),
    Column("key", String(16), nullable=False),
    Column("given_minor", BigInteger, nullable=False),
    Column("helped", BigInteger, nullable=False),
    Column("published_at", Instant, nullable=False),
    UniqueConstraint("community", "environment", "project", "step"),
    Index(None, "project", "environment"),
)

published_lines = Table(
    "published_lines",
    metadata,
    Column("line", Counted, ForeignKey("ledger_lines.seq"), primary_key=True, autoincrement=False),
    Column("head", Counted, ForeignKey("heads.seq"), nullable=False),
    Index(None, "head"),
)

spending_queue = Table(
    "spending_queue",
    metadata,
    Column("line", Counted, ForeignKey("ledger_lines.seq"), primary_key=True, autoincrement=False),
    *_purse(),
    Column("place", BigInteger, nullable=False),
    Column("left_minor", BigInteger, nullable=False),
    UniqueConstraint("community", "environment", "project", "place"),
    index_of(_LEFT, "ix_spending_queue_left", "community", "environment", "project", "place"),
    CheckConstraint("left_minor >= 0", name="ck_spending_queue_left"),
)

money_uses = Table(
    "money_uses",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("income", Counted, ForeignKey("ledger_lines.seq"), nullable=False),
    Column("outflow", Counted, ForeignKey("ledger_lines.seq"), nullable=False),
    Column("head", Counted, ForeignKey("heads.seq"), nullable=False),
    Column("minor", BigInteger, nullable=False),
    Index(None, "income"),
    Index(None, "outflow"),
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("head", Counted, ForeignKey("heads.seq"), primary_key=True, autoincrement=False),
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("key", String(16), nullable=False),
    Column("signature", String(88), nullable=False),
    Column("at", Instant, nullable=False),
)

head_refusals = Table(
    "head_refusals",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    community(),
    Column("project", String(16), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("contradiction", String(16), nullable=False),
    Column("refused_at", Instant, nullable=False),
    Column("reported_at", Instant, nullable=False),
    Index(None, "community"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("attempt", String(32), ForeignKey("attempts.id"), primary_key=True),
    community(),
    Column("state", String(16), nullable=False),
    Column("number", String(64), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Index(None, "community", "state"),
)

receipt_donors = Table(
    "receipt_donors",
    metadata,
    Column("attempt", String(32), ForeignKey("receipts.attempt"), primary_key=True),
    community(),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("delete_at", Instant, nullable=False),
    Index(None, "delete_at"),
)

thanks = Table(
    "thanks",
    metadata,
    Column("attempt", String(32), ForeignKey("attempts.id"), primary_key=True),
    community(),
    Column("state", String(16), nullable=False),
    Column("key", String(16)),
    Column("sealed", LargeBinary),
    Column("changed_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_at", Instant),
    Column("delete_at", Instant),
    Index(None, "next_at"),
    Index(None, "delete_at"),
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("place", String(64), ForeignKey("places.id"), nullable=False),
    Column("project", String(16), nullable=False),
    Column("due", Date, nullable=False),
    Column("done_on", Date, nullable=False),
    Column("done_by", String(64), nullable=False),
    Column("noted_at", Instant, nullable=False),
    Column("where", String(300), nullable=False),
    Column("note", String(300), nullable=False),
    Column("corrects", Counted, ForeignKey("disclosures.id")),
    Index(None, "place", "project", "due"),
)
