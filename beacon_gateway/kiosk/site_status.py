"""Collect the status of this device for staff on site from its running parts; nothing is stored."""

import platform
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

from beacon_gateway.donations.ports import Projects, StoreUnavailable
from beacon_gateway.kiosk.decision_view import Why
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.radio_status import AdvertStatus, RadioStatus
from beacon_gateway.model.sync_state import SyncState
from beacon_gateway.presence.trace import Heard
from beacon_gateway.presence.visit_state import Visit
from kiosk_ui.site_views import HeardClass, HeardPlace, RadioNow, StageNow, SyncNow
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project import Texts
from sync_contract.records import SignedAcceptanceSheet


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """`stage_health`: state of each stage by name. `visits`: the current visits. `sync` raises StoreUnavailable.

    `central`: the central server's address. `read_sheet` reads the newest acceptance sheet from the disk.

    `versions`: version by program. `lan`: devices on the local network have access, with a PIN, at `addresses`.
    """

    why: Why
    radio_status: Callable[[], RadioStatus]
    advert_status: Callable[[], AdvertStatus]
    stage_health: Callable[[], Mapping[str, Mapping[str, Any]]]
    visits: Callable[[], Mapping[BeaconId, Visit]]
    foreign: Callable[[], int]
    bindings: Callable[[], Mapping[BeaconId, str]]
    projects: Projects
    sync: Callable[[], Awaitable[SyncState]]
    versions: Mapping[str, str] = field(default_factory=dict)
    lan: bool = False
    addresses: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    settings_refused: Callable[[], Sequence[str]] = tuple
    central: str = ""
    read_sheet: Callable[[], SignedAcceptanceSheet | None] = lambda: None

    def title(self, project: str | None) -> Texts | None:
        known = self.projects.get(project) if project else None
        return known.title if known else None

    def radio_now(self) -> RadioNow:
        radio, advert, visits = self.radio_status(), self.advert_status(), self.visits()
        rssi = self._newest_rssi()
        places = [each for each in self.why.trace.beacons if each.kind is BeaconKind.place]
        people = Counter(
            (visit.beacon.tag_class, visit.zone.value)
            for visit in visits.values()
            if visit.beacon.kind is BeaconKind.person
        )
        return RadioNow(
            state=radio.state,
            advert=advert.state,
            adapters=tuple(sorted(radio.adapters)) or ((radio.adapter,) if radio.adapter else ()),
            proof=radio.liveness.proof.value if radio.liveness else "",
            simulated=radio.walkers is not None,
            places=tuple(self._heard_place(each, visits.get(each.id), rssi.get(each.id)) for each in places),
            classes=tuple(HeardClass(tag, zone, count) for (tag, zone), count in sorted(people.items())),
            foreign=self.foreign(),
            off_air_min=int(advert.off_air_s) // 60 if advert.asks_a_person else 0,
            advert_rate=_rate(advert),
            low_batteries=radio.batteries.low if radio.batteries else (),
        )

    async def sync_now(self) -> SyncNow | None:
        """Return None when the disk does not answer."""
        try:
            state = await self.sync()
        except StoreUnavailable:
            return None
        parcels = state.parcels
        return SyncNow(
            central=state.central,
            waiting=parcels.get("waiting", 0),
            refused=parcels.get("refused", 0),
            damaged=parcels.get("damaged", 0),
            delivered_at=_local(state.delivered_at) if state.delivered_at else None,
            reachable=False if self._server_is_unreachable() else state.reachable,
            barred=state.barred,
            catalogue=self.projects.version,
            repaired_at=_local(state.repair.at) if state.repair else None,
            lines=tuple((_local(each.at), each.event, each.kind, each.detail) for each in state.lines),
        )

    def failed_stages(self) -> tuple[StageNow, ...]:
        """Return the stages that failed, waiting ones and the newest failures first."""
        failed = [(name, facts) for name, facts in self.stage_health().items() if facts.get("error")]
        failed.sort(key=lambda each: (each[1]["state"] != "waiting", each[1]["for_s"]))
        return tuple(
            StageNow(
                name, str(facts["error"]), int(facts["for_s"]), int(facts["restarts"]), facts["state"] == "waiting"
            )
            for name, facts in failed
        )

    def _heard_place(self, beacon: Beacon, visit: Visit | None, rssi: int | None) -> HeardPlace:
        project = self.title(self.bindings().get(beacon.id) or beacon.project)
        if visit is None:
            return HeardPlace(beacon.label, str(beacon.id), project)
        age_s = int(max(0.0, self.clock() - visit.last_heard))
        return HeardPlace(beacon.label, str(beacon.id), project, visit.zone.value, rssi, visit.distance_m, age_s)

    def _server_is_unreachable(self) -> bool:
        """Return True while a stage waits because the server did not answer it."""
        return any(each.error == "CentralUnreachable" and each.waiting for each in self.failed_stages())

    def _newest_rssi(self) -> Mapping[BeaconId, int]:
        """Return the newest RSSI of each place beacon."""
        heard = (each for each in self.why.trace.place_samples if isinstance(each, Heard))
        return {each.beacon: each.rssi for each in heard if each.rssi is not None}


def _rate(advert: AdvertStatus) -> str:
    """Return the least rate of our adverts that another adapter receives; empty unless it receives all."""
    heard = [each.heard for each in advert.identities]
    rates = [each.per_s for each in heard if each is not None]
    return f"{min(rates):.1f}" if rates and len(rates) == len(heard) else ""


def running_versions(gateway: str) -> Mapping[str, str]:
    return {
        "beacon-gateway": version("beacon-gateway"),
        "gateway": gateway,
        "Python": platform.python_version(),
        "Linux": platform.release(),
    }


def _local(at: datetime) -> datetime:
    return at.astimezone()
