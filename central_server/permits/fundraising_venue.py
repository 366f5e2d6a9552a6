"""Where an organisation raises money: on its own site where it declared that, else on a designated platform (Charity
Law of the PRC, art. 27)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from central_server.store.catalogue import organisations
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine.connection import Connection
from sync_contract.permit import PermitReason, judge


async def raisers(connection: Connection, projects: Iterable[StoredProject]) -> dict[str, Organisation]:
    """By project: who raises money for it; projects without are left out."""
    kept = [project for project in projects if project.organisation]
    by_place = {
        place: await organisations.holding(connection, place, {each.organisation for each in kept})
        for place in {each.place for each in kept}
    }
    known = {project.id: by_place[project.place].get(project.organisation) for project in kept}
    return {project: organisation for project, organisation in known.items() if organisation is not None}


def platform_page(organisation: Organisation, platforms: Collection[str]) -> str:
    """Its page on one of `platforms` (hosts, or host:port); empty when it names none, or one that is not among them."""
    parts = urlsplit(organisation.platform_url)
    return organisation.platform_url if parts.scheme == "https" and parts.netloc.lower() in platforms else ""


def takes_gifts(organisation: Organisation | None, platforms: Collection[str]) -> bool:
    """Whether a gift has anywhere to go from here; else its projects are information only."""
    return organisation is not None and (organisation.own_site or platform_page(organisation, platforms) != "")


def standing(
    project: StoredProject, organisation: Organisation | None, platforms: Collection[str] | None, at: datetime
) -> PermitReason:
    """Why it takes gifts or none, as gateways judge it. `platforms`: None where nobody asks whose project it is."""
    judgement = judge(project.permit(organisation), at)
    elsewhere = platforms is not None and not takes_gifts(organisation, platforms)
    return PermitReason.elsewhere if judgement.open and elsewhere else judgement.reason
