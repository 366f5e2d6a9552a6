"""Tables of the tree of places, their contacts, and the gateways in it."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from central_server.store.engine.tables.metadata import community, metadata
from central_server.store.engine.timestamps import Instant

places = Table(
    "places",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("parent", String(64), ForeignKey("places.id")),
    Column("names", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
)

place_ancestors = Table(
    "place_ancestors",
    metadata,
    Column("place", String(64), ForeignKey("places.id"), primary_key=True),
    Column("ancestor", String(64), ForeignKey("places.id"), primary_key=True),
    Index(None, "ancestor"),
    sqlite_with_rowid=False,
)

contacts = Table(
    "contacts",
    metadata,
    Column("place", String(64), ForeignKey("places.id"), primary_key=True),
    Column("phone", String(30), nullable=False),
    Column("holder", Text),
    Column("hours", Text),
    sqlite_with_rowid=False,
)

gateways = Table(
    "gateways",
    metadata,
    Column("id", String(16), primary_key=True),
    community(),
    Column("label", String(120), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("site", String(64), ForeignKey("places.id")),
    Column("kind", String(8), nullable=False),
    Column("retired_at", Instant),
)

gateway_keys = Table(
    "gateway_keys",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("key", String(16), primary_key=True),
    Column("public", String(43), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("origin", String(16), nullable=False),
    Column("replaces", String(16)),
    Column("first_used_at", Instant),
    Column("revoked_why", String(16), nullable=False),
    Index(None, "key", unique=True),
    Index(None, "public"),
)
