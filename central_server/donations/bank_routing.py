"""Choose the bank of a gift: our own, or the page of the organisation's designated platform.

An organisation may raise money on its own site only where it has declared that site (Charity Law, art. 27).
"""

from collections.abc import Collection

from central_server.banks.link import Link
from central_server.banks.port import Bank
from central_server.permits.fundraising_venue import platform_page, raisers
from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from sync_contract.strict_model import Environment


def reports_outcomes(bank: Bank) -> bool:
    """Return whether the bank ever reports what became of an order."""
    return bank.capabilities.notifies or bank.capabilities.queries


def depends_on_organisation(bank: Bank) -> bool:
    """Return whether the organisation's declaration decides about this bank: not in a drill, nor for a public page."""
    return bank.environment is not Environment.drill and reports_outcomes(bank)


async def choose_bank(
    connection: Connection, community: str, project: str, bank: Bank, platforms: Collection[str]
) -> Bank | None:
    """Return `bank` if gifts to the project may go there, else a link to the organisation's page on a platform.

    `platforms`: hosts of the designated platforms. None: the project is information only; the catalogue marks it so
    for the gateways too.
    """
    if not depends_on_organisation(bank):
        return bank
    stored = (await projects.holding(connection, community)).get(project)
    organisation = (await raisers(connection, [] if stored is None else [stored])).get(project)
    if organisation is None:
        return None
    if organisation.own_site:
        return bank
    page = platform_page(organisation, platforms)
    return Link(page.replace("{", "{{").replace("}", "}}"), bank.environment) if page else None
