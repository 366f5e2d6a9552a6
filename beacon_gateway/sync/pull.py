"""What comes in from the central server: the catalogue, only ever newer, and the outcomes of open intents."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import CatalogueStore
from sync_contract.catalogue import Catalogue, CatalogueNotNewer, CatalogueRefused, verify
from sync_contract.records import IntentState, Outcome

log = structlog.get_logger()
CATALOGUE_EVERY_S = 60.0
OUTCOMES_WAIT_S = 25


async def held_catalogue(store: CatalogueStore, pinned: Ed25519PublicKey) -> Catalogue | None:
    """The catalogue taken before, verified again; None when there is none that passes."""
    signed = await store.newest()
    try:
        return verify(signed, pinned, held_version=0) if signed else None
    except CatalogueRefused as refusal:
        log.error("catalogue.refused", kept=True, reason=str(refusal))
        return None


async def pull_catalogue(
    central: Central,
    pinned: Ed25519PublicKey,
    store: CatalogueStore,
    *,
    held_version: int,
    take: Callable[[Catalogue], None],
    progress: Callable[[], None],
    older: Callable[[], None] = lambda: None,
) -> None:
    """Runs until cancelled; raises CentralUnreachable. A refused catalogue changes nothing and is logged.

    `older` is called for a rightly signed one that is older than the one held: an old one was given again.
    """
    etag = ""
    while True:
        progress()
        answer = await central.catalogue(etag)
        if answer is not None:
            signed, etag = answer
            try:
                catalogue = verify(signed, pinned, held_version)
            except CatalogueRefused as refusal:
                if not (isinstance(refusal, CatalogueNotNewer) and refusal.version == held_version):
                    log.warning("catalogue.refused", kept=False, reason=str(refusal))
                    if isinstance(refusal, CatalogueNotNewer):
                        older()
            else:
                await store.keep(catalogue.version, signed)
                held_version = catalogue.version
                take(catalogue)
                log.info("catalogue.taken", version=catalogue.version, projects=len(catalogue.projects))
        await asyncio.sleep(CATALOGUE_EVERY_S)


async def follow_outcomes(
    central: Central,
    *,
    awaited: Callable[[], Mapping[str, IntentState]],
    settle: Callable[[Iterable[Outcome]], Awaitable[None]],
    begun: asyncio.Event,
    progress: Callable[[], None],
    uncoded: Callable[[], Collection[str]] = tuple,
    tried: Callable[[], Mapping[str, bool]] = dict,
) -> None:
    """Runs until cancelled; raises CentralUnreachable. `begun` is set whenever a new intent wants following.

    `uncoded`: of the awaited ones those that want a code to be typed; `tried`: those that a phone has opened, and
    whether all their attempts have ended.
    """
    while True:
        progress()
        begun.clear()
        known = awaited()
        if not known:
            await _first_of(begun.wait(), OUTCOMES_WAIT_S)
            continue
        asking = asyncio.create_task(central.outcomes(known, OUTCOMES_WAIT_S, uncoded(), tried()))
        new_one = asyncio.create_task(begun.wait())
        try:
            await asyncio.wait({asking, new_one}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                await settle((await asking).outcomes)
        finally:
            for task in (asking, new_one):
                task.cancel()
            await asyncio.gather(asking, new_one, return_exceptions=True)


async def _first_of(event: Awaitable[bool], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        return
