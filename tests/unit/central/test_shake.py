"""What a phone gets that ranged our adverts, and what is kept of it."""

import asyncio
import hashlib
import itertools
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from central_server.public.shake import ShakeApi
from central_server.shake.counting import Counted, Counter
from central_server.shake.nearest import Brought, Hall, Stands, nearest
from central_server.shake.records import Ranged, ShakeAsked
from central_server.shake.shaking import PASS_LIVES, KeyReused, Shaking, pass_of
from central_server.statistics.periods import Span, period
from central_server.statistics.report import Narrowed, report
from central_server.store import pictures, projects
from central_server.store.bindings import Target
from central_server.store.connection import Connection
from central_server.store.database import Database
from central_server.store.pictures import KeptPicture
from central_server.store.places import TOP, plant_community
from central_server.store.tables import metadata, presence_passes, shake_counts
from daemonkit.web import WebRules, guarded_app, serving
from sync_contract.beacon import BeaconId
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project
from tests.browser.projects import LUNCH, READING
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.donor import Donor
from tests.unit.central.catalogue_world import bound as bind
from tests.unit.central.catalogue_world import known

OURS = UUID("7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10")
UNBOUND = BeaconId(OURS, 1, 9)
"""A beacon of ours that brings nothing now."""
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
BINDINGS = f"""
[[bindings]]
uuid = "{OURS}"
major = 1
minor = 1
project = "lunch"
[[bindings]]
uuid = "{OURS}"
major = 1
minor = 2
project = "ended"
"""


def heard(minor: int, rssi: int | None = None, distance_m: float | None = None, uuid: UUID = OURS) -> Ranged:
    return Ranged(uuid=uuid, major=1, minor=minor, rssi=rssi, distance_m=distance_m)


class Bound:
    """Two beacons; what they bring is set by the test."""

    def __init__(self) -> None:
        self.brought = {BeaconId(OURS, 1, 1): Brought(LUNCH, TOP), BeaconId(OURS, 1, 2): Brought(READING, TOP)}

    async def at(self, zones: Mapping[BeaconId, str], now: datetime) -> dict[BeaconId, Brought]:
        return {beacon: self.brought[beacon] for beacon in zones if beacon in self.brought}

    async def stand(self, beacons: Collection[BeaconId], now: datetime) -> dict[BeaconId, Stands]:
        return {beacon: Stands(TOP, TOP) for beacon in beacons if beacon in (*self.brought, UNBOUND)}

    async def hall(self, place: str | None) -> Hall | None:
        return Hall(TOP, (LUNCH, READING))

    async def project(self, place: str, project: str) -> Project | None:
        return next((each for each in (LUNCH, READING) if each.id == project), None)


def shaking(database: Database, counter: Counter | None = None) -> Shaking:
    return Shaking(database, Bound(), counter or Counter(), b"a secret of the test", page=lambda made: f"/s/{made}")


def test_the_nearest_beacon_that_brings_a_project_counts() -> None:
    brought = {BeaconId(OURS, 1, 1): Brought(LUNCH, TOP), BeaconId(OURS, 1, 2): Brought(READING, TOP)}
    assert nearest([], brought) is None
    assert nearest([heard(9, -30)], brought) is None
    assert nearest([heard(9, -30), heard(1, -80), heard(2, -60)], brought) == heard(2, -60)
    assert nearest([heard(1, None, 0.5), heard(2, None, 4.0)], brought) == heard(1, None, 0.5)
    assert nearest([heard(1), heard(2, -100)], brought) == heard(2, -100)


def test_of_two_about_as_near_priority_then_need_decides() -> None:
    one, two = BeaconId(OURS, 1, 1), BeaconId(OURS, 1, 2)
    equal = [heard(1, -60), heard(2, -62)]
    assert nearest(equal, {one: Brought(LUNCH, TOP), two: Brought(READING, TOP, priority=1)}) == equal[1]
    assert nearest(equal, {one: Brought(LUNCH, TOP), two: Brought(READING, TOP, need=0.5)}) == equal[1]
    assert nearest(equal, {one: Brought(LUNCH, TOP), two: Brought(READING, TOP)}) == equal[0]
    farther = [heard(1, -60), heard(2, -64)]
    assert nearest(farther, {one: Brought(LUNCH, TOP), two: Brought(READING, TOP, priority=1)}) == farther[0]


