"""Check-in by the screen's code, on phones and in the database: proof, claim, and what is refused."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcel_times
from central_server.store.places.places import plant_community
from sync_contract.check_in_code import code_at, encode
from sync_contract.keys import key_id, public_text
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningBank, running_central
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, Phone
from tests.unit.volunteering.test_sign_ups import NOW, TEXTS, do, members, shift
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.check_in import CheckIn, CheckInState, read_code, record
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import sign_up
from volunteering.part import PART
from volunteering.rules.check_in_judgement import BURST_PERSONS, CheckInReason, Evidence
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import attendances
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.tables import attendances as rows
from volunteering.store.tables import shifts

BOOT = "ab" * 16


class Screen:
    """A gateway that makes codes; `since`: when its boot began."""

    def __init__(self, since: datetime, gateway: str = "0102030405060708") -> None:
        self.since, self.gateway, self.trusted = since, gateway, True
        self.key = Ed25519PrivateKey.generate()

    async def enrol(self, database: Database, community: str = COMMUNITY) -> None:
        async with database.write() as connection:
            await plant_community(connection, community, self.since)
            await gateways.add(connection, Gateway(self.gateway, community, "Hall"), self.since)
            public = self.key.public_key()
            added = await gateways.add_key(connection, self.gateway, key_id(public), public_text(public), self.since)
            assert added

    def code(self, at: datetime) -> str:
        wall = at if self.trusted else datetime(1970, 1, 1, 5, tzinfo=UTC)
        reading = ClockReading(
            wall=wall,
            boot=BOOT,
            monotonic_ns=int((at - self.since).total_seconds()) * 10**9,
            trusted=self.trusted,
        )
        return encode(code_at(Environment.drill, self.gateway, reading), self.key)


async def scan(database: Database, person: Person, code: str, at: datetime, *, claimed: bool = False) -> CheckIn | None:
    scanned = await read_code(database, code, Environment.drill, at)
    if scanned is None:
        return None
    return await database.grouped(partial(record, person=person, scanned=scanned, claimed=claimed))


async def test_a_wave_on_one_code_and_what_is_refused_or_graded(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    screen = Screen(NOW - timedelta(days=2))
    await screen.enrol(database)
    group, of = await members(database, BURST_PERSONS), await shift(database, BURST_PERSONS, hours=0.5)
    for person in group:
        assert await do(database, sign_up, person, of) == "confirmed"
    code, late = screen.code(NOW), NOW + timedelta(seconds=91)
    twice = await asyncio.gather(*(scan(database, person, code, NOW) for person in [*group[1:], *group[1:]]))
    assert {found.state for found in twice if found} == {CheckInState.arrived}
    first = group[0]
    found = await scan(database, first, code, late)
    assert found is not None
    assert found.state is CheckInState.unproved
    found = await scan(database, first, code, late, claimed=True)
    assert found is not None
    assert found.state is CheckInState.arrived
    stranger = replace(first, id="0" * 32)
    assert (await scan(database, stranger, code, NOW) or CheckIn(CheckInState.left)).state is CheckInState.no_seat
    async with database.read() as connection:
        stored = (await connection.execute(select(rows.c.person, rows.c.evidence, rows.c.reason))).all()
        bursts = await attendances.persons_by_code(connection, of)
    assert len(stored) == len(group), "each once"
    assert {tuple(row)[1:] for row in stored if row.person == first.id} == {(Evidence.claim, CheckInReason.late)}
    assert bursts == ((NOW, BURST_PERSONS),)

    screen.trusted = False
    unsure = screen.code(NOW + timedelta(hours=1))
    scanned = await read_code(database, unsure, Environment.drill, NOW + timedelta(hours=1))
    assert scanned is not None
    assert scanned.judgement.reason is CheckInReason.clock_unsure
    async with database.write() as connection:
        await parcel_times.set_anchors(
            connection, {(screen.gateway, BOOT): (10**9, screen.since + timedelta(seconds=1))}
        )
    scanned = await read_code(database, unsure, Environment.drill, NOW + timedelta(hours=1))
    assert scanned is not None
    assert scanned.evidence is Evidence.screen
    assert await read_code(database, unsure, Environment.real, NOW) is None, "a drill's code on the real server"
    for forged in (unsure[:-1] + ("A" if unsure[-1] != "A" else "B"), "hello", ""):
        assert await read_code(database, forged, Environment.drill, NOW) is None
    unknown = Screen(screen.since, screen.gateway)
    assert await read_code(database, unknown.code(NOW), Environment.drill, NOW) is None
    async with database.write() as connection:
        await gateways.revoke_keys(connection, screen.gateway, NOW, "staff")
    assert await read_code(database, code, Environment.drill, NOW) is None, "it ends with its gateway"


async def test_a_member_checks_in_and_out_on_the_phone_and_staff_see_it(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession
) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    clock = [began]
    screen, other = Screen(began - timedelta(days=1)), Screen(began - timedelta(days=1), "0102030405060709")
    times = ShiftTimes(began + timedelta(minutes=10), began + timedelta(minutes=130))
    running = running_central(tmp_path / "c", bank, store=store_url, parts=(PART,), now=lambda: clock[0])
    async with running as central, central.database() as database:
        await screen.enrol(database)
        await other.enrol(database, NEIGHBOURS)
        async with database.write() as connection:
            new = NewActivity(COMMUNITY, TEXTS, None, TEXTS, (times,), 3)
            made = await make_activity(connection, new, "drill", "clerk", began)
            of = (await connection.execute(select(shifts.c.id).where(shifts.c.opportunity == made.id))).scalar_one()
        phone = Phone.new(central.url)
        async with phone.session:

            async def open_code(by: Screen = screen) -> str:
                return (await phone.open(f"/C/{by.code(clock[0])}")).text()

            assert "Log in first" in await open_code()
            assert "This code is not valid" in (await phone.open("/c/nothing")).text()
            path = f"/community/{COMMUNITY}/shifts/{of}"
            await phone.join(path)
            assert "no activity at this time" in await open_code()
            await phone.act(path, "sign-up")
            assert "Log in first" in await open_code(other), "another community's member"
            page = await phone.open(f"/c/{screen.code(clock[0])}")
            page = await phone.donor.press(page)
            assert "You are checked in" in page.text()
            assert "nobody can detect" in page.text()
            clock[0] += timedelta(minutes=70)
            page = await phone.open(f"/c/{screen.code(clock[0])}")
            clock[0] += timedelta(seconds=100)
            page = await phone.donor.press(page)
            assert "does not show that you are in the hall now" in page.text(), "the form was sent too late"
            page = await phone.donor.press(page)
            assert "61 minutes count." in page.text()
            exported = json.loads((await phone.act(f"/community/{COMMUNITY}/me", "data.json")).html)
            assert [each["evidence"] for each in exported["attendances"]] == ["screen", "claim"]
        clock[0] = datetime.now(UTC)  # a session of staff does not last as long
        desk = await log_in(central, session, Role.admin)
        shown = (await desk.open(f"/staff/volunteers/shifts/{of}")).text()
        assert "without proof" in shown or "无证明" in shown
        assert NAME not in shown
