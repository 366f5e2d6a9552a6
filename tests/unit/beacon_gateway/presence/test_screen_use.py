"""Tests of the counts of the screen's use."""

from datetime import UTC, datetime
from uuid import UUID

from beacon_gateway.presence.screen_use import ScreenUse
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import MAX_SCREEN_COUNTS, ClockReading, Door, ScreenStatistics

CLOCK = ClockReading(wall=datetime(2026, 11, 27, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
WALL = BeaconId(UUID(int=1), 1, 1)


def test_the_counts_do_not_depend_on_the_order() -> None:
    one, other = ScreenUse(), ScreenUse()
    actions = [("visit", "lunch"), ("open", "lunch"), ("visit", None), ("open", "books"), ("visit", "lunch")]
    for use, order in ((one, actions), (other, actions[::-1])):
        for action, project in order:
            (use.add_visit if action == "visit" else use.add_opened)((project, None, Door.touch))
    (record,) = one.harvest(CLOCK, 300.0)
    assert {each.project: (each.visits, each.opened) for each in record.counts} == {
        None: (1, 0),
        "books": (0, 1),
        "lunch": (2, 1),
    }
    assert other.harvest(CLOCK, 300.0) == (record,)


def test_doors_and_beacons_are_counted_separately() -> None:
    use = ScreenUse()
    use.add_opened(("lunch", WALL, Door.touch))
    use.add_opened(("lunch", None, Door.tag))
    use.add_opened(("lunch", None, Door.touch))
    (record,) = use.harvest(CLOCK, 300.0)
    assert {(each.beacon, each.door, each.opened) for each in record.counts} == {
        (WALL, Door.touch, 1),
        (None, Door.tag, 1),
        (None, Door.touch, 1),
    }


def test_only_the_first_harvest_returns_a_record_without_counts() -> None:
    use = ScreenUse()
    assert use.harvest(CLOCK, 300.0) == (ScreenStatistics(start=CLOCK, seconds=300.0, counts=()),)
    assert use.harvest(CLOCK, 300.0) == ()
    use.add_visit((None, None, Door.touch))
    assert len(use.harvest(CLOCK, 300.0)) == 1
    assert use.harvest(CLOCK, 300.0) == ()


def test_counts_beyond_the_limit_of_a_record_fill_further_records() -> None:
    use = ScreenUse()
    for number in range(2 * MAX_SCREEN_COUNTS + 1):
        use.add_opened((f"p{number}", None, Door.touch))
    records = use.harvest(CLOCK, 300.0)
    assert [len(each.counts) for each in records] == [MAX_SCREEN_COUNTS, MAX_SCREEN_COUNTS, 1]
    assert sum(count.opened for each in records for count in each.counts) == 2 * MAX_SCREEN_COUNTS + 1
