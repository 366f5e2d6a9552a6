"""Define the table of login cards."""

from sqlalchemy import Column, Index, String, Table, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

login_cards = Table(
    "vol_login_cards",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("person", String(32), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    UniqueConstraint("code_hash"),
    Index(None, "person"),
)
"""`code_hash`: keyed. `used_at`: of the last login."""
