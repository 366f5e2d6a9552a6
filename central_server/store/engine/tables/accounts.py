"""Tables of staff accounts, their sessions and roles, and the audit trail."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from central_server.store.engine.tables.metadata import Counted, metadata
from central_server.store.engine.timestamps import Instant

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("skeleton", String(64), nullable=False, unique=True),
    Column("password", String(200), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("added_at", Instant, nullable=False),
    Column("home", String(64), ForeignKey("places.id")),  # SQLite adds no NOT NULL column with a foreign key
    Column("one_time_until", Instant),
    Column("disabled_at", Instant),
    Column("factor_secret", String(200)),
    Column("factor_since", Instant),
    Column("factor_step", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("reset_by", String(64), nullable=False),
    Column("confirmed_by", String(64)),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.name"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("factor_given", Boolean, nullable=False),
    Column("agent", String(200), nullable=False),
    Index(None, "account"),
)

login_peers = Table(
    "login_peers",
    metadata,
    Column("peer", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("account", String(64), ForeignKey("accounts.name"), primary_key=True),
    Column("place", String(64), ForeignKey("places.id"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", String(64), nullable=False),
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
    Index(None, "account", "seq"),
    Index(None, "action", "seq"),
    Index(None, "at"),
)
