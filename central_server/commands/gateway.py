"""beacon-central gateway"""

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.commands.exits import CONFIGURATION, FAILURE
from central_server.enrolment.gateways import EnrolmentRefused, register
from central_server.state_files import StateRefused, catalogue_key
from central_server.store.database import open_database, sqlite_url
from central_server.store.schema import StoreRefused
from sync_contract.keys import public_text


def add(state: Path, gateway: str, public: str, community: str, label: str) -> int:
    if not re.fullmatch(r"[0-9a-f]{16}", gateway) or not 1 <= len(community) <= 64 or len(label) > 120:
        print("expected a gateway id of 16 hexadecimal digits, a community of 1 to 64 characters", file=sys.stderr)
        return FAILURE
    try:
        asyncio.run(_add(state, gateway, public, community, label or gateway))
        print(public_text(catalogue_key(state).public_key()))
    except (StoreRefused, StateRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (EnrolmentRefused, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    return 0


async def _add(state: Path, gateway: str, public: str, community: str, label: str) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_database(sqlite_url(state / "central.db")) as database:
        await register(database, gateway, public, community, label, datetime.now(UTC))
