"""The estimators that are compared: our tracker, and the peers with published defaults and with tuned parameters."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Left, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from tests.bench.presence import peers
from tests.bench.presence.score import Changes, Estimator, zone_at
from tests.bench.presence.world import POWER, Trace

CARD = Beacon(BeaconId(UUID("f0e1d2c3-b4a5-4687-9978-695a4b3c2d1e"), 2, 1), BeaconKind.person, "card", POWER, "bench")
OURS = "ours"

# Lowest S + SR, each relative to the defaults, of random parameters on the training seed (`… presence tune`).
TUNED: Mapping[str, dict[str, float]] = {
    "AltBeacon average": {"window_s": 11.13, "trim": 0.0, "offset_db": 5.92},
    "AltBeacon ARMA": {"speed": 0.04, "offset_db": 5.04},
    "ESPresense": {"window_s": 7.04, "absorption": 5.0, "offset_db": 2.42},
    "Bermuda": {"reference": -53.17, "attenuation": 4.97, "velocity": 7.05, "samples": 19.67},
}


def ours(trace: Trace) -> Changes:
    """Process sightings as the gateway does, with the default rules."""
    tracker = Tracker([CARD], PresenceRules())
    changes: Changes = []
    for at, rssi in trace:
        for event in tracker.hear(Sighting(CARD.id, rssi, at, None, "hci0")):
            if isinstance(event, ZoneChanged):
                changes.append((event.at, event.after))
            elif isinstance(event, Left):  # no visit leaves the range, so this is an error
                changes.append((event.at, Zone.far))
    return changes


def by_distance(make: peers.Make) -> Estimator:
    """Map a peer's distance to our zones at every advert. The first zone is the start, not a change."""

    def estimate(trace: Trace) -> Changes:
        judge, zone = make(), None
        changes: Changes = []
        for at, rssi in trace:
            now = zone_at(judge(at, rssi))
            if now is not zone:
                if zone is not None:
                    changes.append((at, now))
                zone = now
        return changes

    return estimate


PEERS: dict[str, Callable[..., peers.Judge]] = {
    "AltBeacon average": peers.altbeacon_average,
    "AltBeacon ARMA": peers.altbeacon_arma,
    "ESPresense": peers.espresense,
    "Bermuda": peers.bermuda,
}

FIELD: dict[str, Estimator] = {OURS: ours}
FIELD |= {name: by_distance(make) for name, make in PEERS.items()}
FIELD |= {f"{name}, tuned": by_distance(partial(PEERS[name], **figures)) for name, figures in TUNED.items()}
