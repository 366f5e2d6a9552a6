"""From the TOML's words to the values that each part takes."""

import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.ports import HandoffMaker
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.handoff.link import LinkHandoff
from beacon_gateway.handoff.ticket import TicketHandoff
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.rules import ChoiceRules, PresenceRules
from beacon_gateway.radio.choose import RadioPlan
from beacon_gateway.radio.port import Advertiser
from beacon_gateway.settings import Settings
from daemonkit.web import WebRules
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import HandoffKind


def known_beacons(settings: Settings) -> tuple[Beacon, ...]:
    """The allow-list. Our own advert is on it too: another adapter or a simulated radio may hear it."""
    listed = tuple(
        Beacon(
            id=BeaconId(b.uuid, b.major, b.minor),
            kind=b.kind,
            label=b.label,
            measured_power=b.measured_power,
            tag_class=b.tag_class,
            project=b.project,
        )
        for b in settings.beacons
    )
    own = settings.advertise
    if not own.enabled or _own_id(settings) in {beacon.id for beacon in listed}:
        return listed
    return (*listed, Beacon(_own_id(settings), BeaconKind.place, "own advert", own.measured_power, "", own.project))


def bindings(settings: Settings) -> dict[BeaconId, str]:
    return {beacon.id: beacon.project for beacon in known_beacons(settings) if beacon.project}


def presence_rules(settings: Settings) -> PresenceRules:
    p = settings.presence
    return PresenceRules(
        immediate_m=p.immediate_m,
        near_m=p.near_m,
        path_loss_exponent=p.path_loss_exponent,
        dwell_s=p.dwell_s,
        exit_s=p.exit_s,
        unknown_counts_as_near=p.unknown_is_near,
    )


def choice_rules(settings: Settings) -> ChoiceRules:
    return ChoiceRules(hold_s=settings.presence.hold_s)


def radio_plan(settings: Settings) -> RadioPlan:
    own = settings.advertise
    return RadioPlan(
        beacons=known_beacons(settings),
        scan_adapter=settings.radio.scan_adapter,
        scan_mode=settings.radio.scan_mode,
        silence_s=settings.radio.silence_s,
        frame=IBeacon(own.uuid, own.major, own.minor, own.measured_power) if own.enabled else None,
        advertise_adapter=own.adapter,
        interval_ms=own.interval_ms,
        advertise_mode=own.mode.value,
    )


def advertised(settings: Settings, advertiser: Advertiser | None) -> tuple[BeaconId, float] | None:
    """What is advertised, and its seconds on air so far."""
    return (_own_id(settings), advertiser.seconds_on_air()) if advertiser else None


def handoff(settings: Settings, gateway: str, key: Ed25519PrivateKey) -> HandoffMaker:
    if settings.handoff.kind is HandoffKind.ticket:
        return TicketHandoff(settings.central.url, gateway, key)
    return LinkHandoff(settings.handoff.link_url)


def web_rules(settings: Settings) -> WebRules:
    """The CSRF secret lives as long as the process: a form from before a restart is asked for again."""
    hosts = {"127.0.0.1", "localhost", settings.kiosk.host.lower(), *settings.kiosk.allowed_hosts} - {"0.0.0.0", "::"}  # noqa: S104 - taken away
    return WebRules(allowed_hosts=frozenset(hosts), secret=secrets.token_bytes(32))


def _own_id(settings: Settings) -> BeaconId:
    return BeaconId(settings.advertise.uuid, settings.advertise.major, settings.advertise.minor)
