"""Recovery over simulated days: each step is reached, and none is repeated too often."""

from collections import Counter
from itertools import pairwise

import pytest

from beacon_gateway.model.radio_status import RecoveryStep
from beacon_gateway.radio.recovery.recovery_ladder import Fault, RecoveryLadder
from beacon_gateway.radio.timings import DEFAULT_TIMINGS

pytestmark = pytest.mark.thorough

DEAF = Fault("deaf", tuple(RecoveryStep), "east gate")
DAY_S = 86_400
PRIVILEGED = (RecoveryStep.restart_bluetoothd, RecoveryStep.reset_adapter, RecoveryStep.reset_hardware)


class DeafSite:
    """A deaf radio and its ladder, checked once a second. `taken`: time and step.

    `heals`: the steps after which it receives again, for `relapses_s` or (None) for good. `refused`: steps that cannot
    be taken.
    """

    def __init__(
        self, *heals: RecoveryStep, relapses_s: float | None = None, refused: tuple[RecoveryStep, ...] = ()
    ) -> None:
        self.now = 0.0
        self.taken: list[tuple[float, RecoveryStep]] = []
        self.ladder = RecoveryLadder()
        self._heals, self._relapses_s, self._refused = heals, relapses_s, refused
        self._well_until = 0.0

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 1.0
            if self.now < self._well_until:
                self.ladder.heal(self.now)
                continue
            step = self.ladder.climb(self.now, DEAF)
            while step in self._refused:
                step = self.ladder.skip(self.now, "refused")
            if step:
                self.taken.append((self.now, step))
            if step in self._heals:
                self._well_until = float("inf") if self._relapses_s is None else self.now + self._relapses_s

    def times(self, step: RecoveryStep) -> list[float]:
        return [at for at, each in self.taken if each is step]


def test_a_hardware_reset_cures_within_five_minutes_what_the_kernels_reset_does_not() -> None:
    site = DeafSite(RecoveryStep.reset_hardware)
    site.run(3 * DAY_S)
    assert [step for _, step in site.taken] == list(RecoveryStep)[:-1]
    assert site.times(RecoveryStep.reset_hardware)[0] < 300
    assert not site.ladder.asks_a_person


def test_a_radio_that_nothing_cures_gets_each_step_again_with_growing_rests() -> None:
    site = DeafSite()
    site.run(3 * DAY_S)
    counts = Counter(step for _, step in site.taken)
    assert set(counts) == set(RecoveryStep)
    assert max(counts.values()) - min(counts.values()) <= 1, "each step has its turn in each round"
    times = [at for at, _ in site.taken]
    rests = [later - earlier for earlier, later in pairwise(times)]
    assert rests == sorted(rests)
    assert rests[-1] == DEFAULT_TIMINGS.rest_cap_s
    assert len(times) < 90
    assert site.ladder.asks_a_person


@pytest.mark.parametrize("relapses_s", [5.0, 60.0, 1800.0, 7200.0])
def test_a_reset_that_helps_only_for_a_while_is_not_repeated_too_often(relapses_s: float) -> None:
    site = DeafSite(RecoveryStep.reset_adapter, RecoveryStep.reset_hardware, relapses_s=relapses_s)
    site.run(3 * DAY_S)
    for step in PRIVILEGED:
        times = site.times(step)
        assert all(later - earlier >= 4 * DEFAULT_TIMINGS.first_rest_s for earlier, later in pairwise(times))
        hours = Counter(at // 3600 for at in times)
        assert max(hours.values(), default=0) <= 6, "the unit's own limit in systemd is six in ten minutes"
    if relapses_s <= 60.0:
        assert site.times(RecoveryStep.reset_hardware), "the kernel's reset cures it for a moment only"


@pytest.mark.parametrize("available", [RecoveryStep.reset_adapter, RecoveryStep.reset_hardware])
def test_if_one_reset_is_refused_the_other_follows_without_a_rest(available: RecoveryStep) -> None:
    (other,) = {RecoveryStep.reset_adapter, RecoveryStep.reset_hardware} - {available}
    site = DeafSite(available, refused=(other,))
    site.run(600)
    first = [RecoveryStep.new_scanner, RecoveryStep.power_cycle, RecoveryStep.restart_bluetoothd]
    assert [step for _, step in site.taken] == [*first, available]
    assert site.times(available)[0] < 120


def test_if_every_privileged_step_is_refused_a_person_is_asked_with_the_reasons() -> None:
    site = DeafSite(refused=PRIVILEGED)
    site.run(120)
    assert site.ladder.asks_a_person
    assert site.ladder.read_status(site.now, "hci0").skipped == dict.fromkeys(PRIVILEGED, "refused")


def test_a_tag_that_does_not_exist_causes_few_power_cycles_in_a_week() -> None:
    ladder, taken = RecoveryLadder(), Counter[RecoveryStep]()
    steps = (RecoveryStep.new_scanner, RecoveryStep.power_cycle, RecoveryStep.ask_a_person)
    for second in range(7 * DAY_S):
        if step := ladder.climb(second, Fault("deaf_from_start", steps)):
            taken[step] += 1
    assert taken[RecoveryStep.power_cycle] < 7 * 24 / 2
