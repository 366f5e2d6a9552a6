"""Count and log rejected requests, and store those in a gateway's name for staff, with limited rates."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, rejected_requests
from central_server.store.enrolment.rejected_requests import Noticed
from daemonkit.web.rate_limit import Buckets

_log = structlog.get_logger()
_LOOKUPS_PER_S, _LOOKUP_BURST = 1.0, 30
_WRITTEN_EVERY = timedelta(seconds=30)


class Doorstep:
    """Stores rejected requests of one process: one row for each kind and known gateway, and one for all unknown ones.

    Each row is written at most every half minute.
    """

    def __init__(self) -> None:
        self._lookups = Buckets(_LOOKUPS_PER_S, _LOOKUP_BURST)
        self._unwritten: dict[tuple[Noticed, str], int] = {}
        self._written_at: dict[tuple[Noticed, str], datetime] = {}

    async def reject_signature(self, database: Database, claimed: str, now: datetime) -> None:
        """Store a request that named the gateway `claimed` and was not signed with its key."""
        if self._lookups.take("", asyncio.get_running_loop().time()):
            return  # a flood: earlier requests are stored
        async with database.read() as connection:
            gateway = await gateways.get(connection, claimed)
        known = gateway is not None and gateway.kind == gateways.DEVICE
        what = Noticed.wrong_signature if known else Noticed.unknown_gateway
        await self.notice(database, what, claimed if known else "", now)

    async def notice(self, database: Database, what: Noticed, gateway: str, now: datetime) -> None:
        """`gateway`: a known one, or ""."""
        entry = what, gateway
        self._unwritten[entry] = self._unwritten.get(entry, 0) + 1
        before = self._written_at.get(entry)
        if before is not None and now - before < _WRITTEN_EVERY:
            return
        times, self._written_at[entry] = self._unwritten.pop(entry), now
        async with database.write() as connection:
            await rejected_requests.note(connection, what, gateway, times, now)


class Refusals:
    """Rejections since this process started. `doorstep`: stores some of them for staff."""

    def __init__(self) -> None:
        self.doorstep = Doorstep()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, what: str, word: str, reason: str) -> None:
        """`what`: ticket, notification or request. `word`: the reason, one of a few."""
        self._counts[what, word] += 1
        _log.warning("request.refused", what=what, word=word, reason=reason)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return the rejections by what was rejected and the reason's word."""
        return dict(self._counts)

    def snapshot(self) -> dict[str, int]:
        return {f"{what}.{word}": times for (what, word), times in sorted(self._counts.items())}
