"""Every table. A record's key begins with its gateway, and every record belongs to one community.

States stand beside their subject for reading; how they came about is in `state_changes`, which only grows.
Ids are lower-case hexadecimal, amounts minor units, times by the server's clock unless the name says otherwise.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from central_server.store.instant import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Counted = BigInteger().with_variant(Integer, "sqlite")
"""A key that the database counts up: in SQLite only INTEGER can be the row's own number."""


def _community() -> Column[str]:
    return Column("community", String(64), ForeignKey("communities.id"), nullable=False)


communities = Table(
    "communities",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("added_at", Instant, nullable=False),
)

gateways = Table(
    "gateways",
    metadata,
    Column("id", String(16), primary_key=True),
    _community(),
    Column("label", String(120), nullable=False),
    Column("added_at", Instant, nullable=False),
)

gateway_keys = Table(
    "gateway_keys",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("key", String(16), primary_key=True),
    Column("public", String(43), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

parcels = Table(
    "parcels",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("id", String(32), primary_key=True),
    _community(),
    Column("kind", String(32), nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

sequences = Table(
    "sequences",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    _community(),
    Column("highest", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("begun_at", Instant, nullable=False),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), ForeignKey("gateways.id"), nullable=False),
    Column("parcel", String(32), nullable=False),
    Column("result", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    _community(),
    Column("kind", String(32), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("content", Text),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("gateway", "parcel", "result", "fingerprint"),
    Index(None, "last_at", "seq"),
    Index(None, "community", "last_at", "seq"),
)

intents = Table(
    "intents",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("id", String(32), primary_key=True),
    _community(),
    Column("environment", String(8), nullable=False),
    Column("project", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("beacon", String(48)),
    Column("catalogue_version", BigInteger, nullable=False),
    Column("handoff", String(16), nullable=False),
    Column("door", String(16)),
    Column("first_seen_at", Instant, nullable=False),
    Column("first_seen_in", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("slip", String(9), nullable=False),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("gateway", String(16), nullable=False),
    Column("intent", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    _community(),
    Column("environment", String(8), nullable=False),
    Column("bank", String(32), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("return_nonce", String(43), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("queries", Integer, nullable=False),
    Column("next_query_at", Instant),
    ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
    UniqueConstraint("gateway", "intent", "number"),
    Index(None, "next_query_at"),
)

state_changes = Table(
    "state_changes",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    _community(),
    Column("gateway", String(16), nullable=False),
    Column("intent", String(32), nullable=False),
    Column("attempt", String(32)),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("evidence", String(200), nullable=False),
    ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
    Index(None, "gateway", "intent", "seq"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("bank", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("attempt", String(32), ForeignKey("attempts.id"), nullable=False),
    _community(),
    Column("fingerprint", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
)

ledger_lines = Table(
    "ledger_lines",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    _community(),
    Column("environment", String(8), nullable=False),
    Column("project", String(16), nullable=False),
    Column("gateway", String(16), nullable=False),
    Column("intent", String(32), nullable=False),
    Column("attempt", String(32), ForeignKey("attempts.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("slip", String(9), nullable=False, unique=True),
    Column("late", Boolean(name="late"), nullable=False),
    Column("outside_permit", Boolean(name="outside_permit"), nullable=False),
    Column("evidence", String(200), nullable=False),
    Column("at", Instant, nullable=False),
)

catalogues = Table(
    "catalogues",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password", String(200), nullable=False),
    Column("community", String(64), ForeignKey("communities.id")),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("added_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.name"), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", Instant, nullable=False),
)
