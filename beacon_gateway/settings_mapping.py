"""Convert settings into the values that each component takes."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import time
from pathlib import Path

from beacon_gateway.calibration.drift import DriftWatch
from beacon_gateway.donations.ports import HandoffMaker
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.handoff.link import LinkHandoff
from beacon_gateway.handoff.ticket import TicketHandoff
from beacon_gateway.model.beacons import POWER_UNSET, Beacon
from beacon_gateway.mqtt.publisher import Broker
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Hours, ProjectRule, ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.radio.radio_factory import RadioPlan
from beacon_gateway.settings import Settings
from beacon_gateway.settings_addresses import in_url
from daemonkit.web import WebRules
from daemonkit.web.web_rules import identify_peer
from kiosk_ui.assets import STATIC
from kiosk_ui.help_views import ContactPage
from kiosk_ui.voices import Voices
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, KnownBeacon
from sync_contract.records import HandoffKind
from sync_contract.request_signature import Signer


def known_beacons(settings: Settings, published: Iterable[KnownBeacon] = ()) -> tuple[Beacon, ...]:
    """Return the allow-list: the beacons of the settings, our own adverts, and the other `published` beacons.

    Another adapter or a simulated radio may receive our own adverts. They prove that it receives, and are counted; they
    do not select a project on this device.
    """
    ours = {identity.id for identity in settings.advertise.identities}
    listed = tuple(
        Beacon(
            id=BeaconId(b.uuid, b.major, b.minor),
            kind=b.kind,
            label=b.label,
            measured_power=b.measured_power or POWER_UNSET,
            path_loss_exponent=b.path_loss_exponent,
            tag_class=b.tag_class,
            project=b.project or next(iter(b.projects), None),
            own=b.id in ours,
        )
        for b in settings.beacons
    )
    known = {beacon.id for beacon in listed}
    own = tuple(
        Beacon(identity.id, BeaconKind.place, "own advert", identity.measured_power, "", identity.project, own=True)
        for identity in settings.advertise.identities
        if identity.id not in known
    )
    known |= {beacon.id for beacon in own}
    more = tuple(
        Beacon(each.beacon, each.kind, each.label, each.measured_power, each.tag_class)
        for each in published
        if each.beacon not in known
    )
    return listed + own + more


def bindings(settings: Settings) -> dict[BeaconId, str]:
    return {beacon.id: beacon.project for beacon in known_beacons(settings) if beacon.project}


def presence_rules(settings: Settings) -> PresenceRules:
    p = settings.presence
    return PresenceRules(
        immediate_m=p.immediate_m,
        near_m=p.near_m,
        path_loss_exponent=p.path_loss_exponent,
        dwell_s=p.dwell_s,
        retreat_s=p.retreat_s,
        exit_s=p.exit_s,
        unknown_counts_as_near=p.unknown_is_near,
        adapter_losses=tuple(sorted(settings.radio.loss_db.items())),
    )


def choice_rules(settings: Settings) -> ChoiceRules:
    p = settings.presence
    return ChoiceRules(hold_s=p.hold_s, stay_s=p.stay_s, margin_db=p.margin_db)


def project_rules(settings: Settings) -> ProjectRules:
    return ProjectRules(
        several={beacon.id: beacon.projects for beacon in settings.beacons if len(beacon.projects) > 1},
        by_project={rule.project: ProjectRule(rule.priority, hours_of(rule.hours)) for rule in settings.rules},
    )


def hours_of(texts: tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(Hours(*map(time.fromisoformat, text.split("-"))) for text in texts)


def collector(
    settings: Settings, published: Iterable[KnownBeacon] = (), *, foreign: Callable[[], Collection[BeaconId]] = tuple
) -> Collector:
    """Return the collector of statistics.

    Our own advert is not expected, because a radio does not receive itself; nor are published beacons, which may be in
    another hall. Our interval is still known, so that a clone that sends more often is detected.
    """
    ours = {identity.id for identity in settings.advertise.identities}
    return Collector(
        known_beacons(settings, published),
        interval_ms={beacon.id: beacon.interval_ms for beacon in settings.beacons if beacon.interval_ms is not None}
        | dict.fromkeys(ours, settings.advertise.interval_ms),
        expected={beacon.id for beacon in settings.beacons} - ours,
        foreign=foreign,
    )


def radio_plan(settings: Settings, published: Iterable[KnownBeacon] = ()) -> RadioPlan:
    own = settings.advertise
    return RadioPlan(
        beacons=known_beacons(settings, published),
        scan_adapters=settings.radio.scan_adapters,
        scan_mode=settings.radio.scan_mode,
        silence_s=settings.radio.silence_s,
        proof_beacons=_proving_beacons(settings),
        frames=tuple(IBeacon(one.uuid, one.major, one.minor, one.measured_power) for one in own.identities),
        advertise_adapter=own.adapter,
        interval_ms=own.interval_ms,
        power_dbm=own.tx_power,
        advertise_mode="exact" if own.exact else own.mode.value,
        helper=Path(settings.radio.helper_socket),
    )


def drift_watch(settings: Settings) -> DriftWatch:
    """Return the comparison with the levels accepted at the calibration."""
    accepted = {entry.id: entry.accepted_dbm for entry in settings.beacons if entry.accepted_dbm}
    return DriftWatch(accepted, {entry.id: entry.label for entry in settings.beacons})


def _proving_beacons(settings: Settings) -> tuple[tuple[Beacon, float], ...]:
    seconds = {entry.id: (entry.interval_ms or 1000) / 1000 for entry in settings.beacons if entry.proves_radio}
    return tuple((beacon, seconds[beacon.id]) for beacon in known_beacons(settings) if beacon.id in seconds)


def handoff(settings: Settings, signer: Callable[[], Signer]) -> HandoffMaker:
    if settings.handoff.kind is HandoffKind.ticket:
        return TicketHandoff(settings.central.url, signer)
    return LinkHandoff(settings.handoff.link_url)


def web_rules(settings: Settings, secret: bytes) -> WebRules:
    """Return the web rules. `secret`: from it the tokens of forms are derived."""
    hosts = {"127.0.0.1", "localhost", in_url(settings.kiosk.host.lower()), *settings.kiosk.allowed_hosts}
    # Log lines of this device itself would record when the screen was touched.
    unlogged = frozenset(identify_peer(address) for address in ("127.0.0.1", "::1"))
    return WebRules(allowed_hosts=frozenset(hosts), secret=secret, unlogged=unlogged)


def broker(settings: Settings) -> Broker:
    return Broker(**settings.mqtt.model_dump())


def voices(settings: Settings) -> Voices:
    """Return the site's own recordings, then those of the package."""
    own = (Path(settings.kiosk.voices),) if settings.kiosk.voices else ()
    return Voices((*own, STATIC / "voices"))


def contact(settings: Settings) -> ContactPage:
    site = settings.site
    return ContactPage(site.contact_phone, site.contact_name, site.contact_hours)


def site_addresses(settings: Settings) -> tuple[str, ...]:
    """Return the URLs by which staff on the local network open /site."""
    kiosk = settings.kiosk
    named = kiosk.allowed_hosts or (in_url(kiosk.host),)
    return tuple(f"http://{host}{'' if _has_port(host) else f':{kiosk.port}'}/site" for host in named)


def _has_port(host: str) -> bool:
    return bool(re.search(r":[0-9]{1,5}$", host))
