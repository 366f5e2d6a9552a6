"""Add to a drill when its people can help, and what its coming shifts need, so that a plan has something to do."""

from collections.abc import Sequence

from central_server.parts import DrillContext
from central_server.store.engine.connection import Connection
from sync_contract.strict_model import Environment
from volunteering.dispatch.proposing import AHEAD
from volunteering.dispatch.world import Risk
from volunteering.store import activities, dispatch
from volunteering.store.dispatch import ShiftNeeds, WillingTimes
from volunteering.store.people import Person

_DRILL = Environment.drill.value
_WEEKS = ("120" * 5 + "222222", "010" * 7, "012" * 5 + "000000", "222222" + "000" * 5)
"""Mornings and the weekend; afternoons; evenings of workdays; the first two days."""
_GRIDS = ("3-1", "3-2", "3-3")


async def add_dispatch(connection: Connection, context: DrillContext, members: Sequence[Person]) -> None:
    for number, person in enumerate(members):
        if number % 6 == 5:  # does not want to be asked
            continue
        week, grid = _WEEKS[number % len(_WEEKS)], _GRIDS[number % len(_GRIDS)]
        times = WillingTimes(person.id, context.community, _DRILL, week, 1 + number % 3, grid, True, context.now)
        await dispatch.set_willing(connection, times)
    coming = await activities.below_between(connection, [context.community], _DRILL, context.now, context.now + AHEAD)
    for number, listed in enumerate(coming):
        risk = tuple(Risk)[number % len(Risk)]
        needs = ShiftNeeds(
            listed.shift.id, max(1, listed.shift.seats - 1), int(risk), _GRIDS[number % 3], risk is Risk.high
        )
        await dispatch.set_needs(connection, needs)
