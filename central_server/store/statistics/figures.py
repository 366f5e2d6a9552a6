"""Write figures by hour and day: add to them, replace an hour with new totals, sum the hours of a day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, func, literal, select

from central_server.store.engine import bulk_insert
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures, gateway_figures, screen_figures, visit_figures
from central_server.store.engine.tables.figures import DWELLS, GAPS, RSSIS
from central_server.store.engine.upsert import insert
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import PlaceBeaconStatistics
from sync_contract.statistics import Total

HOUR, DAY = "hour", "day"
_TABLES = (gateway_figures, beacon_figures, visit_figures)
MAX_BEACONS = 50
"""Of one transaction: on SQLite, intake waits meanwhile."""
_MOST = frozenset(("longest_gap_ms", "reports", "rssi_max", "tags"))
_LEAST = frozenset(("rssi_min",))


@dataclass(frozen=True, slots=True)
class FigureKey:
    """`span`: HOUR or DAY. `start`: of the hour or day. `community`: a gateway may move within an hour."""

    gateway: str
    span: str
    start: datetime
    community: str

    @property
    def columns(self) -> dict[str, Any]:
        return {"gateway": self.gateway, "span": self.span, "start": self.start, "community": self.community}


async def add(connection: Connection, totals: Mapping[FigureKey, Total]) -> None:
    """Add the totals to the stored figures. The caller gives an hour's total again as a part of its day's."""
    for table, new in _rows(totals).items():
        await add_rows(connection, table, new)


async def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of different keys to those stored."""
    names = table.columns.keys()
    values = [tuple([row[name] for name in names]) for row in rows]
    await bulk_insert.add(connection, table, names, values, _sums(table))


@cache
def _sums(table: Table) -> str:
    """Return what follows ON CONFLICT to merge a new row with the stored one."""
    merged_pairs = (f"{name} = {_merged_pair(table.name, name)}" for name in _counted(table))
    return f"({', '.join(table.primary_key.columns.keys())}) DO UPDATE SET {', '.join(merged_pairs)}"


def _counted(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]


def _merged_pair(table: str, name: str) -> str:
    old, new = f"{table}.{name}", f"excluded.{name}"
    if name not in _MOST | _LEAST:
        return f"{old} + {new}"
    better = f"{new} > {old}" if name in _MOST else f"{new} < {old}"
    return f"CASE WHEN {old} IS NULL OR {better} THEN {new} ELSE {old} END"


async def replace_hour(
    connection: Connection, gateway: str, hour: datetime, totals: Mapping[str, Total], *, adds: bool = False
) -> None:
    """`totals`: by community; a gateway may move within an hour. `adds`: add the beacons of a further part of it."""
    rows = _rows({FigureKey(gateway, HOUR, hour, community): total for community, total in totals.items()})
    for table in _TABLES:
        if not adds:
            old = (table.c.gateway == gateway, table.c.span == HOUR, table.c.start == hour)
            await connection.execute(delete(table).where(*old))
        if rows[table] and not (adds and table is gateway_figures):
            await connection.execute(insert(connection, table), rows[table])


def _rows(totals: Mapping[FigureKey, Total]) -> dict[Table, list[dict[str, Any]]]:
    rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
    for key, total in totals.items():
        columns = key.columns
        counts = {"stretches": total.stretches, "listened_ms": total.listened_ms, "sure_ms": total.trusted_ms}
        rows[gateway_figures].append(columns | counts | {"foreign_frames": total.foreign_frames})
        for beacon in sorted(total.places.keys() | total.advertised_ms.keys()):
            row = columns | {"beacon": str(beacon), "advertised_ms": total.advertised_ms.get(beacon, 0)}
            rows[beacon_figures].append(row | _heard(total.places.get(beacon)))
        for name, entry in total.classes.items():
            dwell = dict(zip(DWELLS, entry.dwell_histogram, strict=True))
            counts = {"entries": entry.entries, "visits": entry.visits, "tags": entry.tags}
            rows[visit_figures].append(columns | {"tag_class": name} | counts | dwell)
    return rows


