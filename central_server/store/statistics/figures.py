"""Write figures by hour and day: replace an hour with new totals, and sum the hours of a day."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, delete, func, literal, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures, gateway_figures, screen_figures, visit_figures
from central_server.store.engine.tables.figures import DWELLS, GAPS, RSSIS
from central_server.store.engine.upsert import insert
from sync_contract.records import PlaceBeaconStatistics
from sync_contract.statistics import Total

HOUR, DAY = "hour", "day"
_TABLES = (gateway_figures, beacon_figures, visit_figures)
_MOST = frozenset(("longest_gap_ms", "rssi_max"))
_LEAST = frozenset(("rssi_min",))


async def replace_hour(connection: Connection, gateway: str, hour: datetime, totals: Mapping[str, Total]) -> None:
    """`totals`: by community; a gateway may move within an hour."""
    rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in _TABLES}
    for community, total in totals.items():
        key = {"gateway": gateway, "span": HOUR, "start": hour, "community": community}
        rows[gateway_figures].append(
            key
            | {
                "stretches": total.stretches,
                "listened_ms": total.listened_ms,
                "sure_ms": total.trusted_ms,
                "foreign_frames": total.foreign_frames,
            }
        )
        for beacon in sorted(total.places.keys() | total.advertised_ms.keys()):
            row = key | {"beacon": str(beacon), "advertised_ms": total.advertised_ms.get(beacon, 0)}
            rows[beacon_figures].append(row | _heard(total.places.get(beacon)))
        for name, entry in total.classes.items():
            dwell = dict(zip(DWELLS, entry.dwell_histogram, strict=True))
            rows[visit_figures].append(key | {"tag_class": name, "arrivals": entry.arrivals} | dwell)
    for table, new in rows.items():
        old = (table.c.gateway == gateway, table.c.span == HOUR, table.c.start == hour)
        await connection.execute(delete(table).where(*old))
        if new:
            await connection.execute(insert(connection, table), new)


async def sum_day(connection: Connection, gateway: str, day: datetime) -> None:
    """`day`: its start in official time."""
    for table in (*_TABLES, screen_figures):
        old = (table.c.gateway == gateway, table.c.span == DAY, table.c.start == day)
        await connection.execute(delete(table).where(*old))
        key = [column for column in table.primary_key.columns if column.name not in ("gateway", "span", "start")]
        values = [column for column in table.columns if not column.primary_key]
        hours = (
            select(
                literal(gateway),
                literal(DAY),
                literal(day, table.c.start.type),
                *key,
                *(merged(each) for each in values),
            )
            .where(
                table.c.gateway == gateway,
                table.c.span == HOUR,
                table.c.start >= day,
                table.c.start < day + timedelta(days=1),
            )
            .group_by(*key)
        )
        names = ["gateway", "span", "start", *(column.name for column in key), *(column.name for column in values)]
        await connection.execute(insert(connection, table).from_select(names, hours))


def merged(column: Column[Any]) -> Any:  # noqa: ANN401  (an expression)
    """Return the expression that merges this column of several rows."""
    if column.name in _MOST:
        return func.max(column)
    return func.min(column) if column.name in _LEAST else func.sum(column)


def _heard(place: PlaceBeaconStatistics | None) -> dict[str, int | None]:
    names = [
        column.name
        for column in beacon_figures.columns
        if not column.primary_key and column.name not in ("advertised_ms", "reports", *GAPS, *RSSIS)
    ]
    if place is None:  # advertised by this gateway itself, so not heard
        nothing: dict[str, int | None] = dict.fromkeys((*names, *GAPS, *RSSIS), 0)
        return nothing | {"reports": 0, "rssi_min": None, "rssi_max": None}
    return (
        {name: getattr(place, name) for name in names}
        | dict(zip(GAPS, place.gap_histogram, strict=True))
        | dict(zip(RSSIS, place.rssi_histogram, strict=True))
        | {"reports": 1}
    )
