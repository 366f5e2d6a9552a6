"""The link to the central server: one client, and the three stages that use it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway.sync.central_client import Central, open_central
from beacon_gateway.sync.drain import Drain
from beacon_gateway.sync.ledger_witness import Witness
from beacon_gateway.sync.picture_download import pull_pictures
from beacon_gateway.sync.ports import CatalogueStore, HeadStore, Outbox, PictureStore, Welcome
from beacon_gateway.sync.pull import follow_outcomes, held_catalogue, pull_catalogue
from beacon_gateway.sync.report import keep_reporting
from sync_contract.catalogue import Catalogue
from sync_contract.gateway_report import CATALOGUE_OLDER, GatewayReport, Hearing
from sync_contract.records import IntentState, Outcome
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment


@dataclass(frozen=True)
class Link:
    """`pinned`: the catalogue's key; without one no catalogue is taken and the TOML's projects stand."""

    central: Central
    drain: Drain
    catalogues: CatalogueStore
    welcome: Welcome
    pinned: Ed25519PublicKey | None
    progress: Callable[[str], None]
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _noticed: set[str] = field(default_factory=set)

    def parcel_put(self) -> None:
        """There is something to deliver; do not wait for the next round."""
        self.drain.wake()

    def intent_begun(self) -> None:
        """There is an intent whose outcome is awaited."""
        self._begun.set()
        self.drain.wake()

    async def held(self) -> Catalogue | None:
        """The catalogue taken before, verified again. Raises StoreUnavailable."""
        return await held_catalogue(self.catalogues, self.pinned) if self.pinned else None

    async def pull(self, held_version: int, take: Callable[[Catalogue], None]) -> None:
        """Until cancelled; ends at once without a pinned key. Raises CentralUnreachable, StoreUnavailable."""
        if self.pinned:
            await pull_catalogue(
                self.central,
                self.pinned,
                self.catalogues,
                held_version=held_version,
                take=take,
                progress=lambda: self.progress("catalogue"),
                older=lambda: self._noticed.add(CATALOGUE_OLDER),
            )

    async def pictures(self, album: PictureStore, wanted: asyncio.Event, hung: Callable[[], None]) -> None:
        """Until cancelled. Raises CentralUnreachable, StoreUnavailable."""
        progress = partial(self.progress, "pictures")
        await pull_pictures(self.central, album, wanted=wanted, hung=hung, progress=progress)

    async def witness(self, store: HeadStore, environment: Environment, signer: Callable[[], Signer]) -> None:
        """Until cancelled; ends at once without a pinned key. Raises CentralUnreachable, StoreUnavailable."""
        if self.pinned:
            witness = Witness(self.central, self.pinned, store, signer, environment)
            await witness.run(progress=lambda: self.progress("heads"))

    async def report(
        self,
        tell: Callable[[], Awaitable[GatewayReport]],
        hears: Callable[[], Hearing],
        roll: Callable[[int], Awaitable[None]],
        let_go: Callable[[], Awaitable[int]],
    ) -> None:
        """Until cancelled. `let_go`: of counts of the screen that are held, how many are parcels now.

        Raises CentralUnreachable, StoreUnavailable.
        """
        progress = partial(self.progress, "report")

        async def screens_taken() -> None:
            if await let_go():
                self.drain.wake()

        await keep_reporting(
            self.central,
            tell,
            hears,
            self.welcome,
            roll=roll,
            screens_taken=screens_taken,
            progress=progress,
            noticed=self._noticed,
        )

    async def follow(
        self,
        awaited: Callable[[], Mapping[str, IntentState]],
        settle: Callable[[Iterable[Outcome]], Awaitable[None]],
        uncoded: Callable[[], Collection[str]] = tuple,
        tried: Callable[[], Mapping[str, bool]] = dict,
    ) -> None:
        """Until cancelled. Raises CentralUnreachable, StoreUnavailable."""
        await follow_outcomes(
            self.central,
            awaited=awaited,
            settle=settle,
            begun=self._begun,
            progress=lambda: self.progress("outcomes"),
            uncoded=uncoded,
            tried=tried,
        )


@asynccontextmanager
async def open_link(
    url: str,
    signer: Callable[[], Signer],
    outbox: Outbox,
    catalogues: CatalogueStore,
    welcome: Welcome,
    *,
    pinned: Ed25519PublicKey | None,
    progress: Callable[[str], None],
) -> AsyncIterator[Link]:
    async with open_central(url, signer) as central:
        drain = Drain(outbox, central, welcome, progress=lambda: progress("sync"))
        yield Link(central, drain, catalogues, welcome, pinned, progress)
