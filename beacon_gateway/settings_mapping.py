"""From the TOML's words to the values that each part takes."""

import re
import secrets
from collections.abc import Callable, Collection, Iterable
from datetime import time
from pathlib import Path

from beacon_gateway.donations.ports import HandoffMaker
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.handoff.link import LinkHandoff
from beacon_gateway.handoff.ticket import TicketHandoff
from beacon_gateway.model.beacons import Beacon
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


def known_beacons(settings: Settings, told: Iterable[KnownBeacon] = ()) -> tuple[Beacon, ...]:
    """The allow-list, the file's and then what the catalogue told beside it.

    Our own adverts are on it too: another adapter or a simulated radio may hear them. They prove that it hears, and are
    counted; they choose no screen here, for others only.
    """
    ours = {identity.id for identity in settings.advertise.identities}
    listed = tuple(
        Beacon(
            id=BeaconId(b.uuid, b.major, b.minor),
            kind=b.kind,
            label=b.label,
            measured_power=b.measured_power,
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
        for each in told
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
        exit_s=p.exit_s,
        unknown_counts_as_near=p.unknown_is_near,
    )


def choice_rules(settings: Settings) -> ChoiceRules:
    return ChoiceRules(hold_s=settings.presence.hold_s, margin_db=settings.presence.margin_db)


def project_rules(settings: Settings) -> ProjectRules:
    return ProjectRules(
        several={beacon.id: beacon.projects for beacon in settings.beacons if len(beacon.projects) > 1},
        by_project={rule.project: ProjectRule(rule.priority, hours_of(rule.hours)) for rule in settings.rules},
    )


def hours_of(words: tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(Hours(*map(time.fromisoformat, word.split("-"))) for word in words)


def collector(
    settings: Settings, told: Iterable[KnownBeacon] = (), *, foreign: Callable[[], Collection[BeaconId]] = tuple
) -> Collector:
    """What is counted. Our own advert is not expected: a radio does not hear itself; nor is what the catalogue told,
    for it may stand in another hall. Who sends our identity more often than we do is noticed all the same.
    """
    ours = {identity.id for identity in settings.advertise.identities}
    return Collector(
        known_beacons(settings, told),
        interval_ms={beacon.id: beacon.interval_ms for beacon in settings.beacons if beacon.interval_ms is not None}
        | dict.fromkeys(ours, settings.advertise.interval_ms),
        expected={beacon.id for beacon in settings.beacons} - ours,
        foreign=foreign,
    )


def radio_plan(settings: Settings, told: Iterable[KnownBeacon] = ()) -> RadioPlan:
    own = settings.advertise
    return RadioPlan(
        beacons=known_beacons(settings, told),
        scan_adapters=settings.radio.scan_adapters,
        scan_mode=settings.radio.scan_mode,
        silence_s=settings.radio.silence_s,
        on_the_wall=_on_the_wall(settings),
        frames=tuple(IBeacon(one.uuid, one.major, one.minor, one.measured_power) for one in own.identities),
        advertise_adapter=own.adapter,
        interval_ms=own.interval_ms,
        power_dbm=own.tx_power,
        advertise_mode="exact" if own.exact else own.mode.value,
        helper=Path(settings.radio.helper_socket),
    )


def _on_the_wall(settings: Settings) -> tuple[tuple[Beacon, float], ...]:
    seconds = {entry.id: (entry.interval_ms or 1000) / 1000 for entry in settings.beacons if entry.proves_radio}
    return tuple((beacon, seconds[beacon.id]) for beacon in known_beacons(settings) if beacon.id in seconds)


def handoff(settings: Settings, signer: Callable[[], Signer]) -> HandoffMaker:
    if settings.handoff.kind is HandoffKind.ticket:
        return TicketHandoff(settings.central.url, signer)
    return LinkHandoff(settings.handoff.link_url)


def web_rules(settings: Settings) -> WebRules:
    """The CSRF secret lives as long as the process: a form from before a restart is asked for again."""
    hosts = {"127.0.0.1", "localhost", in_url(settings.kiosk.host.lower()), *settings.kiosk.allowed_hosts}
    device = frozenset(
        identify_peer(address) for address in ("127.0.0.1", "::1")
    )  # a line would tell when somebody touched it
    return WebRules(allowed_hosts=frozenset(hosts), secret=secrets.token_bytes(32), unlogged=device)


def voices(settings: Settings) -> Voices:
    """The site's own recordings before any of the package."""
    own = (Path(settings.kiosk.voices),) if settings.kiosk.voices else ()
    return Voices((*own, STATIC / "voices"))


def contact(settings: Settings) -> ContactPage:
    """Whom residents may call."""
    site = settings.site
    return ContactPage(site.contact_phone, site.contact_name, site.contact_hours)


def site_addresses(settings: Settings) -> tuple[str, ...]:
    """Where staff on the local network open /site."""
    kiosk = settings.kiosk
    named = kiosk.allowed_hosts or (in_url(kiosk.host),)
    return tuple(f"http://{host}{'' if _has_port(host) else f':{kiosk.port}'}/site" for host in named)


def _has_port(host: str) -> bool:
    return bool(re.search(r":[0-9]{1,5}$", host))
