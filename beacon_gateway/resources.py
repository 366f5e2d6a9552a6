"""Open the gateway's resources: its keys, its database, its trusted time and the connection to the central server."""

import hmac
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.settings import Settings
from beacon_gateway.store import state_folder
from beacon_gateway.store.bulletins import Bulletins
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.identity import Keys
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.ledger_heads import LedgerHeads
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.project_pictures import ProjectPictures
from beacon_gateway.store.restored_state import finish_restore
from beacon_gateway.store.server_acceptance import ServerAcceptance, open_acceptance
from beacon_gateway.store.trusted_time import TrustedTime, last_trusted
from beacon_gateway.sync.catalogue_pull import CatalogueAge
from beacon_gateway.sync.central_client import CentralClient, open_central
from beacon_gateway.sync.credential import Credential
from beacon_gateway.sync.drain import DeliveryState
from daemonkit.clock import clock_synchronised
from sync_contract.keys import read_public
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Store:
    """The state directory: one object per table or folder."""

    database: Database
    outbox: Outbox
    intents: Intents
    catalogues: Catalogues
    bulletins: Bulletins
    heads: LedgerHeads
    pictures: ProjectPictures


@dataclass(frozen=True, slots=True)
class Server:
    """The central server. `catalogue_key`: None when none is pinned; then no catalogue or head is accepted."""

    client: CentralClient
    catalogue_key: Ed25519PublicKey | None
    delivery: DeliveryState
    catalogue: CatalogueAge


@dataclass(frozen=True, slots=True)
class Resources:
    """`server`: None for a gateway without a central server; its parcels wait until one is configured.

    `session_secret`: signs the kiosk's sessions and forms; the same after a restart.
    """

    gateway: str
    session_secret: bytes
    credential: Credential
    store: Store
    acceptance: ServerAcceptance
    time: TrustedTime
    server: Server | None

    def delivery_is_stuck(self) -> bool:
        return self.server is not None and self.server.delivery.stuck(self.server.client.answered_at)


async def open_resources(settings: Settings, state_dir: Path, stack: AsyncExitStack) -> Resources:
    """Open everything; `stack` closes it.

    Raises StoreUnavailable when the state directory refuses, StateInUse, StateOfOther.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(state_folder.locked(state_dir))
        finish_restore(state_dir)
        state_folder.claim(state_dir, settings.site.environment)
    except OSError as error:
        raise StoreUnavailable(f"{state_dir}: {error.strerror}") from error
    keys = Keys(state_dir)
    identity = keys.read()
    credential = Credential(keys)
    database = await stack.enter_async_context(open_database(state_dir / "gateway.db"))
    store = Store(
        database=database,
        outbox=Outbox(database),
        intents=Intents(database),
        catalogues=Catalogues(database),
        bulletins=Bulletins(database),
        heads=LedgerHeads(database),
        pictures=ProjectPictures(state_dir / "pictures"),
    )
    return Resources(
        gateway=identity.gateway,
        session_secret=hmac.digest(identity.key.private_bytes_raw(), b"kiosk sessions v1", "sha256"),
        credential=credential,
        store=store,
        acceptance=await open_acceptance(database),
        time=TrustedTime(
            await last_trusted(database),
            wall=lambda: datetime.now(UTC),
            synchronised=clock_synchronised,
            believe_always=settings.site.environment is Environment.drill,
        ),
        server=await _open_server(settings, credential, stack),
    )


async def _open_server(settings: Settings, credential: Credential, stack: AsyncExitStack) -> Server | None:
    if not settings.central.url:
        return None
    client = await stack.enter_async_context(open_central(settings.central.url, credential.signer))
    key = settings.central.catalogue_key
    return Server(client, read_public(key) if key else None, DeliveryState(), CatalogueAge())
