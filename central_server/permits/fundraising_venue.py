"""Where an organisation raises money: on its declared own site, else on a designated platform.

Source: Charity Law of the PRC, art. 27.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from central_server.store.catalogue import organisations
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine.connection import Connection
from sync_contract.permit import PermitReason, judge


async def raisers(connection: Connection, projects: Iterable[StoredProject]) -> dict[str, Organisation]:
    """Return by project its organisation; projects without one are left out."""
    stored = [project for project in projects if project.organisation]
    by_place = {
        place: await organisations.holding(connection, place, {each.organisation for each in stored})
        for place in {each.place for each in stored}
    }
    known = {project.id: by_place[project.place].get(project.organisation) for project in stored}
    return {project: organisation for project, organisation in known.items() if organisation is not None}


def platform_page(organisation: Organisation, platforms: Collection[str]) -> str:
    """Return its page on one of `platforms` (hosts, or host:port), empty if it has none there."""
    parts = urlsplit(organisation.platform_url)
    return organisation.platform_url if parts.scheme == "https" and parts.netloc.lower() in platforms else ""


def accepts_gifts(organisation: Organisation | None, platforms: Collection[str]) -> bool:
    """Return whether a gift can go anywhere; if not, its projects are information only."""
    return organisation is not None and (organisation.own_site or platform_page(organisation, platforms) != "")


def judge_acceptance(
    project: StoredProject, organisation: Organisation | None, platforms: Collection[str] | None, at: datetime
) -> PermitReason:
    """Return why the project accepts gifts or not, as gateways judge it.

    `platforms`: None where the organisation's declaration does not matter.
    """
    judgement = judge(project.permit(organisation), at)
    elsewhere = platforms is not None and not accepts_gifts(organisation, platforms)
    return PermitReason.elsewhere if judgement.open and elsewhere else judgement.reason
