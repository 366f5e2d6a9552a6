"""Create SQLite databases with the schema: migrate once per process, then copy."""

import atexit
import shutil
import tempfile
from pathlib import Path

from central_server.store.engine.database import open_database, sqlite_url

_made: list[Path] = []


async def put_database(file: Path) -> str:
    """As the first start would have left it; gives its URL. test_store.py proves how that is made."""
    if not _made:
        folder = Path(tempfile.mkdtemp(prefix="template-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        async with open_database(sqlite_url(folder / "central.db")):
            pass
        _made.append(folder / "central.db")
    shutil.copyfile(_made[0], file)
    return sqlite_url(file)
