"""Word a person's claims of time without proof, and what became of them, for their own page."""

from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.strict_model import Language
from volunteering.public.views import ClaimLine
from volunteering.records.claims import Claim, load, load_standing
from volunteering.rules.claims import ClaimState
from volunteering.shift_wording import shift_day
from volunteering.store import claims


async def load_claims(connection: Connection, person: str, reader: Language, now: datetime) -> tuple[ClaimLine, ...]:
    """Return the newest claims of the person."""
    found = await claims.claimed_by(connection, person, now - claims.RECENT)
    loaded = [claim for each in found if (claim := await load(connection, each, now)) is not None]
    return tuple([await _line(connection, each, reader) for each in loaded])


async def _line(connection: Connection, claim: Claim, reader: Language) -> ClaimLine:
    standing = await load_standing(connection, claim)
    title, day = claim.listed.activity.title[reader], shift_day(claim.listed.shift.times, reader)
    if standing.state is ClaimState.waiting:
        return ClaimLine(title, day, standing.state.value, claim.minutes)
    reason = standing.decisions[-1].reason if standing.decisions else ""
    return ClaimLine(title, day, standing.state.value, standing.minutes or 0, reason)
