"""Random small worlds, and a second reading of the rules that tries every plan."""

import random
from datetime import datetime, timedelta
from itertools import combinations, product

from sync_contract.permit import OFFICIAL_TIME
from volunteering.dispatch.world import Commitment, Helper, Pair, PlannedShift, Risk, Willing, World
from volunteering.rules.shift_times import ShiftTimes

MONDAY = datetime(2026, 3, 2, tzinfo=OFFICIAL_TIME)
GRIDS, SKILLS = ("1", "2"), ("first-aid",)


def random_world(seed: int) -> World:
    """Return a world of up to 4 people and 4 shifts on two days, where rules often exclude a pair."""
    chance = random.Random(seed)
    shifts = tuple(_shift(chance, f"s{number}") for number in range(chance.randint(1, 4)))
    helpers = tuple(_helper(chance, f"p{number}", shifts) for number in range(chance.randint(1, 4)))
    former = [Pair(helper.id, shift.id) for helper in helpers for shift in shifts if chance.random() < 0.2]
    return World(helpers, shifts, frozenset(former))


def _times(chance: random.Random) -> ShiftTimes:
    starts = MONDAY + timedelta(days=chance.randint(0, 1), hours=chance.randint(6, 20), minutes=chance.choice((0, 30)))
    return ShiftTimes(starts, starts + timedelta(minutes=chance.choice((60, 120, 240, 330, 540))))


def _shift(chance: random.Random, name: str) -> PlannedShift:
    least = chance.randint(1, 3)
    needs = frozenset(SKILLS if chance.random() < 0.2 else ())
    confirmed, risk = chance.choice((0, 0, 1)), chance.choice(tuple(Risk))
    grid = chance.choice(("", *GRIDS))
    return PlannedShift(name, _times(chance), 3, least, risk, grid, confirmed, chance.random() < 0.2, needs)


def _helper(chance: random.Random, name: str, shifts: tuple[PlannedShift, ...]) -> Helper:
    week = tuple(chance.choice((Willing.no, Willing.possible, Willing.gladly, Willing.gladly)) for _ in range(21))
    promised = (Commitment("elsewhere", _times(chance)),) if chance.random() < 0.3 else ()
    return Helper(
        name,
        week,
        chance.randint(1, 3),
        chance.choice(GRIDS),
        chance.random() < 0.8,
        chance.choice((0, 90, 150, 400)),
        frozenset(SKILLS if chance.random() < 0.5 else ()),
        frozenset(each.id for each in shifts if chance.random() < 0.1),
        promised,
    )


def best_plan(world: World) -> tuple[int, int]:
    """Return shortage and cost of the best plan, found by trying all. Written from docs/dispatch.md alone."""
    allowed = {
        helper.id: [
            chosen
            for size in range(len(world.shifts) + 1)
            for chosen in combinations(world.shifts, size)
            if may(helper, chosen)
        ]
        for helper in world.helpers
    }
    found: list[tuple[int, int]] = []
    for plan in product(*allowed.values()):
        counts = {shift.id: sum(shift in chosen for chosen in plan) for shift in world.shifts}
        missing = {shift.id: max(0, min(shift.least, 3) - shift.confirmed) - counts[shift.id] for shift in world.shifts}
        if min(missing.values()) < 0:
            continue
        short = sum(10 ** int(shift.risk) * missing[shift.id] for shift in world.shifts)
        cost = sum(_cost(world, helper, chosen) for helper, chosen in zip(world.helpers, plan, strict=True))
        found.append((short, cost))
    return min(found)


def may(helper: Helper, chosen: tuple[PlannedShift, ...]) -> bool:
    """Return whether the person can promise all of these shifts."""
    spans = [(each.times.starts, each.times.ends) for each in helper.commitments]
    for shift in chosen:
        if shift.id in helper.declined or not shift.needs <= helper.qualifications:
            return False
        if shift.adults_only and not helper.adult:
            return False
        if _least(helper, shift) == 0:
            return False
        if any(shift.times.starts < end + _HALF_HOUR and start < shift.times.ends + _HALF_HOUR for start, end in spans):
            return False
        spans.append((shift.times.starts, shift.times.ends))
    days = {start.date() for start, _end in spans[len(helper.commitments) :]}
    for day in days:
        if sum(((end - start) for start, end in spans if start.date() == day), timedelta()) > timedelta(hours=8):
            return False
    new = len(chosen) > 0
    return not new or len(spans) <= helper.per_week  # every shift of these worlds is in one week


_HALF_HOUR = timedelta(minutes=30)


def _least(helper: Helper, shift: PlannedShift) -> int:
    """Walk through the shift by minutes; 06:00 begins a morning, 12:00 an afternoon, 18:00 an evening until 06:00."""
    worst, at = 2, shift.times.starts
    while at < shift.times.ends:
        day, hour = (at.weekday(), at.hour) if at.hour >= 6 else ((at.weekday() - 1) % 7, 23)
        worst = min(worst, helper.week[day * 3 + (0 if hour < 12 else 1 if hour < 18 else 2)])
        at += timedelta(minutes=30)
    return worst


def _cost(world: World, helper: Helper, chosen: tuple[PlannedShift, ...]) -> int:
    load = helper.recent_minutes // 120 + len(helper.commitments)
    total = sum(20 * (load + number) for number in range(len(chosen)))
    for shift in chosen:
        total += 6 * (shift.grid not in ("", helper.grid)) + 3 * (_least(helper, shift) == 1)
        total += 2 * (bool(world.former) and Pair(helper.id, shift.id) not in world.former)
    return total
