"""Publish how much of a chain's gifts came by bank transfer or cheque, so that no sum or difference reveals one gift.

A chain's steps mix these gifts with those of screens and phones. They are summed for groups of whole steps: in a group,
the transfers of some of its steps and the other gifts of the rest are five gifts or more together, or none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_heads
from central_server.store.ledger.ledger_heads import StoredHead
from sync_contract.ledger_heads import FEWEST_GIFTS, Head, Remitted


@dataclass(frozen=True, slots=True)
class RemittedInStep:
    """Of one step: its gifts, and those of them that came by transfer or cheque, with their fen."""

    gifts: int
    remitted: int
    fen: int


def sum_remitted(steps: Iterable[RemittedInStep]) -> Remitted:
    """Sum the complete groups of steps, oldest first; the rest waits."""
    gifts = fen = fewest = waiting_gifts = waiting_fen = 0
    for step in steps:
        waiting_gifts, waiting_fen = waiting_gifts + step.remitted, waiting_fen + step.fen
        fewest += min(step.remitted, step.gifts - step.remitted)
        if fewest == 0 or fewest >= FEWEST_GIFTS:
            gifts, fen = gifts + waiting_gifts, fen + waiting_fen
            fewest = waiting_gifts = waiting_fen = 0
    return Remitted(gifts=gifts, fen=fen)


async def load_remitted(connection: Connection, newest: Sequence[StoredHead]) -> dict[str, Remitted]:
    """Return the figures by project. `newest`: the newest heads of one community; projects without any are left out."""
    if not newest:
        return {}
    steps: dict[str, list[RemittedInStep]] = {}
    for project, content, count, fen in await ledger_heads.remitted(
        connection, newest[0].community, newest[0].environment
    ):
        gifts = Head.model_validate_json(content).sums.gifts
        steps.setdefault(project, []).append(RemittedInStep(gifts, count, fen))
    return {project: sum_remitted(found) for project, found in steps.items()}
