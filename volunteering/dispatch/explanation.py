"""State why a plan does not propose a person for a shift, and what would fill an empty seat."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from volunteering.dispatch.hard_rules import day_of, exclude_each_other, obstacles, room_in_week, room_on_day, week_of
from volunteering.dispatch.world import Gap, Helper, Obstacle, Plan, PlannedShift, World


@dataclass(frozen=True, slots=True)
class NotProposed:
    """`obstacles`: rules that exclude the pair. `conflicts`: shifts of the plan that the person would have to leave.

    `full`: the plan has the people that this shift needs. None of them: others are chosen at a lower cost.
    """

    obstacles: tuple[Obstacle, ...] = ()
    conflicts: tuple[str, ...] = ()
    full: bool = False


def why_not(world: World, plan: Plan, shift: str) -> dict[str, NotProposed]:
    """Return, by person, why the plan does not contain them at a shift; those whom it contains are left out."""
    shifts = {each.id: each for each in world.shifts}
    wanted, own = shifts[shift], _shifts_by_person(plan, shifts)
    full = wanted.wanted <= sum(pair.shift == shift for pair in plan.pairs)
    found = {}
    for helper in world.helpers:
        planned = own.get(helper.id, [])
        if wanted in planned:
            continue
        if excluded := obstacles(helper, wanted):
            found[helper.id] = NotProposed(excluded)
        else:
            conflicts = tuple(each.id for each in _conflicts(helper, planned, wanted))
            found[helper.id] = NotProposed((), conflicts, full)
    return found


def find_gaps(world: World, plan: Plan) -> tuple[Gap, ...]:
    """Return the shifts that miss people, with what keeps others from them."""
    shifts = {each.id: each for each in world.shifts}
    own = _shifts_by_person(plan, shifts)
    taken: Counter[str] = Counter(pair.shift for pair in plan.pairs)
    gaps = []
    for shift in world.shifts:
        if missing := shift.wanted - taken[shift.id]:
            near: Counter[Obstacle] = Counter()
            for helper in world.helpers:
                found = obstacles(helper, shift)
                if len(found) == 1 and not _conflicts(helper, own.get(helper.id, []), shift):
                    near[found[0]] += 1
            gaps.append(Gap(shift.id, missing, {each: near[each] for each in Obstacle if near[each]}))
    return tuple(gaps)


def _shifts_by_person(plan: Plan, shifts: Mapping[str, PlannedShift]) -> dict[str, list[PlannedShift]]:
    own: dict[str, list[PlannedShift]] = {}
    for pair in plan.pairs:
        own.setdefault(pair.person, []).append(shifts[pair.shift])
    return own


def _conflicts(helper: Helper, own: list[PlannedShift], shift: PlannedShift) -> list[PlannedShift]:
    """Return the person's shifts of the plan that leave no room for this one; without them it is possible."""
    found = [each for each in own if exclude_each_other(each.times, shift.times)]
    rest = [each for each in own if each not in found]
    same_day = [each for each in rest if day_of(each.times) == day_of(shift.times)]
    lengths = [each.times.ends - each.times.starts for each in (shift, *same_day)]
    if same_day and sum(lengths[1:], lengths[0]) > room_on_day(helper, day_of(shift.times)):
        found += same_day
        rest = [each for each in rest if each not in same_day]
    same_week = [each for each in rest if week_of(each.times) == week_of(shift.times)]
    if same_week and len(same_week) + 1 > room_in_week(helper, week_of(shift.times)):
        found += same_week
    return found
