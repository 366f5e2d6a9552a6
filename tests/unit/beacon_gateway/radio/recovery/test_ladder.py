"""Recovery climbs while a fault lasts, rests ever longer, never storms, and comes down when healed."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.radio.recovery.ladder import FIRST_REST_S, REST_CAP_S, Fault, Ladder, Step

DEAF = Fault("deaf", tuple(Step), "east gate")


def climbs(ladder: Ladder, seconds: int, fault: Fault = DEAF, since: int = 0) -> list[tuple[int, Step]]:
    """When and which steps are taken, looked at once a second while the fault lasts."""
    looks = ((at, ladder.climb(at, fault)) for at in range(since, since + seconds))
    return [(at, step) for at, step in looks if step]


def test_it_climbs_from_the_cheapest_step_to_a_person_in_eight_minutes() -> None:
    assert climbs(Ladder(), 600) == [
        (0, Step.new_scanner),
        (15, Step.power_cycle),
        (45, Step.restart_bluetoothd),
        (105, Step.reset_adapter),
        (225, Step.reset_hardware),
        (465, Step.ask_a_person),
    ]


def test_a_fault_that_lasts_for_a_day_gets_ever_rarer_steps_and_a_person_stays_asked() -> None:
    ladder = Ladder()
    taken = climbs(ladder, 86_400)
    rests = [later[0] - earlier[0] for earlier, later in pairwise(taken)]
    assert rests == sorted(rests)
    assert rests[-1] == REST_CAP_S
    assert len(taken) < 35
    assert ladder.asks
    assert ladder.describe(86_400)["asks_a_person"] is True


def test_once_healed_it_stands_on_the_ground_again() -> None:
    ladder = Ladder()
    climbs(ladder, 300)
    ladder.healed(300)
    told = ladder.describe(300)
    assert (told["fault"], told["step"], told["asks_a_person"], told["next_step_in_s"]) == (None, None, False, 0.0)
    assert climbs(ladder, 60, since=2000) == [
        (2000, Step.new_scanner),
        (2015, Step.power_cycle),
        (2045, Step.restart_bluetoothd),
    ]


def test_a_step_that_helps_for_a_moment_only_is_followed_by_the_next_one() -> None:
    ladder = Ladder()
    assert climbs(ladder, 5) == [(0, Step.new_scanner)]
    ladder.healed(5)
    assert climbs(ladder, 20, since=12) == [(15, Step.power_cycle)]


def test_a_step_that_cannot_be_taken_is_said_and_the_next_comes_without_a_rest() -> None:
    ladder = Ladder()
    climbs(ladder, 45)
    assert ladder.climb(45, DEAF) is Step.restart_bluetoothd
    assert ladder.skip(45, "no helper") is Step.reset_adapter
    assert ladder.skip(45, "no helper") is Step.reset_hardware
    assert ladder.skip(45, "no helper") is Step.ask_a_person
    told = ladder.describe(46)
    alone = ("restart_bluetoothd", "reset_adapter", "reset_hardware")
    assert told["skipped"] == dict.fromkeys(alone, "no helper")
    assert told["taken"] == {"new_scanner": 1, "power_cycle": 1, "ask_a_person": 1}
    assert 45 < float(str(told["next_step_in_s"])) < 120


def test_the_only_step_that_cannot_be_taken_leaves_nothing_to_do() -> None:
    ladder = Ladder()
    ladder.climb(0, Fault("refused", (Step.restart_bluetoothd,)))
    assert ladder.skip(0, "no helper") is None


def test_another_fault_does_not_begin_from_the_ground_while_the_first_is_not_healed() -> None:
    ladder = Ladder()
    climbs(ladder, 16)
    gone = Fault("no_adapter", (Step.restart_bluetoothd, Step.ask_a_person))
    assert climbs(ladder, 60, gone, since=16) == [(45, Step.restart_bluetoothd)]


@given(st.lists(st.tuples(st.floats(0.1, 60), st.booleans()), min_size=1, max_size=300))
def test_however_a_fault_flaps_there_is_at_most_one_step_a_rest(looks: list[tuple[float, bool]]) -> None:
    ladder, at, taken = Ladder(), 0.0, []
    for wait_s, faulty in looks:
        at += wait_s
        if not faulty:
            ladder.healed(at)
        elif ladder.climb(at, DEAF):
            taken.append(at)
    assert all(later - earlier >= FIRST_REST_S for earlier, later in pairwise(taken))
