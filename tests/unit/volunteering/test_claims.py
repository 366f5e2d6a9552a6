"""Claims of time without proof: who may confirm them, what they may not count, and what their person sees."""

from datetime import UTC, datetime, timedelta

import aiohttp

from central_server.accounts.access import Role
from central_server.receipts.sealed_data import open_seal
from central_server.store.accounts import audit_trail
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from central_server.store.places.places import TOP
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone
from tests.unit.volunteering.test_sign_ups import NOW, do, members, shift
from volunteering.activities.sign_up import sign_up
from volunteering.people.sealed_person import PersonSeal
from volunteering.records.claims import Verdict, decide, load
from volunteering.records.record_service import Service, record_ended, record_service
from volunteering.rules.attendance import Step
from volunteering.rules.check_in_judgement import CheckInReason, Evidence
from volunteering.rules.claims import ClaimProblem, ClaimState, confirmations_needed, judge_minutes
from volunteering.rules.service_hours import Grade, Span
from volunteering.store import attendances, claims, people, service_records, sign_ups
from volunteering.store.attendances import Attendance
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.service_records import ServiceKind
from volunteering.store.tables import shifts

CLAIMS = "/staff/volunteers/claims"


async def attend(database: Database, person: Person, of: str, scans: dict[Step, tuple[datetime, CheckInReason]]) -> str:
    """Store scans of a person's sign-up; return its id."""
    async with database.write() as connection:
        own = await sign_ups.get(connection, of, person.id)
        assert own is not None
        for step, (at, reason) in scans.items():
            evidence = Evidence.screen if reason is CheckInReason.in_time else Evidence.claim
            about = (new_id(), person.community, "drill", of, own.id, person.id, step.value, at)
            row = Attendance(*about, evidence.value, reason.value, "0" * 16, f"{of} {step}")
            await attendances.add(connection, row)
    return own.id


async def rule(database: Database, sign_up_id: str, verdict: Verdict, at: datetime) -> str:
    async with database.write() as connection:
        claim = await load(connection, sign_up_id, at)
        return "none" if claim is None else str(await decide(connection, claim, verdict, at))


def test_padded_and_overlapping_minutes_are_refused() -> None:
    claimed = Span(NOW, NOW + timedelta(minutes=90, seconds=30))
    other = Span(NOW + timedelta(minutes=60), NOW + timedelta(minutes=61))
    cases = {
        (0, ()): ClaimProblem.padded,
        (-1, ()): ClaimProblem.padded,
        (91, ()): ClaimProblem.padded,
        (90, ()): None,
        (1, ()): None,
        (60, (other,)): None,
        (61, (other,)): ClaimProblem.overlap,
        (90, (other,)): ClaimProblem.overlap,
    }
    for (minutes, counted), expected in cases.items():
        assert judge_minutes(claimed, minutes, counted) is expected, (minutes, counted)
    assert [confirmations_needed(*each) for each in ((480, 0), (481, 0), (1, 480), (240, 240))] == [1, 2, 2, 1]


