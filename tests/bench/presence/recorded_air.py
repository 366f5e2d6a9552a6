"""Score zone estimators on recorded walks with true positions (tests/captures/recorded_air).

Every estimator gets the same calibration: the path loss exponent of the hall and the power of each receiver at 1 m,
the median over the walks. The time truly in each zone counts the same: the score is the mean of the three zones'
shares of wrong time, because time alone favours an estimator that always reports far.
"""

import csv
import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import log10
from statistics import mean, median

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from tests.bench.presence import peers
from tests.bench.presence.contestants import CARD, OURS
from tests.bench.presence.world import POWER
from tests.paths import ROOT

FOLDER = ROOT / "tests" / "captures" / "recorded_air"
EXPONENT = 1.45
"""Robust regression over the standing times of the dataset."""
EDGES_M = ((1.5, 4.0), (2.5, 6.0))
STEP_S = 0.1
STAY_S = 3.0
"""A true stay in a zone for at least this long counts as missed if the estimator never reports that zone."""
LATE_S = 5.0
"""A stay is not missed when it is reported up to this long after its end."""
PLAUSIBLE_DBM = range(-127, 21)

Edges = tuple[float, float]
ZoneChanges = list[tuple[float, Zone]]


@dataclass(frozen=True, slots=True)
class Recording:
    """What one receiver recorded of one walk. `packets`: (seconds, dBm, true metres)."""

    walk: str
    receiver: str
    packets: tuple[tuple[float, int, float], ...]


@cache
def recordings() -> tuple[Recording, ...]:
    found: list[Recording] = []
    for path in sorted(FOLDER.glob("*.csv.gz")):
        by_receiver: dict[str, list[tuple[float, int, float]]] = defaultdict(list)
        with gzip.open(path, "rt") as lines:
            for row in csv.DictReader(lines):
                packet = (float(row["t_s"]), int(row["rssi_dbm"]), float(row["true_distance_m"]))
                by_receiver[row["sensor"]].append(packet)
        walk = path.name.removesuffix(".csv.gz")
        found += (Recording(walk, receiver, tuple(each)) for receiver, each in sorted(by_receiver.items()))
    return tuple(found)


@cache
def powers() -> dict[str, int]:
    """Return each receiver's dBm at 1 m: the median over all its packets."""
    levels: dict[str, list[float]] = defaultdict(list)
    for each in recordings():
        levels[each.receiver] += (rssi + 10 * EXPONENT * log10(metres) for _, rssi, metres in each.packets)
    return {receiver: round(median(found)) for receiver, found in levels.items()}


def our_zones(recording: Recording, edges: Edges) -> ZoneChanges:
    card = Beacon(CARD.id, CARD.kind, CARD.label, powers()[recording.receiver], CARD.tag_class)
    tracker = Tracker([card], PresenceRules(*edges, path_loss_exponent=EXPONENT))
    changes: ZoneChanges = []
    for at, rssi, _ in recording.packets:
        for event in tracker.hear(Sighting(card.id, rssi, at, None, "hci0")):
            if isinstance(event, ZoneChanged):
                changes.append((at, event.after))
            else:
                assert isinstance(event, Arrived | Left)
                changes.append((at, event.zone if isinstance(event, Arrived) else Zone.far))
    return changes


CalibratedPeer = Callable[[int], peers.Judge]
"""Return a judge for a power at 1 m, with the exponent of the hall."""


def _log_law(power: int) -> Callable[[float], float]:
    return lambda dbm: peers.log_m(dbm, power, EXPONENT)


CALIBRATED: dict[str, CalibratedPeer] = {
    "AltBeacon average": lambda power: peers.altbeacon_average(metres=_log_law(power)),
    "AltBeacon ARMA": lambda power: peers.altbeacon_arma(metres=_log_law(power)),
    "ESPresense": lambda power: peers.espresense(absorption=EXPONENT, offset_db=POWER - power),
    "Bermuda": lambda power: peers.bermuda(power, EXPONENT),
    "kalmanjs": lambda power: peers.kalmanjs(_log_law(power)),
}


def zones_of(peer: CalibratedPeer) -> Callable[[Recording, Edges], ZoneChanges]:
    def estimate(recording: Recording, edges: Edges) -> ZoneChanges:
        judge = peer(powers()[recording.receiver])
        changes: ZoneChanges = []
        for at, rssi, _ in recording.packets:
            if rssi in PLAUSIBLE_DBM:
                zone = zone_by(judge(at, rssi), edges)
                if not changes or zone is not changes[-1][1]:
                    changes.append((at, zone))
        return changes

    return estimate


