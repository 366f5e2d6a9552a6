"""Two kiosks 6 m apart and one walker: each gateway decides alone, with the settings that its calibration proposed.

The walker comes from 8 m, stays 60 s at 1 m before the first kiosk, walks 6 m to the other, stays 60 s and leaves.
Each kiosk has its own shadowing. The wait is from the walker's crossing of 1.5 m until that kiosk shows the walker's
project; wrong is the time in which the other kiosk shows it meanwhile, until the first step away.

`shared` is what a shared view would gain: a kiosk shows the project only while its level is not below the other's.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from heapq import merge
from itertools import takewhile
from math import hypot, inf
from random import Random

from beacon_gateway.calibration.measurement import Spot, SpotKind
from beacon_gateway.calibration.proposal import Proposal, propose
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import TICK_S
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air, simulate_rssi
from tests.bench.presence.contestants import CARD
from tests.bench.presence.takeover import AIRS
from tests.bench.presence.world import IMMEDIATE_M, PACE, POWER
from tests.fakes.calibration_hall import measure

APART_M, FRONT_M = 6.0, 1.0
STAYS_S, BEFORE_S, AFTER_S = 60.0, 20.0, 30.0
GOAL_WAIT_S, GOAL_WRONG_S, GOAL_SHARE = 3.0, 2.0, 0.05
KIOSKS = ((0.0, 0.0), (APART_M, 0.0))
STEPS = ((3.0, 8.0, BEFORE_S), (0.0, FRONT_M, STAYS_S), (APART_M, FRONT_M, STAYS_S), (3.0, 8.0, AFTER_S))
"""(x, y, seconds there)."""
VISITS_PER_HALL = 20

Point = tuple[float, float]


class Path:
    """The walker's way over time."""

    def __init__(self) -> None:
        self._legs: list[tuple[float, float, Point, Point]] = []
        self.stays: list[tuple[float, float]] = []
        """(arrival, first step away) at each kiosk."""
        at, place = 0.0, STEPS[0][:2]
        for number, (x, y, seconds) in enumerate(STEPS):
            walks_s = hypot(x - place[0], y - place[1]) / PACE
            self._legs += [(at, at + walks_s, place, (x, y)), (at + walks_s, at + walks_s + seconds, (x, y), (x, y))]
            if 0 < number < len(STEPS) - 1:
                self.stays.append((at + walks_s, at + walks_s + seconds))
            at, place = at + walks_s + seconds, (x, y)
        self.seconds = at

    def distance_m(self, kiosk: Point, at: float) -> float:
        begin, end, (x, y), (to_x, to_y) = next((leg for leg in self._legs if leg[1] > at), self._legs[-1])
        done = 1.0 if end <= begin else min(1.0, (at - begin) / (end - begin))
        return hypot(x + (to_x - x) * done - kiosk[0], y + (to_y - y) * done - kiosk[1])

    def crosses_s(self, kiosk: int) -> float:
        """Return when the walker comes within 1.5 m of this kiosk."""
        at = self.stays[kiosk][0]
        while self.distance_m(KIOSKS[kiosk], at) <= IMMEDIATE_M:
            at -= 0.05
        return at


PATH = Path()
CROSSES_S = tuple(PATH.crosses_s(kiosk) for kiosk in range(2))


def calibrate_kiosk(air: Air, seed: str) -> Proposal:
    spots = [
        Spot(SpotKind.reference, FRONT_M),
        Spot(SpotKind.door, 8.0),
        Spot(SpotKind.far_wall, 10.0),
        Spot(SpotKind.neighbour, hypot(APART_M, FRONT_M), "other"),
    ]
    walked = [measure(spot, POWER, air, f"{seed} {number}") for number, spot in enumerate(spots)]
    return propose(walked, CARD, PresenceRules(), ChoiceRules(), seed=seed)


class KioskScreen:
    """One gateway, as it decides with these settings."""

    def __init__(self, proposal: Proposal) -> None:
        self.tag = Beacon(CARD.id, CARD.kind, CARD.label, proposal.power, CARD.tag_class, "project")
        self._tracker, self._choice = Tracker([self.tag], proposal.rules), Choice(proposal.choice)
        self.shown = False

    @property
    def level_db(self) -> float:
        visit = self._tracker.visits.get(self.tag.id)
        return -inf if visit is None or visit.level_db is None else visit.level_db

    def hear(self, rssi: int, at: float) -> None:
        if self._tracker.hear(Sighting(self.tag.id, rssi, at, None, "hci0")):
            self._choose(at)

    def tick(self, now: float) -> None:
        self._tracker.tick(now)
        self._tracker.forget_frames()
        self._choose(now)

    def _choose(self, now: float) -> None:
        self.shown = self._choice.update(now, self._tracker.visits, {}).project is not None


