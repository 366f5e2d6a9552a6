"""What came from the gateways, and in which order."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from central_server.store.instant import Instant
from central_server.store.tables.metadata import Counted, community, metadata


def _known() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """Gateway and community are there. PostgreSQL would look for each row of a thousand, which takes as long as writing
    it: there `sequences`, whose row is written in the same transaction, looks once for all of them."""
    return (
        ForeignKeyConstraint(["gateway"], ["gateways.id"]).ddl_if(dialect="sqlite"),
        ForeignKeyConstraint(["community"], ["places.id"]).ddl_if(dialect="sqlite"),
    )


parcels = Table(
    "parcels",
    metadata,
    Column("gateway", String(16), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("community", String(64), nullable=False),
    *_known(),
    Column("kind", String(32), nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index(None, "gateway", "epoch", "n"),
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
    Column("last_at", Instant),
    Column("forks", BigInteger, nullable=False, default=0),
    Column("forked_at", Instant),
    Column("forked_n", BigInteger),
)


def _rare(name: str, column: str, usual: str) -> Index:
    """Of the lines that are not as most are: it costs intake next to nothing."""
    where = text(f"{column} <> '{usual}'")
    return Index(f"ix_arrivals_{name}", column, "last_at", "seq", sqlite_where=where, postgresql_where=where)


arrivals = Table(
    "arrivals",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), nullable=False),
    Column("parcel", String(32), nullable=False),
    Column("result", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("community", String(64), nullable=False),
    *_known(),
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
    _rare("rare_results", "result", "accepted"),
)
