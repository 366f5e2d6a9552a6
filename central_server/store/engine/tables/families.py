"""Tables of families in difficulty: cases without a person, their steps and help, and sealed data."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from central_server.store.engine.tables.metadata import Counted, community, metadata
from central_server.store.engine.timestamps import Instant

cases = Table(
    "cases",
    metadata,
    Column("number", String(8), primary_key=True),
    community(),
    Column("environment", String(8), nullable=False),
    Column("help", String(24), nullable=False),
    Column("urgent", Boolean(name="urgent"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("second_due", Instant),
    Column("ended_at", Instant),
    Column("registered_by", String(64), nullable=False),
    Column("registered_at", Instant, nullable=False),
    Index(None, "community", "state"),
)

case_steps = Table(
    "case_steps",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("case", String(8), ForeignKey("cases.number"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seen", Boolean(name="seen"), nullable=False),
    Column("reason", String(24), nullable=False),
    Index(None, "case"),
)

households = Table(
    "households",
    metadata,
    Column("case", String(8), ForeignKey("cases.number"), primary_key=True),
    community(),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("delete_at", Instant),
    Index(None, "delete_at"),
)

case_helps = Table(
    "case_helps",
    metadata,
    Column("disbursement", String(32), ForeignKey("disbursements.id"), primary_key=True),
    Column("case", String(8), ForeignKey("cases.number"), primary_key=True),
    Column("form", String(8), nullable=False),
    Column("code", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("confirmed_at", Instant),
    Column("confirmed_by", String(64)),
    Column("way", String(8), nullable=False),
    Index(None, "case"),
)

help_sheets = Table(
    "help_sheets",
    metadata,
    Column("disbursement", String(32), ForeignKey("disbursements.id"), primary_key=True),
    community(),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", String(64), nullable=False),
    Column("delete_at", Instant, nullable=False),
    Index(None, "delete_at"),
)
