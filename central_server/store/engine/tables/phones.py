"""Tables of presence passes, repeated answers and counts of phone requests, without data of persons."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from central_server.store.engine.tables.metadata import community, metadata
from central_server.store.engine.timestamps import Instant

presence_passes = Table(
    "presence_passes",
    metadata,
    Column("pass_hash", String(64), primary_key=True),
    community(),
    Column("uuid", String(36), nullable=False),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("distance_cm", Integer),
    Column("project", String(16), nullable=False),
    Column("door", String(8), nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index(None, "ends_at"),
)

shake_answers = Table(
    "shake_answers",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Index(None, "given_at"),
)

shake_counts = Table(
    "shake_counts",
    metadata,
    Column("hour", Instant, primary_key=True),
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("beacon", String(48), primary_key=True),
    Column("project", String(16), primary_key=True),
    Column("door", String(8), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("times", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
