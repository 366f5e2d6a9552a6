"""Find the best plan by mixed-integer programming: first the fewest missing people, then the lowest cost.

Uses scipy.optimize.milp (HiGHS), which is an optional package; `volunteering.dispatch.child` runs this in a process
of its own.
"""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import date

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array

from volunteering.dispatch.costs import SHORTAGE, load_cost, pair_cost, plan_cost, shortage
from volunteering.dispatch.explanation import find_gaps
from volunteering.dispatch.hard_rules import day_of, exclude_each_other, is_possible, room_in_week, room_on_day, week_of
from volunteering.dispatch.world import Helper, Pair, Plan, PlannedShift, World

TIME_LIMIT_S = 30.0
"""Of each of the two steps."""
_HALF = 0.5


class NoPlan(Exception):
    """The solver found no plan in the time allowed."""


def solve(world: World, *, forced: Pair | None = None) -> Plan:
    """Return the best plan; the same input in another order gives the same plan.

    `forced`: a pair that must be part of it, to see what it would cost. Raises NoPlan.
    """
    model = _Model(world)
    if forced is not None:
        model.force(forced)
    first = model.minimise(model.shortage_weights)
    model.limit(model.shortage_weights, round(first.fun))
    second = model.minimise(model.costs)
    pairs = sorted(model.pairs_of(second.x), key=lambda pair: (pair.shift, pair.person))
    assigned = Counter(pair.shift for pair in pairs)
    missing = {shift: shift.wanted - assigned[shift.id] for shift in world.shifts}
    optimal = first.status == 0 and second.status == 0
    plan = Plan(tuple(pairs), (), shortage(missing), plan_cost(world, pairs), optimal)
    return replace(plan, gaps=find_gaps(world, plan))


