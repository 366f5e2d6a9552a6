"""Tables of alerts, of the channels that get them, of what each channel got, and of records that jobs set aside."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from central_server.store.engine.tables.metadata import Counted, community, metadata
from central_server.store.engine.timestamps import Instant

alert_channels = Table(
    "alert_channels",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("place", String(64), ForeignKey("places.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("address", String(254), nullable=False),
    Column("language", String(8), nullable=False),
    Column("money", Boolean(name="money"), nullable=False),
    Column("families", Boolean(name="families"), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", String(64), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_try_at", Instant),
    Column("last_error", String(200), nullable=False),
    Column("sent_at", Instant),
    Column("morning_at", Instant),
    Column("morning_alerts", String(80), nullable=False),
    Index(None, "place"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(160), nullable=False),
    community(),
    Column("label", String(120), nullable=False),
    Column("gateway", String(16), nullable=False),
    Column("link", String(400), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("since", Instant),
    Column("amount_minor", BigInteger),
    Column("currency", String(3)),
    Column("beacon", String(48), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(64)),
    Column("note", String(300), nullable=False),
    Column("names", Text),
    Index(None, "community", "ended_at"),
    Index(None, "ended_at"),
)

bells = Table(
    "bells",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("parcel", String(32), primary_key=True),
    community(),
    Column("environment", String(8), nullable=False),
    Column("rang_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("answered_by", String(64)),
    Index(None, "community", "answered_at"),
)
"""Rung by residents at kiosks; see sync_contract.records.StaffCalled."""

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("alert", Counted, ForeignKey("alerts.id"), primary_key=True, autoincrement=False),
    Column("channel", String(32), ForeignKey("alert_channels.id"), primary_key=True),
    Column("ended", Boolean(name="ended"), primary_key=True),
    Column("at", Instant, nullable=False),
)

quarantined = Table(
    "quarantined",
    metadata,
    Column("job", String(16), primary_key=True),
    Column("record", String(80), primary_key=True),
    community(),
    Column("gateway", String(16), nullable=False),
    Column("cause", String(200), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    Index(None, "job", "gateway"),
    Index(None, "community", "last_at"),
    sqlite_with_rowid=False,
)
"""Records that a periodic job could not process. `gateway`: where the record comes from, empty for none."""
