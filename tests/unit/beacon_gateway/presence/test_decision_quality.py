"""Tests of the quality of decisions on a simulated walk: away, to the kiosk, a minute there, away again."""

from dataclasses import dataclass, field, replace
from statistics import mean, quantiles

from beacon_gateway.model.beacons import Zone
from beacon_gateway.model.visits import ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air
from tests.unit.beacon_gateway.presence.people import feed, person, walked

SCRIPT = "8m 60s; walk 1.2m/s to 1m; stay 60s; leave 1.2m/s to 8m; stay 40s"
AT_IMMEDIATE_EDGE = 60 + 6.5 / 1.2
AT_KIOSK = 60 + 7 / 1.2
LEAVING = AT_KIOSK + 60
CARD = person(1)


@dataclass
class Quality:
    """Seconds to `immediate` after its edge is crossed, and to `far` after the first step away; counts."""

    enter: list[float] = field(default_factory=list)
    leave: list[float] = field(default_factory=list)
    visits: int = 0
    missed: int = 0
    false_changes: int = 0
    ghosts: int = 0

    def add(self, changes: list[ZoneChanged]) -> None:
        self.visits += 1
        entered = [c.at - AT_IMMEDIATE_EDGE for c in changes if c.after is Zone.immediate and 50 < c.at < LEAVING]
        left = [c.at - LEAVING for c in changes if c.after is Zone.far and c.at >= LEAVING]
        self.missed += (not entered) + (not left)
        self.enter += [max(0.0, seconds) for seconds in entered[:1]]
        self.leave += left[:1]
        self.false_changes += sum(c.at < 60 or AT_KIOSK + 20 < c.at < LEAVING for c in changes)
        self.ghosts += sum(c.at < 60 and c.after is Zone.immediate for c in changes)


def measure_quality(visits: int, *airs: Air) -> Quality:
    quality = Quality()
    for air in airs:
        for seed in range(visits):
            events = feed(Tracker([CARD], PresenceRules()), walked(CARD, SCRIPT, seed=seed, air=air))
            quality.add([event for event in events if isinstance(event, ZoneChanged)])
    return quality


def find_p50_and_p90(seconds: list[float]) -> tuple[float, float]:
    tenths = quantiles(seconds, n=10)
    return tenths[4], tenths[8]


def test_visits_are_detected_and_ended_soon_without_false_changes() -> None:
    quality = measure_quality(4, *(Air(sigma_db=sigma, loss=loss) for sigma in (4, 5, 6) for loss in (0.2, 0.35, 0.5)))
    assert quality.missed == 0
    assert quality.ghosts == 0
    assert quality.false_changes <= 2  # in an hour altogether
    enter, leave = find_p50_and_p90(quality.enter), find_p50_and_p90(quality.leave)
    assert mean((*enter, *leave)) < 7.5, (enter, leave)


def test_a_wrong_exponent_and_a_slow_advert_only_delay_decisions() -> None:
    quality = measure_quality(6, Air(path_loss_exponent=2.8), Air(interval_s=(1.0, 1.01)), Air(interval_s=(0.35, 0.36)))
    assert quality.missed == 0
    assert quality.ghosts == 0
    assert quality.false_changes <= 5  # in 18 visits


def test_the_advertising_interval_does_not_change_the_decision_time() -> None:
    calm = Air(sigma_db=3.0, loss=0.0, body_per_minute=0.0, offset_db=0.0)
    fast, slow = measure_quality(8, calm), measure_quality(8, replace(calm, interval_s=(0.5, 0.51)))
    assert abs(mean(fast.leave) - mean(slow.leave)) < 1.0
    assert abs(mean(fast.enter) - mean(slow.enter)) < 1.0
