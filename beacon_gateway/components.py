"""The components of a built gateway: donations, presence, statistics, the kiosk."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from beacon_gateway.donations.begin import Donations
from beacon_gateway.donations.offer import Offer
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.kiosk.bulletin_board import BulletinBoard
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.hall_watch import HallWatch
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.radio_status import AdvertStatus
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.radio.radio_factory import Radios
from beacon_gateway.resources import Store
from beacon_gateway.store.statistics import StatisticsRecorder
from beacon_gateway.sync.drain import Drain
from beacon_gateway.sync.report import classify_hearing
from sync_contract.catalogue import Catalogue
from sync_contract.gateway_report import Hearing
from sync_contract.records import IntentState, Outcome

_UNDER_WAY = (IntentState.registered, IntentState.handed_off)


@dataclass(frozen=True, slots=True)
class Wakeups:
    """Events that wake stages: a parcel or an intent was recorded, pictures are missing."""

    parcels: asyncio.Event = field(default_factory=asyncio.Event)
    intents: asyncio.Event = field(default_factory=asyncio.Event)
    pictures: asyncio.Event = field(default_factory=asyncio.Event)

    def parcel_put(self) -> None:
        self.parcels.set()

    def intent_recorded(self) -> None:
        self.intents.set()
        self.parcels.set()


@dataclass(frozen=True, slots=True)
class Giving:
    """Donations at this kiosk, with the projects on offer and the sessions of its visitors."""

    offer: Offer
    open_intents: OpenIntents
    donations: Donations
    sessions: Sessions
    store: Store
    wakeups: Wakeups

    def under_way(self) -> bool:
        """Return whether a donor at the kiosk has not finished yet."""
        return any(self.donations.state(gift.intent).state in _UNDER_WAY for gift in self.sessions.active_gifts())

    def take_catalogue(self, catalogue: Catalogue) -> None:
        self.offer.take(catalogue)
        self.store.pictures.use(catalogue.pictures)
        self.wakeups.pictures.set()


@dataclass(frozen=True, slots=True)
class Presence:
    """Radios, the beacons known when they were made, and the decision which project to show."""

    beacons: tuple[Beacon, ...]
    radios: Radios
    collector: Collector
    choice: Choice
    driver: SceneDriver
    hall: HallWatch

    def hearing(self) -> Hearing:
        scanner = self.radios.scanner
        return classify_hearing(scanner.name, scanner.read_status())

    def advert_status(self) -> AdvertStatus:
        return self.radios.adverts.read_status() if self.radios.adverts else AdvertStatus()


@dataclass(frozen=True, slots=True)
class Components:
    """The built gateway; beacon_gateway.stages runs it. `drain`: None without a central server.

    `configuration`: the fingerprint of the settings. `refused`: see daemon.run.
    `board`: None where the screen shows no bulletin.
    """

    giving: Giving
    presence: Presence
    statistics: StatisticsRecorder
    current_scene: CurrentScene
    drain: Drain | None
    app: web.Application
    configuration: str
    refused: Callable[[], Sequence[str]]
    board: BulletinBoard | None = None

    async def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Record outcomes and redraw the screen if one changed. Raises StoreUnavailable."""
        if await self.giving.open_intents.settle(outcomes, self.giving.store.intents):
            self.current_scene.poke()
