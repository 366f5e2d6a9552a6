"""Which database the commands open: the settings say it, or else it is a SQLite file in the state folder."""

import sys
from pathlib import Path

from central_server.settings import Settings
from central_server.store.sqlite import sqlite_url
from daemonkit.toml import load


def store_url(config: Path, state: Path) -> str:
    """`config` may be absent on a machine that never ran a server: then it is the file. Raises ConfigRefused."""
    if not config.exists():
        print(f"{config} is not there: using the SQLite file in {state}", file=sys.stderr)
        return of(None, state)
    return of(load(config, Settings), state)


def of(settings: Settings | None, state: Path) -> str:
    told = settings.store.url.get_secret_value() if settings else ""
    return told or sqlite_url(state / "central.db")
