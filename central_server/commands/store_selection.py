"""Select the database for commands: from the settings, else the SQLite file in the state folder."""

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
    """Without `config`, as before the first start, use the SQLite file. Raises ConfigRefused."""
    if not config.exists():
        print(f"{config} does not exist: using the SQLite file in {state}", file=sys.stderr)
        return of(None, state)
    return of(load(config, Settings), state)


def of(settings: Settings | None, state: Path) -> str:
    configured = settings.store.url.get_secret_value() if settings else ""
    return configured or sqlite_url(state / "central.db")


def open_database(url: str) -> AbstractAsyncContextManager[Database]:
    """Open the database, with a backup before a migration. Raises StoreRefused, StoreUnavailable."""
    return database.open_database(url, before_migration=before_migration(Source(url, sqlite_path(url).parent)))


def source(config: Path, state: Path) -> Source:
    """Return the source of backups. Raises ConfigRefused."""
    settings = load(config, Settings) if config.exists() else None
    return Source(of(settings, state), state, config, settings.site.environment if settings else None)
