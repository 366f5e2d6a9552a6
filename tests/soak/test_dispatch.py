"""Plans for many small worlds are the best ones; a large one is made in seconds, in a process of its own."""

import random
import resource
import time
from datetime import timedelta

from tests.unit.volunteering.dispatch.small_worlds import MONDAY
from tests.unit.volunteering.dispatch.test_solver import check_worlds
from volunteering.dispatch.planner import make_plan
from volunteering.dispatch.world import Helper, Plan, PlannedShift, Risk, Willing, World
from volunteering.rules.shift_times import ShiftTimes

WORLDS = 1_000
PEOPLE, SHIFTS = 2_000, 200
LIMIT_S = 10.0


def test_plans_of_a_thousand_worlds_are_the_best() -> None:
    check_worlds(WORLDS)


async def test_a_large_plan_takes_seconds() -> None:
    """CPU time of the child, because other programs may run beside it."""
    world = large_world(PEOPLE, SHIFTS)
    before, began = _child_seconds(), time.monotonic()
    plan = await make_plan(world)
    used = _child_seconds() - before
    assert isinstance(plan, Plan), plan
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(
        f"{PEOPLE} people, {SHIFTS} shifts: {len(plan.pairs)} pairs, optimal: {plan.optimal}; "
        f"{used:.1f} CPU-s, {time.monotonic() - began:.1f} s, {memory} MiB"
    )
    assert plan.optimal
    assert used <= LIMIT_S


def _child_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def large_world(people: int, shifts: int) -> World:
    """Return a week with shifts in eight grids, and people who are free on two fifths of its parts of days."""
    chance = random.Random(1)
    planned = []
    for number in range(shifts):
        starts = MONDAY + timedelta(days=chance.randrange(7), hours=chance.randrange(6, 20))
        times = ShiftTimes(starts, starts + timedelta(minutes=chance.choice((60, 90, 120, 180))))
        needs = frozenset(("first-aid",) if chance.random() < 0.2 else ())
        least, risk, grid = chance.choice((2, 4, 8, 12)), chance.choice(tuple(Risk)), str(chance.randrange(8))
        planned.append(PlannedShift(f"s{number:03}", times, 20, least, risk, grid, 0, False, needs))
    helpers = []
    for number in range(people):
        week = tuple(chance.choices(tuple(Willing), (6, 2, 2))[0] for _ in range(21))
        skills = frozenset(("first-aid",) if chance.random() < 0.3 else ())
        minutes, grid = chance.choice((0, 0, 120, 240, 600)), str(chance.randrange(8))
        helpers.append(Helper(f"p{number:04}", week, chance.randint(1, 3), grid, True, minutes, skills))
    return World(tuple(helpers), tuple(planned))
