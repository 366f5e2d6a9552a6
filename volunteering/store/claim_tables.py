"""Define the tables of decisions on claims, and of the accounts' own numbers."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

claim_decisions = Table(
    "vol_claim_decisions",
    metadata,
    id_column(),
    community_column(),
    Column("sign_up", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("sign_up", "by"),
    Index(None, "person"),
)
"""What accounts decided on claims; rows are only added. `state`: confirmed or declined; `minutes`: 0 if declined."""

staff_numbers = Table(
    "vol_staff_numbers",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("number_hash", String(64), nullable=False),
    Column("stated_at", Instant, nullable=False),
)
"""The number with which the person behind a staff account is a volunteer, as a keyed hash; "" for no volunteer."""
