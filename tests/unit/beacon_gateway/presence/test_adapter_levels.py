"""Tests of several adapters that receive the same beacons."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import ZoneChanged
from beacon_gateway.presence.adapter_levels import MAX_ADAPTERS, MAX_LOSS_DB, AdapterLevels, AdapterLosses
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.rssi import MAX_DBM
from tests.bench.presence.adapters import AIRS, SECOND, WALL, SecondAdapter, measure, received
from tests.bench.presence.contestants import CARD as BENCH_TAG
from tests.unit.beacon_gateway.presence.people import feed, frame, heard, person

pytestmark = pytest.mark.thorough

CARD, OTHER = person(1), person(2)


def two_adapters(rssi: int, fainter: int, *, since: float, until: float) -> Iterator[Sighting]:
    """Yield each advert through hci0, and 20 ms later and weaker through hci1, both with noise."""
    noise = Random(5)
    for sighting in heard(CARD, rssi, since=since, until=until):
        assert sighting.rssi is not None
        yield sighting._replace(rssi=sighting.rssi + noise.randint(-3, 3))
        fainter_rssi = sighting.rssi - fainter + noise.randint(-3, 3)
        yield sighting._replace(rssi=fainter_rssi, at=sighting.at + 0.02, adapter="hci1")


def learned(fainter: int) -> Tracker:
    tracker = Tracker([CARD, OTHER], PresenceRules())
    feed(tracker, two_adapters(-59, fainter, since=0, until=60))
    return tracker


def test_a_weaker_adapter_does_not_change_the_zone() -> None:
    tracker = learned(12)
    assert tracker.visits[CARD.id].zone is Zone.immediate
    assert tracker.visits[CARD.id].distance_m == pytest.approx(1.0, abs=0.35)
    assert feed(tracker, two_adapters(-59, 12, since=60.1, until=180)) == []


def test_an_adapters_loss_applies_to_the_next_beacon() -> None:
    tracker = learned(12)
    only = (sighting._replace(adapter="hci1") for sighting in heard(OTHER, -71, since=60.1, until=70))
    zones = [event.after for event in feed(tracker, only) if isinstance(event, ZoneChanged)]
    assert zones[-1] is Zone.immediate


@pytest.mark.parametrize("rssi", [5, 12, MAX_DBM])
def test_a_corrected_level_stays_within_the_bounds_of_a_controller(rssi: int) -> None:
    tracker = learned(30)
    feed(tracker, (sighting._replace(adapter="hci1") for sighting in heard(OTHER, rssi, since=60.1, until=70)))
    assert tracker.visits[OTHER.id].level_db == MAX_DBM - OTHER.measured_power


def test_equal_adapters_have_no_loss() -> None:
    tracker = learned(0)
    assert tracker.visits[CARD.id].level_db == pytest.approx(0.0, abs=1.0)


def test_with_one_adapter_the_level_is_unchanged() -> None:
    losses, levels = AdapterLosses(), AdapterLevels("hci0", moves=True)
    assert [levels.correct("hci0", level, at, losses) for at, level in enumerate([-20.0, 3.0])] == [-20.0, 3.0]


def test_adapters_are_compared_only_within_the_same_seconds() -> None:
    losses, levels = AdapterLosses(), AdapterLevels("hci0", moves=True)
    for turn in range(20):
        for adapter, level_db, begins in (("hci0", 0.0, 0), ("hci1", -20.0, 10)):
            for step in range(50):
                levels.correct(adapter, level_db, turn * 30 + begins + step / 10, losses)
    assert losses.loss_db == {}


def test_losses_are_bounded_in_size_and_number() -> None:
    losses, levels = AdapterLosses(), AdapterLevels("hci0", moves=True)
    for step in range(20_000):
        levels.correct(f"hci{step % 200}", -90.0 if step % 2 else 0.0, step / 1000, losses)
    assert max(losses.loss_db.values()) <= MAX_LOSS_DB
    assert len(losses.loss_db) <= MAX_ADAPTERS


def test_a_calibrated_loss_is_not_learned() -> None:
    calibrated = (("hci0", 0.0), ("hci1", 12.0))
    tracker = Tracker([CARD], PresenceRules(adapter_losses=calibrated))
    feed(tracker, two_adapters(-59, 0, since=0, until=60))
    only = (sighting._replace(adapter="hci1") for sighting in heard(CARD, -71, since=200, until=210))
    assert [event.after for event in feed(tracker, only) if isinstance(event, ZoneChanged)][-1] is Zone.immediate


def near_share(second: SecondAdapter | None, metres: float, beacons: Sequence[Beacon]) -> float:
    """Return the share of the time in which a tag that stands there counts as near, in several halls."""
    near = ticks = 0
    for hall in range(12):
        tracker, due = Tracker(beacons, PresenceRules()), 0
        for sighting in received(parse_walk(f"{metres}m 90s"), AIRS["a tag each 100 ms"], second, str(hall)):
            if sighting.at >= due:
                due += 1
                near += (visit := tracker.visits.get(BENCH_TAG.id)) is not None and visit.near
            tracker.hear(sighting)
        ticks += due
    return near / ticks


def test_a_wall_beacon_that_is_nearer_to_one_adapter_makes_no_other_tag_near() -> None:
    both = SecondAdapter("beside")
    assert (
        near_share(both, 5, (BENCH_TAG, WALL)) == near_share(both, 5, (BENCH_TAG,)) <= near_share(None, 5, (BENCH_TAG,))
    )


@pytest.mark.parametrize("second", [second for second in SECOND if second.apart_m <= 1], ids=lambda each: each.name)
def test_a_second_adapter_improves_decisions_on_a_tag_that_sends_each_second(second: SecondAdapter) -> None:
    (alone, _), (both, ends) = (measure(AIRS["a tag each second"], each, 40, "1") for each in (None, second))
    assert (both.s < alone.s, both.missed, ends) == (True, 0, 0)


def test_a_frame_through_a_second_adapter_at_the_same_time_adds_no_evidence() -> None:
    tracker = Tracker([CARD], PresenceRules())
    tracker.hear(frame(CARD, -40, 5.0))
    assert feed(tracker, [frame(CARD, -40, 5.0)._replace(adapter="hci1")] * 1000) == []
