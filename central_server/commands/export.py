"""beacon-central export"""

import asyncio
import sys
from pathlib import Path

from central_server.catalogue import importing, sheets
from central_server.commands.exits import CONFIGURATION, FAILURE
from central_server.commands.store import store_url
from central_server.store import places
from central_server.store.database import StoreRefused, StoreUnavailable, open_database
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused


def run(config: Path, state: Path, kind: str, file: Path, place: str) -> int:
    """What is at and below `place`, as CSV or, when the file is called so, XLSX."""
    try:
        found = asyncio.run(_export(store_url(config, state), kind, place))
        if found is None:
            print(f"there is no place {place!r}", file=sys.stderr)
            return FAILURE
        head, rows = found
        xlsx = file.suffix.lower() == ".xlsx"
        content = sheets.as_xlsx(head, rows, kind) if xlsx else sheets.as_csv(head, rows)
        write_atomically(file, content, mode=0o640)
    except (ConfigRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(f"{file}: {len(rows)} {kind}")
    return 0


async def _export(url: str, kind: str, place: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    async with open_database(url) as database, database.read() as connection:
        if await places.get(connection, place) is None:
            return None
        return await importing.export(connection, kind, [place], None)
