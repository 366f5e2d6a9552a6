"""Make an activity with its shifts from a form that was read."""

from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.uuid7 import new_id
from volunteering.activities.activity_form import NewActivity
from volunteering.store import activities
from volunteering.store.activities import Activity, ActivityState, Shift


async def make_activity(
    connection: Connection, new: NewActivity, environment: str, account: str, now: datetime
) -> Activity:
    opened = ActivityState.open
    activity = Activity(new_id(), new.community, environment, new.title, new.about, new.meeting, opened, account, now)
    shifts = [
        Shift(new_id(), activity.id, new.community, environment, times.starts, times.ends, new.seats, opened)
        for times in new.times
    ]
    await activities.add(connection, activity, shifts)
    return activity
