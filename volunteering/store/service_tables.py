"""Define the tables of service records, of volunteer cards and of the keys that sign them."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

service_records = Table(
    "vol_service_records",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("person", String(32), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("source", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("served_on", Instant, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("people_served", Integer, nullable=False),
    Column("evidence", String(16), nullable=False),
    Column("planned_end", Boolean(name="planned_end"), nullable=False),
    Column("confirmed_by", String(64), nullable=False),
    Column("corrects", String(32)),
    Column("asked_by", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("source", "version"),
    Index(None, "person", "served_on"),
    Index(None, "community", "environment", "served_on"),
)
"""One row for each shift or request that a person served, and one for each correction; rows are only added.

`kind`: shift or request; `source`: the id of the sign-up or request. `version`: 0, then one more for each correction.
`minutes`: what the row adds to the person's total, in a correction the difference, so that sums need no case.
`people_served`: the same. `served_on`: the begin by version 0, so that a correction counts in that month.
`starts`, `ends`: the time as it counts since this row. `confirmed_by`: of a claim.
`corrects`: the id of the row before; `asked_by`: who asked for the correction: a person's id or an account.
"""

cards = Table(
    "vol_cards",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("person", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("environment", "number"),
    Index(None, "person"),
    Index(None, "community", "state"),
)
"""`number`: eight digits that mean nothing. `reason`: of the last change, written by staff; never a name."""

card_keys = Table(
    "vol_card_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("public", String(88), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Index(None, "community", "environment"),
)
"""The P-256 keys that sign the codes of a community's cards. `id`: see sync_contract.card_code. `public`: base64url."""
