"""Staff: accounts, what they may do where, and what they did."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from central_server.store.instant import Instant
from central_server.store.tables.metadata import Counted, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password", String(200), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("added_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.name"), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("account", String(64), ForeignKey("accounts.name"), primary_key=True),
    Column("place", String(64), ForeignKey("places.id"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("granted_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

audit_lines = Table(
    "audit_lines",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("account", String(64), nullable=False),
    Column("place", String(64), ForeignKey("places.id"), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "place", "seq"),
)
