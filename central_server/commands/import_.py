"""beacon-central import: import catalogue records from a file."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.catalogue import file_import
from central_server.catalogue.entry_warnings import Remark
from central_server.catalogue.field_parsing import file_fault
from central_server.catalogue.file_import import Plan
from central_server.catalogue.records import Edit
from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.commands.store_selection import open_configured
from central_server.sheets import sheet_reader_process
from central_server.sheets.sheet_reader import SheetRefused
from central_server.staff.frame.fault_wording import in_english
from central_server.state_files import StateRefused
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from central_server.store.places import places
from daemonkit.toml import ConfigRefused

BY = "beacon-central import"
_REMARKS = {
    Remark.twin: "another place has a beacon %s",
    Remark.strong: "no beacon is received with %s dBm at 1 m: check the data sheet",
    Remark.empty_group: "no beacon is in the group %s",
}


def run(config: Path, state: Path, kind: str, file: Path, place: str, yes: bool) -> int:
    """Return 1 for faulty rows, an unreadable file or an unknown place; nothing is changed then."""
    try:
        found = asyncio.run(_import(config, state, kind, file, place, yes))
    except (ConfigRefused, StateRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except SheetRefused as error:
        print(f"{file}: {in_english(file_fault(error))}", file=sys.stderr)
        return FAILURE
    except (StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    if found is None:
        print(f"there is no place {place!r}: name one with --place", file=sys.stderr)
        return FAILURE
    for each in found.faults:
        text = f"{in_english(each.fault)} (got {each.fault.got!r})"
        print(f"{file}: row {each.row}, {each.column}: {text}", file=sys.stderr)
    if found.faults:
        print(f"nothing was changed: {len(found.faults)} faults", file=sys.stderr)
        return FAILURE
    for warning in found.warnings:
        print(f"{file}: row {warning.row}: {_REMARKS[warning.remark] % warning.about}", file=sys.stderr)
    for change in found.changes:
        fields = ", ".join(f"{name}: {before!r} -> {after!r}" for name, before, after in change.fields)
        print(f"row {change.row}: {'new' if change.before is None else 'changed'} {change.subject}: {fields}")
    done = "imported" if yes else "nothing was changed; --yes imports"
    print(f"{done}: {found.added} new, {found.changed} changed, {found.unchanged} unchanged")
    return 0


async def _import(config: Path, state: Path, kind: str, file: Path, place: str, yes: bool) -> Plan | None:
    """Return None for an unknown place."""
    sheet = await sheet_reader_process.open_sheet(file.read_bytes())
    edit = Edit(BY, datetime.now(UTC))
    async with open_configured(config, state) as database:

        async def work(connection: Connection) -> Plan | None:
            if await places.get(connection, place) is None:
                return None
            await versioned_rows.begin(connection)
            found = await file_import.plan(connection, kind, sheet, [place], place, edit)
            if yes and not found.faults:
                await file_import.apply(connection, kind, found, BY, file.name, edit)
            return found

        return await database.written(work)
