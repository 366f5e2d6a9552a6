"""Tables of the parcels that gateways delivered, and of their sequences."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
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

batches = Table(
    "batches",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), ForeignKey("gateways.id"), nullable=False),
    community(),
    Column("epoch", String(16), nullable=False),
    Column("lowest", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("intents", Integer, nullable=False),
    Column("statistics", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index(None, "received_at", "seq"),
    Index(None, "community", "received_at", "seq"),
    Index(None, "gateway", "received_at", "seq"),
    Index(None, "gateway", "epoch", "highest", "lowest"),
    index_of(text("intents > 0"), "ix_batches_intents", "received_at", "seq"),
)
"""The accepted parcels of one request and epoch, compressed; see `store/parcels/batches.py`."""

parcels = Table(
    "parcels",
    metadata,
    Column("gateway", String(16), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Which parcels are stored, and where. They have no foreign keys, which cost a lookup for each of a thousand rows: the
batch of the same transaction has them."""

sequences = Table(
    "sequences",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    community(),
    Column("highest", BigInteger, nullable=False),
    Column("highest_before", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("last_at", Instant),
    Column("forks", BigInteger, nullable=False, default=0),
    Column("forked_at", Instant),
    Column("forked_n", BigInteger),
)


def _rare(name: str, column: str, usual: str) -> Index:
    """Return an index of the lines whose value is not the usual one."""
    return index_of(text(f"{column} <> '{usual}'"), f"ix_arrivals_{name}", column, "last_at", "seq")


arrivals = Table(
    "arrivals",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), nullable=False),
    Column("parcel", String(32), nullable=False),
    Column("result", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("community", String(64), nullable=False),
    *sqlite_foreign_keys(),
    Column("kind", String(32), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("content", Text),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("gateway", "parcel", "result", "fingerprint"),
    Index(None, "last_at", "seq"),
    Index(None, "community", "last_at", "seq"),
    Index(None, "gateway", "last_at", "seq"),
    _rare("rare_kinds", "kind", "statistics"),
    _rare("rare_results", "result", "duplicate"),
)
"""What arrived and was not accepted: duplicates, conflicts, and items that were refused."""
