"""beacon-central migrate: migrate the database schema."""

import asyncio
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from central_server.backups.backup import BackupFailed, Source
from central_server.backups.backup_files import keep
from central_server.backups.state_folder_lock import StateInUse, alone
from central_server.commands.exit_codes import CONFIGURATION, FAILURE, TRY_AGAIN
from central_server.commands.store_selection import SERVICE, source
from central_server.state_files import StateRefused
from central_server.store.engine.database import StoreRefused, StoreUnavailable, open_database
from central_server.store.engine.schema import newest_revision
from daemonkit.state_owner import become_owner, make_state_folder
from daemonkit.toml import ConfigRefused


def run(config: Path, state: Path, *, without_backup: bool) -> int:
    """Return 78 for a newer or foreign database, 75 while a server runs or PostgreSQL is not available."""
    try:
        of = source(config, state)
        make_state_folder(state, SERVICE)
        become_owner(state)
        found = asyncio.run(_migrate(of, without_backup))
    except (ConfigRefused, StateRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except BackupFailed as error:
        print(f"nothing was changed, because no backup could be made: {error}", file=sys.stderr)
        print("--without-backup continues without one", file=sys.stderr)
        return FAILURE
    except (StateInUse, StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return TRY_AGAIN
    newest = newest_revision()
    print(f"schema {newest}, this program's own" if found is None else f"migrated from schema {found} to {newest}")
    return 0


async def _migrate(of: Source, without_backup: bool) -> str | None:
    """Migrate; return the previous revision, None when the schema was current."""
    before = None
    with ExitStack() as locks:

        async def begin(found: str) -> None:
            nonlocal before
            locks.enter_context(alone(of.state))  # an older server cannot use the newer schema
            if not without_backup:
                file, _ = await asyncio.to_thread(keep, of, datetime.now(UTC), before=newest_revision())
                print(f"backup before: {file}")
            before = found

        async with open_database(of.url, before_migration=begin):
            pass
    return before