ranged = st.builds(heard, st.integers(1, 3), st.none() | st.integers(-127, 20), st.none() | st.floats(0, 1000))


@given(st.lists(ranged, max_size=6))
def test_the_order_in_which_a_phone_tells_them_changes_nothing(told: list[Ranged]) -> None:
    brought = {BeaconId(OURS, 1, 1): Brought(LUNCH, TOP), BeaconId(OURS, 1, 2): Brought(READING, TOP)}
    chosen = {found.id if (found := nearest(order, brought)) else None for order in itertools.permutations(told[:4])}
    assert len(chosen) == 1


async def test_a_pass_proves_the_beacon_for_half_an_hour_and_is_kept_only_as_a_hash(database: Database) -> None:
    asked = ShakeAsked(beacons=(heard(1, -60, 1.25), heard(2, -90)), visitor="a-visitor-of-today")
    answer = await shaking(database).shake(asked, None, b"phone", NOW)
    assert answer.found is not None
    assert answer.found.project.id == LUNCH.id
    given = answer.found.presence_pass
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", given)
    assert answer.found.url == f"/s/{given}"
    async with database.read() as connection:
        known = await pass_of(connection, given, NOW + PASS_LIVES - timedelta(seconds=1))
        assert known is not None
        assert (known.beacon, known.distance_cm, known.project, known.door) == (
            BeaconId(OURS, 1, 1), 125, LUNCH.id, "phone",
        )  # fmt: skip
        assert await pass_of(connection, given, NOW + PASS_LIVES) is None
        assert await pass_of(connection, given[:-1] + ("A" if given[-1] != "A" else "B"), NOW) is None
    kept = await everything(database)
    assert given not in kept
    assert "a-visitor-of-today" not in kept


async def everything(database: Database) -> str:
    async with database.read() as connection:
        rows = [(await connection.execute(select(table))).all() for table in metadata.sorted_tables]
    return str(rows)


async def test_two_shakes_have_two_passes(database: Database) -> None:
    asked = ShakeAsked(beacons=(heard(1, -60),))
    answers = [await shaking(database).shake(asked, None, b"", NOW) for _ in range(2)]
    assert len({answer.found.presence_pass for answer in answers if answer.found}) == 2


async def test_the_same_question_under_one_key_has_one_answer_however_often_and_at_once(database: Database) -> None:
    seen: list[tuple[Counted, bytes]] = []

    async def look(connection: Connection, what: Counted, visitor: bytes) -> None:
        seen.append((what, visitor))

    asked = ShakeAsked(beacons=(heard(1, -60),))
    ours = shaking(database, Counter(look))
    key = "a-key-of-sixteen-or-more"
    answers = await asyncio.gather(*(ours.shake(asked, key, b"phone", NOW) for _ in range(40)))
    assert len({answer.model_dump_json() for answer in answers}) == 1
    async with database.read() as connection:
        assert len((await connection.execute(select(presence_passes))).all()) == 1
        counts = (await connection.execute(select(shake_counts))).all()
    assert [(row.door, row.kind, row.times, row.project, row.beacon) for row in counts] == [
        ("phone", "shake", 1, LUNCH.id, f"{OURS}/1/1")
    ]
    assert {visitor for _, visitor in seen} == {b"phone"}
    with pytest.raises(KeyReused):
        await ours.shake(ShakeAsked(beacons=(heard(2, -60),)), key, b"phone", NOW)
    nothing = ShakeAsked(beacons=())
    assert (await ours.shake(nothing, "another-key-for-nothing", b"", NOW)).found is None
    with pytest.raises(KeyReused):
        await ours.shake(asked, "another-key-for-nothing", b"", NOW)


