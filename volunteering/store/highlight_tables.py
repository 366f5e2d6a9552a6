"""Define the tables of highlights: texts, pictures, approvals by staff, and consents of people on pictures."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, Text

from central_server.store.engine.timestamps import Instant
from volunteering.store.columns import community_column, id_column, metadata

highlights = Table(
    "vol_highlights",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("day", String(10), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "community", "state", "day"),
)
"""`text`: in three languages as JSON. A highlight is never edited: what people agreed to stays what it was."""

highlight_pictures = Table(
    "vol_highlight_pictures",
    metadata,
    Column("highlight", String(32), primary_key=True),
    Column("large", LargeBinary, nullable=False),
    Column("small", LargeBinary, nullable=False),
)
"""JPEGs without metadata, for phones and for the screen. A withdrawal deletes the row."""

highlight_approvals = Table(
    "vol_highlight_approvals",
    metadata,
    Column("highlight", String(32), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("faceless", Boolean(name="faceless"), nullable=False),
    Column("at", Instant, nullable=False),
)

highlight_consents = Table(
    "vol_highlight_consents",
    metadata,
    id_column(),
    Column("highlight", String(32), nullable=False),
    community_column(),
    Column("number_hash", String(64)),
    Column("paper", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "highlight"),
    Index(None, "number_hash"),
)
"""One row for each person who can be recognised, without a name. `number_hash`: of a member, who answers by phone.
`paper`: where the signed form of anybody else is filed.
"""
