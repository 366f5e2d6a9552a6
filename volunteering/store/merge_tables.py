"""Define the table of merges: two records of one person become one."""

from sqlalchemy import Column, Index, String, Table

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

merges = Table(
    "vol_merges",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("ends", String(32), nullable=False),
    Column("remains", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("approved_by", String(64), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "community", "changed_at"),
    Index(None, "state", "due_at"),
    Index(None, "ends"),
    Index(None, "remains"),
)
"""`ends`, `remains`: ids of people. `due_at`: when a proposal lapses, or an approved merge takes effect."""
