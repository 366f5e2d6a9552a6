"""Money that came in, as lines of the ledger."""

import secrets
from datetime import datetime

from central_server.store import ledger_lines
from central_server.store.attempts import Attempt
from central_server.store.connection import Connection
from central_server.store.intents import Intent
from central_server.store.ledger_lines import LedgerLine, LineKind

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_slip_number() -> str:
    """Eight Crockford base32 digits in two groups: 40 random bits; a second drawing settles a collision."""
    digits = "".join(secrets.choice(_CROCKFORD) for _ in range(8))
    return f"{digits[:4]}-{digits[4:]}"


async def post_received(
    connection: Connection,
    intent: Intent,
    attempt: Attempt,
    *,
    surplus: bool,
    late: bool,
    outside_permit: bool,
    flawed: bool,
    evidence: str,
    at: datetime,
) -> str | None:
    """Post an attempt's money once; the line's slip number, or None when it stands in the ledger already."""
    for _ in range(4):
        slip = new_slip_number()
        line = LedgerLine(
            identity=f"received:{attempt.id}",
            kind=(LineKind.surplus if surplus else LineKind.paid).value,
            community=intent.community,
            environment=intent.environment,
            project=intent.project,
            gateway=intent.gateway,
            intent=intent.id,
            attempt=attempt.id,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            secret=secrets.token_hex(16),
            slip=slip,
            late=late,
            outside_permit=outside_permit,
            flawed=flawed,
            evidence=evidence[:200],
            at=at,
        )
        if await ledger_lines.add(connection, line):
            return slip
        posted = await ledger_lines.of_intent(connection, intent.gateway, intent.id)
        if any(held.identity == line.identity for held in posted):
            return None
    raise RuntimeError("four slip numbers in a row were taken: the random source is broken")
