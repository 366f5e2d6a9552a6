"""Tests of who gets the screen, on simulated walks: the one who walks up among many, and nobody who only stands.

CPU: about 3 s.
"""

from math import inf
from random import Random

from beacon_gateway.presence.arrivals import Arrivals
from beacon_gateway.presence.takeover import Takeover
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.walk import Walk, parse_walk
from tests.bench.presence.takeover import frames, our_screen
from tests.unit.beacon_gateway.presence.people import person, visit_of

OPEN = Air(sigma_db=5.0, loss=0.35)
ALONE_S, STAYS_S, PACE = 20.0, 15.0, 1.2
UP = parse_walk(f"8m {ALONE_S:g}s; walk {PACE}m/s to 1m; stay {STAYS_S:g}s")
CROSSES_S = ALONE_S + (8 - 1.5) / PACE
ONE, OTHER = person(1, project="lunch"), person(2, project="books")


def stand(metres: float) -> Walk:
    return parse_walk(f"{metres:g}m {UP.seconds:g}s")


def test_the_one_who_walks_up_among_thirty_gets_the_screen() -> None:
    waits: list[float] = []
    changes_before = 0
    for seed in range(6):
        places = Random(f"thirty {seed}")
        crowd = [stand(places.uniform(2.5, 4.0)) for _ in range(30)]
        changes = our_screen(frames([stand(2.0), UP, *crowd], OPEN, f"thirty {seed}"), 32)
        waits.append(next((at - CROSSES_S for at, shown in changes if shown == 1 and at > ALONE_S), inf))
        changes_before += sum(5 < at < ALONE_S for at, _ in changes)
    waits.sort()
    assert waits[3] <= 3.0
    assert waits[5] <= 8.0
    assert changes_before <= 8, "one in 15 seconds, among thirty who stand about as near"


def rises(walk: Walk, seed: str) -> list[float]:
    """Return the times, a second apart, at which the tag of this walk seems to arrive."""
    arrivals, visit = Arrivals(), visit_of(ONE, 0.0)
    found: list[float] = []
    level_db = None
    for at, _, rssi in frames([walk], OPEN, seed):
        level_db = float(rssi) if level_db is None else level_db + (rssi - level_db) * 0.03
        visit = visit._replace(last_heard=at, rssi_db=float(rssi), level_db=level_db)
        arrivals.update(at, {ONE.id: visit})
        if arrivals.rose_at(ONE.id, at) is not None and (not found or at - found[-1] >= 1):
            found.append(at)
    return found


def test_a_walk_is_an_arrival_and_standing_is_none() -> None:
    assert not rises(parse_walk("2.5m 600s"), "stands")
    for seed in range(5):
        found = rises(UP, f"walks {seed}")
        assert found
        assert ALONE_S < found[0] < CROSSES_S + 3


def test_the_clock_may_be_set_back() -> None:
    arrivals = Arrivals()
    for at, rssi_db in ((1000.0, -20.0), (1001.0, -20.0), (10.0, -20.0), (11.0, -20.0)):
        arrivals.update(at, {ONE.id: visit_of(ONE, -20.0)._replace(last_heard=at, rssi_db=rssi_db)})
    assert arrivals.rose_at(ONE.id, 11.0) is None
    for step in range(8):
        visit = visit_of(ONE, -20.0)._replace(last_heard=12.0 + step, rssi_db=0.0)
        arrivals.update(12.0 + step, {ONE.id: visit})
    assert arrivals.rose_at(ONE.id, 19.0) == 19.0
    assert arrivals.rose_at(ONE.id, 5.0) is None


def walk_up(takeover: Takeover, since: float) -> float:
    """Let the level of ONE rise for three seconds; return the end."""
    for step in range(28):
        now, rssi_db = since + step / 4, -20.0 if step < 16 else 0.0
        takeover.watch(now, {ONE.id: visit_of(ONE, -20.0)._replace(last_heard=now, rssi_db=rssi_db)})
    return now


def test_an_arrival_takes_no_more_evidence_after_earlier_changes_between_the_two() -> None:
    takeover = Takeover(3.0)
    takeover.note_change(ONE.id, OTHER.id, 0.0)
    assert takeover.required_share(OTHER.id, ONE.id, 10.0) > 5
    now = walk_up(takeover, 10.0)
    assert takeover.required_share(OTHER.id, ONE.id, now) == 1.0
    takeover.note_change(ONE.id, OTHER.id, now)
    assert takeover.required_share(OTHER.id, ONE.id, now) > 5, "the same approach does not count twice"
