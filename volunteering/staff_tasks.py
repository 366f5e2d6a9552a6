"""Find what waits for staff: bells that nobody answered, and requests for help without an answer."""

from collections.abc import Collection
from datetime import datetime

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.store.alerts import bells
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from volunteering.rules.requests import UNANSWERED_AFTER
from volunteering.store import requests

TODAY = "/staff/volunteers/today"


async def find_tasks(connection: Connection, tops: Collection[str], environment: str, now: datetime) -> list[Task]:
    """Return the tasks at and below `tops`; requests as a count by community."""
    ringing = await bells.ringing(connection, tops, environment)
    labels = {each.id: each.label for each in await gateways.every(connection, tops)} if ringing else {}
    unanswered = await requests.unanswered(connection, tops, environment, now - UNANSWERED_AFTER)
    return [
        *(
            Task(
                TaskKind.bell,
                each.community,
                each.gateway,
                labels.get(each.gateway, each.gateway),
                TODAY,
                each.times,
                each.last_at,
                gateway=each.gateway,
            )
            for each in ringing
        ),
        *(
            Task(TaskKind.help_unanswered, each.community, each.community, "", TODAY, each.count, each.since)
            for each in unanswered
        ),
    ]
