"""The outbox is drained: batches go out, each parcel is settled by its own receipt, nothing is ever dropped."""

import asyncio
from collections.abc import Callable

import structlog

from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable, Outbox, Welcome

log = structlog.get_logger()
BATCH_PARCELS = 500
BATCH_OCTETS = 200 * 1024
_IDLE_S = 10.0


class Drain:
    """Runs until cancelled; raises CentralUnreachable after having written that once into the sync log."""

    def __init__(
        self, outbox: Outbox, central: Central, welcome: Welcome | None = None, *, progress: Callable[[], None]
    ) -> None:
        self._outbox = outbox
        self._central = central
        self._welcome = welcome
        self._progress = progress
        self._work = asyncio.Event()
        self._failing = False
        self.settled = 0
        """Parcels, since the gateway began."""

    def wake(self) -> None:
        """A parcel has been put in: do not wait for the next round."""
        self._work.set()

    async def run(self) -> None:
        while True:
            self._progress()
            self._work.clear()
            if not await self._one_batch():
                await _first(self._work, _IDLE_S)

    async def _one_batch(self) -> bool:
        parcels = await self._outbox.waiting(parcels=BATCH_PARCELS, octets=BATCH_OCTETS)
        if not parcels:
            return False
        try:
            receipts = await self._central.deliver(parcels)
        except CentralUnreachable as error:
            if not self._failing:
                self._failing = True
                await self._outbox.note("unreachable", str(error))
            if self._welcome and isinstance(error, CentralRefusedUs) and error.word:
                await self._welcome.end(error.word)
            if error.retry_after_s is not None:
                await asyncio.sleep(error.retry_after_s)
            raise
        if self._failing:
            self._failing = False
            await self._outbox.note("reachable")
        await self._outbox.settle(receipts)
        self.settled += len(receipts)
        log.info("parcels.settled", sent=len(parcels), settled=len(receipts))
        if not receipts:
            raise CentralUnreachable("the answer names none of the parcels sent")
        return True


async def _first(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
