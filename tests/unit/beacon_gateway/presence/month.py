"""Simulate an unattended site: two wall beacons, bad air and a radio with pauses; collect everything that alarms."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from random import Random

from msgspec.structs import replace

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.radio_status import LivenessStatus, Proof
from beacon_gateway.model.visits import Left
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Circumstances
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.recovery.adapter_faults import find_fault
from beacon_gateway.radio.recovery.liveness import Liveness, Transmitter
from beacon_gateway.radio.recovery.recovery_ladder import RecoveryLadder
from beacon_gateway.simulation.air import Air, simulate_rssi
from sync_contract.records import BeaconStatistics, ClockReading
from tests.unit.beacon_gateway.presence.people import place

SHELF, DOOR = place(1, "lunch"), place(2)
"""A beacon in the kiosk's corner, at 1 m; and one behind a wall, at 9 m, that advertises once a second."""
AIRS = {
    SHELF.id: (1.0, 350, Air(interval_s=(0.350, 0.360), loss=0.2)),
    DOOR.id: (9.0, 1000, Air(interval_s=(1.000, 1.010), loss=0.35)),
}
"""Sigma 5 dB, and a body in between four times a minute."""
HARVEST_S = 300.0
START = ClockReading(wall=datetime(2026, 5, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=1, trusted=True)


@dataclass
class Alarms:
    """Alarms, and the counts to check them against."""

    frames: int = 0
    pauses: int = 0
    left: list[str] = field(default_factory=list)
    """Labels of the beacons whose visit ended, although they were not moved."""
    shown: list[str | None] = field(default_factory=list)
    lost: int = 0
    silent: int = 0
    troubles: set[str] = field(default_factory=set)
    """Faults reported to a person."""
    cloned: int = 0
    suspect: int = 0
    statistics: list[BeaconStatistics] = field(default_factory=list)


def draw_pauses(seconds: float, longest_s: float, source: Random) -> Iterator[tuple[float, float]]:
    """Yield start and end of the pauses, about one in ten minutes."""
    at = 120.0
    while at < seconds:
        until = at + source.uniform(0.2, longest_s)
        yield at, until
        at = until + source.expovariate(1 / 600) + 30.0


def heard(seconds: float, longest_s: float, seed: int, alarms: Alarms) -> Iterator[Sighting]:
    streams = (stream_of(beacon, Random(f"{seed} {beacon.id}")) for beacon in (SHELF, DOOR))
    pauses = draw_pauses(seconds, longest_s, Random(f"{seed} pauses"))
    since, until = next(pauses)
    for sighting in merge(*streams, key=lambda one: one.at):
        if sighting.at >= seconds:
            return
        while sighting.at >= until:
            alarms.pauses += 1
            since, until = next(pauses, (seconds, seconds + 1))
        if not since <= sighting.at < until:
            yield sighting


def stream_of(beacon: Beacon, source: Random) -> Iterator[Sighting]:
    metres, _, air = AIRS[beacon.id]
    for at, rssi in simulate_rssi(lambda _: metres, beacon.measured_power, air, source):
        yield Sighting(beacon.id, rssi, at, None, "hci0")


def run_unattended(seconds: float, *, longest_pause_s: float, seed: int) -> Alarms:
    """Run with a tick per second and the daemon's checks; harvest figures every five minutes."""
    alarms, known = Alarms(), (SHELF, DOOR)
    rules = PresenceRules()
    collector = Collector(known, interval_ms={id_: ms for id_, (_, ms, _) in AIRS.items()})
    choice = Choice(ChoiceRules(), circumstances=lambda now: Circumstances(cloned=collector.cloned(now)))
    decide = DecisionEngine(Tracker(known, rules), choice, Trace(known), dict)
    liveness = Liveness(Transmitter(b.id, b.label, interval_s=AIRS[b.id][1] / 1000) for b in known)
    tick, harvest, heard_at, ladder = 0.0, HARVEST_S, 0.0, RecoveryLadder()
    for sighting in heard(seconds, longest_pause_s, seed, alarms):
        while tick <= sighting.at:
            alarms.left += (event.beacon.label for event in decide.tick(tick) if isinstance(event, Left))
            status = liveness.judge("hci0", tick, listens_since=0.0)
            alarms.lost += tick > 60 and status.proof is not Proof.proved
            alarms.troubles |= reported_troubles(ladder, status, tick, heard_at)
            alarms.cloned += bool(collector.cloned(tick))
            tick += 1.0
        if sighting.at >= harvest:
            record = collector.harvest(START, HARVEST_S, until=harvest)
            assert record is not None
            alarms.silent += sum(row.frames == 0 for row in record.places)
            alarms.suspect += sum(row.frames_suspect for row in record.places)
            alarms.statistics.append(replace_start(record, len(alarms.statistics)))
            harvest += HARVEST_S
        heard_at = sighting.at
        liveness.record(sighting.beacon, sighting.at)
        alarms.left += (event.beacon.label for event in decide.hear(sighting) if isinstance(event, Left))
        collector.add_frame(sighting)
        alarms.frames += 1
        if not alarms.shown or alarms.shown[-1] != decide.chosen.project:
            alarms.shown.append(decide.chosen.project)
    return alarms


def reported_troubles(ladder: RecoveryLadder, status: LivenessStatus, now: float, heard_at: float) -> set[str]:
    """Check once as recovery does; return the faults for which a person is asked, and foreign adverts."""
    fault = find_fault(
        "listening",
        now,
        quiet_s=now - heard_at,
        liveness=status,
        refused="",
        others_hear=False,
        spare=False,
        listens_s=now,
    )
    if fault is None:
        ladder.heal(now)
        return {*status.foreign}
    ladder.climb(now, fault)
    return {fault.name, *status.foreign} if ladder.asks_a_person else {*status.foreign}


def replace_start(record: BeaconStatistics, number: int) -> BeaconStatistics:
    return replace(record, start=replace(START, monotonic_ns=1 + number))
