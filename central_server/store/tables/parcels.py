"""What came from the gateways, and in which order."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from central_server.store.instant import Instant
from central_server.store.tables.metadata import Counted, community, metadata

parcels = Table(
    "parcels",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("id", String(32), primary_key=True),
    community(),
    Column("kind", String(32), nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

sequences = Table(
    "sequences",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    community(),
    Column("highest", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("begun_at", Instant, nullable=False),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), ForeignKey("gateways.id"), nullable=False),
    Column("parcel", String(32), nullable=False),
    Column("result", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    community(),
    Column("kind", String(32), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("content", Text),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("gateway", "parcel", "result", "fingerprint"),
    Index(None, "last_at", "seq"),
    Index(None, "community", "last_at", "seq"),
)
