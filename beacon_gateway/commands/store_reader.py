"""Read the gateway's store for a command, while the gateway may run."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from beacon_gateway.commands.effective_settings import describe_unreadable
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.store.database import Database, open_database

FAILURE, TRY_AGAIN = 1, 75
STORE = "gateway.db"


def read_store(state_dir: Path, read: Callable[[Database], Awaitable[int | None]]) -> int:
    """Return the exit code of `read`, 0 for None; 1 without a readable store, 75 if it refuses."""
    path = state_dir / STORE
    if problem := describe_unreadable(state_dir):
        print(problem, file=sys.stderr)
        return FAILURE
    if not path.exists():
        print(f"{path} 不存在:网关还没有在这里运行过 no gateway has run here yet", file=sys.stderr)
        return FAILURE

    async def body() -> int:
        async with open_database(path, read_only=True) as database:
            return await read(database) or 0

    try:
        return asyncio.run(body())
    except StoreUnavailable as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return TRY_AGAIN
