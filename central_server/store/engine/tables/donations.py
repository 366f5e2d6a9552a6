"""Tables of intents, attempts, and notifications of the bank."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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

from central_server.store.engine.tables.metadata import Counted, community, index_of, metadata, sqlite_foreign_keys
from central_server.store.engine.timestamps import Instant

_CODED, _SLIPPED, _EVIDENCED = text("code IS NOT NULL"), text("slip <> ''"), text("evidence <> ''")
_UNPAID = text("first_seen_in = 'page' AND slip = ''")

intents = Table(
    "intents",
    metadata,
    Column("gateway", String(16), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("community", String(64), nullable=False),
    *sqlite_foreign_keys(),
    Column("environment", String(8), nullable=False),
    Column("project", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("beacon", String(48)),
    Column("catalogue_version", BigInteger, nullable=False),
    Column("handoff", String(16), nullable=False),
    Column("door", String(16)),
    Column("first_seen_at", Instant, nullable=False),
    Column("first_seen_in", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("slip", String(9), nullable=False),
    Column("code", String(9)),
    Index(None, "community", "first_seen_at"),
    index_of(_CODED, None, "code", unique=True),
    index_of(_SLIPPED, None, "slip"),
    index_of(_UNPAID, "ix_intents_unpaid", "first_seen_at"),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("gateway", String(16), nullable=False),
    Column("intent", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    community(),
    Column("environment", String(8), nullable=False),
    Column("bank", String(32), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("return_nonce", String(43), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("queries", Integer, nullable=False),
    Column("next_query_at", Instant),
    Column("evidence", String(64), nullable=False),
    Column("flawed", Boolean(name="flawed"), nullable=False),
    Column("paid_at", Instant),
    Column("refundable_from", Instant),
    Column("statement", BigInteger),
    Column("statement_line", Integer),
    ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
    UniqueConstraint("gateway", "intent", "number"),
    Index(None, "next_query_at"),
    Index(None, "community", "paid_at"),
    index_of(_EVIDENCED, None, "evidence"),
)

remittances = Table(
    "remittances",
    metadata,
    Column("attempt", String(32), ForeignKey("attempts.id"), primary_key=True),
    community(),
    Column("received_on", Date, nullable=False),
    Column("voucher", String(64), ForeignKey("vouchers.sha256"), nullable=False),
    Column("receipt", Boolean(name="receipt"), nullable=False),
    Column("key", String(16)),
    Column("sealed", LargeBinary),
    Column("entered_by", String(64), nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", Instant),
    Column("note", String(300), nullable=False),
    Index(None, "community", "decided_at"),
)

state_changes = Table(
    "state_changes",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    community(),
    Column("gateway", String(16), nullable=False),
    Column("intent", String(32), nullable=False),
    Column("attempt", String(32)),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("evidence", String(200), nullable=False),
    ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
    Index(None, "gateway", "intent", "seq"),
    Index(None, "community", "seq"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("bank", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("attempt", String(32), ForeignKey("attempts.id"), nullable=False),
    community(),
    Column("fingerprint", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
)
