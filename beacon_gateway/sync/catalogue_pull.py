"""Pull the signed catalogue from the central server; only a newer version is accepted."""

import asyncio
import time
from collections.abc import Callable

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import CatalogueStore
from sync_contract.catalogue import Catalogue, CatalogueNotNewer, CatalogueRefused, verify

log = structlog.get_logger()
_EVERY_S = 60.0


class CatalogueAge:
    """When the server last confirmed that the catalogue in use is its newest; at first, when this object was made."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._confirmed_at = clock()

    def confirm(self) -> None:
        self._confirmed_at = self._clock()

    def seconds(self) -> float:
        return self._clock() - self._confirmed_at


async def stored_catalogue(store: CatalogueStore, pinned: Ed25519PublicKey) -> Catalogue | None:
    """Return the stored catalogue, verified again; None when there is none that passes. Raises StoreUnavailable."""
    signed = await store.newest()
    try:
        return verify(signed, pinned, 0) if signed else None
    except CatalogueRefused as refusal:
        log.error("catalogue.refused", stored=True, reason=str(refusal))
        return None


async def pull_catalogue(
    central: CentralClient,
    pinned: Ed25519PublicKey,
    store: CatalogueStore,
    *,
    version: int,
    take: Callable[[Catalogue], None],
    progress: Callable[[], None],
    older: Callable[[], None],
    confirmed: Callable[[], None] = lambda: None,
) -> None:
    """Run until cancelled. A refused catalogue changes nothing and is logged.

    `version`: the current one; `take` receives each newer catalogue; `older` is called for a correctly signed one
    that is older than the current one (a replay); `confirmed` whenever the current one is the server's newest.

    Raises CentralUnreachable, StoreUnavailable.
    """
    etag, is_current = "", False
    while True:
        progress()
        answer = await central.fetch_catalogue(etag)
        if answer is not None:
            signed, etag = answer
            is_current = True
            try:
                catalogue = verify(signed, pinned, version)
            except CatalogueRefused as refusal:
                is_current = isinstance(refusal, CatalogueNotNewer) and refusal.version == version
                if not is_current:
                    log.warning("catalogue.refused", stored=False, reason=str(refusal))
                    if isinstance(refusal, CatalogueNotNewer):
                        older()
            else:
                await store.store(catalogue.version, signed)
                version = catalogue.version
                take(catalogue)
                log.info("catalogue.taken", version=version, projects=len(catalogue.projects))
        if is_current:
            confirmed()
        await asyncio.sleep(_EVERY_S)
