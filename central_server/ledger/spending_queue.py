"""Record which money the spending of a published step used. Reads only what the step may touch."""

from collections.abc import Collection, Sequence

from central_server.ledger.spending_order import SpendingOrder, read_step
from central_server.store.engine.connection import Connection
from central_server.store.ledger import money_uses
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.ledger.money_uses import Use
from central_server.store.ledger.purses import Purse


async def record(connection: Connection, purse: Purse, head: int, lines: Collection[LedgerLine]) -> Sequence[Use]:
    """Store and return the uses of the step that this head published, within its write."""
    step = read_step(lines)
    named = {line.refers for line in (*step.reductions, *step.returned) if line.refers}
    earlier = await money_uses.uses_of(connection, named) if named else []
    touched = named | {use.income for use in earlier}
    known = {each.line: each for each in await money_uses.front(connection, purse, step.most_taken)}
    known |= {each.line: each for each in await money_uses.incomes(connection, touched - known.keys())}
    before = {line: each.left_minor for line, each in known.items()}
    order = SpendingOrder(known.values(), earlier, await money_uses.next_place(connection, purse))
    uses = order.add(step)
    changed = [each for line, each in order.incomes.items() if before.get(line) != each.left_minor]
    await money_uses.save(connection, purse, head, before.keys(), changed, uses)
    return uses
