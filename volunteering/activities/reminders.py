"""Remind people of their shift on the evening before its day."""

from datetime import datetime, timedelta

from central_server.store.engine.database import Database
from sync_contract.permit import OFFICIAL_TIME
from volunteering.messages import notices
from volunteering.rules.message_times import reminder_at
from volunteering.rules.seats import SignUpState
from volunteering.store import activities, messages, sign_ups
from volunteering.store.messages import MessageKind

_AHEAD = timedelta(hours=31)
"""From the evening before to the end of the next day."""


async def remind(database: Database, now: datetime) -> None:
    """Write a reminder for everybody with a seat, once. Who took the seat after that evening began needs none."""
    async with database.read() as connection:
        soon = await activities.begin_between(connection, now, now + _AHEAD)
        due = [shift for shift in soon if reminder_at(shift.starts, OFFICIAL_TIME) <= now]
        written = await messages.recipients(
            connection, [notices.event_of(MessageKind.reminder, each.id) for each in due]
        )
        taken = {shift.id: await sign_ups.active_in(connection, shift.id) for shift in due}
    for shift in due:
        event, since = notices.event_of(MessageKind.reminder, shift.id), reminder_at(shift.starts, OFFICIAL_TIME)
        persons = [
            own.person
            for own in taken[shift.id]
            if own.state == SignUpState.confirmed and own.asked_at < since and (own.person, event) not in written
        ]
        if persons:
            async with database.write() as connection:
                await notices.reminder(connection, shift, persons, now)
