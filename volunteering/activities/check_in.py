"""Judge a scanned code of a screen, and record the arrival or departure that it proves."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports, gateways
from central_server.store.parcels import parcel_times
from sync_contract.check_in_code import CheckInCode, CheckInCodeRefused, parse
from sync_contract.keys import read_public
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from volunteering.rules.attendance import AROUND, Attended, Scan, Step, choose
from volunteering.rules.check_in_judgement import CheckInJudgement, Evidence, KeyPeriod, judge
from volunteering.store import activities, attendances, people
from volunteering.store.activities import ListedShift
from volunteering.store.attendances import Attendance
from volunteering.store.people import Person, PersonState


class CheckInState(StrEnum):
    no_seat = "no_seat"
    """The person has no seat in a shift around this time."""
    may_arrive = "may_arrive"
    may_leave = "may_leave"
    arrived = "arrived"
    left = "left"
    unproved = "unproved"
    """The code proves no place: the person may scan again, or state it without proof."""


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """A code with a valid signature that is not refused. `community`: of the gateway; `arrived_at`: at this server."""

    code: CheckInCode
    community: str
    arrived_at: datetime
    judgement: CheckInJudgement

    @property
    def evidence(self) -> Evidence:
        return self.judgement.evidence or Evidence.claim


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a person may do, or has done, with a code. `listed`: the shift, None without a seat."""

    state: CheckInState
    listed: ListedShift | None = None
    attended: Attended | None = None


async def read_code(
    database: Database, text: str, environment: Environment, arrived_at: datetime
) -> ScannedCode | None:
    """Return None for a code that is refused: malformed, altered, or of a key that is not valid now."""
    try:
        unverified = parse(text)
        known = await gateways.signed_with(database, unverified.gateway, unverified.key)
        if known is None:
            return None
        gateway, key = known
        code = unverified.verify(read_public(key.public))
    except CheckInCodeRefused:
        return None
    async with database.read() as connection:
        anchors = await _anchors(connection, code)
    period = KeyPeriod(key.added_at, key.revoked_at)
    judgement = judge(code, key=period, anchors=anchors, arrived_at=arrived_at, environment=environment)
    return None if judgement.evidence is None else ScannedCode(code, gateway.community, arrived_at, judgement)


async def _anchors(connection: Connection, code: CheckInCode) -> list[ClockReading]:
    """Return readings of the code's boot: the first with a synchronised clock, and the newest report.

    A report was sent just before it was received: the server's own clock gives its time, whatever the gateway's says.
    """
    found = await parcel_times.anchors(connection, [(code.gateway, code.boot)])
    known = list(found.values())
    report = await gateway_reports.get(connection, code.gateway)
    if report is not None and report.boot == code.boot:
        known.append((report.monotonic_ns, report.received_at))
    return [
        ClockReading(wall=wall, boot=code.boot, monotonic_ns=monotonic_ns, trusted=True) for monotonic_ns, wall in known
    ]


async def look(connection: Connection, person: Person, scanned: ScannedCode) -> CheckIn:
    """Return what the person may do with the code, or did with it."""
    at = scanned.arrived_at
    seats = await attendances.seats_between(connection, person.id, at - AROUND, at + AROUND)
    listed = await activities.of_ids(connection, [own.shift for own in seats])
    scans = await attendances.of_sign_ups(connection, [own.id for own in seats])
    attended = {own.id: _attended(own.id, listed[own.shift], scans) for own in seats}
    shift_of = {own.id: listed[own.shift] for own in seats}
    used = await attendances.of_use(connection, person.id, scanned.code.use_id)
    if used is not None and used.sign_up in attended:
        state = CheckInState.left if used.step == Step.leave else CheckInState.arrived
        return CheckIn(state, shift_of[used.sign_up], attended[used.sign_up])
    chosen = None if used else choose(list(attended.values()), at)
    if chosen is None:
        return CheckIn(CheckInState.no_seat)
    found, step = chosen
    states = {Step.arrive: CheckInState.may_arrive, Step.leave: CheckInState.may_leave, None: CheckInState.arrived}
    return CheckIn(states[step], shift_of[found.sign_up], found)


async def record(connection: Connection, person: Person, scanned: ScannedCode, *, claimed: bool) -> CheckIn:
    """Record the step that the code allows; the same code again changes nothing.

    `claimed`: the person states the step without proof, where the code proves none.
    """
    current = await people.get(connection, person.id, lock=True)
    if current is None or current.state != PersonState.active:
        return CheckIn(CheckInState.no_seat)
    found = await look(connection, person, scanned)
    if found.listed is None or found.attended is None or found.state not in _STEPS:
        return found
    if scanned.evidence is not Evidence.screen and not claimed:
        return replace(found, state=CheckInState.unproved)
    step, after = _STEPS[found.state]
    row = Attendance(
        new_id(),
        person.community,
        person.environment,
        found.listed.shift.id,
        found.attended.sign_up,
        person.id,
        step.value,
        scanned.arrived_at,
        scanned.evidence.value,
        scanned.judgement.reason.value,
        scanned.code.gateway,
        scanned.code.use_id,
    )
    await attendances.add(connection, row)
    return replace(found, state=after)


_STEPS = {
    CheckInState.may_arrive: (Step.arrive, CheckInState.arrived),
    CheckInState.may_leave: (Step.leave, CheckInState.left),
}


def _attended(sign_up: str, listed: ListedShift, scans: tuple[Attendance, ...]) -> Attended:
    by_step = {each.step: Scan(each.at, Evidence(each.evidence)) for each in scans if each.sign_up == sign_up}
    return Attended(sign_up, listed.shift.times, by_step.get(Step.arrive), by_step.get(Step.leave))
