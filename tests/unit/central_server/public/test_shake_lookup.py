"""Answer a shake: the nearest beacon, a pass stored as a hash, and one response for one key."""

import asyncio
import itertools
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central_server import jobs
from central_server.catalogue.beacon_project import BeaconPlace, BeaconProject
from central_server.public.program_api.shake import ShakeApi
from central_server.shake.catalogue_bindings import CatalogueBindings
from central_server.shake.nearest_beacon import nearest
from central_server.shake.shake_lookup import KeyReused, ShakeLookup, find_pass
from central_server.shake.shake_records import Ranged, ShakeRequest
from central_server.statistics.visitors import VisitCounter
from central_server.store.api.presence_passes import LIFETIME, forget
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import metadata, presence_passes, shake_answers, shake_counts
from central_server.store.places.places import TOP
from central_server.store.statistics.visitors import PhoneVisit
from daemonkit.web import WebRules, guarded_app, serving
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Project
from sync_contract.project_rules import Pick
from sync_contract.strict_model import Environment
from tests.browser.projects import LUNCH, READING
from tests.unit.central_server.shake_world import NOW, OURS, UNBOUND


def heard(minor: int, rssi: int | None = None, distance_m: float | None = None, uuid: UUID = OURS) -> Ranged:
    return Ranged(uuid=uuid, major=1, minor=minor, rssi=rssi, distance_m=distance_m)


def brings(project: Project, priority: int = 0, need: float = 0.0) -> BeaconProject:
    return BeaconProject(TOP, TOP, project, "", Pick(project.id, priority, need, None))


class Bound(CatalogueBindings):
    """Two beacons that bring a project, and one that brings none now."""

    found: ClassVar = {BeaconId(OURS, 1, 1): brings(LUNCH), BeaconId(OURS, 1, 2): brings(READING)}

    async def at(self, zones: Mapping[BeaconId, str], now: datetime) -> dict[BeaconId, BeaconProject]:
        return {beacon: self.found[beacon] for beacon in zones if beacon in self.found}

    async def places(self, beacons: Collection[BeaconId], now: datetime) -> dict[BeaconId, BeaconPlace]:
        return {beacon: BeaconPlace(TOP, TOP) for beacon in beacons if beacon in (*self.found, UNBOUND)}


