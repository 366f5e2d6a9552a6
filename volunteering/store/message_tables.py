"""Define the outbox of messages to people's telephones."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

messages = Table(
    "vol_messages",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("shift", String(32), nullable=False),
    Column("language", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("useless_at", Instant, nullable=False),
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("recipient", "event"),
    Index(None, "state", "next_at"),
    Index(None, "community", "changed_at"),
)
"""`recipient`: the id of a person; for a code the keyed hash of the number. `event`: what the message is about: nobody
gets two about one. `shift`: "" for a code. `sealed`: number and code, empty after sending. `next_at`: of the next try.
`reason`: of the last failure.
"""
