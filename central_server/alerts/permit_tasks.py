"""Find tasks about ending permits, due disclosures, and differences and receipts that wait."""

from collections.abc import Collection
from datetime import datetime

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.permits.deadlines import Deadline
from central_server.permits.permit_status import PermitStatus, load_permit_status
from central_server.store.catalogue import import_drafts
from central_server.store.catalogue.import_drafts import EVIDENCE
from central_server.store.donations import receipts
from central_server.store.engine.connection import Connection
from central_server.store.ledger.purse_sums import any_lines
from central_server.store.places import places
from central_server.store.reconciliation import differences
from sync_contract.permit import PermitReason


async def ending_permits(connection: Connection, tops: Collection[str], environment: str, now: datetime) -> list[Task]:
    """Return tasks about organisations and projects whose own place is at or below `tops`."""
    visible = {place.id for place in await places.every(connection, tops)}
    found = await load_permit_status(connection, tops, now)
    tasks = [*_certificates(found), *_plans(found)]
    for each in found.campaigns:
        project, due = each.project, each.following
        # A project without ledger lines has nothing to disclose.
        if due is not None and _near(due) and await any_lines(connection, project.place, project.id, environment):
            about = (project.place, f"{project.place} {project.id} {due.until}", project.title.zh_hans)
            days = _days_left(due)
            tasks.append(Task(TaskKind.disclosure_due, *about, "/staff/permits", days, names=project.title))
    return [task for task in tasks if task.community in visible]


def _certificates(found: PermitStatus) -> list[Task]:
    used = {(each.organisation.place, each.organisation.id) for each in found.campaigns if each.organisation}
    tasks = []
    for paper in found.certificates:
        organisation, until = paper.organisation, paper.certificate
        if until is not None and _near(until) and (organisation.place, organisation.id) in used:
            about = (organisation.place, f"certificate {organisation.place} {organisation.id}", organisation.name)
            link = f"/staff/organisations/{organisation.place}/{organisation.id}"
            tasks.append(Task(TaskKind.permit_ends, *about, link, _days_left(until)))
    return tasks


def _plans(found: PermitStatus) -> list[Task]:
    tasks = []
    for each in found.campaigns:
        project = each.project
        if each.plan is not None and each.plan.soon and each.judgement.reason is PermitReason.holds:
            about = (project.place, f"plan {project.place} {project.id}", project.title.zh_hans)
            link = f"/staff/projects/{project.place}/{project.id}"
            tasks.append(Task(TaskKind.permit_ends, *about, link, _days_left(each.plan), names=project.title))
    return tasks


async def pending_counts(connection: Connection, money_tops: Collection[str], environment: str) -> list[Task]:
    """Return one task per community for unsettled differences, sent evidence, and receipts that are not issued."""
    pending = (
        (TaskKind.difference, "/staff/reconciliation", await differences.waiting(connection, money_tops, environment)),
        (TaskKind.evidence_waiting, "/staff/evidence", await import_drafts.waiting(connection, EVIDENCE, money_tops)),
        (TaskKind.receipt_due, "/staff/receipts", await receipts.waiting(connection, money_tops, environment)),
    )
    return [
        Task(kind, each.community, each.community, "", link, each.count, each.since)
        for kind, link, found in pending
        for each in found
    ]


def _near(ending: Deadline) -> bool:
    return ending.soon or ending.over


def _days_left(ending: Deadline) -> int:
    return max(0, ending.days)
