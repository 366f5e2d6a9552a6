"""Define the tables of the talent pool: units, their contacts, members, memberships, posts and skills."""

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

units = Table(
    "vol_units",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("code", String(20), nullable=False),
    Column("names", Text, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("community", "environment", "code"),
)
"""`code`: names the unit in lists. `names`: in three languages as JSON."""

unit_contacts = Table(
    "vol_unit_contacts",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("unit", String(32), primary_key=True),
    Column("named_by", String(64), nullable=False),
    Column("named_at", Instant, nullable=False),
    Index(None, "unit"),
)
"""Staff accounts that act for a unit."""

pool_members = Table(
    "vol_pool_members",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("number_hash", String(64)),
    Column("person", String(32)),
    Column("grid", String(64), nullable=False),
    UniqueConstraint("community", "environment", "number_hash"),
    Index(None, "community", "environment", "grid", "id"),
    Index(None, "community", "environment", "id"),
    Index(None, "person"),
)
"""One entry for a number of a community. `person`: NULL before they reported by phone. `grid`: a place, "" if unknown.
`number_hash`: NULL after the person erased their data.
"""

memberships = Table(
    "vol_memberships",
    metadata,
    id_column(),
    Column("member", String(32), nullable=False),
    Column("unit", String(32), nullable=False),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("state", String(20), nullable=False),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("unit", "member"),
    Index(None, "member"),
    Index(None, "community", "environment", "state", "member"),
    Index(None, "unit", "state", "id"),
)
"""`sealed`: what the unit's list states: name, number, duty, grid; empty after it is over. Other units never see it."""

post_claims = Table(
    "vol_post_claims",
    metadata,
    Column("membership", String(32), primary_key=True),
    Column("post", String(20), primary_key=True),
    Column("member", String(32), nullable=False),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("since", Instant, nullable=False),
    Index(None, "community", "environment", "post", "member"),
    Index(None, "member"),
)

pool_skills = Table(
    "vol_pool_skills",
    metadata,
    Column("member", String(32), primary_key=True),
    Column("skill", String(20), primary_key=True),
    community_column(),
    Column("environment", String(8), nullable=False),
    Index(None, "community", "environment", "skill", "member"),
)
"""What members say they can do, without proof."""
