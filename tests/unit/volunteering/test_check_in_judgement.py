"""The judge's table: proof, claim or refused; and what a shift counts."""

from datetime import UTC, datetime, timedelta

from sync_contract.check_in_code import CheckInCode
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment
from volunteering.rules.attendance import Attended, Scan, Step, choose, served
from volunteering.rules.check_in_judgement import BURST_PERSONS, CheckInReason, Evidence, KeyPeriod, is_burst, judge
from volunteering.rules.shift_times import ShiftTimes

BOOT, OTHER_BOOT, GATEWAY = "ab" * 16, "cd" * 16, "1f00000000000001"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def reading(second: int, wall: datetime, *, trusted: bool = True, boot: str = BOOT) -> ClockReading:
    return ClockReading(wall=wall, boot=boot, monotonic_ns=second * 10**9, trusted=trusted)


SECOND = timedelta(seconds=1)
WRONG = datetime(1970, 1, 1, 0, 50, tzinfo=UTC)
OPEN = KeyPeriod(NOON - timedelta(days=9), None)
SURE = (True, NOON)
UNSURE = (False, WRONG)
CASES: list[tuple[str, tuple[bool, datetime], int, list[ClockReading], CheckInReason]] = [
    ("just shown", SURE, 0, [], CheckInReason.in_time),
    ("the last second", SURE, 90, [], CheckInReason.in_time),
    ("a second late", SURE, 91, [], CheckInReason.late),
    ("a photograph sent home", SURE, 3600, [], CheckInReason.late),
    ("clocks that differ a little", SURE, -30, [], CheckInReason.in_time),
    ("a clock that is ahead", SURE, -31, [], CheckInReason.ahead),
    ("synchronised and in 1970", (True, WRONG), 10, [], CheckInReason.clock_unsure),
    ("no anchor", UNSURE, 10, [], CheckInReason.clock_unsure),
    ("the anchor of another boot", UNSURE, 10, [reading(3000, NOON, boot=OTHER_BOOT)], CheckInReason.clock_unsure),
    ("an unsure anchor", UNSURE, 10, [reading(3000, NOON, trusted=False)], CheckInReason.clock_unsure),
    ("an anchor before", UNSURE, 90, [reading(2000, NOON - 1000 * SECOND)], CheckInReason.in_time),
    ("late by an anchor before", UNSURE, 91, [reading(2000, NOON - 1000 * SECOND)], CheckInReason.late),
    ("an anchor after", UNSURE, 60, [reading(3050, NOON + 50 * SECOND)], CheckInReason.in_time),
    ("late by an anchor after", UNSURE, 91, [reading(3050, NOON + 50 * SECOND)], CheckInReason.late),
    (
        "the nearest anchor counts",
        UNSURE,
        10,
        [reading(5, NOON), reading(2990, NOON - 10 * SECOND)],
        CheckInReason.in_time,
    ),
    ("its own clock is nearest", SURE, 10, [reading(5, NOON)], CheckInReason.in_time),
]


def test_the_judge() -> None:
    """`after`: seconds from noon, when the period began, to the arrival."""
    for name, (trusted, wall), after, anchors, reason in CASES:
        code = CheckInCode(Environment.real, GATEWAY, BOOT, 100, wall, trusted)
        judgement = judge(
            code, key=OPEN, anchors=anchors, arrived_at=NOON + after * SECOND, environment=Environment.real
        )
        assert judgement.reason is reason, name
        assert judgement.evidence is (Evidence.screen if reason is CheckInReason.in_time else Evidence.claim), name
        assert judgement.age == (None if reason is CheckInReason.clock_unsure else after * SECOND), name


def test_the_judge_refuses_a_key_outside_its_period_and_another_environment() -> None:
    code = CheckInCode(Environment.real, GATEWAY, BOOT, 100, NOON, True)
    for key, environment, reason in (
        (KeyPeriod(NOON, NOON + SECOND), Environment.real, CheckInReason.in_time),
        (KeyPeriod(NOON - SECOND, NOON), Environment.real, CheckInReason.key_not_valid),
        (KeyPeriod(NOON + SECOND, None), Environment.real, CheckInReason.key_not_valid),
        (OPEN, Environment.drill, CheckInReason.other_environment),
    ):
        judgement = judge(code, key=key, anchors=[], arrived_at=NOON, environment=environment)
        assert judgement.reason is reason
        assert (judgement.evidence is None) == (reason is not CheckInReason.in_time)


def test_a_group_gets_a_mark_from_its_twelfth_person_on() -> None:
    assert (is_burst(BURST_PERSONS - 1), is_burst(BURST_PERSONS), is_burst(200)) == (False, True, True)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


MORNING, NEXT = ShiftTimes(NOON, minutes(120)), ShiftTimes(minutes(120), minutes(240))
OVER_MIDNIGHT = ShiftTimes(datetime(2026, 12, 31, 15, 30, tzinfo=UTC), datetime(2026, 12, 31, 16, 30, tzinfo=UTC))


def test_only_time_within_the_shift_counts_and_the_weaker_proof_is_its_grade() -> None:
    for arrived, left, counted, evidence in (
        (-30, 120, 120, Evidence.screen),  # padded before
        (0, 170, 120, Evidence.screen),  # padded after
        (10.5, 60.9, 50, Evidence.screen),
        (30, None, 90, Evidence.screen),  # the planned end
        (119.5, None, 0, Evidence.screen),
    ):
        out = None if left is None else Scan(minutes(left), Evidence.screen)
        found = served(MORNING, Scan(minutes(arrived), Evidence.screen), out)
        assert (found.minutes, found.evidence, found.planned_end) == (counted, evidence, left is None)
    claimed = Scan(minutes(60), Evidence.claim)
    assert served(MORNING, Scan(NOON, Evidence.screen), claimed).evidence is Evidence.claim
    assert served(MORNING, claimed, None).evidence is Evidence.claim
    assert served(OVER_MIDNIGHT, Scan(OVER_MIDNIGHT.starts, Evidence.screen), None).minutes == 60


def test_a_scan_belongs_to_one_shift_and_one_step() -> None:
    fresh = [Attended("a", MORNING), Attended("b", NEXT)]
    came = Scan(NOON, Evidence.screen)
    inside = [Attended("a", MORNING, came), Attended("b", NEXT)]
    for name, shifts, at, wanted in (
        ("an hour before", fresh, -60, ("a", Step.arrive)),
        ("earlier", fresh, -61, None),
        ("scanned twice", inside, 4, ("a", None)),
        ("leaves early", inside, 5, ("a", Step.leave)),
        ("leaves as the next begins", inside, 121, ("a", Step.leave)),
        ("forgot to check out", inside, 181, ("b", Step.arrive)),
        ("never came, the next is near", fresh, 119, ("a", Step.arrive)),
        ("the first is over", fresh, 120, ("b", Step.arrive)),
        ("all is over", fresh, 240, None),
        ("no seat", [], 0, None),
        ("left", [Attended("a", MORNING, came, Scan(minutes(50), Evidence.screen))], 60, None),
    ):
        found = choose(shifts, minutes(at))
        assert (None if found is None else (found[0].sign_up, found[1])) == wanted, name
