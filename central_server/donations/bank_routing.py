"""To which bank a gift goes. Public money is raised on a designated platform, and also on the organisation's own site
where it has declared that (Charity Law, art. 27)."""

from collections.abc import Collection

from central_server.banks.link import Link
from central_server.banks.port import Bank
from central_server.permits.fundraising_venue import platform_page, raisers
from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from sync_contract.strict_model import Environment


def hears(bank: Bank) -> bool:
    """Whether anything is ever heard of an order there."""
    return bank.capabilities.notifies or bank.capabilities.queries


def asks_whose_project(bank: Bank) -> bool:
    """Whether it depends on the organisation if gifts may go there: not in a drill, nor where it is a public page."""
    return bank.environment is not Environment.drill and hears(bank)


async def chosen(
    connection: Connection, community: str, project: str, bank: Bank, platforms: Collection[str]
) -> Bank | None:
    """`bank` where nobody need ask, and where the organisation declared its own site; else the organisation's page on a
    platform whose host is one of `platforms`. None: information only, as the catalogue tells the gateways too.
    """
    if not asks_whose_project(bank):
        return bank
    kept = (await projects.holding(connection, community)).get(project)
    organisation = (await raisers(connection, [] if kept is None else [kept])).get(project)
    if organisation is None:
        return None
    if organisation.own_site:
        return bank
    page = platform_page(organisation, platforms)
    return Link(page.replace("{", "{{").replace("}", "}}"), bank.environment) if page else None
