"""Weigh what speaks against a pair. Missing people come first; these weights choose among plans that miss the fewest.

Party membership, sex and ratings are not in the input, so they never count.
"""

from collections.abc import Sequence

from volunteering.dispatch.hard_rules import willingness
from volunteering.dispatch.world import Cost, Helper, Pair, PlannedShift, Risk, Willing, World

SHORTAGE = {Risk.low: 1, Risk.medium: 10, Risk.high: 100}
"""The weight of each missing person."""
LOAD, GRID, PREFERENCE, CHANGE = 20, 6, 3, 2
"""Of each shift before this one; of another grid; of a time that is only possible; of a pair that is new."""
_LOAD_UNIT_MIN = 120
"""So many minutes of recent service weigh as much as one shift."""


def shortage(missing: dict[PlannedShift, int]) -> int:
    """Return the weighed number of missing people."""
    return sum(SHORTAGE[shift.risk] * count for shift, count in missing.items())


def load_cost(helper: Helper, before: int) -> int:
    """Return the cost of one more shift for a person who has `before` others in this plan."""
    return LOAD * (helper.recent_minutes // _LOAD_UNIT_MIN + len(helper.commitments) + before)


def pair_cost(helper: Helper, shift: PlannedShift, former: frozenset[Pair]) -> Cost:
    """Return what speaks against the pair as the person's first of the plan."""
    far = bool(shift.grid) and helper.grid != shift.grid
    only_possible = willingness(helper, shift.times) is not Willing.gladly
    new = bool(former) and Pair(helper.id, shift.id) not in former
    return Cost(load_cost(helper, 0), GRID * far, PREFERENCE * only_possible, CHANGE * new)


def plan_cost(world: World, pairs: Sequence[Pair]) -> int:
    """Return the sum of what speaks against the pairs of a plan."""
    helpers, shifts = {each.id: each for each in world.helpers}, {each.id: each for each in world.shifts}
    before: dict[str, int] = {}
    total = 0
    for pair in pairs:
        helper = helpers[pair.person]
        cost = pair_cost(helper, shifts[pair.shift], world.former)
        total += load_cost(helper, before.get(pair.person, 0)) + cost.total - cost.load
        before[pair.person] = before.get(pair.person, 0) + 1
    return total
