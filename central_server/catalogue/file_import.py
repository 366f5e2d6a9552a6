"""Import beacons, projects or bindings from a file: plan the changes, report every fault, apply all or nothing."""

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
from central_server.catalogue.identity_ownership import identity_fault, other_owners
from central_server.catalogue.records import (
    Edit,
    beacon_values,
    binding_values,
    project_values,
    read_beacon,
    read_binding,
    read_project,
)
from central_server.catalogue.reference_index import ReferenceIndex, load_index
from central_server.sheets.sheet_reader import Sheet
from central_server.sheets.sheet_writer import Cell
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import BeaconsImported, BindingsImported, ProjectsImported
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import BeaconFilter
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from sync_contract.beacon_identity import BeaconId
from sync_contract.strict_model import Language

KINDS = tuple(COLUMNS)
_IMPORT_ACTIONS = {"beacons": BeaconsImported, "projects": ProjectsImported, "bindings": BindingsImported}
_MAX_NAMED = 30
_YIELD_EVERY_ROWS = 100


@dataclass(frozen=True, slots=True)
class RowFault:
    """`row`: as a spreadsheet numbers it, 0 for the whole file."""

    row: int
    column: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Plan:
    """With faults nothing is applied. `conflicts`: identities of others, and the requesting community."""

    changes: tuple[Change, ...]
    unchanged: int
    faults: tuple[RowFault, ...]
    warnings: tuple[RowRemark, ...] = ()
    conflicts: tuple[tuple[BeaconId, str], ...] = ()

    @property
    def added(self) -> int:
        return sum(change.before is None for change in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.added

    @property
    def digest(self) -> str:
        """Return the hash of the changes; the editor confirms it."""
        changes = [(each.row, each.subject, each.before is None, each.fields) for each in self.changes]
        return hashlib.sha256(repr(changes).encode()).hexdigest()


async def plan(connection: Connection, kind: str, sheet: Sheet, tops: Collection[str], place: str, edit: Edit) -> Plan:
    """`tops`: where the editor may edit; `place`: for rows that name none."""
    names = [name_of(text, kind) for text in sheet.head]
    faults = _head_faults(sheet.head, names)
    if faults:
        return Plan((), 0, tuple(faults))
    index = await load_index(connection, tops)
    stored = await _stored(connection, kind, tops)
    reader = _READERS[kind]
    changes: list[Change] = []
    unchanged, seen = 0, dict[Any, int]()
    for number, cells in sheet.rows:
        if number % _YIELD_EVERY_ROWS == 0:
            await asyncio.sleep(0)  # let other requests run
        typed = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
        typed["place"] = typed.get("place") or place
        key = reader.key(typed)
        before = stored.get(key)
        if kind == "bindings" and typed.get("id") and before is None:
            faults.append(RowFault(number, "id", Fault("id", Word.unknown_binding, typed["id"])))
            continue
        old = reader.values(before) if before is not None else {}
        new, wrong = reader.read(old | typed, index, edit, before)
        faults += [RowFault(number, each.field, each) for each in wrong]
        if key is not None and seen.setdefault(key, number) != number:
            faults.append(RowFault(number, reader.column, Fault(reader.column, Word.repeated, "", {"row": seen[key]})))
        if new is None:
            continue
        values = reader.values(new)
        fields = tuple((name, old.get(name, ""), values[name]) for name in values if old.get(name, "") != values[name])
        if before is not None and not fields:
            unchanged += 1
        else:
            changes.append(Change(number, reader.subject(new), new, before, fields))
    if kind == "beacons":
        return await _check_owners(connection, Plan(tuple(changes), unchanged, tuple(faults)), index, edit)
    warnings = await entry_warnings.of_bindings(connection, changes) if kind == "bindings" else ()
    return Plan(tuple(changes), unchanged, tuple(faults), warnings)


def _head_faults(head_row: Sequence[str], names: Sequence[str | None]) -> list[RowFault]:
    faults = [
        RowFault(1, text, Fault(text, Word.unknown_column, text))
        for text, name in zip(head_row, names, strict=True)
        if name is None and text.strip()
    ]
    twice = [name for name, times in Counter(name for name in names if name).items() if times > 1]
    return faults + [RowFault(1, name, Fault(name, Word.repeated, name, {"row": 1})) for name in twice]


async def apply(connection: Connection, kind: str, found: Plan, account: str, name: str, edit: Edit) -> None:
    """Apply a plan without faults, in the transaction that made it, after `versioned_rows.begin`."""
    assert not found.faults
    save = _READERS[kind].save
    touched: dict[str, list[Change]] = {}
    for change in found.changes:
        saved = await save(connection, change.new, change.before.revision if change.before is not None else 0)
        assert saved  # edits are serialized, and this transaction made the plan
        touched.setdefault(change.new.place, []).append(change)
    for place, changes in sorted(touched.items()):
        await versioned_rows.record_edit(connection, place, edit.at)
        ids = tuple(change.subject for change in changes[:_MAX_NAMED])
        added = sum(change.before is None for change in changes)
        action = _IMPORT_ACTIONS[kind](name, added, len(changes) - added, ids)
        await audit_trail.record(connection, AuditEntry(account, place, action, edit.at))


async def export(
    connection: Connection, kind: str, tops: Collection[str], language: Language | None
) -> list[tuple[Cell, ...]]:
    """Return head and rows of everything at and below `tops`, as `plan` reads them."""
    reader = _READERS[kind]
    names = COLUMNS[kind]
    found = (await _stored(connection, kind, tops)).values()
    rows = (tuple(cell(name, values[name]) for name in names) for values in map(reader.values, found))
    return [tuple(head(name, language) for name in names), *rows]


async def _stored(connection: Connection, kind: str, tops: Collection[str]) -> dict[Any, Any]:
    """Return what may be edited at and below `tops`, by the key that identifies it in a file."""
    index = await load_index(connection, tops)
    every: Sequence[Any]
    match kind:
        case "beacons":
            every = await beacons.page(connection, BeaconFilter(tops), limit=None)
        case "projects":
            every = await projects.every(connection, tops)
        case _:
            every = await bindings.every(connection, tops)
    reader = _READERS[kind]
    return {reader.key(reader.values(each)): each for each in every if each.place in index.own}


async def _check_owners(connection: Connection, found: Plan, index: ReferenceIndex, edit: Edit) -> Plan:
    """Refuse new beacons whose identity another community owns, or that one file gives to two communities."""
    added = [change for change in found.changes if change.before is None]
    owners = await other_owners(connection, [change.new for change in added], index, edit.at)
    faults, conflicts = [*found.faults], list[tuple[BeaconId, str]]()
    first: dict[BeaconId, Change] = {}
    for change in added:
        beacon, community = change.new.beacon, index.community(change.new.place)
        other = first.setdefault(beacon, change)
        if other is not change and index.community(other.new.place) != community:
            fault = Fault("minor", Word.twice_in_file, str(beacon.minor), {"row": other.row})
            faults.append(RowFault(change.row, "minor", fault))
        elif change.new.id in owners:
            faults.append(RowFault(change.row, "minor", identity_fault(change.new, owners[change.new.id], index)))
            conflicts.append((beacon, community))
    warnings = await entry_warnings.of_beacons(connection, found.changes)
    return replace(found, faults=tuple(faults), warnings=warnings, conflicts=tuple(conflicts))


@dataclass(frozen=True, slots=True)
class _Reader:
    """`key`: identifies a record, None if the row does not; `column`: contains the key."""

    key: Callable[[Mapping[str, str]], Any]
    column: str
    values: Callable[[Any], dict[str, str]]
    read: Callable[[Mapping[str, str], ReferenceIndex, Edit, Any], tuple[Any, list[Fault]]]
    save: Callable[[Connection, Any, int], Any]
    subject: Callable[[Any], str]


def _beacon_key(typed: Mapping[str, str]) -> Any:  # noqa: ANN401  (a key)
    uuid = typed.get("uuid", "").replace("-", "").lower()
    numbers = [typed.get(name, "").lstrip("0") or "0" for name in ("major", "minor")]
    return (typed.get("place", ""), uuid, *numbers) if uuid else None


_READERS = {
    "beacons": _Reader(
        _beacon_key,
        "minor",
        beacon_values,
        read_beacon,
        beacons.save,
        lambda new: f"{new.beacon.major}/{new.beacon.minor} {new.label}",
    ),
    "projects": _Reader(
        lambda typed: (typed.get("place", ""), typed["id"]) if typed.get("id") else None,
        "id",
        project_values,
        read_project,
        projects.save,
        lambda new: new.id,
    ),
    "bindings": _Reader(
        lambda typed: typed.get("id") or None,
        "id",
        binding_values,
        read_binding,
        bindings.save,
        lambda new: new.project,
    ),
}
