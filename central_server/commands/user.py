"""beacon-central user"""

import asyncio
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.accounts.access import Role
from central_server.accounts.login import PasswordRefused, PlaceUnknown, set_password
from central_server.commands.exits import CONFIGURATION, FAILURE
from central_server.commands.store import store_url
from central_server.store.database import StoreRefused, StoreUnavailable, open_database
from daemonkit.toml import ConfigRefused


def add(config: Path, state: Path, name: str, password_file: Path | None, place: str, role: str) -> int:
    if not 1 <= len(name) <= 64:
        print("a name has 1 to 64 characters", file=sys.stderr)
        return FAILURE
    try:
        password = _password(password_file)
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = asyncio.run(_add(store_url(config, state), name, password, place, Role(role)))
    except (ConfigRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (PasswordRefused, PlaceUnknown, StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(f"{name}: {'added' if new else 'has a new password; running sessions have ended'}")
    return 0


async def _add(url: str, name: str, password: str, place: str, role: Role) -> bool:
    async with open_database(url) as database:
        return await set_password(database, name, password, datetime.now(UTC), place=place, role=role)


def _password(file: Path | None) -> str:
    if file is None:
        return getpass.getpass("Password: ")
    return file.read_text(encoding="utf-8").split("\n", 1)[0].strip("\r")
