"""What was turned away at the door without changing anything: counted for /healthz, logged once each, and what stands
there in a gateway's name kept for staff: never more of it than they can read."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import structlog

from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, rejected_requests
from central_server.store.enrolment.rejected_requests import Noticed
from daemonkit.web.rate_limit import Buckets

_log = structlog.get_logger()
_LOOKED, _LOOKED_BURST = 1.0, 30
_WRITTEN_EVERY = timedelta(seconds=30)


class Doorstep:
    """Of one process. A stranger may try as often as they like: there is one row a word and gateway of ours, one for
    all that are none of ours, and each is written at most every half minute.
    """

    def __init__(self) -> None:
        self._looked = Buckets(_LOOKED, _LOOKED_BURST)
        self._unwritten: dict[tuple[Noticed, str], int] = {}
        self._written_at: dict[tuple[Noticed, str], datetime] = {}

    async def turned_away(self, database: Database, claimed: str, now: datetime) -> None:
        """Somebody signed in the name of the gateway `claimed`, and it was not its key."""
        if self._looked.take("", asyncio.get_running_loop().time()):
            return  # a flood: what came before says enough
        async with database.read() as connection:
            gateway = await gateways.get(connection, claimed)
        known = gateway is not None and gateway.kind == gateways.DEVICE
        what = Noticed.wrong_signature if known else Noticed.unknown_gateway
        await self.notice(database, what, claimed if known else "", now)

    async def notice(self, database: Database, what: Noticed, gateway: str, now: datetime) -> None:
        """`gateway`: one of ours, or empty."""
        entry = what, gateway
        self._unwritten[entry] = self._unwritten.get(entry, 0) + 1
        before = self._written_at.get(entry)
        if before is not None and now - before < _WRITTEN_EVERY:
            return
        times, self._written_at[entry] = self._unwritten.pop(entry), now
        async with database.write() as connection:
            await rejected_requests.note(connection, what, gateway, times, now)


class Refusals:
    """Since this process started. `doorstep`: what of it reaches staff."""

    def __init__(self) -> None:
        self.doorstep = Doorstep()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, what: str, word: str, reason: str) -> None:
        """`what`: ticket, notification or request. `word`: why, one of a few."""
        self._counts[what, word] += 1
        _log.warning("request.refused", what=what, word=word, reason=reason)

    def snapshot(self) -> dict[str, int]:
        return {f"{what}.{word}": times for (what, word), times in sorted(self._counts.items())}
