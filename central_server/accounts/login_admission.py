"""Limits password checks that run or wait at one time, so that a flood delays no other login."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from central_server.errors import CentralError

AT_ONCE = 2
"""Password checks of one address that run at one time."""
PER_ADDRESS = 8
"""Those that run or wait."""
IN_ALL = 128
"""Of all addresses together."""


class TooManyLogins(CentralError):
    """Too many password checks run or wait; try again in RETRY_S seconds."""


RETRY_S = 2


@dataclass(slots=True)
class _Queue:
    """Of one address. `entered`: checks that run or wait."""

    entered: int = 0
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


_queues: dict[str, _Queue] = {}
"""By address, of this process: its threads compute all hashes."""


@asynccontextmanager
async def admitted(address: str) -> AsyncIterator[None]:
    """Wait for a turn of this address. Raises TooManyLogins at once when the queue is full."""
    queue = _queues.get(address) or _Queue()
    if queue.entered >= PER_ADDRESS or sum(each.entered for each in _queues.values()) >= IN_ALL:
        raise TooManyLogins("too many logins at once")
    _queues[address] = queue
    queue.entered += 1
    try:
        async with queue.turns:
            yield
    finally:
        queue.entered -= 1
        if not queue.entered:
            del _queues[address]
