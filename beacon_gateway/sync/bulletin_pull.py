"""Pull the signed bulletin from the central server, once a minute: what was withdrawn there goes from the screen."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import BulletinStore
from sync_contract.bulletin import Bulletin, BulletinRefused, verify
from sync_contract.strict_model import Environment

log = structlog.get_logger()
_EVERY_S = 60.0


class Shown(Protocol):
    """What the screen shows."""

    def take(self, bulletin: Bulletin) -> bool:
        """Return False for one that is older than the bulletin that it has."""

    def drop_expired(self) -> bool:
        """Return whether one was dropped: its 24 hours have passed."""


async def load_stored(store: BulletinStore, pinned: Ed25519PublicKey, environment: Environment, shown: Shown) -> None:
    """Show the stored bulletin, verified again, if there is one that passes. Raises StoreUnavailable."""
    signed = await store.newest()
    try:
        if signed is not None:
            shown.take(verify(signed, pinned, environment))
    except BulletinRefused as refusal:
        log.error("bulletin.refused", stored=True, reason=str(refusal))
        await store.delete()


async def pull_bulletin(
    central: CentralClient,
    pinned: Ed25519PublicKey,
    environment: Environment,
    store: BulletinStore,
    shown: Shown,
    *,
    progress: Callable[[], None],
    every_s: float = _EVERY_S,
) -> None:
    """Run until cancelled. A refused bulletin changes nothing. Raises CentralUnreachable, StoreUnavailable."""
    etag = ""
    while True:
        progress()
        if shown.drop_expired():
            await store.delete()
        answer = await central.fetch_bulletin(etag)
        if answer is not None:
            signed, etag = answer
            try:
                bulletin = verify(signed, pinned, environment)
            except BulletinRefused as refusal:
                log.warning("bulletin.refused", stored=False, reason=str(refusal))
            else:
                if shown.take(bulletin):
                    await store.store(signed)
        await asyncio.sleep(every_s)
