"""Find the tasks about families in difficulty: counts by community, never a case."""

from collections.abc import Collection
from datetime import datetime

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.families.cases import NOTICE
from central_server.store.engine.connection import Connection
from central_server.store.families import cases

_LINK = "/staff/families"


async def family_tasks(connection: Connection, tops: Collection[str], environment: str, now: datetime) -> list[Task]:
    late = await cases.second_assessments_late(connection, tops, environment, now)
    pending = (
        (TaskKind.second_assessment_late, late),
        (TaskKind.case_waiting, await cases.waiting(connection, tops, environment)),
        (TaskKind.erasure_near, await cases.erasures_near(connection, tops, environment, now + NOTICE)),
    )
    return [
        Task(kind, each.community, each.community, "", _LINK, each.count, each.since)
        for kind, found in pending
        for each in found
    ]
