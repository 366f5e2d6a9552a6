"""Check whether a member under 18 may take part in a shift."""

from central_server.store.engine.connection import Connection
from volunteering.rules.minors import AgeBand, MinorProblem, judge_minor
from volunteering.rules.seats import SignUpState
from volunteering.store import guardians, people, sign_ups
from volunteering.store.people import Person


async def check_minor(connection: Connection, person: Person, shift: str) -> MinorProblem | None:
    """Return why the person may not take a place. The guardian of a child takes a seat of the shift first."""
    if person.birth_band == AgeBand.adult:
        return None
    consent = await guardians.valid_of(connection, person.id)
    guardian = None
    if consent is not None:
        guardian = await people.find(connection, person.community, person.environment, consent.number_hash)
    seat = None if guardian is None else await sign_ups.get(connection, shift, guardian.id)
    accompanied = seat is not None and seat.state == SignUpState.confirmed
    return judge_minor(person.birth_band, consent=consent is not None, accompanied=accompanied)
