"""Which database the commands open: the settings say it, or else it is a SQLite file in the state folder."""

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from central_server.backups.backup import Source
from central_server.backups.backup_files import before_migration
from central_server.settings import Settings
from central_server.store.engine import database
from central_server.store.engine.database import Database
from central_server.store.engine.sqlite import sqlite_path, sqlite_url
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


def open_database(url: str) -> AbstractAsyncContextManager[Database]:
    """As the store's own, with a backup before a migration. Raises StoreRefused, StoreUnavailable."""
    return database.open_database(url, before_migration=before_migration(Source(url, sqlite_path(url).parent)))


def source(config: Path, state: Path) -> Source:
    """What a backup is made of. Raises ConfigRefused."""
    settings = load(config, Settings) if config.exists() else None
    return Source(of(settings, state), state, config, settings.site.environment if settings else None)