class Recording(VisitCounter):
    """Remembers the identities of counted visitors."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []

    async def count(self, connection: Connection, visit: PhoneVisit, identity: bytes) -> None:
        self.seen.append(identity)
        await super().count(connection, visit, identity)


def lookup(database: Database, counter: VisitCounter | None = None) -> ShakeLookup:
    bindings = Bound(database, Environment.drill)
    return ShakeLookup(database, bindings, counter or VisitCounter(), b"secret", page=lambda given: f"/s/{given}")


def test_the_nearest_beacon_that_brings_a_project_counts() -> None:
    found = {BeaconId(OURS, 1, 1): brings(LUNCH), BeaconId(OURS, 1, 2): brings(READING)}
    assert nearest([], found) is None
    assert nearest([heard(9, -30)], found) is None
    assert nearest([heard(9, -30), heard(1, -80), heard(2, -60)], found) == heard(2, -60)
    assert nearest([heard(1, None, 0.5), heard(2, None, 4.0)], found) == heard(1, None, 0.5)
    assert nearest([heard(1), heard(2, -100)], found) == heard(2, -100)


def test_of_two_about_as_near_priority_then_need_decides() -> None:
    one, two = BeaconId(OURS, 1, 1), BeaconId(OURS, 1, 2)
    equal = [heard(1, -60), heard(2, -62)]
    assert nearest(equal, {one: brings(LUNCH), two: brings(READING, priority=1)}) == equal[1]
    assert nearest(equal, {one: brings(LUNCH), two: brings(READING, need=0.5)}) == equal[1]
    assert nearest(equal, {one: brings(LUNCH), two: brings(READING)}) == equal[0]
    farther = [heard(1, -60), heard(2, -64)]
    assert nearest(farther, {one: brings(LUNCH), two: brings(READING, priority=1)}) == farther[0]


ranged = st.builds(heard, st.integers(1, 3), st.none() | st.integers(-127, 20), st.none() | st.floats(0, 1000))


@given(st.lists(ranged, max_size=6))
def test_the_order_of_ranged_beacons_does_not_matter(order_sent: list[Ranged]) -> None:
    found = {BeaconId(OURS, 1, 1): brings(LUNCH), BeaconId(OURS, 1, 2): brings(READING)}
    chosen = {near.id if (near := nearest(order, found)) else None for order in itertools.permutations(order_sent[:4])}
    assert len(chosen) == 1


async def test_a_pass_is_valid_for_half_an_hour_and_stored_only_as_a_hash(database: Database) -> None:
    asked = ShakeRequest(beacons=(heard(1, -60, 1.25), heard(2, -90)), visitor="a-visitor-of-today")
    answer = await lookup(database).answer(asked, None, b"phone", NOW)
    assert answer.found is not None
    assert answer.found.project.id == LUNCH.id
    given = answer.found.presence_pass
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", given)
    assert answer.found.url == f"/s/{given}"
    async with database.read() as connection:
        known = await find_pass(connection, given, NOW + LIFETIME - timedelta(seconds=1))
        assert known is not None
        assert (known.beacon, known.distance_cm, known.project, known.door) == (
            BeaconId(OURS, 1, 1), 125, LUNCH.id, "phone",
        )  # fmt: skip
        assert await find_pass(connection, given, NOW + LIFETIME) is None
        assert await find_pass(connection, given[:-1] + ("A" if given[-1] != "A" else "B"), NOW) is None
    rows = await everything(database)
    assert given not in rows
    assert "a-visitor-of-today" not in rows


async def everything(database: Database) -> str:
    async with database.read() as connection:
        rows = [(await connection.execute(select(table))).all() for table in metadata.sorted_tables]
    return str(rows)


async def test_two_shakes_have_two_passes(database: Database) -> None:
    asked = ShakeRequest(beacons=(heard(1, -60),))
    answers = [await lookup(database).answer(asked, None, b"", NOW) for _ in range(2)]
    assert len({answer.found.presence_pass for answer in answers if answer.found}) == 2


async def test_concurrent_requests_with_one_key_get_one_response(database: Database) -> None:
    counter = Recording()
    asked = ShakeRequest(beacons=(heard(1, -60),))
    ours = lookup(database, counter)
    key = "a-key-of-sixteen-or-more"
    answers = await asyncio.gather(*(ours.answer(asked, key, b"phone", NOW) for _ in range(40)))
    assert len({answer.model_dump_json() for answer in answers}) == 1
    async with database.read() as connection:
        assert len((await connection.execute(select(presence_passes))).all()) == 1
        counts = (await connection.execute(select(shake_counts))).all()
    assert [(row.door, row.kind, row.times, row.project, row.beacon) for row in counts] == [
        ("phone", "shake", 1, LUNCH.id, f"{OURS}/1/1")
    ]
    assert set(counter.seen) == {b"phone"}
    with pytest.raises(KeyReused):
        await ours.answer(ShakeRequest(beacons=(heard(2, -60),)), key, b"phone", NOW)
    nothing = ShakeRequest(beacons=())
    with pytest.raises(KeyReused):
        await ours.answer(nothing, key, b"", NOW)


async def test_passes_and_answers_are_deleted_when_they_end_or_there_are_too_many(database: Database) -> None:
    ours, asked = lookup(database), ShakeRequest(beacons=(heard(1, -60),))

    async def rows() -> list[int]:
        async with database.read() as connection:
            tables = (presence_passes, shake_answers)
            return [len((await connection.execute(select(table))).all()) for table in tables]

    passes = []
    for number in range(6):
        answer = await ours.answer(asked, f"a-key-of-this-phone-{number}", b"", NOW + timedelta(seconds=number))
        assert answer.found is not None
        passes.append(answer.found.presence_pass)
    for number in range(20):
        nothing = ShakeRequest(beacons=(heard(7, -number),))
        assert (await ours.answer(nothing, f"a-key-for-nothing-{number:04}", b"", NOW)).found is None
    assert await rows() == [6, 6], "an answer without a project is not stored"
    await database.written(partial(forget, now=NOW, most=4))
    assert await rows() == [4, 4]
    async with database.read() as connection:
        assert [bool(await find_pass(connection, each, NOW)) for each in passes] == [False] * 2 + [True] * 4
    working = asyncio.create_task(jobs.forget_passes(database, clock=lambda: NOW + LIFETIME + timedelta(seconds=4)))
    async with asyncio.timeout(60):
        while await rows() != [1, 1]:
            await asyncio.sleep(0.01)
    working.cancel()


async def test_a_phone_is_rate_limited(database: Database, session: aiohttp.ClientSession) -> None:
    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests", exempt=("/api/",)))
    app.add_routes(ShakeApi(database, lookup(database), lambda: NOW, rate=0.001, burst=3).routes())
    async with serving(app, "127.0.0.1", 0) as url:
        found = []
        for _ in range(5):
            async with session.post(f"{url}/api/v1/shake", json={"beacons": []}) as answer:
                found.append((answer.status, int(answer.headers.get("Retry-After", "0")) > 0))
    assert found == [(200, False)] * 3 + [(429, True)] * 2
