"""A file of beacons, projects or bindings: what it would change, every fault of every row, then all or nothing."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from central_server.catalogue import entry_warnings
from central_server.catalogue.columns import COLUMNS, cell, head, name_of
from central_server.catalogue.entry_warnings import Change, RowRemark
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.identity_ownership import refusal, taken
from central_server.catalogue.records import (
    Edit,
    beacon_values,
    binding_values,
    project_values,
    read_beacon,
    read_binding,
    read_project,
)
from central_server.catalogue.reference_index import Known, known
from central_server.sheets.sheet_reader import Sheet, read
from central_server.sheets.sheet_writer import Cell
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import Wanted
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from sync_contract.beacon_identity import BeaconId
from sync_contract.strict_model import Language

KINDS = tuple(COLUMNS)
_NAMED = 30
_ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class RowFault:
    """`row`: as the person's program counts, 0 for the whole file."""

    row: int
    column: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Plan:
    """With faults nothing is applied. `wished`: identities that others hold, and the community that wanted them."""

    changes: tuple[Change, ...]
    unchanged: int
    faults: tuple[RowFault, ...]
    warnings: tuple[RowRemark, ...] = ()
    wished: tuple[tuple[BeaconId, str], ...] = ()

    @property
    def added(self) -> int:
        return sum(change.before is None for change in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.added

    @property
    def digest(self) -> str:
        """What somebody agreed to."""
        told = [(each.row, each.subject, each.before is None, each.fields) for each in self.changes]
        return hashlib.sha256(repr(told).encode()).hexdigest()


async def open_sheet(content: bytes) -> Sheet:
    """Raises SheetRefused."""
    return await asyncio.to_thread(read, content)


async def plan(connection: Connection, kind: str, sheet: Sheet, tops: Collection[str], place: str, edit: Edit) -> Plan:
    """`tops`: where the editor may edit; `place`: of rows that name none."""
    names = [name_of(told, kind) for told in sheet.head]
    faults = [
        RowFault(1, told, Fault(told, Word.unknown_column, told))
        for told, name in zip(sheet.head, names, strict=True)
        if name is None and told.strip()
    ]
    twice = [name for name, times in Counter(name for name in names if name).items() if times > 1]
    faults += [RowFault(1, name, Fault(name, Word.repeated, name, {"row": 1})) for name in twice]
    if faults:
        return Plan((), 0, tuple(faults))
    about = await known(connection, tops)
    held = await _held(connection, kind, tops)
    reader = _READERS[kind]
    changes: list[Change] = []
    unchanged, seen = 0, dict[Any, int]()
    for number, cells in sheet.rows:
        if number % _ROWS_AT_ONCE == 0:
            await asyncio.sleep(0)  # others are served meanwhile
        told = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
        told["place"] = told.get("place") or place
        key = reader.key(told)
        before = held.get(key)
        if kind == "bindings" and told.get("id") and before is None:
            faults.append(RowFault(number, "id", Fault("id", Word.unknown_binding, told["id"])))
            continue
        values = (reader.values(before) if before is not None else {}) | told
        made, wrong = reader.read(values, about, edit, before)
        faults += [RowFault(number, each.field, each) for each in wrong]
        if key is not None and seen.setdefault(key, number) != number:
            faults.append(RowFault(number, reader.column, Fault(reader.column, Word.repeated, "", {"row": seen[key]})))
        if made is None:
            continue
        old, new = (reader.values(before) if before is not None else {}), reader.values(made)
        fields = tuple((name, old.get(name, ""), new[name]) for name in new if old.get(name, "") != new[name])
        if before is not None and not fields:
            unchanged += 1
        else:
            changes.append(Change(number, reader.subject(made), made, before, fields))
    if kind == "beacons":
        return await _with_holders(connection, Plan(tuple(changes), unchanged, tuple(faults)), about, edit)
    warnings = await entry_warnings.of_bindings(connection, changes) if kind == "bindings" else ()
    return Plan(tuple(changes), unchanged, tuple(faults), warnings)


async def apply(connection: Connection, kind: str, found: Plan, account: str, name: str, edit: Edit) -> None:
    """All of a plan without faults, in the transaction that made it, after `revised.begin`."""
    assert not found.faults
    save = _READERS[kind].save
    touched: dict[str, list[Change]] = {}
    for change in found.changes:
        saved = await save(connection, change.made, change.before.revision if change.before is not None else 0)
        assert saved  # edits come one after the other, and the plan was made in this one
        touched.setdefault(change.made.place, []).append(change)
    for place, changes in sorted(touched.items()):
        await versioned_rows.edited(connection, place, edit.at)
        subjects = " ".join(change.subject for change in changes[:_NAMED])
        added = sum(change.before is None for change in changes)
        detail = f"{name}: +{added} ~{len(changes) - added} {subjects}"
        await audit_trail.record(connection, AuditLine(account, place, f"{kind}.import", kind, detail, edit.at))


async def export(
    connection: Connection, kind: str, tops: Collection[str], language: Language | None
) -> list[tuple[Cell, ...]]:
    """Head and rows of all that is at and below `tops`, as `plan` reads them."""
    reader = _READERS[kind]
    names = COLUMNS[kind]
    found = (await _held(connection, kind, tops)).values()
    rows = (tuple(cell(name, told[name]) for name in names) for told in map(reader.values, found))
    return [tuple(head(name, language) for name in names), *rows]


async def _held(connection: Connection, kind: str, tops: Collection[str]) -> dict[Any, Any]:
    """What may be edited at and below `tops`, by what names it in a file."""
    about = await known(connection, tops)
    every: Sequence[Any]
    match kind:
        case "beacons":
            every = await beacons.page(connection, Wanted(tops), limit=None)
        case "projects":
            every = await projects.every(connection, tops)
        case _:
            every = await bindings.every(connection, tops)
    reader = _READERS[kind]
    return {reader.key(reader.values(each)): each for each in every if each.place in about.own}


async def _with_holders(connection: Connection, found: Plan, about: Known, edit: Edit) -> Plan:
    """New beacons must not take what another community holds, nor one file give one identity to two."""
    new = [change for change in found.changes if change.before is None]
    held = await taken(connection, [change.made for change in new], about, edit.at)
    faults, wished = [*found.faults], list[tuple[BeaconId, str]]()
    first: dict[BeaconId, Change] = {}
    for change in new:
        beacon, community = change.made.beacon, about.community(change.made.place)
        other = first.setdefault(beacon, change)
        if other is not change and about.community(other.made.place) != community:
            fault = Fault("minor", Word.twice_in_file, str(beacon.minor), {"row": other.row})
            faults.append(RowFault(change.row, "minor", fault))
        elif change.made.id in held:
            faults.append(RowFault(change.row, "minor", refusal(change.made, held[change.made.id], about)))
            wished.append((beacon, community))
    warnings = await entry_warnings.of_beacons(connection, found.changes)
    return replace(found, faults=tuple(faults), warnings=warnings, wished=tuple(wished))


@dataclass(frozen=True, slots=True)
class _Reader:
    """`key`: what names a record, None when the row does not; `column`: where that is told."""

    key: Callable[[Mapping[str, str]], Any]
    column: str
    values: Callable[[Any], dict[str, str]]
    read: Callable[[Mapping[str, str], Known, Edit, Any], tuple[Any, list[Fault]]]
    save: Callable[[Connection, Any, int], Any]
    subject: Callable[[Any], str]


def _beacon_key(told: Mapping[str, str]) -> Any:  # noqa: ANN401  (a key)
    uuid = told.get("uuid", "").replace("-", "").lower()
    numbers = [told.get(name, "").lstrip("0") or "0" for name in ("major", "minor")]
    return (told.get("place", ""), uuid, *numbers) if uuid else None


_READERS = {
    "beacons": _Reader(
        _beacon_key,
        "minor",
        beacon_values,
        lambda told, about, edit, before: read_beacon(told, about, edit, before.id if before else ""),
        beacons.save,
        lambda made: f"{made.beacon.major}/{made.beacon.minor} {made.label}",
    ),
    "projects": _Reader(
        lambda told: (told.get("place", ""), told["id"]) if told.get("id") else None,
        "id",
        project_values,
        lambda told, about, edit, before: read_project(told, about, edit, before.picture if before else None),
        projects.save,
        lambda made: made.id,
    ),
    "bindings": _Reader(
        lambda told: told.get("id") or None,
        "id",
        binding_values,
        lambda told, about, edit, before: read_binding(told, about, edit, before.id if before else ""),
        bindings.save,
        lambda made: made.project,
    ),
}
__all__ = ["KINDS", "Change", "Plan", "RowFault", "RowRemark", "apply", "export", "open_sheet", "plan"]
