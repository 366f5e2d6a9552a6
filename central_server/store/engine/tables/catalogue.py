"""What staff offer, and what of it is published to the gateways.

What belongs to a place holds there and everywhere below it: one project of a city may be on every kiosk of the city.
`revision` counts the edits of a row; who saves names the one that was read.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from central_server.store.engine.tables.metadata import Counted, metadata
from central_server.store.engine.timestamps import Instant


def _place(*, primary_key: bool = False) -> Column[str]:
    """Return the column of the place to which the row belongs."""
    return Column("place", String(64), ForeignKey("places.id"), nullable=False, primary_key=primary_key)


def _edited() -> tuple[Column[int], Column[object], Column[str]]:
    """Return the columns of the revision and the last edit."""
    return (
        Column("revision", Integer, nullable=False),
        Column("edited_at", Instant, nullable=False),
        Column("edited_by", String(64), nullable=False),
    )


organisations = Table(
    "organisations",
    metadata,
    _place(primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("about", Text, nullable=False),
    Column("certificate", String(120), nullable=False),
    Column("certificate_until", Date),
    Column("platform_url", String(300), nullable=False),
    Column("own_site", Boolean(name="own_site"), nullable=False),
    *_edited(),
)

projects = Table(
    "projects",
    metadata,
    _place(primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("amounts_fen", String(100), nullable=False),
    Column("min_fen", BigInteger, nullable=False),
    Column("max_fen", BigInteger, nullable=False),
    Column("goal_fen", BigInteger),
    Column("pays_for", Text, nullable=False),
    Column("organisation", String(16), nullable=False),
    Column("filing", String(120), nullable=False),
    Column("area", String(120), nullable=False),
    Column("opens", Date),
    Column("closes", Date),
    Column("drawing", String(16), nullable=False),
    Column("picture", String(64), ForeignKey("pictures.sha256")),
    Column("focus", String(16), nullable=False),
    Column("withdrawn", Boolean(name="withdrawn"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("phrases", Text, nullable=False, server_default="[]"),
    Column("phrases_revision", Integer, nullable=False, server_default="0"),
    *_edited(),
)

pictures = Table(
    "pictures",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("content_type", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
)

beacons = Table(
    "beacons",
    metadata,
    Column("id", String(32), primary_key=True),
    _place(),
    Column("uuid", String(36), nullable=False),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("label", String(60), nullable=False),
    Column("measured_power", Integer, nullable=False),
    Column("tag_class", String(32), nullable=False),
    Column("gateway", String(16), ForeignKey("gateways.id")),
    Column("groups", String(400), nullable=False),
    Column("comment", String(300), nullable=False),
    *_edited(),
    UniqueConstraint("place", "uuid", "major", "minor"),
    Index(None, "uuid", "major", "minor"),
)

bindings = Table(
    "bindings",
    metadata,
    Column("id", String(32), primary_key=True),
    _place(),
    Column("target", String(8), nullable=False),
    Column("uuid", String(36)),
    Column("major", Integer),
    Column("minor", Integer),
    Column("in_group", String(32), nullable=False),
    Column("project", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("hours", String(200), nullable=False),
    Column("weekdays", String(7), nullable=False),
    Column("since", Date),
    Column("until", Date),
    Column("zone", String(10), nullable=False),
    Column("while_needed", Boolean(name="while_needed"), nullable=False),
    *_edited(),
    Index(None, "place"),
)

beacon_activity = Table(
    "beacon_activity",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("uuid", String(36), primary_key=True),
    Column("major", Integer, primary_key=True, autoincrement=False),
    Column("minor", Integer, primary_key=True, autoincrement=False),
    Column("community", String(64), ForeignKey("places.id"), nullable=False),
    Column("first_at", Instant),
    Column("last_at", Instant),
    Column("reported_at", Instant, nullable=False),
    Column("advertised", Boolean(name="advertised"), nullable=False),
    Index(None, "uuid", "major", "minor"),
    sqlite_with_rowid=False,
)

catalogue_edits = Table(
    "catalogue_edits",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    _place(),
    Column("at", Instant, nullable=False),
    Index(None, "place", "seq"),
)

catalogues = Table(
    "catalogues",
    metadata,
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
)

catalogue_troubles = Table(
    "catalogue_troubles",
    metadata,
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    sqlite_with_rowid=False,
)

identity_requests = Table(
    "identity_requests",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("major", Integer, primary_key=True, autoincrement=False),
    Column("minor", Integer, primary_key=True, autoincrement=False),
    Column("requester", String(64), ForeignKey("places.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

catalogue_seeds = Table(
    "catalogue_seeds",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
)

import_drafts = Table(
    "import_drafts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.name"), nullable=False),
    Column("kind", String(16), nullable=False),
    _place(),
    Column("name", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("uploaded_at", Instant, nullable=False),
)
