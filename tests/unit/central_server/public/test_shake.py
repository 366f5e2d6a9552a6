"""Answer shakes over HTTP."""

import json
from typing import Any

import aiohttp
from sqlalchemy import text

from central_server.store.catalogue.bindings import Target
from central_server.store.places.places import TOP, plant_community
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor
from tests.unit.central_server.catalogue_world import bound as bind
from tests.unit.central_server.catalogue_world import known
from tests.unit.central_server.shake_world import NOW, OURS, UNBOUND, bound, question

__all__ = ["bound"]


async def test_a_shake_returns_a_pass_and_the_pass_its_facts(
    bound: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1, 2)) as answer:
        assert answer.status == 200
        found = (await answer.json())["found"]
    assert found["project"]["id"] == "lunch"
    assert found["project"]["title"]["zh-Hant"] == "長者愛心午餐"
    assert found["url"] == f"{bound.url}/s/{found['presence_pass']}"
    async with session.get(f"{bound.url}/api/v1/shake/{found['presence_pass']}") as answer:
        info = await answer.json()
    assert info["beacon"] == {"uuid": str(OURS), "major": 1, "minor": 1, "distance_m": None}
    assert info["evidence"] == found["evidence"] == "claimed"
    assert (info["project"], info["door"], info["place"]) == ("lunch", "phone", TOP)
    assert set(info) == {
        "contract", "project", "title", "beacon", "place", "place_names", "door", "given_at", "ends_at",
        "evidence",
    }  # fmt: skip
    async with session.get(f"{bound.url}/api/v1/shake/{'A' * 43}") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        assert (await answer.json())["type"] == "/api#problem-pass-unknown"


async def test_nothing_near_is_no_error(bound: RunningCentral, session: aiohttp.ClientSession) -> None:
    for body, reason in (({"beacons": []}, "nothing_ranged"), (question(7), "not_ours")):
        async with session.post(f"{bound.url}/api/v1/shake", json=body) as answer:
            assert answer.status == 200
            assert await answer.json() == {"contract": 1, "found": None, "reason": reason}


async def test_out_of_hours_a_poster_shows_its_hall(
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


async def test_invalid_requests_are_refused_and_change_nothing(
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


async def test_an_idempotency_key_works_with_and_without_quotes_and_not_with_another_body(
    bound: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async def ask(key: str, body: dict[str, Any]) -> tuple[int, Any]:
        async with session.post(f"{bound.url}/api/v1/shake", json=body, headers={"Idempotency-Key": key}) as answer:
            return answer.status, await answer.json(content_type=None)

    first = await ask("0123456789abcdef", question(1))
    assert first[0] == 200
    assert await ask('"0123456789abcdef"', question(1)) == first
    status, found = await ask("0123456789abcdef", question(2))
    assert (status, found["type"]) == (422, "/api#problem-idempotency-key-reused")
    headers = [("Idempotency-Key", "0123456789abcdef")] * 2
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1), headers=headers) as answer:
        assert answer.status == 400
