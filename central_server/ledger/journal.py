"""Post what a bank did with a gift's money as ledger lines: received, refunded, and fees."""

import secrets
from dataclasses import replace
from datetime import datetime

from central_server.errors import CentralError
from central_server.store.catalogue import projects
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import OWN_MEANS
from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_lines, locked_months, project_terms, purses
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class NotReceived(CentralError):
    """The attempt's payment has no ledger line: post it first."""


def new_slip_number() -> str:
    """Return eight Crockford base32 digits in two groups: 40 random bits; a collision needs another one."""
    digits = "".join(secrets.choice(_CROCKFORD) for _ in range(8))
    return f"{digits[:4]}-{digits[4:]}"


async def post_received(
    connection: Connection,
    intent: Intent,
    attempt: Attempt,
    *,
    kind: LineKind,
    late: bool,
    outside_permit: bool,
    flawed: bool,
    evidence: str,
    terms: str | None,
    at: datetime,
) -> str | None:
    """Post an attempt's payment; return the line's slip number, or None if it was posted before."""
    for _ in range(4):
        slip = new_slip_number()
        line = LedgerLine(
            identity=f"received:{attempt.id}",
            kind=kind.value,
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
            at=await locked_months.open_time(connection, intent.community, intent.environment, at),
            terms=terms,
        )
        if await ledger_lines.add(connection, line):
            return slip
        posted = await ledger_lines.of_intent(connection, intent.gateway, intent.id)
        if any(line_.identity == line.identity for line_ in posted):
            return None
    raise RuntimeError("four slip numbers in a row were taken: the random source is broken")


async def post_refund(
    connection: Connection,
    attempt: Attempt,
    refund_id: str,
    amount_minor: int,
    *,
    evidence: str,
    at: datetime,
    source: str = "",
    source_minor: int = 0,
) -> bool:
    """Post a refund of an attempt; False if it was posted before. Raises NotReceived.

    `source_minor`: fen of it that `source` gives, see StoredRefund; at most what another project still has.
    """
    if amount_minor <= 0:
        raise ValueError(f"a refund needs a positive amount, not {amount_minor}")
    line = await _line_of(connection, attempt, LineKind.refund, f"refund:{refund_id}", amount_minor, evidence, at)
    if await ledger_lines.get(connection, line.identity) is not None:
        return False
    for each in await _lines_of_source(connection, line, refund_id, source, source_minor):
        await ledger_lines.add(connection, each)
    return await _post_bank_line(connection, line)


async def post_fee(
    connection: Connection,
    attempt: Attempt,
    statement_row_identity: str,
    fee_minor: int,
    *,
    evidence: str,
    at: datetime,
) -> bool:
    """Post the bank's fee, or its return (negative). Raises NotReceived.

    False if this row's fee was posted before or is zero.
    """
    if fee_minor == 0:
        return False
    identity = f"fee:{statement_row_identity}"
    line = await _line_of(connection, attempt, LineKind.fee, identity, fee_minor, evidence, at)
    return await _post_bank_line(connection, line)


async def _post_bank_line(connection: Connection, line: LedgerLine) -> bool:
    """Add a line that a bank caused; what exceeds the balance becomes the organisation's shortfall."""
    if await ledger_lines.get(connection, line.identity) is not None:
        return False
    missing = -line.signed_minor - (await purses.get(connection, line.purse)).balance_minor
    if missing > 0:
        shortfall = replace(
            line,
            identity=f"shortfall:{line.identity}",
            kind=LineKind.shortfall.value,
            amount_minor=missing,
            secret=secrets.token_hex(16),
            refers=line.identity,
            gateway=None,
            intent=None,
            attempt=None,
        )
        await ledger_lines.add(connection, shortfall)
    return await ledger_lines.add(connection, line)


async def _lines_of_source(
    connection: Connection, refund: LedgerLine, refund_id: str, source: str, source_minor: int
) -> list[LedgerLine]:
    """Return the lines that bring the source's money into the purse of the refund."""
    if source_minor <= 0:
        return []
    moved_in = replace(
        refund,
        identity=f"moved_in:{refund_id}",
        kind=LineKind.moved_in.value,
        amount_minor=source_minor,
        secret=secrets.token_hex(16),
        refers=refund.identity,
        gateway=None,
        intent=None,
        attempt=None,
    )
    if source == OWN_MEANS:
        return [moved_in]
    purse = (refund.community, refund.environment, source)
    available = min(source_minor, (await purses.get(connection, purse)).balance_minor)
    if available <= 0:
        return []
    project = await projects.known(connection, refund.community, source)
    moved_out = replace(
        moved_in,
        identity=f"moved_out:{refund_id}",
        kind=LineKind.moved_out.value,
        project=source,
        amount_minor=available,
        secret=secrets.token_hex(16),
        refers=moved_in.identity,
        terms=await project_terms.add(connection, project),
    )
    return [moved_out, replace(moved_in, amount_minor=available)]


async def _line_of(
    connection: Connection,
    attempt: Attempt,
    kind: LineKind,
    identity: str,
    amount_minor: int,
    evidence: str,
    at: datetime,
) -> LedgerLine:
    """Return a line for the purse of the attempt's payment, and lock its ledger."""
    received = await ledger_lines.get(connection, f"received:{attempt.id}")
    if received is None:
        raise NotReceived(f"attempt {attempt.id} has no ledger line")
    await ledger_lines.lock_ledger(connection, received.community)
    return LedgerLine(
        identity=identity,
        kind=kind.value,
        community=received.community,
        environment=received.environment,
        project=received.project,
        gateway=received.gateway,
        intent=received.intent,
        attempt=attempt.id,
        amount_minor=amount_minor,
        currency=received.currency,
        secret=secrets.token_hex(16),
        refers=received.identity,
        evidence=evidence[:200],
        at=await locked_months.open_time(connection, received.community, received.environment, at),
        terms=received.terms,
    )
