"""Show the certificates and plans of organisations and projects today, and the next disclosure of each project."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from central_server.permits.deadlines import Deadline, deadline, next_disclosure
from central_server.store.catalogue import organisations, projects
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine.connection import Connection
from central_server.store.ledger import disclosures
from central_server.store.ledger.disclosures import Disclosure
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME, PermitJudgement, judge


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """An organisation and the end of its certificate."""

    organisation: Organisation
    certificate: Deadline | None


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """A project, its plan, and its disclosures. `following`: the next disclosure."""

    project: StoredProject
    organisation: Organisation | None
    judgement: PermitJudgement
    plan: Deadline | None
    following: Deadline | None
    disclosed: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class PermitStatus:
    certificates: tuple[CertificateStatus, ...]
    campaigns: tuple[CampaignStatus, ...]


def today(now: datetime) -> date:
    return now.astimezone(OFFICIAL_TIME).date()


async def load_permit_status(connection: Connection, tops: Collection[str], now: datetime) -> PermitStatus:
    """Include what is stored at and below `tops`, and what is inherited from above."""
    day = today(now)
    all_organisations = await organisations.every(connection, tops)
    at_top = {(each.place, each.id): each for each in await organisations.every(connection, [TOP])}
    recorded = await disclosures.every(connection, tops)
    all_projects = await projects.every(connection, tops)
    ancestors = await places.above(connection, {project.place for project in all_projects})
    campaigns = []
    for project in all_projects:
        candidates = ((place, project.organisation) for place in ancestors.get(project.place, ()))
        organisation = next((at_top[each] for each in candidates if each in at_top), None)
        disclosed = tuple(each for each in recorded if (each.place, each.project) == (project.place, project.id))
        following = None
        if project.opens and project.closes and day >= project.opens:
            dues = {each.due for each in disclosed}
            following = next_disclosure(project.opens, project.closes, dues, day)
        judgement = judge(project.permit(organisation), now)
        plan = deadline(project.closes, day)
        campaigns.append(CampaignStatus(project, organisation, judgement, plan, following, disclosed))
    certificates = tuple(CertificateStatus(each, deadline(each.certificate_until, day)) for each in all_organisations)
    return PermitStatus(certificates, tuple(campaigns))
