"""From what the gateway decides: its TOML and the catalogue that it holds. Read, never written."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from beacon_gateway import settings_mapping
from beacon_gateway.commands.effective_settings import closed, load_settings
from beacon_gateway.donations.offer import Offer
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.settings import Settings
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import open_database
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, Catalogue, CatalogueRefused, SignedCatalogue, verify
from sync_contract.keys import read_public

HEAD = "判定依据 decides from:"
TOML_ONLY = "只有 TOML only"


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """`words`: from what is decided, one line for a person."""

    settings: Settings
    offer: Offer
    words: str

    @property
    def beacons(self) -> tuple[Beacon, ...]:
        return settings_mapping.known_beacons(self.settings, self.offer.beacons)

    def brought(self) -> dict[BeaconId, str]:
        """By beacon, the project that it brings; where rules choose, all that they choose from. Our own brings none."""
        told = dict(self.offer.bindings)
        for beacon in self.beacons:
            if beacon.own:
                told[beacon.id] = ""
                continue
            options = self.offer.bound.of(beacon.id, person=beacon.kind is BeaconKind.person)
            projects = list(dict.fromkeys([option.project for option in options]))
            own = [] if beacon.id in self.offer.bound.by_beacon or beacon.id not in told else [told[beacon.id]]
            if projects:
                told[beacon.id] = " / ".join(dict.fromkeys([*own, *projects]))
        return told


def read_inputs(config: Path, state_dir: Path) -> DecisionInputs:
    """As the gateway would begin with these. Raises ConfigRefused."""
    settings = load_settings(config, state_dir)
    offer = Offer(settings.projects, settings_mapping.bindings(settings), now=lambda: None)
    if not (settings.central.url and settings.central.catalogue_key):
        why_not = closed(state_dir) or "没有中心服务器 no central server"  # an enrolment may stand there
        return DecisionInputs(settings, offer, f"{HEAD} {TOML_ONLY} ({why_not})")
    held, why_not = _held(state_dir, settings.central.catalogue_key)
    if held is None:
        return DecisionInputs(settings, offer, f"{HEAD} {TOML_ONLY} ({why_not})")
    offer.take(held)
    server = settings.central.url
    return DecisionInputs(settings, offer, f"{HEAD} 目录 catalogue {held.version} of {server} + TOML")


def _held(state_dir: Path, pinned: str) -> tuple[Catalogue | None, str]:
    """The catalogue, verified again as the gateway does at each start; else why there is none."""
    if why := closed(state_dir):
        return None, why
    file = state_dir / "gateway.db"
    if not file.exists():
        return None, f"{state_dir} 里还没有目录 no catalogue is held there"
    try:
        signed = asyncio.run(_newest(file))
        if signed is None:
            return None, f"{state_dir} 里还没有目录 no catalogue is held there"
        return verify(signed, read_public(pinned), known_version=0), ""
    except StoreUnavailable as error:
        return None, f"读不了目录 the catalogue cannot be read: {error}"
    except CatalogueRefused as refusal:
        return None, f"目录不被接受 the catalogue is refused: {refusal}"


async def _newest(file: Path) -> SignedCatalogue | None:
    async with open_database(file, read_only=True) as database:
        return await Catalogues(database).newest()
