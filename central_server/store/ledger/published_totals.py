"""What was paid for projects and whom it helped, as far as it is published: no gift shows by the difference of two
answers.
"""

from collections.abc import Collection
from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_heads
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Paid:
    """Fen that came in, less what went back; people that were helped."""

    fen: int
    helped: int


async def for_projects(
    connection: Connection, environment: Environment, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Paid]:
    """By (place, project): all at and below the place."""
    told = {place: await ledger_heads.told_below(connection, environment.value, place) for place, _ in sorted(wanted)}
    found: dict[tuple[str, str], Paid] = {}
    for place, project in wanted:
        fen, helped = told[place].get(project, (0, 0))
        found[place, project] = Paid(max(0, fen), max(0, helped))
    return found
