"""Tables of enrolment codes, reports of gateways, and rejected requests."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from central_server.store.engine.tables.metadata import community, metadata
from central_server.store.engine.timestamps import Instant

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("gateway", String(16), ForeignKey("gateways.id"), nullable=False),
    community(),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("bundle", Boolean(name="bundle"), nullable=False),
    Column("used_at", Instant),
    Column("used_public", String(43)),
    Column("revoked_at", Instant),
    Index(None, "gateway", "made_at"),
)

wrong_codes = Table(
    "wrong_codes",
    metadata,
    Column("hour", Instant, primary_key=True),
    Column("times", BigInteger, nullable=False),
)

rejected_requests = Table(
    "rejected_requests",
    metadata,
    Column("what", String(24), primary_key=True),
    Column("gateway", String(16), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

gateway_reports = Table(
    "gateway_reports",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    community(),
    Column("received_at", Instant, nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("hearing", String(16), nullable=False),
    Column("hearing_since", Instant, nullable=False),
    Column("radio", String(32), nullable=False),
    Column("advert", String(32), nullable=False),
    Column("off_air_since", Instant, nullable=True),
    Column("version", String(32), nullable=False),
    Column("configuration", String(64), nullable=False, server_default=""),
    Column("old_settings", Boolean, nullable=False, server_default=false()),
    Column("waiting", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
    Column("catalogue_version", BigInteger, nullable=False),
    Column("clock_trusted", Boolean, nullable=False),
    Column("clock_off_s", BigInteger, nullable=False),
    Column("uptime_s", BigInteger, nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("boot", String(32), nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Index(None, "received_at"),
)

acceptance_sheets = Table(
    "acceptance_sheets",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("sheet", String(32), primary_key=True),
    community(),
    Column("received_at", Instant, nullable=False),
    Column("key", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("signature", String(88), nullable=False),
    Column("configuration", String(64), nullable=False),
    Column("version", String(80), nullable=False),
    Index(None, "gateway", "received_at"),
)

reported_boots = Table(
    "reported_boots",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("boot", String(32), primary_key=True),
    Column("first_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
