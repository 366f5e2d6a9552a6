"""Define the tables of dispatch: when people can help, what shifts need, and who was proposed."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

willing_times = Table(
    "vol_willing_times",
    metadata,
    Column("person", String(32), primary_key=True),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("week", String(21), nullable=False),
    Column("per_week", Integer, nullable=False),
    Column("grid", String(20), nullable=False),
    Column("adult", Boolean(name="adult"), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "community", "environment"),
)
"""Only of people who want to be asked. `week`: a digit of `Willing` for each part of each day, from Monday morning."""

shift_needs = Table(
    "vol_shift_needs",
    metadata,
    Column("shift", String(32), primary_key=True),
    Column("least", Integer, nullable=False),
    Column("risk", Integer, nullable=False),
    Column("grid", String(20), nullable=False),
    Column("adults_only", Boolean(name="adults_only"), nullable=False),
)
"""A shift without a row has the lowest risk, and needs one person."""

proposals = Table(
    "vol_proposals",
    metadata,
    id_column(),
    community_column(),
    Column("shift", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("gladly", Boolean(name="gladly"), nullable=False),
    Column("near", Boolean(name="near"), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("answered_at", Instant),
    UniqueConstraint("shift", "person"),
    Index(None, "person", "state"),
)
"""One row for a person at a shift. `gladly`, `near`: why this person, as the reader of the proposal sees it."""
