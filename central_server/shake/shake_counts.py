"""How often, by hour and door, without anybody's identity."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from central_server.store.api import presence_passes
from central_server.store.engine.connection import Connection
from sync_contract.records import Door

Kind = Literal["shake", "click"]


@dataclass(frozen=True, slots=True)
class Counted:
    """One shake, or one opening of a project's page. `beacon`: as text, empty when there was none."""

    hour: datetime
    community: str
    beacon: str
    project: str
    door: Door
    kind: Kind


def counted(now: datetime, community: str, beacon: str, project: str, door: Door, kind: Kind) -> Counted:
    return Counted(now.replace(minute=0, second=0, microsecond=0), community, beacon, project, door, kind)


async def _nobody(connection: Connection, what: Counted, visitor: bytes) -> None:
    """Nobody counts different visitors."""


@dataclass(frozen=True, slots=True)
class Counter:
    """`seen` is told of each visit, with octets that tell visitors apart: they are in memory only and stay there."""

    seen: Callable[[Connection, Counted, bytes], Awaitable[None]] = _nobody

    async def count(self, connection: Connection, what: Counted, visitor: bytes) -> None:
        await presence_passes.count(
            connection,
            hour=what.hour,
            community=what.community,
            beacon=what.beacon,
            project=what.project,
            door=what.door.value,
            kind=what.kind,
        )
        await self.seen(connection, what, visitor)
