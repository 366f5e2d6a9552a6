"""Collect the facts of an acceptance sheet from settings, the running gateway and the calibration walk."""

import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from beacon_gateway.clock import read_clock
from beacon_gateway.doctor.machine import Machine
from beacon_gateway.model.delivery import DeliveryEnd
from beacon_gateway.model.radio_status import AdvertStatus, IdentityStatus, Proof
from beacon_gateway.radio.status_json import read_advert_status
from beacon_gateway.settings import Advertise, Settings
from beacon_gateway.store.identity import Identity
from sync_contract.acceptance_sheet import (
    MAX_PLACES,
    AcceptanceSheet,
    AdvertProof,
    SheetAdvert,
    SheetPlace,
    SheetSite,
    SheetVersion,
    SheetWalk,
    SheetZones,
    Untested,
)
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

SEEN = {"screen": Untested.screen, "tag": Untested.tag, "phone": Untested.phone}
"""What a person must see, by the word of the command line."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """`health`: of the running gateway. `seen`: words of SEEN. `delivery`: how a delivery to the server ended."""

    settings: Settings
    identity: Identity
    health: Mapping[str, Any]
    walk: SheetWalk | None
    seen: Collection[str]
    delivery: DeliveryEnd
    findings: Sequence[str]
    machine: Machine


def build_sheet(facts: SiteFacts) -> AcceptanceSheet:
    settings, presence = facts.settings, facts.settings.presence
    clock = read_clock()
    zones = SheetZones(
        immediate_m=presence.immediate_m,
        near_m=presence.near_m,
        path_loss_exponent=presence.path_loss_exponent,
    )
    adverts = _describe_adverts(settings.advertise, read_advert_status(facts.health.get("advert") or {}))
    places = [each for each in settings.beacons if each.kind is BeaconKind.place]
    community, enrolment = settings.site.community, facts.identity.enrolment
    return AcceptanceSheet(
        id=new_id(),
        gateway=facts.identity.gateway,
        environment=settings.site.environment,
        site=SheetSite(
            zh_hans=community.zh_hans,
            zh_hant=community.zh_hant,
            en=community.en,
            hall=enrolment.label[:120] if enrolment else "",
        ),
        made_at=clock,
        adverts=adverts,
        places=tuple(SheetPlace(beacon=each.id, label=each.label) for each in places[:MAX_PLACES]),
        person_tags=len(settings.beacons) - len(places),
        zones=zones,
        walk=facts.walk,
        configuration=settings.fingerprint(),
        versions=tuple(_describe_versions(facts.machine)),
        untested=tuple(_find_untested(facts, adverts, zones, clock_trusted=clock.reliable)),
        findings=tuple(dict.fromkeys(facts.findings)),
    )


def _describe_adverts(advertise: Advertise, status: AdvertStatus) -> tuple[SheetAdvert, ...]:
    by_beacon = {each.beacon: each for each in status.identities}
    return tuple(
        SheetAdvert(
            beacon=identity.id,
            measured_power=identity.measured_power,
            interval_ms=advertise.interval_ms,
            **_describe_proof(by_beacon.get(str(identity.id))),
        )
        for identity in advertise.identities
    )


def _describe_proof(status: IdentityStatus | None) -> dict[str, Any]:
    if status is None or status.off_air_s is not None:
        return {"proof": AdvertProof.off_air}
    if status.state == "simulated":
        return {"proof": AdvertProof.simulated}
    if status.heard is None:
        return {"proof": AdvertProof.not_proved}
    heard = status.heard
    return {"proof": AdvertProof.proved, "heard_by": heard.adapter, "per_s": round(heard.per_s, 1)}


def _find_untested(
    facts: SiteFacts, adverts: Sequence[SheetAdvert], zones: SheetZones, *, clock_trusted: bool
) -> Iterator[Untested]:
    if facts.walk is None:
        yield Untested.walk
    elif facts.walk.zones != zones:
        yield Untested.zones
    if any(each.proof is not AdvertProof.proved for each in adverts):
        yield Untested.advert
    liveness = (facts.health.get("radio") or {}).get("liveness") or {}
    if liveness.get("proof") != Proof.proved:
        yield Untested.reception
    yield from (untested for word, untested in SEEN.items() if word not in facts.seen)
    if facts.delivery is not DeliveryEnd.complete:
        yield Untested.server
    if not clock_trusted:
        yield Untested.clock
    if facts.settings.site.environment is Environment.drill:
        yield Untested.real_gifts


def _describe_versions(machine: Machine) -> Iterator[SheetVersion]:
    system = dict(line.split("=", 1) for line in machine.read("/etc/os-release").splitlines() if "=" in line)
    found = {
        "beacon-gateway": version("beacon-gateway"),
        "python": platform.python_version(),
        "kernel": machine.read("/proc/sys/kernel/osrelease"),
        "bluez": (machine.run("bluetoothctl", "--version") or "").removeprefix("bluetoothctl: "),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "board": machine.read("/proc/device-tree/model").rstrip("\0"),
    }
    yield from (SheetVersion(name=name, version=value[:80]) for name, value in found.items() if value)