@pytest.fixture
async def bound(tmp_path: Path, bank: RunningBank) -> Any:
    async with running_central(tmp_path / "central", bank, config=CONFIG + BINDINGS) as central:
        yield central


def question(*minors: int) -> dict[str, Any]:
    return {"beacons": [{"uuid": str(OURS), "major": 1, "minor": minor, "rssi": -60 - minor} for minor in minors]}


async def test_a_phone_asks_over_http_and_the_pass_tells_what_getshakeinfo_told(
    bound: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1, 2)) as answer:
        assert answer.status == 200
        told = (await answer.json())["found"]
    assert told["project"]["id"] == "lunch"
    assert told["project"]["title"]["zh-Hant"] == "長者愛心午餐"
    assert told["url"] == f"{bound.url}/s/{told['presence_pass']}"
    async with session.get(f"{bound.url}/api/v1/shake/{told['presence_pass']}") as answer:
        info = await answer.json()
    assert info["beacon"] == {"uuid": str(OURS), "major": 1, "minor": 1, "distance_m": None}
    assert (info["project"], info["door"], info["place"]) == ("lunch", "phone", TOP)
    assert set(info) == {
        "contract", "project", "title", "beacon", "place", "place_names", "door", "given_at", "ends_at",
    }  # fmt: skip
    async with session.get(f"{bound.url}/api/v1/shake/{'A' * 43}") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        assert (await answer.json())["type"] == "/api#problem-pass-unknown"


async def test_nothing_near_is_an_answer_and_no_error(bound: RunningCentral, session: aiohttp.ClientSession) -> None:
    for body, reason in (({"beacons": []}, "nothing_ranged"), (question(7), "not_ours")):
        async with session.post(f"{bound.url}/api/v1/shake", json=body) as answer:
            assert answer.status == 200
            assert await answer.json() == {"contract": 1, "found": None, "reason": reason}


