"""Let a second person confirm or decline a claim: time of service that no code of a screen proved in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.store.accounts.independence import are_independent
from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.records.record_service import current_spans, record_sign_up
from volunteering.rules.attendance import AROUND, Scan, Step, span_of
from volunteering.rules.check_in_judgement import Evidence
from volunteering.rules.claims import ClaimProblem, ClaimState, confirmations_needed, judge_minutes
from volunteering.rules.service_hours import Grade, Span, uncounted_minutes
from volunteering.store import activities, attendances, claims, people, service_records
from volunteering.store.activities import ListedShift
from volunteering.store.attendances import Attendance
from volunteering.store.claims import ClaimDecision
from volunteering.store.service_records import ServiceRecord


@dataclass(frozen=True, slots=True)
class Claim:
    """`left` None: the person did not check out, so the planned end counts."""

    sign_up: str
    person: str
    listed: ListedShift
    arrived: Attendance
    left: Attendance | None

    @property
    def span(self) -> Span:
        left = None if self.left is None else Scan(self.left.at, Evidence(self.left.evidence))
        return span_of(self.listed.shift.times, Scan(self.arrived.at, Evidence(self.arrived.evidence)), left)

    @property
    def minutes(self) -> int:
        return uncounted_minutes(self.span, ())


@dataclass(frozen=True, slots=True)
class ClaimStanding:
    """What is decided on a claim. `minutes`: that count, None before a record exists.

    `counted`: the time of the person's other records; `that_day`: their confirmed minutes of the day without proof.
    """

    decisions: tuple[ClaimDecision, ...]
    minutes: int | None
    counted: tuple[Span, ...]
    that_day: int

    @property
    def state(self) -> ClaimState:
        if self.minutes is not None:
            return ClaimState.confirmed
        declined = any(each.state == ClaimState.declined for each in self.decisions)
        return ClaimState.declined if declined else ClaimState.waiting


@dataclass(frozen=True, slots=True)
class Verdict:
    """`minutes`: to confirm, from the begin of the claim; 0 to decline.

    `member`: the person who is logged in as a volunteer in the same browser, "" for nobody.
    """

    account: str
    minutes: int
    reason: str
    member: str = ""


async def load(connection: Connection, sign_up: str, now: datetime) -> Claim | None:
    """Return None for a sign-up without a claim, or while the person may still check out."""
    found = {Step(each.step): each for each in await attendances.of_sign_ups(connection, [sign_up])}
    arrived, left = found.get(Step.arrive), found.get(Step.leave)
    if arrived is None or all(each.evidence != Evidence.claim for each in found.values()):
        return None
    listed = (await activities.of_ids(connection, [arrived.shift])).get(arrived.shift)
    if listed is None or (left is None and listed.shift.ends > now - AROUND):
        return None
    return Claim(sign_up, arrived.person, listed, arrived, left)


async def load_standing(connection: Connection, claim: Claim) -> ClaimStanding:
    rows = await service_records.every_of(connection, claim.person)
    others = [each for each in rows if each.source != claim.sign_up]
    own = [each.minutes for each in rows if each.source == claim.sign_up]
    that_day = sum(each.minutes for each in others if _is_unproved_on_day(each, claim))
    decisions = await claims.of_sign_ups(connection, [claim.sign_up])
    counted = tuple(current_spans(others).values())
    return ClaimStanding(decisions, sum(own) if own else None, counted, that_day)


async def decide(connection: Connection, claim: Claim, verdict: Verdict, now: datetime) -> ClaimState | ClaimProblem:
    """Confirm or decline a claim. Return its new state, `waiting` while a second account must confirm it too."""
    person = await people.get(connection, claim.person, lock=True)
    standing = await load_standing(connection, claim)
    own = await claims.number_of(connection, verdict.account)
    if standing.state is not ClaimState.waiting or person is None:
        return ClaimProblem.decided
    if own is None:
        return ClaimProblem.unstated
    if (own and own == person.number_hash) or verdict.member == person.id:
        return ClaimProblem.own
    if not verdict.reason:
        return ClaimProblem.reason
    for each in standing.decisions:
        if not await are_independent(connection, each.by, verdict.account):
            return ClaimProblem.again
    if not verdict.minutes:
        await claims.add(connection, _decision(claim, ClaimState.declined, verdict, now))
        return ClaimState.declined
    if problem := judge_minutes(claim.span, verdict.minutes, standing.counted):
        return problem
    await claims.add(connection, _decision(claim, ClaimState.confirmed, verdict, now))
    if len(standing.decisions) + 1 < confirmations_needed(verdict.minutes, standing.that_day):
        return ClaimState.waiting
    minutes = min([verdict.minutes, *(each.minutes for each in standing.decisions)])
    await record_sign_up(connection, claim.sign_up, now, confirmed_by=verdict.account, most=timedelta(minutes=minutes))
    return ClaimState.confirmed


def _decision(claim: Claim, state: ClaimState, verdict: Verdict, now: datetime) -> ClaimDecision:
    community, minutes = claim.arrived.community, verdict.minutes
    return ClaimDecision(
        new_id(),
        community,
        claim.sign_up,
        claim.person,
        state.value,
        minutes,
        verdict.reason,
        verdict.account,
        now,
    )


def _is_unproved_on_day(row: ServiceRecord, claim: Claim) -> bool:
    day = claim.span.starts.astimezone(OFFICIAL_TIME).date()
    return row.evidence == Grade.claim and row.served_on.astimezone(OFFICIAL_TIME).date() == day
