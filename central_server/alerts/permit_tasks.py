"""Papers that end, money that has to be published, differences and receipts that wait: as tasks."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from central_server.permits.deadlines import Deadline
from central_server.permits.permit_status import PermitStatus, load_permit_status
from central_server.store.donations import receipts
from central_server.store.engine.connection import Connection
from central_server.store.ledger.purse_sums import any_lines
from central_server.store.places import places
from central_server.store.reconciliation import differences
from sync_contract.permit import PermitReason
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Paper:
    """`word`: permit_ends, disclosure_due, difference or receipt_due. `name`: of the organisation or project.

    `days`: until the day, nought when it has come, for a paper; how many wait, for the other two.
    """

    word: str
    place: str
    subject: str
    name: str
    link: str
    days: int
    since: datetime | None = None
    names: Texts | None = None


async def papers(connection: Connection, tops: Collection[str], environment: str, now: datetime) -> list[Paper]:
    """Of organisations and projects that are kept at and below `tops`: others' own staff see to theirs."""
    mine = {place.id for place in await places.every(connection, tops)}
    found = await load_permit_status(connection, tops, now)
    told = [*_ends(found)]
    for each in found.campaigns:
        project, due = each.project, each.following
        # Where no money ever moved there is nothing to publish.
        if due is not None and _near(due) and await any_lines(connection, project.place, project.id, environment):
            subject = f"{project.place} {project.id} {due.until}"
            name = project.title.zh_hans
            owed = Paper("disclosure_due", project.place, subject, name, "/staff/permits", _left(due))
            told.append(replace(owed, names=project.title))
    return [each for each in told if each.place in mine]


def _ends(found: PermitStatus) -> list[Paper]:
    told = []
    used = {(each.organisation.place, each.organisation.id) for each in found.campaigns if each.organisation}
    for paper in found.certificates:
        held, until = paper.organisation, paper.certificate
        if until is not None and _near(until) and (held.place, held.id) in used:
            link = f"/staff/organisations/{held.place}/{held.id}"
            told.append(
                Paper("permit_ends", held.place, f"certificate {held.place} {held.id}", held.name, link, _left(until))
            )
    for campaign in found.campaigns:
        project = campaign.project
        name = project.title.zh_hans
        if campaign.plan is not None and campaign.plan.soon and campaign.judgement.reason is PermitReason.holds:
            link = f"/staff/projects/{project.place}/{project.id}"
            subject = f"plan {project.place} {project.id}"
            ends = Paper("permit_ends", project.place, subject, name, link, _left(campaign.plan))
            told.append(replace(ends, names=project.title))
    return told


async def waiting(connection: Connection, money_tops: Collection[str], environment: str) -> list[Paper]:
    """By community: differences that nobody settled, and receipts that nobody issued."""
    found = await differences.waiting(connection, money_tops, environment)
    told = [
        Paper("difference", each.community, each.community, "", "/staff/reconciliation", each.count, each.since)
        for each in found
    ]
    due = await receipts.waiting(connection, money_tops, environment)
    return told + [
        Paper("receipt_due", each.community, each.community, "", "/staff/receipts", each.count, each.since)
        for each in due
    ]


def _near(ending: Deadline) -> bool:
    return ending.soon or ending.over


def _left(ending: Deadline) -> int:
    return max(0, ending.days)
