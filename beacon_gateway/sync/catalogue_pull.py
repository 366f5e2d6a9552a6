"""Pull the signed catalogue from the central server; only a newer version is accepted."""

import asyncio
from collections.abc import Callable

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import CatalogueStore
from sync_contract.catalogue import Catalogue, CatalogueNotNewer, CatalogueRefused, verify

log = structlog.get_logger()
_EVERY_S = 60.0


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
) -> None:
    """Run until cancelled. A refused catalogue changes nothing and is logged.

    `version`: the current one; `take` receives each newer catalogue; `older` is called for a correctly signed one
    that is older than the current one (a replay). Raises CentralUnreachable, StoreUnavailable.
    """
    etag = ""
    while True:
        progress()
        answer = await central.fetch_catalogue(etag)
        if answer is not None:
            signed, etag = answer
            try:
                catalogue = verify(signed, pinned, version)
            except CatalogueRefused as refusal:
                if not (isinstance(refusal, CatalogueNotNewer) and refusal.version == version):
                    log.warning("catalogue.refused", stored=False, reason=str(refusal))
                    if isinstance(refusal, CatalogueNotNewer):
                        older()
            else:
                await store.store(catalogue.version, signed)
                version = catalogue.version
                take(catalogue)
                log.info("catalogue.taken", version=version, projects=len(catalogue.projects))
        await asyncio.sleep(_EVERY_S)
