"""Select the database for commands: from the settings, else the SQLite file in the state folder.

Every command that opens the database checks first that folder and database belong to the settings' environment.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from central_server.backups.backup import Source
from central_server.backups.backup_files import before_migration
from central_server.settings import Settings
from central_server.state_files import check_state
from central_server.store.engine import database
from central_server.store.engine.database import Database
from central_server.store.engine.installation import claim_environment
from central_server.store.engine.sqlite import sqlite_path, sqlite_url
from daemonkit.state_owner import as_owner
from daemonkit.toml import load

SERVICE = "beacon-central"
"""User of systemd/beacon-central.service."""


def of(settings: Settings | None, state: Path) -> str:
    configured = settings.store.url.get_secret_value() if settings else ""
    return configured or sqlite_url(state / "central.db")


@asynccontextmanager
async def open_configured(config: Path, state: Path) -> AsyncIterator[Database]:
    """Open the database that the settings name; without `config`, as before the first start, the SQLite file.

    Raises ConfigRefused, and what `open_checked` raises.
    """
    if not config.exists():
        print(f"{config} does not exist: using the SQLite file in {state}", file=sys.stderr)
    async with open_checked(load(config, Settings) if config.exists() else None, state) as opened:
        yield opened


@asynccontextmanager
async def open_checked(settings: Settings | None, state: Path) -> AsyncIterator[Database]:
    """Open the database, with a backup before a migration; if root, as the owner of the state folder.

    Raises StateRefused or StoreRefused if folder or database belong to the other environment; StoreUnavailable.
    """
    url = of(settings, state)
    if settings is not None:
        check_state(state, settings.site.environment.value)
    with as_owner(state):
        async with database.open_database(
            url, before_migration=before_migration(Source(url, sqlite_path(url).parent))
        ) as opened:
            if settings is not None:
                await claim_environment(opened, settings.site.environment.value)
            yield opened


def source(config: Path, state: Path) -> Source:
    """Return the source of backups. Raises ConfigRefused, StateRefused."""
    settings = load(config, Settings) if config.exists() else None
    if settings is not None:
        check_state(state, settings.site.environment.value)
    return Source(of(settings, state), state, config, settings.site.environment if settings else None)
