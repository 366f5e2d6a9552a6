"""Deliver the outbox in batches; settle each parcel by its own receipt."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.delivery import DeliveryEnd, DeliveryResult
from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import Acceptance, CentralRefusedUs, CentralUnreachable, Outbox
from daemonkit.event_wait import wait_for_event
from sync_contract.records import ParcelReceipt, Receipt

log = structlog.get_logger()
_BATCH_PARCELS = 500
_BATCH_BYTES = 200 * 1024
_IDLE_S = 10.0
_STUCK_S = 600.0
_REACHABLE_S = 180.0  # a report is due once a minute
PUSH_LIMIT_S = 60.0
"""Time limit of one delivery on request; more than the network limits of one batch."""


class DeliveryState:
    """Whether delivery works. Being offline is normal, but a reachable server must receive what waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tried_at = clock()

    def tried(self) -> None:
        """Record that the oldest waiting parcels are being sent, or that none waits."""
        self._tried_at = self._clock()

    def stuck(self, answered_at: float) -> bool:
        """Return True when the server answers and what waits was not sent for ten minutes.

        `answered_at`: when the server last answered any request, on the same clock.
        """
        now = self._clock()
        return now - answered_at < _REACHABLE_S and now - self._tried_at > _STUCK_S


class Drain:
    """`wake` is set when a parcel was put into the outbox. `settled`: the number of parcels since the start."""

    def __init__(
        self,
        outbox: Outbox,
        central: CentralClient,
        acceptance: Acceptance,
        *,
        wake: asyncio.Event,
        progress: Callable[[], None],
        state: DeliveryState,
    ) -> None:
        self._outbox = outbox
        self._central = central
        self._acceptance = acceptance
        self._wake = wake
        self._progress = progress
        self._state = state
        self._failing = False
        self._one_at_a_time = asyncio.Lock()
        self.settled = 0

    async def run(self) -> None:
        """Run until cancelled. Raises CentralUnreachable after the sync log has its first line about it."""
        while True:
            self._progress()
            self._wake.clear()
            try:
                receipts = await self._deliver_batch()
            except CentralUnreachable as error:
                if error.retry_after_s is not None:
                    await asyncio.sleep(error.retry_after_s)
                raise
            if not receipts:
                await wait_for_event(self._wake, _IDLE_S)

    async def deliver_now(self) -> DeliveryResult:
        """Deliver what waits, also while the stage pauses after a failure. Failures are part of the result."""
        receipts: list[ParcelReceipt] = []
        end, reason = DeliveryEnd.complete, ""
        try:
            async with asyncio.timeout(PUSH_LIMIT_S):
                while batch := await self._deliver_batch():
                    receipts += batch
        except TimeoutError:
            end = DeliveryEnd.unfinished
        except CentralRefusedUs as error:
            end, reason = DeliveryEnd.not_accepted, error.word or str(error)
        except CentralUnreachable as error:
            end, reason = DeliveryEnd.unreachable, str(error)
        except StoreUnavailable as error:
            end, reason = DeliveryEnd.no_store, str(error)
        delivered = sum(each.receipt in (Receipt.accepted, Receipt.duplicate) for each in receipts)
        return DeliveryResult(end, delivered, len(receipts) - delivered, reason=reason)

    async def _deliver_batch(self) -> Sequence[ParcelReceipt]:
        """Return the receipts of one batch; none if no parcel waits. Raises CentralUnreachable, StoreUnavailable."""
        async with self._one_at_a_time:
            return await self._send_oldest()

    async def _send_oldest(self) -> Sequence[ParcelReceipt]:
        parcels = await self._outbox.waiting(parcels=_BATCH_PARCELS, size=_BATCH_BYTES)
        self._state.tried()
        if not parcels:
            return ()
        try:
            receipts = await self._central.deliver_parcels(parcels)
        except CentralUnreachable as error:
            if not self._failing:
                self._failing = True
                await self._outbox.log_event("unreachable", str(error))
            if isinstance(error, CentralRefusedUs) and error.word:
                await self._acceptance.record(error.word)
            raise
        if self._failing:
            self._failing = False
            await self._outbox.log_event("reachable")
        await self._outbox.settle(parcels, receipts)
        self.settled += len(receipts)
        log.info("parcels.settled", sent=len(parcels), settled=len(receipts))
        if not receipts:
            raise CentralUnreachable("the answer names none of the parcels sent")
        return receipts
