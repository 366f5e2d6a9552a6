"""The ladder and those who have the privilege, together over days: each step is reached, none is taken in a storm."""

from collections import Counter
from itertools import pairwise

import pytest

from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.recovery.ladder import FIRST_REST_S, REST_CAP_S, Fault, Ladder, Step
from beacon_gateway.radio.recovery.privileged_steps import Privileged

DEAF = Fault("deaf", tuple(Step), "east gate")
DAY_S = 86_400


class Site:
    """A radio that is deaf, and who can do something: of each privileged step when it was taken.

    `heals`: the steps after which it hears again; `relapses_s`: for so long, None for good. `refused`: steps that
    nobody here may take.
    """

    def __init__(self, *heals: Step, relapses_s: float | None = None, refused: tuple[Step, ...] = ()) -> None:
        self.now = 0.0
        self.taken: list[tuple[float, Step]] = []
        self.ladder = Ladder()
        self._heals, self._relapses_s, self._refused = heals, relapses_s, refused
        self._well_until = 0.0
        self._helper = Privileged(kernel=self, systemd=self)

    async def restart_bluetoothd(self) -> None:
        self._take(Step.restart_bluetoothd)

    async def reset(self, adapter: str) -> None:
        self._take(Step.reset_adapter)

    async def reset_hardware(self, adapter: str) -> None:
        self._take(Step.reset_hardware)

    async def lives(self, seconds: float) -> None:
        """As radio.recovery does it: a look a second."""
        until = self.now + seconds
        while self.now < until:
            self.now += 1.0
            if self.now < self._well_until:
                self.ladder.healed(self.now)
                continue
            step = self.ladder.climb(self.now, DEAF)
            while step:
                try:
                    await self._act(step)
                    break
                except HelpRefused as error:
                    step = self.ladder.skip(self.now, str(error))

    def times(self, step: Step) -> list[float]:
        return [at for at, each in self.taken if each is step]

    async def _act(self, step: Step) -> None:
        match step:
            case Step.restart_bluetoothd:
                await self._helper.restart_bluetoothd()
            case Step.reset_adapter:
                await self._helper.reset("hci0")
            case Step.reset_hardware:
                await self._helper.reset_hardware("hci0")
            case _:
                self._take(step)

    def _take(self, step: Step) -> None:
        if step in self._refused:
            raise HelpRefused(f"{step}: not here")
        self.taken.append((self.now, step))
        if step in self._heals:
            self._well_until = float("inf") if self._relapses_s is None else self.now + self._relapses_s


async def test_what_the_kernels_reset_does_not_mend_the_hardwares_does_within_five_minutes() -> None:
    site = Site(Step.reset_hardware)
    await site.lives(3 * DAY_S)
    assert [step for _, step in site.taken] == list(Step)[:-1]
    assert site.times(Step.reset_hardware)[0] < 300
    assert not site.ladder.asks


async def test_a_radio_that_nothing_mends_is_reset_both_ways_again_and_again_ever_more_rarely() -> None:
    site = Site()
    await site.lives(3 * DAY_S)
    counts = Counter(step for _, step in site.taken)
    assert set(counts) == set(Step)
    assert max(counts.values()) - min(counts.values()) <= 1, "each step has its turn in each round"
    times = [at for at, _ in site.taken]
    rests = [later - earlier for earlier, later in pairwise(times)]
    assert rests == sorted(rests)
    assert rests[-1] == REST_CAP_S
    assert len(times) < 90
    assert site.ladder.asks


@pytest.mark.parametrize("relapses_s", [5.0, 60.0, 1800.0, 7200.0])
async def test_a_reset_that_helps_only_for_a_while_makes_no_storm(relapses_s: float) -> None:
    site = Site(Step.reset_adapter, Step.reset_hardware, relapses_s=relapses_s)
    await site.lives(3 * DAY_S)
    for step in (Step.restart_bluetoothd, Step.reset_adapter, Step.reset_hardware):
        times = site.times(step)
        assert all(later - earlier >= 4 * FIRST_REST_S for earlier, later in pairwise(times))
        hours = Counter(at // 3600 for at in times)
        assert max(hours.values(), default=0) <= 6, "systemd's own limit of the unit is six in ten minutes"
    if relapses_s <= 60.0:
        assert site.times(Step.reset_hardware), "what the kernel's reset mends for a moment only needs the hardware's"


@pytest.mark.parametrize("here", [Step.reset_adapter, Step.reset_hardware])
async def test_what_one_refuses_the_other_is_asked_without_a_rest(here: Step) -> None:
    (other,) = {Step.reset_adapter, Step.reset_hardware} - {here}
    site = Site(here, refused=(other,))
    await site.lives(600)
    assert [step for _, step in site.taken] == [Step.new_scanner, Step.power_cycle, Step.restart_bluetoothd, here]
    assert site.times(here)[0] < 120


async def test_where_nobody_may_do_anything_a_person_is_asked_and_told_why() -> None:
    alone = (Step.restart_bluetoothd, Step.reset_adapter, Step.reset_hardware)
    site = Site(refused=alone)
    await site.lives(120)
    assert site.ladder.asks
    assert site.ladder.describe(site.now)["skipped"] == {step: f"{step}: not here" for step in alone}
