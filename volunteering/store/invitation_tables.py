"""Define the tables of invitations that staff make from a list of numbers."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

invitation_lists = Table(
    "vol_invitation_lists",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "community", "made_at"),
)

invitations = Table(
    "vol_invitations",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("list", String(32), nullable=False),
    Column("number_hash", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "community", "number_hash"),
    Index(None, "list"),
    Index(None, "state", "changed_at"),
)
"""`number_hash`: keyed. `sealed`: number and code while it is open, then empty. `tries`: wrong codes."""