@dataclass
class Visits:
    """Of each stay at a kiosk: the wait, and the wrong seconds of the other kiosk; alone, and with a shared view."""

    waits: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    shared_waits: list[float] = field(default_factory=list)
    shared_wrong: list[float] = field(default_factory=list)

    def extend(self, other: "Visits") -> None:
        self.waits += other.waits
        self.wrong += other.wrong
        self.shared_waits += other.shared_waits
        self.shared_wrong += other.shared_wrong

    def row(self) -> str:
        return f"{_describe(self.waits, self.wrong)} | {_describe(self.shared_waits, self.shared_wrong)}"


def _describe(waits: list[float], wrong: list[float]) -> str:
    """The wrong time is that of the first kiosk after the walker moved on; its share is that of all stays."""
    share = sum(wrong) / (len(wrong) * STAYS_S)
    never = sum(wait == inf for wait in waits)
    return (
        f"{quantile(waits, 0.5):.1f} / {quantile(waits, 0.9):.1f} s, never {never} | "
        f"{quantile(wrong[1::2], 0.5):.1f} / {quantile(wrong[1::2], 0.9):.1f} s, {share:.1%}"
    )


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def walk_once(proposals: tuple[Proposal, Proposal], air: Air, seed: str) -> Visits:
    screens = [KioskScreen(proposal) for proposal in proposals]
    found = Visits()
    shown_at = [[inf, inf], [inf, inf]]  # by stay: alone, shared
    wrong = [[0.0, 0.0], [0.0, 0.0]]

    def look(at: float) -> None:
        levels = [screen.level_db for screen in screens]
        for stay, (_, leaves) in enumerate(PATH.stays):
            crosses = CROSSES_S[stay]
            if not crosses <= at < leaves:
                continue
            for view, may_show in enumerate(((True, True), (levels[0] >= levels[1], levels[1] >= levels[0]))):
                if screens[stay].shown and may_show[stay]:
                    shown_at[stay][view] = min(shown_at[stay][view], at - crosses)
                wrong[stay][view] += TICK_S * (screens[1 - stay].shown and may_show[1 - stay])

    due = TICK_S
    for at, number, rssi in _frames(air, seed):
        while at >= due:
            for screen in screens:
                screen.tick(due)
            look(due)
            due += TICK_S
        screens[number].hear(rssi, at)
    for stay in range(2):
        found.waits.append(shown_at[stay][0])
        found.shared_waits.append(shown_at[stay][1])
        found.wrong.append(wrong[stay][0])
        found.shared_wrong.append(wrong[stay][1])
    return found


def _frames(air: Air, seed: str) -> Iterator[tuple[float, int, int]]:
    def of(number: int) -> Iterator[tuple[float, int, int]]:
        def distance(at: float) -> float:
            return PATH.distance_m(KIOSKS[number], at)

        heard = simulate_rssi(distance, POWER, air, Random(f"{seed} {number}"))
        return ((at, number, rssi) for at, rssi in takewhile(lambda each: each[0] < PATH.seconds, heard))

    return merge(of(0), of(1))


def measure_kiosks(air: Air, visits: int, seed: str) -> Visits:
    """Measure so many visits; the halls are calibrated anew after each 20."""
    found = Visits()
    for visit in range(visits):
        if visit % VISITS_PER_HALL == 0:
            proposals = (calibrate_kiosk(air, f"{seed} {visit} a"), calibrate_kiosk(air, f"{seed} {visit} b"))
        found.extend(walk_once(proposals, air, f"{seed} {visit}"))
    return found


def print_kiosks(visits: int, seed: int) -> None:
    print(
        f"two kiosks {APART_M:g} m apart, {visits} visits; goals: shown within {GOAL_WAIT_S:g} s, the other wrong for "
        f"at most {GOAL_WRONG_S:g} s and {GOAL_SHARE:.0%} of the visit"
    )
    print("\n| | alone: wait p50 / p90 | first kiosk wrong p50 / p90, share | shared view: wait | wrong |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with ProcessPoolExecutor(2) as pool:
        each = {name: pool.submit(measure_kiosks, air, visits, f"{seed} {name}") for name, air in AIRS.items()}
        for name, found in each.items():
            print(f"| {name} | {found.result().row()} |", flush=True)
