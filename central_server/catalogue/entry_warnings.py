"""Warn of entries that are valid but probably mistakes; shown before and after saving."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from central_server.store.catalogue import beacons
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from sync_contract.beacon_identity import BeaconId

STRONGEST_DBM = -20
"""At one metre. The strongest beacons on sale reach about -50."""
_BATCH = 200


class Remark(StrEnum):
    twin = "twin"
    """Another place of the community has a beacon with the same numbers."""
    strong = "strong"
    """No beacon is received so strongly at one metre."""
    empty_group = "empty_group"
    """No beacon is in the group."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` None: it is added. `fields`: name, old and new text. `row`: as a spreadsheet numbers it."""

    row: int
    subject: str
    new: Any
    before: Any
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RowRemark:
    """`about`: beacon numbers, dBm or a group, depending on the remark."""

    row: int
    remark: Remark
    about: str


async def of_beacons(connection: Connection, changes: Sequence[Change]) -> tuple[RowRemark, ...]:
    found = [
        RowRemark(change.row, Remark.strong, str(change.new.measured_power))
        for change in changes
        if change.new.measured_power > STRONGEST_DBM
    ]
    added = [change for change in changes if change.before is None]
    places: dict[BeaconId, set[str]] = {}
    wanted = sorted({change.new.beacon for change in added})
    for start in range(0, len(wanted), _BATCH):
        for other in await beacons.same(connection, wanted[start : start + _BATCH]):
            places.setdefault(other.beacon, set()).add(other.place)
    for change in added:
        others = places.setdefault(change.new.beacon, set())
        if others - {change.new.place}:
            found.append(RowRemark(change.row, Remark.twin, str(change.new.beacon)))
        others.add(change.new.place)
    return tuple(sorted(found, key=lambda each: each.row))


async def of_bindings(connection: Connection, changes: Sequence[Change]) -> tuple[RowRemark, ...]:
    empty = await empty_groups(connection, [change.new for change in changes])
    return tuple(
        RowRemark(change.row, Remark.empty_group, change.new.group)
        for change in changes
        if change.new.target is Target.group and (change.new.place, change.new.group) in empty
    )


async def empty_groups(connection: Connection, of: Sequence[StoredBinding]) -> frozenset[tuple[str, str]]:
    """Return place and name of the bound groups that contain no beacon there."""
    bound = {(each.place, each.group) for each in of if each.target is Target.group}
    filled = {place: await beacons.groups_at(connection, place) for place in {place for place, _ in bound}}
    return frozenset((place, group) for place, group in bound if group not in filled[place])