async def test_a_claim_counts_once_after_independent_confirmation(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    (person,) = await members(database, 1)
    long_, short = await shift(database, 3, hours=1, length=9), await shift(database, 3, hours=11, length=2)
    for of in (long_, short):
        assert await do(database, sign_up, person, of) == "confirmed"
    begin = NOW + timedelta(hours=1)
    late, proved = CheckInReason.late, CheckInReason.in_time
    own = await attend(
        database, person, long_, {Step.arrive: (begin, proved), Step.leave: (begin + timedelta(hours=9), late)}
    )
    open_ = await attend(
        database, person, short, {Step.arrive: (NOW + timedelta(hours=11), CheckInReason.clock_unsure)}
    )
    at = NOW + timedelta(hours=12)
    async with database.write() as connection:
        await claims.state_number(connection, "first", "", at)
        await claims.state_number(connection, "second", "", at)
        await claims.state_number(connection, "self", person.number_hash or "", at)
    await record_ended(database, at)
    async with database.read() as connection:
        assert await service_records.every_of(connection, person.id) == (), "a claim counts by itself"
        assert await claims.waiting(connection, [TOP], "real", at, at - timedelta(hours=1)) == ()
    assert await rule(database, open_, Verdict("first", 60, "seen"), at) == "none", "the person may still check out"
    assert await rule(database, own, Verdict("nobody", 540, "seen"), at) == ClaimProblem.unstated
    assert await rule(database, own, Verdict("self", 540, "seen"), at) == ClaimProblem.own
    assert await rule(database, own, Verdict("first", 540, "seen", member=person.id), at) == ClaimProblem.own
    assert await rule(database, own, Verdict("first", 541, "seen"), at) == ClaimProblem.padded
    assert await rule(database, own, Verdict("first", 540, ""), at) == ClaimProblem.reason
    assert await rule(database, own, Verdict("first", 540, "seen"), at) == ClaimState.waiting, "more than 8 hours"
    assert await rule(database, own, Verdict("first", 540, "seen"), at) == ClaimProblem.again
    async with database.read() as connection:
        assert await service_records.every_of(connection, person.id) == ()
    assert await rule(database, own, Verdict("second", 500, "I too"), at) == ClaimState.confirmed
    assert await rule(database, own, Verdict("second", 500, "I too"), at) == ClaimProblem.decided
    async with database.write() as connection:
        (record,) = await service_records.every_of(connection, person.id)
        assert (record.minutes, record.evidence, record.confirmed_by) == (500, Grade.claim, "second")
        other = Service(COMMUNITY, "drill", person.id, ServiceKind.shift, new_id(), _span(11, 11.5), Grade.screen)
        await record_service(connection, other, at)
    at = NOW + timedelta(hours=15)
    assert await rule(database, open_, Verdict("first", 120, "seen"), at) == ClaimProblem.overlap
    assert await rule(database, open_, Verdict("first", 0, "was not there"), at) == ClaimState.declined
    assert await rule(database, open_, Verdict("second", 120, "seen"), at) == ClaimProblem.decided


def _span(since: float, until: float) -> Span:
    return Span(NOW + timedelta(hours=since), NOW + timedelta(hours=until))


async def claim_yesterday(central: RunningCentral, of: str) -> str:
    """Move the shift into the past, and let the phone's person arrive there without proof; return their sign-up."""
    async with central.database() as database:
        seal = PersonSeal(await open_seal(database, central.state, None))
        ended = datetime.now(UTC) - timedelta(hours=3)
        async with database.write() as connection:
            person = await people.find(connection, COMMUNITY, "drill", seal.number_hash(NUMBER))
            times = {"starts": ended - timedelta(hours=2), "ends": ended}
            await connection.execute(shifts.update().where(shifts.c.id == of).values(times))
        assert person is not None
        own = await attend(database, person, of, {Step.arrive: (ended - timedelta(hours=2), CheckInReason.late)})
    return own


async def test_a_steward_decides_on_a_page_and_the_person_reads_it(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.admin)
    path = await desk.make_activity()
    of = path.rpartition("/")[2]
    phone = Phone.new(central.url)
    await phone.join(path)
    await phone.act(path, "sign-up")
    own = await claim_yesterday(central, of)
    one, me = f"{CLAIMS}/{own}", f"/community/{COMMUNITY}/me"
    assert "120 minutes wait for a confirmation" in (await phone.open(me)).text()
    shown = await desk.open(CLAIMS)
    assert "the code was older than 90 seconds" in shown.text()
    assert "did not check out" in shown.text()
    page = await desk.open(one)
    assert "Accounts that care for volunteers decide on it." in page.text()
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("name", {}),
        ("confirm", {"minutes": "120", "reason": "seen"}),
        ("decline", {"reason": "seen"}),
    )
    neighbour = await log_in(central, session, Role.steward, NEIGHBOURS)
    assert own not in (await neighbour.open(CLAIMS)).html
    assert (await neighbour.open(one)).status == 404
    csrf = (await neighbour.open(CLAIMS)).html.split('name="csrf" value="')[1][:64]
    for action, fields in forms:
        assert (await neighbour.donor.send(f"{central.url}{one}/{action}", {"csrf": csrf, **fields})).status == 404
    admin = await log_in(central, session, Role.admin)
    csrf = (await admin.open(CLAIMS)).html.split('name="csrf" value="')[1][:64]
    for action, fields in forms:
        assert (await admin.donor.send(f"{central.url}{one}/{action}", {"csrf": csrf, **fields})).status == 404
    steward = await log_in(central, session, Role.steward)
    page = await steward.open(one)
    assert NAME not in page.text()
    csrf = page.html.split('name="csrf" value="')[1][:64]

    async def send(path: str, **fields: str) -> str:
        page = await steward.donor.send(central.url + path, {"csrf": csrf, **fields})
        return f"{page.status} {page.text()}"

    assert NAME in await send(f"{one}/name")
    assert "422 " in await send(f"{one}/confirm", minutes="120", reason="seen"), "not stated who it is"
    assert "422 " in await send(f"{CLAIMS}/own-number", number="12")
    await send(f"{CLAIMS}/own-number", number=NUMBER)
    assert "your own hours" in await send(f"{one}/confirm", minutes="120", reason="seen")
    await send(f"{CLAIMS}/own-number", number="")
    for minutes, reason in (("", "seen"), ("121", "seen"), ("-3", "seen"), ("120", ""), ("120", "x" * 121)):
        assert "422 " in await send(f"{one}/confirm", minutes=minutes, reason=reason), (minutes, reason)
    assert "Confirmed." in await send(f"{one}/confirm", minutes="100", reason="seen at the door")
    assert "409 " in await send(f"{one}/decline", reason="no")
    read = (await phone.open(me)).text()
    assert "100 minutes were confirmed" in read
    assert "seen at the door" in read
    async with central.database() as database, database.read() as connection:
        names = [entry.action.name for _, entry in await audit_trail.page(connection, [TOP])]
    assert [each for each in names if each.startswith("volunteer")][:2] == ["volunteer.claim", "volunteer.own_number"]
    trail = await (await log_in(central, session, Role.admin, TOP)).open("/staff/audit")
    assert "Decided on hours without proof" in trail.text()
    await phone.session.close()
