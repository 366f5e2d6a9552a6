"""What is no fault, and probably a mistake: shown before and after it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from central_server.store.catalogue import beacons
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from sync_contract.beacon_identity import BeaconId

STRONGEST_DBM = -20
"""At one metre. The strongest transmitters that are sold as beacons come to about -50."""
_AT_ONCE = 200


class Remark(StrEnum):
    twin = "twin"
    """Another place of the community has a beacon with the same numbers."""
    strong = "strong"
    """No beacon is received so strongly at one metre."""
    empty_group = "empty_group"
    """No beacon is in the group."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` None: it is added. `fields`: what changes, each with before and after. `row`: as the person's program
    counts."""

    row: int
    subject: str
    made: Any
    before: Any
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RowRemark:
    """`about`: numbers, dBm or a group, as the remark has it."""

    row: int
    remark: Remark
    about: str


async def of_beacons(connection: Connection, changes: Sequence[Change]) -> tuple[RowRemark, ...]:
    found = [
        RowRemark(change.row, Remark.strong, str(change.made.measured_power))
        for change in changes
        if change.made.measured_power > STRONGEST_DBM
    ]
    new = [change for change in changes if change.before is None]
    places: dict[BeaconId, set[str]] = {}
    wanted = sorted({change.made.beacon for change in new})
    for start in range(0, len(wanted), _AT_ONCE):
        for other in await beacons.same(connection, wanted[start : start + _AT_ONCE]):
            places.setdefault(other.beacon, set()).add(other.place)
    for change in new:
        others = places.setdefault(change.made.beacon, set())
        if others - {change.made.place}:
            found.append(RowRemark(change.row, Remark.twin, str(change.made.beacon)))
        others.add(change.made.place)
    return tuple(sorted(found, key=lambda each: each.row))


async def of_bindings(connection: Connection, changes: Sequence[Change]) -> tuple[RowRemark, ...]:
    empty = await empty_groups(connection, [change.made for change in changes])
    return tuple(
        RowRemark(change.row, Remark.empty_group, change.made.group)
        for change in changes
        if change.made.target is Target.group and (change.made.place, change.made.group) in empty
    )


async def empty_groups(connection: Connection, of: Sequence[StoredBinding]) -> frozenset[tuple[str, str]]:
    """Of the groups that these bind, by the binding's place: those in which no beacon is that holds there."""
    bound = {(each.place, each.group) for each in of if each.target is Target.group}
    filled = {place: await beacons.groups_at(connection, place) for place in {place for place, _ in bound}}
    return frozenset((place, group) for place, group in bound if group not in filled[place])
