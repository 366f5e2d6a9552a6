"""Counts of the screen: sums by what it showed, and a word that counting begins."""

from datetime import UTC, datetime
from uuid import UUID

from beacon_gateway.presence.screen_use import ScreenUse
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import MAX_SCREEN_COUNTS, ClockReading, Door, ScreenStatistics

CLOCK = ClockReading(wall=datetime(2026, 11, 27, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
WALL = BeaconId(UUID(int=1), 1, 1)


def test_what_was_touched_is_told_as_sums_and_not_in_its_order() -> None:
    one, other = ScreenUse(), ScreenUse()
    deeds = [("visit", "lunch"), ("open", "lunch"), ("visit", None), ("open", "books"), ("visit", "lunch")]
    for use, order in ((one, deeds), (other, deeds[::-1])):
        for deed, project in order:
            (use.visit if deed == "visit" else use.open)((project, None, Door.touch))
    (told,) = one.harvest(CLOCK, 300.0)
    assert {each.project: (each.visits, each.opened) for each in told.counts} == {
        None: (1, 0),
        "books": (0, 1),
        "lunch": (2, 1),
    }
    assert other.harvest(CLOCK, 300.0) == (told,)


def test_doors_and_beacons_are_kept_apart() -> None:
    use = ScreenUse()
    use.open(("lunch", WALL, Door.touch))
    use.open(("lunch", None, Door.tag))
    use.open(("lunch", None, Door.touch))
    (told,) = use.harvest(CLOCK, 300.0)
    assert {(each.beacon, each.door, each.opened) for each in told.counts} == {
        (WALL, Door.touch, 1),
        (None, Door.tag, 1),
        (None, Door.touch, 1),
    }


def test_the_first_stretch_is_told_though_nobody_came_and_later_ones_are_not() -> None:
    use = ScreenUse()
    assert use.harvest(CLOCK, 300.0) == (ScreenStatistics(start=CLOCK, seconds=300.0, counts=()),)
    assert use.harvest(CLOCK, 300.0) == ()
    use.visit((None, None, Door.touch))
    assert len(use.harvest(CLOCK, 300.0)) == 1
    assert use.harvest(CLOCK, 300.0) == ()


def test_more_than_one_record_holds_are_several_and_none_is_lost() -> None:
    use = ScreenUse()
    for number in range(2 * MAX_SCREEN_COUNTS + 1):
        use.open((f"p{number}", None, Door.touch))
    told = use.harvest(CLOCK, 300.0)
    assert [len(each.counts) for each in told] == [MAX_SCREEN_COUNTS, MAX_SCREEN_COUNTS, 1]
    assert sum(count.opened for each in told for count in each.counts) == 2 * MAX_SCREEN_COUNTS + 1
