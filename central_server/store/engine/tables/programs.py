"""Tables of personal tokens, and of webhooks with their deliveries."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from central_server.store.engine.tables.metadata import metadata
from central_server.store.engine.timestamps import Instant

personal_tokens = Table(
    "personal_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account", String(64), ForeignKey("accounts.name"), nullable=False),
    Column("label", String(60), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index(None, "account"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("place", String(64), ForeignKey("places.id"), nullable=False),
    Column("url", String(500), nullable=False),
    Column("events", String(300), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("failing_since", Instant),
    Column("stopped_at", Instant),
    Column("stopped_by", String(16), nullable=False),
    Index(None, "place"),
)

webhook_marks = Table(
    "webhook_marks",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("webhook", String(32), ForeignKey("webhooks.id"), nullable=False),
    Column("event", String(32), nullable=False),
    Column("source", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("next_try_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Instant),
    Column("last_at", Instant),
    Column("last_status", Integer),
    Column("last_ms", Integer),
    Column("last_trouble", String(200), nullable=False),
    UniqueConstraint("webhook", "source", "seq"),
    Index(None, "next_try_at"),
    Index(None, "webhook", "made_at"),
)
