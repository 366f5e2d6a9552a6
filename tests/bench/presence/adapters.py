"""One gateway with two adapters: the walk of the table, received by one adapter alone and by both.

The second adapter stands where each world says; shadowing and loss are drawn separately for each adapter. A wall
beacon 0.3 m from the first and 1 m from the second is in range all the time.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from heapq import merge
from math import hypot
from random import Random

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Left, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air, simulate_rssi
from beacon_gateway.simulation.walk import Walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from tests.bench.presence.contestants import CARD
from tests.bench.presence.score import Changes, Score, Tally
from tests.bench.presence.world import POWER, WALK

WALL = Beacon(BeaconId(CARD.id.uuid, 1, 1), BeaconKind.place, "wall", POWER)
WALL_M = (0.3, 1.0)
DELIVERY_S = 0.003
"""Both adapters report an advert within this time."""
VISITS_PER_GATEWAY = 10
"""A gateway starts anew after so many visits, and with it what it has learned."""


@dataclass(frozen=True, slots=True)
class SecondAdapter:
    """`apart_m`: from the first one; `behind_db`: how much less it receives at the same place; `loss`: of adverts."""

    name: str
    apart_m: float = 0.0
    behind_db: float = 0.0
    loss: float | None = None


SECOND = (
    SecondAdapter("at the same place"),
    SecondAdapter("behind metal, 12 dB", behind_db=12.0),
    SecondAdapter("1 m apart", apart_m=1.0),
    SecondAdapter("3 m apart", apart_m=3.0),
    SecondAdapter("receives every fifth advert", loss=0.8),
)
AIRS = {
    "a tag each 100 ms": Air(sigma_db=5.0, loss=0.35),
    "a tag each second": Air((1.0, 1.01), sigma_db=5.0, loss=0.35),
}


def received(walk: Walk, air: Air, second: SecondAdapter | None, seed: str) -> Iterator[Sighting]:
    """Yield the frames of the tag on its walk and of the wall beacon, through one adapter or both."""

    def through(adapter: int, beacon: Beacon) -> Iterator[Sighting]:
        apart_m, behind_db, loss = 0.0, 0.0, air.loss
        if adapter == 1 and second is not None:
            apart_m, behind_db, loss = second.apart_m, second.behind_db, second.loss or air.loss

        def metres(at: float) -> float | None:
            if beacon is WALL:
                return WALL_M[adapter]
            own = walk.distance_m(at)
            return None if own is None else hypot(own, apart_m)

        source = Random(f"{seed} {adapter} {beacon.id}")
        levels = simulate_rssi(metres, POWER - round(behind_db), replace(air, loss=0.0), source)
        times = Random(f"{seed} {beacon.id}")
        at = times.uniform(*air.interval_s)
        while at < walk.seconds:
            _, rssi = next(levels)
            if source.random() >= loss:
                yield Sighting(beacon.id, rssi, at + source.uniform(0, DELIVERY_S), POWER, f"hci{adapter}")
            at += times.uniform(*air.interval_s)

    adapters = range(1 if second is None else 2)
    streams = (through(adapter, beacon) for adapter in adapters for beacon in (CARD, WALL))
    return merge(*streams, key=lambda frame: frame.at)


def follow(tracker: Tracker, frames: Iterator[Sighting]) -> tuple[Changes, int]:
    """Return the changes of the tag's zone, and how often its visit ended while it was in range."""
    changes: Changes = []
    ends = 0
    for frame in frames:
        for event in (*tracker.tick(frame.at), *tracker.hear(frame)):
            if event.beacon.kind is BeaconKind.place:
                continue
            if isinstance(event, ZoneChanged):
                changes.append((event.at, event.after))
            elif isinstance(event, Left):
                ends += 1
                changes.append((event.at, Zone.far))
        tracker.forget_frames()
    return changes, ends


def measure(air: Air, second: SecondAdapter | None, visits: int, seed: str) -> tuple[Score, int]:
    """Return the score of so many visits, and how many ended too early."""
    tally, ends = Tally(), 0
    for visit in range(visits):
        if visit % VISITS_PER_GATEWAY == 0:
            tracker = Tracker([CARD, WALL], PresenceRules())
        before = visit % VISITS_PER_GATEWAY * (WALK.seconds + 3600)
        frames = (frame._replace(at=frame.at + before) for frame in received(WALK, air, second, f"{seed} {visit}"))
        changes, ended = follow(tracker, frames)
        tracker.tick(before + WALK.seconds + 600)
        tally.add([(at - before, zone) for at, zone in changes])
        ends += ended
    return tally.score(), ends


def print_adapters(visits: int, seed: int) -> None:
    print(f"one adapter and two, {visits} visits; S, and visits that ended while the tag was in range")
    print("\n| second adapter |", " | ".join(AIRS), "|\n| --- |", " | ".join("---:" for _ in AIRS), "|")
    with ProcessPoolExecutor(2) as pool:
        rows = {
            "none" if second is None else second.name: [
                pool.submit(measure, air, second, visits, str(seed)) for air in AIRS.values()
            ]
            for second in (None, *SECOND)
        }
        for name, cells in rows.items():
            found = (cell.result() for cell in cells)
            print(f"| {name} |", " | ".join(f"{score.s:.2f}, {ends}" for score, ends in found), "|", flush=True)