class _Model:
    """Variables: one per possible pair (0 or 1), one per shift (missing people), one per person and further shift."""

    def __init__(self, world: World) -> None:
        self._helpers = sorted(world.helpers, key=lambda each: each.id)
        self._shifts = sorted(
            (each for each in world.shifts if each.wanted), key=lambda each: (each.times.starts, each.id)
        )
        self._excluded = {
            shift.id: {each.id for each in self._shifts if exclude_each_other(each.times, shift.times)}
            for shift in self._shifts
        }
        self._pairs: list[tuple[Helper, PlannedShift]] = []
        self._of_helper: dict[str, list[int]] = {}
        for helper in self._helpers:
            for shift in self._shifts:
                if is_possible(helper, shift):
                    self._of_helper.setdefault(helper.id, []).append(len(self._pairs))
                    self._pairs.append((helper, shift))
        self._numbers = {Pair(helper.id, shift.id): number for number, (helper, shift) in enumerate(self._pairs)}
        self._missing = len(self._pairs)
        self._steps = self._missing + len(self._shifts)
        costs = [float(cost.total - cost.load) for cost in (pair_cost(*pair, world.former) for pair in self._pairs)]
        costs += [0.0] * len(self._shifts)
        self._rows: list[dict[int, float]] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        upper = [1.0] * len(self._pairs) + [float(shift.wanted) for shift in self._shifts]
        self._fill_seats()
        for helper in self._helpers:
            mine = self._of_helper.get(helper.id, [])
            if mine:
                self._keep_rules(helper, mine)
                weeks = {week_of(self._pairs[number][1].times) for number in mine}
                steps = min(len(mine), sum(room_in_week(helper, monday) for monday in weeks))
                self._add(dict.fromkeys(mine, 1.0) | {len(costs) + step: -1.0 for step in range(steps)}, 0.0, 0.0)
                costs += [float(load_cost(helper, step)) for step in range(steps)]
                upper += [1.0] * steps
        self.costs = np.array(costs)
        self.shortage_weights = np.zeros(len(costs))
        for number, shift in enumerate(self._shifts):
            self.shortage_weights[self._missing + number] = SHORTAGE[shift.risk]
        self._lower, self._upper = np.zeros(len(costs)), np.array(upper)

    def force(self, pair: Pair) -> None:
        """Raises NoPlan if the pair is not possible."""
        if pair not in self._numbers:
            raise NoPlan
        self._lower[self._numbers[pair]] = 1.0

    def limit(self, weights: np.ndarray, most: float) -> None:
        """Demand that the weighed sum is at most `most`."""
        if not most:
            self._upper[np.flatnonzero(weights)] = 0.0
            return
        self._add({int(number): float(weights[number]) for number in np.flatnonzero(weights)}, 0.0, most)

    def minimise(self, weights: np.ndarray) -> OptimizeResult:
        """Raises NoPlan."""
        if not len(weights):
            return OptimizeResult(x=np.zeros(0), fun=0.0, status=0)
        numbers = [(row, column, value) for row, each in enumerate(self._rows) for column, value in each.items()]
        rows, columns, values = zip(*numbers, strict=True)
        matrix = coo_array((values, (rows, columns)), shape=(len(self._rows), len(weights))).tocsr()
        found = milp(
            weights,
            integrality=np.ones(len(weights)),
            bounds=Bounds(self._lower, self._upper),
            constraints=LinearConstraint(matrix, self._lows, self._highs),
            options={"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT_S},
        )
        if found.x is None:
            raise NoPlan(found.message)
        return found

    def pairs_of(self, solution: np.ndarray) -> list[Pair]:
        chosen = np.flatnonzero(solution[: len(self._pairs)] > _HALF)
        return [Pair(self._pairs[number][0].id, self._pairs[number][1].id) for number in chosen]

    def _fill_seats(self) -> None:
        rows: dict[str, dict[int, float]] = {shift.id: {} for shift in self._shifts}
        for number, (_helper, shift) in enumerate(self._pairs):
            rows[shift.id][number] = 1.0
        for number, shift in enumerate(self._shifts):
            self._add(rows[shift.id] | {self._missing + number: 1.0}, shift.wanted, shift.wanted)

    def _keep_rules(self, helper: Helper, mine: list[int]) -> None:
        """Add the rules about shifts of one person that no other rule implies."""
        weeks: dict[date, list[int]] = {}
        for number in mine:
            weeks.setdefault(week_of(self._pairs[number][1].times), []).append(number)
        for monday, numbers in weeks.items():
            room = room_in_week(helper, monday)
            if len(numbers) > room:
                self._add(dict.fromkeys(numbers, 1.0), 0.0, float(room))
            if room > 1:
                self._keep_days(helper, numbers, room)
        for clique in _cliques([self._pairs[number][1].id for number in mine], self._excluded):
            numbers = [mine[each] for each in clique]
            of = {week_of(self._pairs[number][1].times) for number in numbers}
            if len(of) > 1 or room_in_week(helper, min(of)) > 1:
                self._add(dict.fromkeys(numbers, 1.0), 0.0, 1.0)

    def _keep_days(self, helper: Helper, numbers: list[int], room: int) -> None:
        days: dict[date, dict[int, float]] = {}
        for number in numbers:
            times = self._pairs[number][1].times
            days.setdefault(day_of(times), {})[number] = (times.ends - times.starts).total_seconds() / 60
        for day, row in days.items():
            most = room_on_day(helper, day).total_seconds() / 60
            if sum(sorted(row.values())[-room:]) > most:
                self._add(row, 0.0, most)

    def _add(self, row: dict[int, float], low: float, high: float) -> None:
        self._rows.append(row)
        self._lows.append(low)
        self._highs.append(high)


def _cliques(shifts: list[str], excluded: Mapping[str, Set[str]]) -> list[list[int]]:
    """Return the largest sets of shifts that exclude each other pairwise. `shifts`: ids in order of their start.

    Those that exclude the shift that begins last contain its start, so they exclude each other too.
    """
    found: list[list[int]] = []
    for last, shift in enumerate(shifts):
        out = excluded[shift]
        clique = [other for other in range(last) if shifts[other] in out]
        if clique:
            if found and set(found[-1]) <= {*clique, last}:
                found.pop()
            found.append([*clique, last])
    return found
