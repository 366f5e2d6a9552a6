"""Find the tasks about families in difficulty: counts by community, never a case."""

from collections.abc import Collection
from datetime import datetime

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.families.cases import NOTICE
from central_server.families.help_receipts import CONFIRMED_WITHIN
from central_server.store.engine.connection import Connection
from central_server.store.families import cases, helps

_LINKS = {TaskKind.help_unconfirmed: "/staff/help"}


async def family_tasks(connection: Connection, tops: Collection[str], environment: str, now: datetime) -> list[Task]:
    late = await cases.second_assessments_late(connection, tops, environment, now)
    pending = (
        (TaskKind.second_assessment_late, late),
        (TaskKind.case_waiting, await cases.waiting(connection, tops, environment)),
        (TaskKind.help_unconfirmed, await helps.unconfirmed(connection, tops, environment, now - CONFIRMED_WITHIN)),
        (TaskKind.erasure_near, await cases.erasures_near(connection, tops, environment, now + NOTICE)),
    )
    return [
        Task(kind, each.community, each.community, "", _LINKS.get(kind, "/staff/families"), each.count, each.since)
        for kind, found in pending
        for each in found
    ]
