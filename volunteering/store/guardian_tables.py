"""Define the table of guardians who agreed that somebody under 18 takes part."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

guardians = Table(
    "vol_guardians",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("person", String(32), nullable=False),
    Column("number_hash", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("text_version", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Index(None, "person"),
    Index(None, "community", "number_hash"),
)
"""`number_hash`: keyed, of the guardian, who proved it by a code; `sealed`: that number; `until`: the consent's end."""
