"""To which bank a gift goes. Public money is raised on a designated platform, and also on the organisation's own site
where it has declared that (Charity Law, art. 27)."""

from collections.abc import Collection
from urllib.parse import urlsplit

from central_server.banks.link import Link
from central_server.banks.port import Bank
from central_server.store import organisations, projects
from central_server.store.connection import Connection
from sync_contract.strict import Environment


def hears(bank: Bank) -> bool:
    """Whether anything is ever heard of an order there."""
    return bank.capabilities.notifies or bank.capabilities.queries


async def chosen(
    connection: Connection, community: str, project: str, bank: Bank, platforms: Collection[str]
) -> Bank | None:
    """`bank` in a drill, where it is a public page itself, and where the organisation declared its own site; else the
    organisation's page on a platform whose host is one of `platforms`. None: information only.
    """
    if bank.environment is Environment.drill or not hears(bank):
        return bank
    kept = (await projects.holding(connection, community)).get(project)
    if kept is None:
        return None
    organisation = (await organisations.holding(connection, kept.place, [kept.organisation])).get(kept.organisation)
    if organisation is None:
        return None
    if organisation.own_site:
        return bank
    parts = urlsplit(organisation.platform_url)
    if parts.scheme != "https" or parts.netloc.lower() not in platforms:
        return None
    page = organisation.platform_url.replace("{", "{{").replace("}", "}}")
    return Link(page, bank.environment)
