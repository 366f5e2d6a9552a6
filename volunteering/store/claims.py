"""Store decisions on claims, and find the claims that wait."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within
from volunteering.rules.check_in_judgement import Evidence
from volunteering.rules.claims import ClaimState
from volunteering.store.tables import attendances, claim_decisions, service_records, shifts, staff_numbers

_LISTED = 100
_SHOWN_TO_PERSON = 10
RECENT = timedelta(days=90)
"""Evidence of attendances is stored this long; a claim that nobody decided on by then ends."""


@dataclass(frozen=True, slots=True)
class ClaimDecision:
    """A row; see `claim_tables.claim_decisions`."""

    id: str
    community: str
    sign_up: str
    person: str
    state: str
    minutes: int
    reason: str
    by: str
    at: datetime


_DECISION = columns_of(claim_decisions, ClaimDecision)


async def add(connection: Connection, decision: ClaimDecision) -> None:
    await connection.execute(claim_decisions.insert().values(asdict(decision)))


async def of_sign_ups(connection: Connection, wanted: Collection[str]) -> tuple[ClaimDecision, ...]:
    """Return the decisions on these sign-ups, in order of time."""
    found = select(*_DECISION).where(claim_decisions.c.sign_up.in_(wanted)).order_by(claim_decisions.c.at)
    return await fetch_all(connection, ClaimDecision, found)


async def every_of(connection: Connection, person: str) -> tuple[ClaimDecision, ...]:
    found = select(*_DECISION).where(claim_decisions.c.person == person).order_by(claim_decisions.c.at)
    return await fetch_all(connection, ClaimDecision, found)


async def waiting(
    connection: Connection, tops: Collection[str], environment: str, now: datetime, ended_before: datetime
) -> tuple[str, ...]:
    """Return sign-ups with a claim that nobody declined and no record counts, the oldest first.

    Their person checked out, or the shift ended before `ended_before`.
    """
    scan, out = attendances.c, attendances.alias("went")
    left = select(out.c.id).where(out.c.sign_up == scan.sign_up, out.c.step == "out").exists()
    recorded = select(service_records.c.id).where(service_records.c.source == scan.sign_up).exists()
    refused = claim_decisions.c.state == ClaimState.declined.value
    declined = select(claim_decisions.c.id).where(claim_decisions.c.sign_up == scan.sign_up, refused).exists()
    wanted = select(scan.sign_up).join(shifts, shifts.c.id == scan.shift)
    claimed = wanted.where(scan.evidence == Evidence.claim.value, scan.at > now - RECENT)
    around = claimed.where(within(scan.community, tops), scan.environment == environment)
    open_ = around.where(or_(left, shifts.c.ends < ended_before), ~recorded, ~declined)
    ordered = open_.group_by(scan.sign_up).order_by(func.min(scan.at), scan.sign_up).limit(_LISTED)
    return tuple((await connection.execute(ordered)).scalars())


async def claimed_by(connection: Connection, person: str, since: datetime) -> tuple[str, ...]:
    """Return the person's newest sign-ups with a claim since a time."""
    scan = attendances.c
    mine = select(scan.sign_up).where(scan.person == person, scan.evidence == Evidence.claim.value, scan.at > since)
    newest = mine.group_by(scan.sign_up).order_by(func.max(scan.at).desc()).limit(_SHOWN_TO_PERSON)
    return tuple((await connection.execute(newest)).scalars())


async def number_of(connection: Connection, account: str) -> str | None:
    """Return the hash of the account's own number, "" for no volunteer, None before the account has stated it."""
    wanted = select(staff_numbers.c.number_hash).where(staff_numbers.c.account == account)
    return (await connection.execute(wanted)).scalar_one_or_none()


async def state_number(connection: Connection, account: str, number_hash: str, now: datetime) -> None:
    stated = {"number_hash": number_hash, "stated_at": now}
    added = insert(connection, staff_numbers).values(account=account, **stated)
    await connection.execute(added.on_conflict_do_update(index_elements=["account"], set_=stated))
