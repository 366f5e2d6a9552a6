"""Carry out what a command of this device asks of the running gateway: take a sheet, deliver what waits."""

import asyncio
from dataclasses import replace
from pathlib import Path

from beacon_gateway.clock import read_clock
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.delivery import DeliveryEnd, DeliveryResult, RefusedSelection
from beacon_gateway.store.acceptance import store_sheet
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.sync.drain import Drain
from sync_contract.acceptance_sheet import SheetRefused, verify_sheet
from sync_contract.records import SignedAcceptanceSheet
from sync_contract.request_signature import Signer


async def accept_sheet(sheet: SignedAcceptanceSheet, signer: Signer, outbox: Outbox, state_dir: Path) -> None:
    """Store a sheet of this device and put it into the outbox.

    Raises SheetRefused unless the present key of this gateway signed it, StoreUnavailable.
    """
    if verify_sheet(sheet, signer.key.public_key()).gateway != signer.gateway:
        raise SheetRefused("of another gateway")
    await asyncio.to_thread(store_sheet, state_dir, sheet)
    await outbox.put_sheet(read_clock(), sheet)


async def deliver_on_request(outbox: Outbox, drain: Drain | None, selection: RefusedSelection) -> DeliveryResult:
    """Put the selected refused parcels back, then deliver what waits. Failures are part of the result."""
    try:
        requeued = await outbox.requeue_refused(selection)
        result = await drain.deliver_now() if drain else DeliveryResult(DeliveryEnd.no_server)
        waiting = (await outbox.counts())["waiting"]
    except StoreUnavailable as error:
        return DeliveryResult(DeliveryEnd.no_store, reason=str(error))
    return replace(result, requeued=requeued, waiting=waiting)
