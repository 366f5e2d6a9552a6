"""beacon-central export: export catalogue records to a file."""

import asyncio
import sys
from pathlib import Path

from central_server.catalogue import file_import
from central_server.commands.exit_codes import FAILURE, prints_errors
from central_server.commands.store_selection import open_configured
from central_server.sheets.sheet_writer import Cell, write_table
from central_server.store.places import places
from daemonkit.files import write_atomically


@prints_errors()
def run(config: Path, state: Path, kind: str, file: Path, place: str) -> int:
    """Export records at and below `place` as CSV, or as XLSX by the file's suffix."""
    found = asyncio.run(_export(config, state, kind, place))
    if found is None:
        print(f"there is no place {place!r}", file=sys.stderr)
        return FAILURE
    form = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    write_atomically(file, write_table(form, kind, found), mode=0o640)
    print(f"{file}: {len(found) - 1} {kind}")
    return 0


async def _export(config: Path, state: Path, kind: str, place: str) -> list[tuple[Cell, ...]] | None:
    async with open_configured(config, state) as database, database.read() as connection:
        if await places.get(connection, place) is None:
            return None
        return await file_import.export(connection, kind, [place], None)
