"""beacon-central user"""

import asyncio
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.accounts.login import PasswordRefused, set_password
from central_server.commands.exits import CONFIGURATION, FAILURE
from central_server.store.database import open_database, sqlite_url
from central_server.store.schema import StoreRefused


def add(state: Path, name: str, password_file: Path | None, community: str | None) -> int:
    if not 1 <= len(name) <= 64 or (community is not None and not 1 <= len(community) <= 64):
        print("a name has 1 to 64 characters", file=sys.stderr)
        return FAILURE
    try:
        password = _password(password_file)
        new = asyncio.run(_add(state, name, password, community))
    except StoreRefused as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (PasswordRefused, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(f"{name}: {'added' if new else 'has a new password; running sessions have ended'}")
    return 0


async def _add(state: Path, name: str, password: str, community: str | None) -> bool:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_database(sqlite_url(state / "central.db")) as database:
        return await set_password(database, name, password, community, datetime.now(UTC))


def _password(file: Path | None) -> str:
    if file is None:
        return getpass.getpass("Password: ")
    return file.read_text(encoding="utf-8").split("\n", 1)[0].strip("\r")