def split(totals: Mapping[str, Total]) -> Iterator[dict[str, Total]]:
    """Yield parts of at most `MAX_BEACONS` beacons. The first has everything else too; the others have only beacons."""
    beacons = [(name, each) for name, total in sorted(totals.items()) for each in sorted(_beacons(total))]
    yield {name: _only(total, beacons[:MAX_BEACONS], name) for name, total in totals.items()}
    for start in range(MAX_BEACONS, len(beacons), MAX_BEACONS):
        some = beacons[start : start + MAX_BEACONS]
        yield {name: replace(_only(totals[name], some, name), classes={}) for name in {name for name, _ in some}}


def _beacons(total: Total) -> set[BeaconId]:
    return {*total.places, *total.advertised_ms}


def _only(total: Total, some: Sequence[tuple[str, BeaconId]], community: str) -> Total:
    chosen = {each for name, each in some if name == community}
    return replace(
        total,
        places={each: total.places[each] for each in total.places if each in chosen},
        advertised_ms={each: total.advertised_ms[each] for each in total.advertised_ms if each in chosen},
    )


async def is_large(connection: Connection, gateway: str, day: datetime, totals: Mapping[str, Total]) -> bool:
    """Return whether the hour, or its day as summed so far, has more beacons than one transaction takes."""
    columns = beacon_figures.c
    of_day = select(func.count()).where(columns.gateway == gateway, columns.span == DAY, columns.start == day)
    stored = int((await connection.execute(of_day)).scalar_one())
    return max(stored, sum(len(_beacons(total)) for total in totals.values())) > MAX_BEACONS


async def sum_day(connection: Connection, gateway: str, day: datetime) -> None:
    """`day`: its start in official time."""
    await sum_day_without_beacons(connection, gateway, day)
    await _sum(connection, beacon_figures, gateway, day)


async def sum_day_without_beacons(connection: Connection, gateway: str, day: datetime) -> None:
    for table in (gateway_figures, visit_figures, screen_figures):
        await _sum(connection, table, gateway, day)


async def sum_beacons(connection: Connection, gateway: str, day: datetime, after: str) -> str | None:
    """Sum the day of the next `MAX_BEACONS` beacons, in the order of their text; return the last, None at the end."""
    columns = beacon_figures.c
    of_day = (columns.gateway == gateway, columns.start >= day, columns.start < day + timedelta(days=1))
    following = select(columns.beacon).where(*of_day, columns.beacon > after).group_by(columns.beacon)
    found = (await connection.execute(following.order_by(columns.beacon).limit(MAX_BEACONS))).scalars().all()
    if not found:
        return None
    await _sum(connection, beacon_figures, gateway, day, columns.beacon > after, columns.beacon <= found[-1])
    return str(found[-1])


async def _sum(connection: Connection, table: Table, gateway: str, day: datetime, *among: ColumnElement[bool]) -> None:
    old = (table.c.gateway == gateway, table.c.span == DAY, table.c.start == day, *among)
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
            *among,
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


_HEARD = [
    column.name
    for column in beacon_figures.columns
    if not column.primary_key and column.name not in ("advertised_ms", "reports", *GAPS, *RSSIS)
]


def _heard(place: PlaceBeaconStatistics | None) -> dict[str, int | None]:
    if place is None:  # advertised by this gateway itself, so not heard
        nothing: dict[str, int | None] = dict.fromkeys((*_HEARD, *GAPS, *RSSIS), 0)
        return nothing | {"reports": 0, "rssi_min": None, "rssi_max": None}
    return (
        {name: getattr(place, name) for name in _HEARD}
        | dict(zip(GAPS, place.gap_histogram, strict=True))
        | dict(zip(RSSIS, place.rssi_histogram, strict=True))
        | {"reports": 1}
    )
