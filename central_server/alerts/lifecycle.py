"""From what waits for somebody to alerts: when each began, when it was over, and whether somebody took it on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from central_server.alerts.tasks import Matter, Task, tasks
from central_server.banks.port import Expiring
from central_server.enrolment.gateway_status import survey
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP

OVER_AFTER = timedelta(minutes=2)
"""A task that is gone for less than this is still the same one: a gateway at the edge of late is told of once."""
OVER_AFTER_A_RESTART = timedelta(minutes=5)
"""A gateway that was restarted begins anew, and takes its time to miss again what it missed before: it is no end."""
_MISSED_ANEW = {
    Matter.deaf.value: OVER_AFTER_A_RESTART,
    Matter.tag_silent.value: OVER_AFTER_A_RESTART,
    Matter.advert_unheard.value: OVER_AFTER_A_RESTART,
    Matter.nothing_heard.value: timedelta(minutes=40),
}
KEPT = timedelta(days=90)


async def look(
    database: Database,
    environment: str,
    expiring: Sequence[Expiring],
    now: datetime,
    *,
    not_backed_up_since: datetime | None = None,
) -> None:
    """Bring the alerts up to what waits now, and the bank's credentials that end soon. For one process at a time.

    `not_backed_up_since`: when the last backup was made that should have been followed by another one.
    """
    async with database.read() as connection:
        surveyed = await survey(connection, [TOP], now)
        waiting = list(await tasks(connection, surveyed, [TOP], [TOP], environment, now))
    waiting += [
        Task(Matter.credential_ends, TOP, f"{end.file} {end.until.date()}", end.file, "/staff/alerts", since=end.until)
        for end in expiring
    ]
    if not_backed_up_since is not None:
        waiting.append(Task(Matter.backup_missing, TOP, "backups", "", "/staff/alerts", since=not_backed_up_since))
    async with database.write() as connection:
        await connection.alone("alerts")
        await _keep(connection, waiting, now)


async def _keep(connection: Connection, waiting: Sequence[Task], now: datetime) -> None:
    held = {(alert.matter, alert.subject): alert for alert in await alerts.open_ones(connection, [TOP])}
    new: list[Alert] = []
    for task in waiting:
        fresh = _alert(task, now)
        before = held.pop((fresh.matter, fresh.subject), None)
        if before is None:
            new.append(fresh)
        else:
            await alerts.see(connection, _again(before, fresh))
    await alerts.add(connection, new)
    over = [each.id for each in held.values() if now - each.seen_at > _MISSED_ANEW.get(each.matter, OVER_AFTER)]
    await alerts.end(connection, over, now)
    await alerts.forget(connection, now - KEPT)


def _alert(task: Task, now: datetime) -> Alert:
    amount = task.amount
    return Alert(
        matter=task.matter.value,
        subject=task.subject,
        community=task.community,
        gateway=task.gateway,
        link=task.link,
        count=task.count,
        since=task.since,
        amount_minor=None if amount is None else amount.minor,
        currency=None if amount is None else amount.currency,
        beacon=task.beacon,
        names=None if task.names is None else task.names.model_dump_json(by_alias=True),
        opened_at=now,
        seen_at=now,
    )


def _again(before: Alert, fresh: Alert) -> Alert:
    """What happened anew after somebody took it on waits for somebody again."""
    kept = replace(fresh, id=before.id, opened_at=before.opened_at)
    if before.acknowledged_at is None or (fresh.since is not None and fresh.since > before.acknowledged_at):
        return kept
    return replace(
        kept, acknowledged_at=before.acknowledged_at, acknowledged_by=before.acknowledged_by, note=before.note
    )
