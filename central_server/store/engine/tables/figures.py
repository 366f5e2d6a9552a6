"""Tables of figures by hour and day, and of the times of the parcels from which they are counted.

A row of figures covers an hour (`span` "hour") or a day of official time ("day") that begins at `start`; the day's row
is the sum of its hours. New parcels are added; an hour of which a parcel moved is counted again from its parcels.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from central_server.store.engine.tables.metadata import Counted, community, metadata
from central_server.store.engine.timestamps import Instant
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S, GAP_HISTOGRAM_EDGES_MS, RSSI_HISTOGRAM_BINS

GAPS = tuple(f"gap_{number}" for number in range(len(GAP_HISTOGRAM_EDGES_MS) + 1))
RSSIS = tuple(f"rssi_{number}" for number in range(RSSI_HISTOGRAM_BINS))
DWELLS = tuple(f"dwell_{number}" for number in range(len(DWELL_HISTOGRAM_EDGES_S) + 1))


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def _key(*more: Column[Any]) -> list[Column[Any]]:
    return [
        Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
        Column("span", String(4), primary_key=True),
        Column("start", Instant, primary_key=True),
        Column("community", String(64), ForeignKey("places.id"), primary_key=True),
        *more,
    ]


uncounted = Table(
    "uncounted",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    Column("gateway", String(16), ForeignKey("gateways.id"), nullable=False),
    Column("parcels", Text, nullable=False),
)

stale_hours = Table(
    "stale_hours",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("start", Instant, primary_key=True),
    Column("mark", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Hours to count again, because a parcel moved. `mark` changes with every further parcel."""

moments = Table(
    "moments",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("parcel", String(32), primary_key=True),
    community(),
    Column("kind", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("sure", Boolean(name="sure"), nullable=False),
    Column("unsure_boot", String(32)),
    Index(None, "gateway", "at"),
    Index(None, "gateway", "unsure_boot"),
    sqlite_with_rowid=False,
)

boots = Table(
    "boots",
    metadata,
    Column("gateway", String(16), ForeignKey("gateways.id"), primary_key=True),
    Column("boot", String(32), primary_key=True),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("wall", Instant, nullable=False),
    sqlite_with_rowid=False,
)

gateway_figures = Table(
    "gateway_figures",
    metadata,
    *_key(),
    *_counts("stretches", "listened_ms", "sure_ms", "foreign_frames"),
    Index(None, "community", "span", "start"),
    Index(None, "span", "start"),
    sqlite_with_rowid=False,
)

beacon_figures = Table(
    "beacon_figures",
    metadata,
    *_key(Column("beacon", String(48), primary_key=True)),
    *_counts("frames", "frames_without_rssi", "frames_suspect", "expected_frames", "heard_of_expected"),
    *_counts("longest_gap_ms", "rssi_sum", "advertised_ms", "reports"),
    Column("rssi_min", Integer),
    Column("rssi_max", Integer),
    *_counts(*GAPS, *RSSIS),
    Index(None, "community", "span", "start"),
    Index(None, "span", "start"),
    sqlite_with_rowid=False,
)

visit_figures = Table(
    "visit_figures",
    metadata,
    *_key(Column("tag_class", String(32), primary_key=True)),
    *_counts("entries", "visits", "tags", *DWELLS),
    Index(None, "community", "span", "start"),
    Index(None, "span", "start"),
    sqlite_with_rowid=False,
)

screen_figures = Table(
    "screen_figures",
    metadata,
    *_key(
        Column("project", String(16), primary_key=True),
        Column("beacon", String(48), primary_key=True),
        Column("door", String(8), primary_key=True),
    ),
    *_counts("visits", "opened"),
    Index(None, "community", "span", "start"),
    Index(None, "span", "start"),
    sqlite_with_rowid=False,
)
"""How screens were used, by what they showed; project and beacon are empty for none. Every counted hour has a row
without both, even of 0."""

visitor_registers = Table(
    "visitor_registers",
    metadata,
    Column("hour", Instant, primary_key=True),
    Column("community", String(64), ForeignKey("places.id"), primary_key=True),
    Column("beacon", String(48), primary_key=True),
    Column("project", String(16), primary_key=True),
    Column("door", String(8), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("register", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, nullable=False),
    sqlite_with_rowid=False,
)

salt_offers = Table(
    "salt_offers",
    metadata,
    Column("day", Instant, primary_key=True),
    Column("process", String(32), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("sealed", String(200)),
    sqlite_with_rowid=False,
)
