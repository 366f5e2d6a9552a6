"""Word shifts for the lists and pages of one reader."""

from collections.abc import Sequence
from datetime import datetime

from central_server.store.engine.connection import Connection
from kiosk_ui.number_format import moment
from sync_contract.strict_model import Language
from volunteering.public.community import community_path
from volunteering.public.views import ActivityLine
from volunteering.rules.seats import ACTIVE, SeatUse
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import sign_ups
from volunteering.store.activities import ActivityState, ListedShift
from volunteering.store.people import Person
from volunteering.store.sign_ups import SignUp


async def load_lines(
    connection: Connection, found: Sequence[ListedShift], person: Person | None, reader: Language, now: datetime
) -> tuple[ActivityLine, ...]:
    uses = await sign_ups.uses(connection, {each.shift.id: each.shift.seats for each in found})
    own = {} if person is None else {each.shift: each for each in await sign_ups.active_of(connection, person.id, now)}
    return tuple(_line(each, uses[each.shift.id], own.get(each.shift.id), reader, now) for each in found)


def _line(listed: ListedShift, use: SeatUse, own: SignUp | None, reader: Language, now: datetime) -> ActivityLine:
    activity, shift = listed.activity, listed.shift
    cancelled = shift.state is ActivityState.cancelled
    return ActivityLine(
        path=f"{community_path(shift.community)}/shifts/{shift.id}",
        title=activity.title[reader],
        about=activity.about[reader] if activity.about else "",
        meeting=activity.meeting[reader],
        day=shift_day(shift.times, reader),
        hours=shift_hours(shift.times, reader),
        seats=shift.seats,
        free=use.free,
        open=not cancelled and shift.starts > now,
        cancelled=cancelled,
        own=own.state if own is not None and own.state in ACTIVE else "",
        until=moment(own.offered_until, reader) if own is not None and own.offered_until else "",
    )
