"""The time by which permits are judged: synchronised, or near the last time that was."""

from datetime import UTC, datetime, timedelta

import pytest

from beacon_gateway.store.trusted_time import MAX_DRIFT, TrustedTime

LAST = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(seconds=-1), LAST),
        (timedelta(hours=-3), LAST),
        (timedelta(0), LAST),
        (timedelta(days=2), LAST + timedelta(days=2)),
        (MAX_DRIFT, LAST + MAX_DRIFT),
        (MAX_DRIFT + timedelta(seconds=1), None),
        (datetime(1970, 1, 1, tzinfo=UTC) - LAST, None),
    ],
)
def test_an_unsynchronised_clock_counts_near_the_last_trusted_time_and_never_goes_back(
    ahead: timedelta, expected: datetime | None
) -> None:
    time = TrustedTime(LAST, wall=lambda: LAST + ahead, synchronised=lambda: False, believe_always=False)
    assert time.now() == expected


def test_a_synchronised_clock_that_steps_back_does_not_turn_the_time_back() -> None:
    walls = iter([LAST, LAST - timedelta(seconds=1), LAST + timedelta(seconds=1)])
    time = TrustedTime(None, wall=lambda: next(walls), synchronised=lambda: True, believe_always=False)
    assert [time.now(), time.now(), time.now()] == [LAST, LAST, LAST + timedelta(seconds=1)]


def test_an_unsynchronised_clock_is_uncertain_until_a_first_trusted_time_and_always_believed_in_a_drill() -> None:
    for drill, expected in ((False, None), (True, LAST)):
        time = TrustedTime(None, wall=lambda: LAST, synchronised=lambda: False, believe_always=drill)
        assert time.now() == expected
