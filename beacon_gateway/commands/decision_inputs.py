"""Read what the gateway decides from: its TOML and its stored catalogue. Nothing is written."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from beacon_gateway import settings_mapping
from beacon_gateway.commands.effective_settings import describe_unreadable, load_settings
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
    """`sources`: one line about the settings and the catalogue in use."""

    settings: Settings
    offer: Offer
    sources: str

    @property
    def beacons(self) -> tuple[Beacon, ...]:
        return settings_mapping.known_beacons(self.settings, self.offer.beacons)

    def list_projects(self) -> dict[BeaconId, str]:
        """Return the project of each beacon, or all that its rules select from. Our own adverts have none."""
        found = dict(self.offer.bindings)
        for beacon in self.beacons:
            if beacon.own:
                found[beacon.id] = ""
                continue
            options = self.offer.bound.of(beacon.id, person=beacon.kind is BeaconKind.person)
            if options:
                fixed = [] if beacon.id in self.offer.bound.by_beacon else [found.get(beacon.id)]
                names = dict.fromkeys([*fixed, *(option.project for option in options)])
                found[beacon.id] = " / ".join(filter(None, names))
        return found


def read_inputs(config: Path, state_dir: Path) -> DecisionInputs:
    """Return the inputs with which the gateway would start. Raise ConfigRefused."""
    settings = load_settings(config, state_dir)
    offer = Offer(settings.projects, settings_mapping.bindings(settings), now=lambda: None)
    catalogue, problem = None, describe_unreadable(state_dir)
    if not problem and settings.central.url and settings.central.catalogue_key:
        catalogue, problem = _read_catalogue(state_dir, settings.central.catalogue_key)
    if catalogue is None:
        problem = problem or "没有中心服务器 no central server"
        return DecisionInputs(settings, offer, f"{HEAD} {TOML_ONLY} ({problem})")
    offer.take(catalogue)
    server = settings.central.url
    return DecisionInputs(settings, offer, f"{HEAD} 目录 catalogue {catalogue.version} of {server} + TOML")


def _read_catalogue(state_dir: Path, pinned_key: str) -> tuple[Catalogue | None, str]:
    """Return the catalogue, verified as at each start of the gateway; or None and the problem."""
    file = state_dir / "gateway.db"
    try:
        signed = asyncio.run(_read_newest(file)) if file.exists() else None
        if signed is None:
            return None, f"{state_dir} 里还没有目录 no catalogue is stored there"
        return verify(signed, read_public(pinned_key), known_version=0), ""
    except StoreUnavailable as error:
        return None, f"读不了目录 the catalogue cannot be read: {error}"
    except CatalogueRefused as refusal:
        return None, f"目录不被接受 the catalogue is refused: {refusal}"


async def _read_newest(file: Path) -> SignedCatalogue | None:
    async with open_database(file, read_only=True) as database:
        return await Catalogues(database).newest()