async def test_outside_of_its_hours_a_poster_leads_to_its_own_hall(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with bound.database() as database, database.write() as connection:
        for community in ("huada", "neighbours"):
            await plant_community(connection, community, NOW)
        await known(connection, UNBOUND, place="huada")
        await bind(connection, Target.beacon, UNBOUND, project="lunch", zone="immediate")
    async with session.post(f"{bound.url}/api/v1/shake", json=question(9, 7)) as answer:
        assert await answer.json() == {"contract": 1, "found": None, "reason": "nothing_now"}
    page = await donor.open(f"{bound.url}/h/{OURS}/1/9")
    assert (page.status, "Projects of this hall" in page.text()) == (200, True)
    assert 'href="/s/at/huada/lunch"' in page.html
    assert (await donor.open(f"{bound.url}/h/{OURS}/1/77")).status == 404


HOSTILE: list[tuple[dict[str, str], bytes, int]] = [
    ({}, b"{}", 400),
    ({}, b"[]", 400),
    ({}, b'{"beacons": [], "beacons": []}', 400),
    ({}, b'{"beacons": [{"uuid": "x", "major": 1, "minor": 1}]}', 400),
    ({}, json.dumps(question(1)).replace('"minor": 1', '"minor": true').encode(), 400),
    ({}, json.dumps(question(1)).replace('"minor": 1', '"minor": 65536').encode(), 400),
    ({}, json.dumps(question(1)).replace("-61", "NaN").encode(), 400),
    ({}, json.dumps(question(1)).replace("-61", "1e999").encode(), 400),
    ({}, json.dumps(question(*([1] * 51))).encode(), 400),
    ({}, json.dumps(question(1) | {"openid": "o1"}).encode(), 400),
    ({}, json.dumps(question(1) | {"visitor": "short"}).encode(), 400),
    ({}, b"[" * 10_000, 400),
    ({}, b'{"beacons": []}' + b" " * 40_000, 413),
    ({}, '{"beacons": []}'.encode("utf-16"), 400),
    ({"Content-Type": "text/plain"}, b'{"beacons": []}', 415),
    ({"Content-Type": "application/json; charset=gbk"}, b'{"beacons": []}', 415),
    ({"Content-Encoding": "gzip"}, b'{"beacons": []}', 415),
    ({"Idempotency-Key": "short"}, b'{"beacons": []}', 400),
    ({"Idempotency-Key": "x" * 65}, b'{"beacons": []}', 400),
    ({"Idempotency-Key": "a key with spaces in it"}, b'{"beacons": []}', 400),
    ({"Sec-Fetch-Site": "cross-site"}, b'{"beacons": []}', 403),
]


async def test_hostile_questions_are_refused_and_change_nothing(
    bound: RunningCentral, session: aiohttp.ClientSession
) -> None:
    for headers, body, status in HOSTILE:
        sent = {"Content-Type": "application/json"} | headers
        async with session.post(f"{bound.url}/api/v1/shake", data=body, headers=sent) as answer:
            assert answer.status == status, (headers, body[:80])
            assert answer.content_type == "application/problem+json"
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        async with session.request(method, f"{bound.url}/api/v1/shake") as answer:
            assert answer.status == 405
            assert answer.headers["Allow"]
    async with bound.database() as database, database.read() as connection:
        for table in ("presence_passes", "shake_answers", "shake_counts"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0


async def test_a_key_over_http_is_taken_with_and_without_quotes_and_refused_with_another_body(
    bound: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async def ask(key: str, body: dict[str, Any]) -> tuple[int, Any]:
        async with session.post(f"{bound.url}/api/v1/shake", json=body, headers={"Idempotency-Key": key}) as answer:
            return answer.status, await answer.json(content_type=None)

    first = await ask("0123456789abcdef", question(1))
    assert first[0] == 200
    assert await ask('"0123456789abcdef"', question(1)) == first
    status, told = await ask("0123456789abcdef", question(2))
    assert (status, told["type"]) == (422, "/api#problem-idempotency-key-reused")
    headers = [("Idempotency-Key", "0123456789abcdef")] * 2
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1), headers=headers) as answer:
        assert answer.status == 400


async def test_a_phone_that_hammers_is_slowed_down(database: Database, session: aiohttp.ClientSession) -> None:
    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests", exempt=("/api/",)))
    app.add_routes(ShakeApi(database, shaking(database), lambda: NOW, rate=0.001, burst=3).routes())
    async with serving(app, "127.0.0.1", 0) as url:
        found = []
        for _ in range(5):
            async with session.post(f"{url}/api/v1/shake", json={"beacons": []}) as answer:
                found.append((answer.status, int(answer.headers.get("Retry-After", "0")) > 0))
    assert found == [(200, False)] * 3 + [(429, True)] * 2


async def counts(central: RunningCentral) -> dict[tuple[str, str, str, str], int]:
    async with central.database() as database, database.read() as connection:
        rows = await connection.execute(select(shake_counts))
        return {(row.door, row.kind, row.project, row.beacon): row.times for row in rows}


async def test_each_door_of_the_phone_shows_its_project_and_is_counted_by_itself(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1)) as answer:
        url = (await answer.json())["found"]["url"]
    shaken = await donor.open(url)
    poster = await donor.open(f"{bound.url}/h/{OURS}/1/1")
    capitals = await donor.open(f"{bound.url}/H/{str(OURS).upper()}/1/1?nfc")
    for page in (shaken, poster, capitals):
        assert page.status == 200
        assert "Warm lunches" in page.text()
        assert "I want to give" in page.text()
    async with session.head(f"{bound.url}/h/{OURS}/1/1") as answer:
        assert answer.status == 200
    ours = f"{OURS}/1/1"
    assert await counts(bound) == {
        ("phone", "shake", "lunch", ours): 1,
        ("phone", "click", "lunch", ours): 1,
        ("qr", "click", "lunch", ours): 1,
        ("nfc", "click", "lunch", ours): 1,
    }


