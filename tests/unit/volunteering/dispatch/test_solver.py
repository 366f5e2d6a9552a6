"""The solver finds the best plan, the same one for the same input, and what is stated about a plan is true."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.volunteering.dispatch.small_worlds import best_plan, may, random_world
from volunteering.dispatch.explanation import why_not
from volunteering.dispatch.hard_rules import obstacles
from volunteering.dispatch.solver import solve
from volunteering.dispatch.world import Helper, Obstacle, Pair, Plan, PlannedShift, Willing, World

WORLDS = 250
"""`tests/soak/test_dispatch.py` tries more."""


@pytest.mark.thorough
def test_plans_are_the_best_of_all_and_their_reasons_are_true() -> None:
    check_worlds(WORLDS)


def check_worlds(worlds: int) -> None:
    seen: Counter[object] = Counter()
    for seed in range(worlds):
        world = random_world(seed)
        plan = solve(world)
        assert (plan.shortage, plan.cost) == best_plan(world), seed
        seen["pairs"] += len(plan.pairs)
        seen.update(_check_reasons(world, plan, seed))
        seen.update(_check_gaps(world, plan, seed))
    assert seen["pairs"] > worlds / 2
    assert all(seen[each] for each in Obstacle), seen
    assert seen["conflict"] > worlds / 50, seen
    assert seen["filled"] > worlds / 50, seen


def test_the_order_of_the_input_does_not_change_the_plan() -> None:
    for seed in range(20):
        world = random_world(seed)
        chance = random.Random(seed)
        helpers, shifts = list(world.helpers), list(world.shifts)
        chance.shuffle(helpers)
        chance.shuffle(shifts)
        assert solve(World(tuple(helpers), tuple(shifts), world.former)).pairs == solve(world).pairs


def _check_reasons(world: World, plan: Plan, seed: int) -> list[object]:
    """Without each obstacle the pair is possible; without the shifts that conflict, or with a seat, it can be added."""
    found: list[object] = []
    reasons = {shift.id: why_not(world, plan, shift.id) for shift in world.shifts}
    for helper in world.helpers:
        for shift in world.shifts:
            pair = Pair(helper.id, shift.id)
            reason = reasons[shift.id].get(helper.id)
            assert (reason is None) == (pair in plan.pairs)
            if reason is None:
                continue
            changed, wanted = helper, shift
            for obstacle in reason.obstacles:
                changed, wanted = _without(obstacle, changed, wanted)
                assert obstacle not in obstacles(changed, wanted), (seed, pair, obstacle)
                found.append(obstacle)
            assert not obstacles(changed, wanted), (seed, pair, reason)
            if reason.conflicts:
                assert not may(helper, (*_own(world, plan, helper), shift))
                rest = [each for each in _own(world, plan, helper) if each.id not in reason.conflicts]
                assert may(helper, (*rest, shift)), (seed, pair)
                found.append("conflict")
            elif not reason.obstacles:
                assert reason.full  # a missing person would have been proposed
    return found


def _check_gaps(world: World, plan: Plan, seed: int) -> list[object]:
    """Whoever is one obstacle away fills the seat without it."""
    found: list[object] = []
    for gap in plan.gaps:
        shift = next(each for each in world.shifts if each.id == gap.shift)
        reasons = why_not(world, plan, shift.id)
        for helper in world.helpers:
            mine = obstacles(helper, shift)
            if len(mine) != 1 or mine[0] not in gap.one_change_away or mine[0] is Obstacle.day_limit:
                continue
            changed, wanted = _without(mine[0], helper, shift)
            if wanted is not shift or reasons[helper.id].conflicts:
                continue
            if not may(changed, (*_own(world, plan, helper), shift)):
                continue
            others = tuple(changed if each is helper else each for each in world.helpers)
            assert solve(replace(world, helpers=others)).shortage < plan.shortage, (seed, gap, helper)
            found.append("filled")
    return found


def _own(world: World, plan: Plan, helper: Helper) -> list[PlannedShift]:
    mine = {each.shift for each in plan.pairs if each.person == helper.id}
    return [each for each in world.shifts if each.id in mine]


def _without(obstacle: Obstacle, helper: Helper, shift: PlannedShift) -> tuple[Helper, PlannedShift]:
    """Return both without one obstacle."""
    match obstacle:
        case Obstacle.not_free:
            return replace(helper, week=(Willing.gladly,) * 21), shift
        case Obstacle.declined:
            return replace(helper, declined=frozenset()), shift
        case Obstacle.qualification:
            return replace(helper, qualifications=helper.qualifications | shift.needs), shift
        case Obstacle.too_young:
            return replace(helper, adult=True), shift
        case Obstacle.week_limit:
            return replace(helper, per_week=99), shift
        case Obstacle.day_limit:
            times = replace(shift.times, ends=shift.times.starts + timedelta(minutes=1))
            return replace(helper, commitments=()), replace(shift, times=times)
        case Obstacle.overlap | Obstacle.rest:
            return replace(helper, commitments=()), shift