ESTIMATORS = {OURS: our_zones} | {name: zones_of(peer) for name, peer in CALIBRATED.items()}


def zone_by(metres: float, edges: Edges) -> Zone:
    return Zone.immediate if metres <= edges[0] else Zone.near if metres <= edges[1] else Zone.far


@dataclass
class AirScore:
    """Seconds by (true zone, estimated zone), extra changes and stays of all recordings added."""

    seconds: dict[tuple[Zone, Zone], float] = field(default_factory=lambda: defaultdict(float))
    extra_changes: int = 0
    """Beyond the true ones of the same recording."""
    stays: int = 0
    missed: int = 0

    def add(self, recording: Recording, estimated: ZoneChanges, edges: Edges) -> None:
        truth = _true_zones(recording, edges)
        times, zones = [at for at, _ in estimated], [zone for _, zone in estimated]
        for at, zone in truth:
            place = bisect_right(times, at)
            if place:
                self.seconds[zone, zones[place - 1]] += STEP_S
        true_changes = sum(one[1] is not other[1] for one, other in pairwise(truth))
        self.extra_changes += max(0, len(estimated) - 1 - true_changes)
        for begin, end, zone in _stays(truth):
            if end - begin < STAY_S:
                continue
            first = max(0, bisect_right(times, begin) - 1)
            self.stays += 1
            self.missed += zone not in zones[first : bisect_right(times, end + LATE_S)]

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())

    def time_s(self, zone: Zone) -> float:
        return sum(seconds for (truth, _), seconds in self.seconds.items() if truth is zone)

    def error(self, zone: Zone) -> float:
        """Return the share of the time truly in this zone in which another one was estimated."""
        return 1 - self.seconds[zone, zone] / self.time_s(zone)

    @property
    def mean_error(self) -> float:
        return mean(self.error(zone) for zone in (Zone.immediate, Zone.near, Zone.far))

    @property
    def immediate_while_far(self) -> float:
        return self.seconds[Zone.far, Zone.immediate] / self.time_s(Zone.far)

    @property
    def extra_changes_per_hour(self) -> float:
        return self.extra_changes * 3600 / self.total_s

    @property
    def missed_share(self) -> float:
        return self.missed / self.stays


def _true_zones(recording: Recording, edges: Edges) -> list[tuple[float, Zone]]:
    """Return (seconds, zone) each STEP_S, with the distance interpolated between packets."""
    found: list[tuple[float, Zone]] = []
    packets = recording.packets
    step = 0
    for (since, _, from_m), (until, _, to_m) in pairwise(packets):
        while (at := packets[0][0] + step * STEP_S) < until:
            share = (at - since) / (until - since)
            found.append((at, zone_by(from_m + (to_m - from_m) * share, edges)))
            step += 1
    return found


def _stays(truth: Sequence[tuple[float, Zone]]) -> Iterable[tuple[float, float, Zone]]:
    begin = 0
    for number in range(1, len(truth) + 1):
        if number == len(truth) or truth[number][1] is not truth[begin][1]:
            yield truth[begin][0], truth[number - 1][0] + STEP_S, truth[begin][1]
            begin = number


def score_air(name: str, edges: Edges, walks: Iterable[str] | None = None) -> AirScore:
    score, chosen = AirScore(), None if walks is None else frozenset(walks)
    for recording in recordings():
        if chosen is None or recording.walk in chosen:
            score.add(recording, ESTIMATORS[name](recording, edges), edges)
    return score


def print_air() -> None:
    for edges in EDGES_M:
        print(f"\nrecorded walks, edges {edges[0]:g} and {edges[1]:g} m, {len(recordings())} recordings")
        print("| | mean error | immediate | near | far | immediate while far | extra changes/h | stays missed |")
        print("| --- |", " | ".join(["---:"] * 7), "|")
        for name in ESTIMATORS:
            of = score_air(name, edges)
            errors = " | ".join(f"{of.error(zone):.0%}" for zone in (Zone.immediate, Zone.near, Zone.far))
            print(
                f"| {name} | {of.mean_error:.1%} | {errors} | {of.immediate_while_far:.2%} "
                f"| {of.extra_changes_per_hour:.0f} | {of.missed_share:.0%} |"
            )
