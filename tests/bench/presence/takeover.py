"""Two tags and one screen: one stands, another walks nearer. Measure the wait and the changes of the screen.

A stands at 2 m and has the screen. B walks at 1.2 m/s from 8 m to 1 m, stays 60 s and walks back. The wait is from
B's crossing of 1.5 m until the screen shows B's project; such a visit has two changes that are right. Others stand.
A peer has no rule for two: it shows the tag whose distance is the shortest, within 4 m, at each advert.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import takewhile
from math import inf
from random import Random

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import TICK_S
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air, simulate_rssi
from beacon_gateway.simulation.walk import Walk, parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from tests.bench.presence.contestants import CARD, OURS, PEERS
from tests.bench.presence.world import IMMEDIATE_M, NEAR_M, POWER

ALONE_S, STAYS_S, AFTER_S, PACE = 40.0, 60.0, 40.0, 1.2
APPROACH = parse_walk(
    f"8m {ALONE_S:g}s; walk {PACE}m/s to 1m; stay {STAYS_S:g}s; leave {PACE}m/s to 8m; stay {AFTER_S:g}s"
)
CROSSES_S = ALONE_S + (8 - IMMEDIATE_M) / PACE
LEAVES_S = ALONE_S + (8 - 1) / PACE + STAYS_S
SETTLED_S = 20.0
GOAL_P50_S, GOAL_P90_S = 3.0, 8.0

AIRS = {
    "open": Air(sigma_db=5.0, loss=0.35),
    "multipath, Rice K 6 dB": Air(sigma_db=2.0, loss=0.35, multipath=True),
    "multipath, K 0 dB": Air(sigma_db=2.0, loss=0.35, multipath=True, rice_k_db=0.0),
    "a tag each second": Air((1.0, 1.01), sigma_db=5.0, loss=0.35),
}
CROWDED = ("open", "multipath, K 0 dB", "a tag each second")
STANDING_M = ((1.0, 2.0), (2.0, 1.0), (1.5, 1.5), (1.0, 1.4), (2.5, 2.5))

Frame = tuple[float, int, int]
"""(seconds, number of the tag, dBm)."""
Change = tuple[float, int | None]
"""(seconds, the tag whose project is shown from then on; None: the attract page)."""
Screen = Callable[[Iterator[Frame], int], list[Change]]
"""Return the changes of the screen for the frames of so many tags."""


def our_screen(heard: Iterator[Frame], count: int) -> list[Change]:
    """Decide as the gateway does, with the default rules."""
    tags = [
        Beacon(BeaconId(CARD.id.uuid, 2, n), BeaconKind.person, "card", POWER, "bench", str(n)) for n in range(count)
    ]
    tracker, choice = Tracker(tags, PresenceRules()), Choice(ChoiceRules())
    changes: list[Change] = []
    due, shown = TICK_S, None

    def choose(at: float) -> None:
        nonlocal shown
        if (chosen := choice.update(at, tracker.visits, {}).project) != shown:
            shown = chosen
            changes.append((at, None if chosen is None else int(chosen)))

    for at, number, rssi in heard:
        while at >= due:
            tracker.tick(due)
            tracker.forget_frames()
            choose(due)
            due += TICK_S
        if tracker.hear(Sighting(tags[number].id, rssi, at, None, "hci0")):
            choose(at)
    return changes


def nearest_of_peer(name: str, heard: Iterator[Frame], count: int) -> list[Change]:
    judges, metres = [PEERS[name]() for _ in range(count)], [inf] * count
    changes: list[Change] = []
    shown: int | None = None
    for at, number, rssi in heard:
        metres[number] = judges[number](at, rssi)
        nearest = min(range(count), key=metres.__getitem__)
        chosen = nearest if metres[nearest] <= NEAR_M else None
        if chosen != shown:
            shown = chosen
            changes.append((at, chosen))
    return changes


SCREENS: dict[str, Screen] = {OURS: our_screen}
SCREENS |= {name: partial(nearest_of_peer, name) for name in PEERS}


def frames(walks: list[Walk], air: Air, seed: str) -> Iterator[Frame]:
    """Yield the frames of each tag in the order of time, until the first walk ends."""

    def of(number: int, walk: Walk) -> Iterator[Frame]:
        heard = simulate_rssi(walk.distance_m, POWER, air, Random(f"{seed} {number}"))
        return ((at, number, rssi) for at, rssi in takewhile(lambda each: each[0] < walks[0].seconds, heard))

    return merge(*(of(number, walk) for number, walk in enumerate(walks)))


@dataclass
class Waits:
    """Seconds of each wait, inf for never; `extra`: changes of the screen beyond the right ones, in all visits."""

    waits: list[float] = field(default_factory=list)
    extra: int = 0

    def add(self, changes: list[Change]) -> None:
        taken = next((at for at, shown in changes if shown == 1 and ALONE_S < at < LEAVES_S), None)
        self.waits.append(inf if taken is None else max(0.0, taken - CROSSES_S))
        right = 0 if taken is None else 2
        self.extra += max(0, sum(at > SETTLED_S for at, _ in changes) - right)

    def quantile(self, share: float) -> float:
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]

    def row(self) -> str:
        never = sum(wait == inf for wait in self.waits)
        extra = self.extra / len(self.waits)
        return f"{self.quantile(0.5):.1f} / {self.quantile(0.9):.1f} s, never {never}, extra {extra:.2f}"


def measure_takeover(air: Air, visits: int, seed: str, bystanders: int = 0) -> dict[str, Waits]:
    found = {name: Waits() for name in SCREENS if not bystanders or name == OURS}
    for visit in range(visits):
        source = Random(f"{seed} {visit}")
        walks = [parse_walk(f"2m {APPROACH.seconds:g}s"), APPROACH]
        walks += [parse_walk(f"{source.uniform(2.5, 8):.1f}m {APPROACH.seconds:g}s") for _ in range(bystanders)]
        heard = list(frames(walks, air, f"{seed} {visit}"))
        for name, waits in found.items():
            waits.add(SCREENS[name](iter(heard), len(walks)))
    return found


def count_standing_changes(air: Air, metres: tuple[float, float], hours: float, seed: str) -> float:
    """Return our changes of the screen per hour with two who stand."""
    walks = [parse_walk(f"{each}m {hours * 3600:g}s") for each in metres]
    changes = our_screen(frames(walks, air, f"{seed} {metres}"), 2)
    return sum(at > SETTLED_S for at, _ in changes) / hours


def print_takeover(visits: int, seed: int) -> None:
    """Print the table; 200 tags are measured in fewer visits."""
    print(
        f"takeover: p50 / p90 from crossing {IMMEDIATE_M:g} m (goal {GOAL_P50_S:g} / {GOAL_P90_S:g} s), {visits} visits"
    )
    with ProcessPoolExecutor(2) as pool:
        each = {name: pool.submit(measure_takeover, air, visits, f"{seed} {name}") for name, air in AIRS.items()}
        few = max(1, visits // 4)
        crowds = {name: pool.submit(measure_takeover, AIRS[name], few, f"{seed} crowd", 198) for name in CROWDED}
        stands = {
            name: [pool.submit(count_standing_changes, air, metres, 1.0, f"{seed} {name}") for metres in STANDING_M]
            for name, air in AIRS.items()
        }
        print("\n| |", " | ".join(AIRS), "|\n| --- |", " | ".join("---" for _ in AIRS), "|")
        for screen in SCREENS:
            print(f"| {screen} |", " | ".join(found.result()[screen].row() for found in each.values()), "|")
        print(f"\nours among 198 others at 2.5 to 8 m, {few} visits:")
        for name, found in crowds.items():
            print(f"- {name}: {found.result()[OURS].row()}")
        pairs = ", ".join(f"{one:g}/{other:g}" for one, other in STANDING_M)
        print(f"ours, changes/h while two stand at {pairs} m:")
        for name, counts in stands.items():
            print(f"- {name}:", ", ".join(f"{count.result():.0f}" for count in counts))
