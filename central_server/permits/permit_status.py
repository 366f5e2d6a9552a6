"""How the papers of organisations and projects stand today, and what has to be published next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from central_server.permits.deadlines import Ending, ending, next_disclosure
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
class Papers:
    """An organisation and its certificate."""

    organisation: Organisation
    certificate: Ending | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A project, its plan, and what was published of its money. `following`: what has to be published next."""

    project: StoredProject
    organisation: Organisation | None
    judgement: PermitJudgement
    plan: Ending | None
    following: Ending | None
    done: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    papers: tuple[Papers, ...]
    campaigns: tuple[Campaign, ...]


def today(now: datetime) -> date:
    return now.astimezone(OFFICIAL_TIME).date()


async def standing(connection: Connection, tops: Collection[str], now: datetime) -> Standing:
    """Of what is kept at and below `tops`, and of what holds there from above."""
    day = today(now)
    raisers = await organisations.every(connection, tops)
    known = {(each.place, each.id): each for each in await organisations.every(connection, [TOP])}
    noted = await disclosures.every(connection, tops)
    every = await projects.every(connection, tops)
    lines = await places.above(connection, {project.place for project in every})
    campaigns = []
    for project in every:
        near = ((place, project.organisation) for place in lines.get(project.place, ()))
        raiser = next((known[each] for each in near if each in known), None)
        done = tuple(each for each in noted if (each.place, each.project) == (project.place, project.id))
        following = None
        if project.opens and project.closes and day >= project.opens:
            dues = {each.due for each in done}
            following = next_disclosure(project.opens, project.closes, dues, day)
        judgement = judge(project.permit(raiser), now)
        plan = ending(project.closes, day)
        campaigns.append(Campaign(project, raiser, judgement, plan, following, done))
    papers = tuple(Papers(each, ending(each.certificate_until, day)) for each in raisers)
    return Standing(papers, tuple(campaigns))
