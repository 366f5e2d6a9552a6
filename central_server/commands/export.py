"""beacon-central export"""

import asyncio
import sys
from pathlib import Path

from central_server.catalogue import file_import
from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.commands.store_selection import open_database, store_url
from central_server.sheets.sheet_writer import Cell, write_table
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from central_server.store.places import places
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused


def run(config: Path, state: Path, kind: str, file: Path, place: str) -> int:
    """What is at and below `place`, as CSV or, when the file is called so, XLSX."""
    try:
        found = asyncio.run(_export(store_url(config, state), kind, place))
        if found is None:
            print(f"there is no place {place!r}", file=sys.stderr)
            return FAILURE
        form = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
        write_atomically(file, write_table(form, kind, found), mode=0o640)
    except (ConfigRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(f"{file}: {len(found) - 1} {kind}")
    return 0


async def _export(url: str, kind: str, place: str) -> list[tuple[Cell, ...]] | None:
    async with open_database(url) as database, database.read() as connection:
        if await places.get(connection, place) is None:
            return None
        return await file_import.export(connection, kind, [place], None)