async def test_who_touches_a_tag_was_near_and_who_opens_a_poster_only_read(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    for path in (f"/h/{OURS}/1/1?nfc", f"/h/{OURS}/1/1?nfc", f"/h/{OURS}/1/1"):
        await donor.open(bound.url + path)
    async with session.head(f"{bound.url}/h/{OURS}/1/1?nfc") as answer:  # a preview is no touch
        assert answer.status == 200
    now = datetime.now(UTC)
    today = period(Span.day, now.astimezone(OFFICIAL_TIME).date())
    async with bound.database() as database, database.read() as connection:
        found = await report(connection, Narrowed((TOP,)), today, "drill", now)
    assert {step: (found.funnel[step]["nfc"], found.funnel[step]["qr"]) for step in ("near", "page")} == {
        "near": (2, None),
        "page": (2, 1),
    }
    assert (found.sums["tags_touched"], found.sums["tag_touchers"], found.sums["posters"]) == (2, 1, 1)


async def test_the_picture_that_staff_gave_a_project_is_on_its_pages(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(40)
    sha256, other = hashlib.sha256(picture).hexdigest(), "0" * 64
    now = datetime.now(UTC)
    async with bound.database() as database, database.write() as connection:
        await pictures.keep(connection, KeptPicture(sha256, "image/png", len(picture), picture), now)
        await pictures.keep(connection, KeptPicture(other, "image/png", len(picture), picture), now)
        (kept,) = [each for each in await projects.every(connection, [TOP]) if each.id == "lunch"]
        await projects.show_picture(connection, kept, sha256, "chen", now)
    shown = f'src="/pictures/{sha256}"'
    for path in ("/s", "/s/at/all/lunch", f"/h/{OURS}/1/1"):
        assert shown in (await donor.open(bound.url + path)).html, path
    assert shown not in (await donor.open(f"{bound.url}/s/at/all/ended")).html
    async with session.get(f"{bound.url}/pictures/{sha256}") as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", picture)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with session.get(answer.url, headers={"If-None-Match": f'"{sha256}"'}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    for unknown in (other, "1" * 64):  # one that no project shows is not there either
        async with session.get(f"{bound.url}/pictures/{unknown}") as answer:
            assert answer.status == 404


async def test_a_project_without_a_permit_says_so_on_the_phone(bound: RunningCentral, donor: Donor) -> None:
    page = await donor.open(f"{bound.url}/h/{OURS}/1/2")
    assert "Giving closed on" in page.text()
    assert "scan the code" not in page.text()


async def test_the_hall_lists_its_projects_and_a_shake_turns_to_each(bound: RunningCentral, donor: Donor) -> None:
    hall = await donor.open(f"{bound.url}/s")
    links = re.findall(r'href="(/s/at/[^"]+)"', hall.html)
    assert {"/s/at/all/lunch", "/s/at/all/ended", "/s/at/all/turn"} == set(links)
    seen, page = [], await donor.open(f"{bound.url}/s/at/all/turn")
    for _ in range(3):
        seen.append(page.url.rpartition("/")[2])
        another = re.search(r'href="([^"]*/turn\?after=[^"]*)"', page.html)
        assert another is not None
        page = await donor.open(bound.url + another[1])
    assert seen == ["lunch", "ended", "lunch"]
    assert sum((await counts(bound)).values()) == 4


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/s/" + "A" * 43, 404),
        ("/s/at/nowhere", 404),
        ("/s/at/nowhere/turn", 404),
        ("/s/at/all/unknown", 404),
        ("/s/at/all/turn?after=%00", 200),
        ("/s/at/%00", 404),
        (f"/h/{OURS}/1/99999", 404),
        (f"/h/{OURS}/1/7", 404),
        ("/h/not-a-uuid/1/1", 404),
        (f"/h/{OURS}/1/1?lang=xx&nfc&nfc", 200),
    ],
)
async def test_odd_addresses_have_a_page_that_says_what_to_do(
    bound: RunningCentral, donor: Donor, path: str, status: int
) -> None:
    page = await donor.open(bound.url + path)
    assert page.status in (status, 400 if "%00" in path else status)
    assert "<h1>" in page.html
