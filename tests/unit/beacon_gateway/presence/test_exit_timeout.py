"""Tests of the exit period from measured gaps."""

import random
from heapq import merge
from itertools import accumulate

import pytest

from beacon_gateway.model.reasons import Silence
from beacon_gateway.model.visits import Arrived, Left
from beacon_gateway.presence.exit_timeout import LONGEST_FACTOR, FrameGaps
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air
from tests.unit.beacon_gateway.presence.people import about, feed, frame, heard, person, walked

CARD, RULES = person(1), PresenceRules()


def measured(*seconds: float) -> FrameGaps:
    gaps = FrameGaps()
    gaps.times("hci0").extend(accumulate(seconds, initial=100.0))
    return gaps


def test_a_frequent_beacon_has_the_shortest_period() -> None:
    assert measured(*[0.15] * 200).exit_s(10.0) == 10.0


def test_without_known_gaps_the_period_is_the_shortest() -> None:
    assert FrameGaps().exit_s(10.0) == 10.0
    assert measured(*[5.0] * 3).exit_s(10.0) == 10.0
    assert measured(*[0.0, -1.0] * 100).exit_s(10.0) == 10.0
    assert measured(*[5.0] * 3, *[0.0] * 50).exit_s(10.0) == 10.0


def test_a_rare_beacon_has_a_longer_bounded_period() -> None:
    # ln(3600 / 2 s / 0.001 per hour) = 14.4 of its 2 s, as if the gaps were exponential
    drawn = random.Random(1)
    assert measured(*(drawn.expovariate(1 / 2) for _ in range(2000))).exit_s(10.0) == pytest.approx(28.8, rel=0.3)
    assert measured(*[100.0] * 50).exit_s(10.0) == LONGEST_FACTOR * 10.0


def test_bursts_of_loss_lengthen_the_period() -> None:
    steady, bursty = [0.1] * 100, [0.05] * 90 + [0.55] * 10
    random.Random(2).shuffle(bursty)
    assert measured(*bursty).exit_s(1.0) > 1.5 * measured(*steady).exit_s(1.0)


def test_old_gaps_do_not_count() -> None:
    assert measured(*[3.0] * 100, *[0.1] * 1000).exit_s(10.0) == 10.0


@pytest.mark.parametrize("loss", [0.35, 0.5])
def test_a_slow_beacon_with_much_loss_ends_no_visit_while_it_is_present(loss: float) -> None:
    air = Air(interval_s=(2.0, 2.01), loss=loss)
    tracker, ends, fixed = Tracker([CARD], RULES), 0, 0
    last = 0.0
    for sighting in walked(CARD, "2m 36000s", seed=3, air=air):
        ends += sum(isinstance(event, Left) for event in (*tracker.tick(sighting.at), *tracker.hear(sighting)))
        fixed += sighting.at - last > RULES.exit_s
        last = sighting.at
    assert ends <= 1
    assert fixed >= 5  # the shortest period alone would have ended it this often


def test_an_adapter_that_stops_receiving_ends_no_visit_that_another_continues() -> None:
    """The second one receives every advert for a minute; the first one, as before and after, half of them."""
    ends = [0, 0]
    for seed in range(40):
        for adapters in (1, 2):
            tracker = Tracker([CARD], RULES)
            poor = walked(CARD, "2m 600s", seed=seed, air=Air(interval_s=(2.0, 2.01), loss=0.5))
            good = (each._replace(adapter="hci1") for each in heard(CARD, -58, since=240, until=300, every=0.5))
            for sighting in merge(*(poor, good)[:adapters], key=lambda each: each.at):
                events = (*tracker.tick(sighting.at), *tracker.hear(sighting))
                ends[adapters - 1] += sum(isinstance(event, Left) for event in events)
    assert ends[1] <= ends[0] + 1


def test_an_adapter_that_receives_little_prolongs_no_visit() -> None:
    for adapters in (1, 2):
        tracker = Tracker([CARD], RULES)
        streams = [heard(CARD, -58, since=0, until=120, every=0.5)]
        streams += [(each._replace(adapter="hci1") for each in heard(CARD, -80, since=0.02, until=119, every=7))]
        feed(tracker, merge(*streams[:adapters], key=lambda each: each.at))
        (left,) = tracker.tick(200)
        assert left.at == pytest.approx(130, abs=0.1)


def test_pauses_shorter_than_the_period_change_nothing() -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -58, since=0, until=60))
    for begin in range(60, 200, 20):
        assert tracker.tick(begin + 9.9) == ()
        assert feed(tracker, heard(CARD, -58, since=begin + 9.9, until=begin + 20)) == []


def test_the_reason_contains_the_period() -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -60, since=0, until=120, every=2.0))
    assert tracker.tick(120 + 28) == ()
    (left,) = tracker.tick(200)
    assert isinstance(left, Left)
    assert left.at == pytest.approx(148.8, abs=0.1)
    assert left.reason == Silence(about(28.8, 0.1), about(120.0))
    assert isinstance(tracker.hear(frame(CARD, -60, 201))[0], Arrived)
