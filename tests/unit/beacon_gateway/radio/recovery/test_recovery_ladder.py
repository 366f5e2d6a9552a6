"""RecoveryLadder: steps and rests while a fault continues, flaps or ends."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from beacon_gateway.model.radio_status import RecoveryStatus, RecoveryStep
from beacon_gateway.radio.recovery.recovery_ladder import Fault, RecoveryLadder
from beacon_gateway.radio.timings import DEFAULT_TIMINGS

DEAF = Fault("deaf", tuple(RecoveryStep), "east gate")
FIRST_REST_S, REST_CAP_S = DEFAULT_TIMINGS.first_rest_s, DEFAULT_TIMINGS.rest_cap_s


def climb(ladder: RecoveryLadder, seconds: int, fault: Fault = DEAF, since: int = 0) -> list[tuple[int, RecoveryStep]]:
    """Return times and steps, with one check a second while the fault continues."""
    checks = ((at, ladder.climb(at, fault)) for at in range(since, since + seconds))
    return [(at, step) for at, step in checks if step]


def status(ladder: RecoveryLadder, now: float) -> RecoveryStatus:
    return ladder.read_status(now, "hci0")


def test_it_climbs_from_the_first_step_to_a_person_in_eight_minutes() -> None:
    assert climb(RecoveryLadder(), 600) == [
        (0, RecoveryStep.new_scanner),
        (15, RecoveryStep.power_cycle),
        (45, RecoveryStep.restart_bluetoothd),
        (105, RecoveryStep.reset_adapter),
        (225, RecoveryStep.reset_hardware),
        (465, RecoveryStep.ask_a_person),
    ]


def test_a_fault_that_lasts_a_day_has_growing_rests_and_still_asks_a_person() -> None:
    ladder = RecoveryLadder()
    taken = climb(ladder, 86_400)
    rests = [later[0] - earlier[0] for earlier, later in pairwise(taken)]
    assert rests == sorted(rests)
    assert rests[-1] == REST_CAP_S
    assert len(taken) < 35
    assert status(ladder, 86_400).asks_a_person


def test_after_a_healthy_time_it_starts_with_the_first_step() -> None:
    ladder = RecoveryLadder()
    climb(ladder, 300)
    ladder.heal(300)
    now = status(ladder, 300)
    assert (now.fault, now.step, now.asks_a_person, now.next_step_in_s) == (None, None, False, 0.0)
    assert climb(ladder, 60, since=2000) == [
        (2000, RecoveryStep.new_scanner),
        (2015, RecoveryStep.power_cycle),
        (2045, RecoveryStep.restart_bluetoothd),
    ]


def test_a_step_that_helps_only_briefly_is_followed_by_the_next_one() -> None:
    ladder = RecoveryLadder()
    assert climb(ladder, 5) == [(0, RecoveryStep.new_scanner)]
    ladder.heal(5)
    assert climb(ladder, 20, since=12) == [(15, RecoveryStep.power_cycle)]


def test_a_step_that_cannot_be_taken_is_reported_and_the_next_one_follows_without_a_rest() -> None:
    ladder = RecoveryLadder()
    climb(ladder, 45)
    assert ladder.climb(45, DEAF) is RecoveryStep.restart_bluetoothd
    assert ladder.skip(45, "no helper") is RecoveryStep.reset_adapter
    assert ladder.skip(45, "no helper") is RecoveryStep.reset_hardware
    assert ladder.skip(45, "no helper") is RecoveryStep.ask_a_person
    now = status(ladder, 46)
    skipped = (RecoveryStep.restart_bluetoothd, RecoveryStep.reset_adapter, RecoveryStep.reset_hardware)
    assert now.skipped == dict.fromkeys(skipped, "no helper")
    taken = (RecoveryStep.new_scanner, RecoveryStep.power_cycle, RecoveryStep.ask_a_person)
    assert now.taken == dict.fromkeys(taken, 1)
    assert 45 < now.next_step_in_s < 120


def test_if_the_only_step_cannot_be_taken_none_remains() -> None:
    ladder = RecoveryLadder()
    ladder.climb(0, Fault("refused", (RecoveryStep.restart_bluetoothd,)))
    assert ladder.skip(0, "no helper") is None


def test_another_fault_continues_where_an_uncured_one_was() -> None:
    ladder = RecoveryLadder()
    climb(ladder, 16)
    gone = Fault("no_adapter", (RecoveryStep.restart_bluetoothd, RecoveryStep.ask_a_person))
    assert climb(ladder, 60, gone, since=16) == [(45, RecoveryStep.restart_bluetoothd)]


@example([(1.3500132903933082, True), (15.0, True)])  # 15 s apart, and less than that by subtraction
@given(st.lists(st.tuples(st.floats(0.1, 60), st.booleans()), min_size=1, max_size=300))
def test_a_flapping_fault_has_at_most_one_step_per_rest(checks: list[tuple[float, bool]]) -> None:
    ladder, at, taken = RecoveryLadder(), 0.0, []
    for wait_s, faulty in checks:
        at += wait_s
        if not faulty:
            ladder.heal(at)
        elif ladder.climb(at, DEAF):
            taken.append(at)
    assert all(later >= earlier + FIRST_REST_S for earlier, later in pairwise(taken))
