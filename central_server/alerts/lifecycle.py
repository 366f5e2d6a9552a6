"""Turn tasks into alerts: store when each began and ended, and who took it on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.alerts.task_search import TaskSearch
from central_server.alerts.tasks import PartTasks, find_tasks
from central_server.banks.port import Expiring
from central_server.enrolment.gateway_status import survey
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.alerts.quarantine import quarantine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP

_ENDS_AFTER = timedelta(minutes=2)
"""A task that returns within this time is the same alert: a gateway at the limit of "late" causes one message."""
_ENDS_AFTER_RESTART = timedelta(minutes=5)
"""A restarted gateway reports nothing missed until it has missed it again."""
_SLOW_KINDS = {
    TaskKind.deaf.value: _ENDS_AFTER_RESTART,
    TaskKind.tag_silent.value: _ENDS_AFTER_RESTART,
    TaskKind.advert_unheard.value: _ENDS_AFTER_RESTART,
    TaskKind.nothing_heard.value: timedelta(minutes=40),
    TaskKind.low_battery.value: timedelta(minutes=60),
    TaskKind.hall_changed.value: timedelta(minutes=60),
}
_MAX_ROWS = 50
"""In one transaction."""
Row = TypeVar("Row")
STORED_FOR = timedelta(days=90)
"""Ended alerts are deleted after this time."""


async def update_alerts(
    database: Database,
    environment: str,
    expiring: Sequence[Expiring],
    now: datetime,
    *,
    last_backup_at: datetime | None = None,
    failing: Sequence[str] = (),
    of_parts: Sequence[PartTasks] = (),
) -> None:
    """Bring the alerts up to date with the tasks of now. Only one process may run it at a time.

    `expiring`: the bank's credentials that end soon. `last_backup_at`: of an overdue backup, None when none is due.
    `failing`: the stages that fail. `of_parts`: see `find_tasks`. What cannot be read is quarantined.
    """
    search = TaskSearch()
    async with database.read() as connection:
        surveyed = await survey(connection, [TOP], now)
        waiting = list(
            await find_tasks(
                connection, surveyed, [TOP], [TOP], environment, now, search, family_tops=[TOP], of_parts=of_parts
            )
        )
    for record, error in search.failed.items():
        await quarantine(database, record, error, now)
    waiting += [
        Task(TaskKind.credential_ends, TOP, f"{end.file} {end.until:%F}", end.file, "/staff/alerts", since=end.until)
        for end in expiring
    ]
    if last_backup_at is not None:
        waiting.append(Task(TaskKind.backup_missing, TOP, "backups", "", "/staff/alerts", since=last_backup_at))
    waiting += [Task(TaskKind.stage_failing, TOP, stage, stage, "/staff/alerts") for stage in failing]
    await store_tasks(database, waiting, now, complete=not search.missed)


async def store_tasks(database: Database, waiting: Sequence[Task], now: datetime, *, complete: bool = True) -> None:
    """Open an alert for each new task, and end those of tasks that wait no more, if `waiting` is complete.

    It writes in slices: on SQLite a write locks out every other process.
    """
    async with database.read() as connection:
        known = {(alert.kind, alert.subject): alert for alert in await alerts.open_ones(connection, [TOP])}
    new: list[Alert] = []
    changed: list[Alert] = []
    same: list[int] = []
    for task in waiting:
        alert = _alert(task, now)
        before = known.pop((alert.kind, alert.subject), None)
        if before is None:
            new.append(alert)
        elif replace(before, seen_at=now) == _merged(before, alert):
            same.append(before.id)
        else:
            changed.append(replace(alert, id=before.id))
    over = [each.id for each in known.values() if now - each.seen_at > _SLOW_KINDS.get(each.kind, _ENDS_AFTER)]
    for some in _slices(new):
        await database.written(partial(_add, some))
    for some in _slices(changed):
        await database.written(partial(alerts.update_seen, changed=some))
    for ids in _slices(same):
        await database.written(partial(alerts.confirm_seen, ids=ids, at=now))
    for ids in _slices(over if complete else ()):
        await database.written(partial(alerts.end, ids=ids, at=now))
    while await database.written(partial(alerts.delete_ended, before=now - STORED_FOR)):
        pass


async def _add(new: Sequence[Alert], connection: Connection) -> None:
    """Add those that no other process has added meanwhile."""
    await connection.alone("alerts")
    known = {(alert.kind, alert.subject) for alert in await alerts.open_ones(connection, [TOP])}
    await alerts.add(connection, [each for each in new if (each.kind, each.subject) not in known])


def _slices(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[first : first + _MAX_ROWS] for first in range(0, len(rows), _MAX_ROWS))


def _alert(task: Task, now: datetime) -> Alert:
    return Alert(
        kind=task.kind.value,
        subject=task.subject,
        community=task.community,
        label=task.label,
        gateway=task.gateway,
        link=task.link,
        count=task.count,
        since=task.since,
        amount_minor=None if task.amount is None else task.amount.minor,
        currency=None if task.amount is None else task.amount.currency,
        beacon=task.beacon,
        names=None if task.names is None else task.names.model_dump_json(by_alias=True),
        opened_at=now,
        seen_at=now,
    )


def _merged(before: Alert, current: Alert) -> Alert:
    """Return what `alerts.update_seen` would store: the acknowledgement stays, unless the task occurred after it."""
    merged = replace(current, id=before.id, opened_at=before.opened_at)
    if before.acknowledged_at is None or (current.since is not None and current.since > before.acknowledged_at):
        return merged
    return replace(
        merged, acknowledged_at=before.acknowledged_at, acknowledged_by=before.acknowledged_by, note=before.note
    )
