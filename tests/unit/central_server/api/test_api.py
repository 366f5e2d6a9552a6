"""Serve programs: personal tokens, lists in parts, and a complete OpenAPI document."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select
from yarl import URL

from central_server.accounts.access import Role
from central_server.api import tokens as personal
from central_server.api.openapi_document import build_document
from central_server.api.operations import OPERATIONS
from central_server.api.problems import PREFIX, PROBLEMS
from central_server.api.query_parameters import build_cursor, parse_cursor
from central_server.api.tokens import MAX_OF_ACCOUNT, Bearers, Scope, well_formed
from central_server.store.accounts import accounts
from central_server.store.api import tokens
from central_server.store.engine.database import Database
from central_server.store.engine.tables import metadata, personal_tokens
from central_server.store.parcels import arrivals
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.places import places
from central_server.store.places.places import TOP
from daemonkit.web import WebRules, guarded_app, serving
from sync_contract.records import Receipt
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.fakes.staff_account import set_password
from tests.fakes.stored_parcels import received
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.staff.test_staff import logged_in

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


async def a_token(
    database: Database, *scopes: Scope, account: str = "chen", place: str = "huada", at: datetime | None = None
) -> str:
    """Store a token of an account that is staff at the place."""
    await set_password(database, account, PASSWORD, NOW, place=place, role=Role.staff)
    text, made = personal.make_token(account, "a program", frozenset(scopes), 30, at or datetime.now(UTC))
    async with database.write() as connection:
        await tokens.add(connection, made)
    return text


async def ask(
    session: aiohttp.ClientSession, url: str, token: str = "", **headers: str
) -> tuple[int, Any, Mapping[str, str]]:
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    async with session.get(url, headers=sent | headers) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None, answer.headers


async def test_the_document_lists_exactly_the_routes_for_programs(tmp_path: Path, bank: RunningBank) -> None:
    apps: list[web.Application] = []

    def remembered(*given: Any, **named: Any) -> web.Application:
        apps.append(guarded_app(*given, **named))
        return apps[-1]

    async with running_central(tmp_path / "central", bank, make_app=remembered):
        there = {
            (route.method, route.resource.canonical)
            for route in apps[0].router.routes()
            if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
        }
    assert there == {(operation.method, operation.path) for operation in OPERATIONS}


async def test_the_document_is_served_with_an_etag(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    status, body, headers = await ask(session, f"{central.url}/openapi.json")
    assert (status, body["openapi"]) == (200, "3.1.0")
    status, _, _ = await ask(session, f"{central.url}/openapi.json", **{"If-None-Match": headers["ETag"]})
    assert status == 304


def test_the_document_contains_its_schemas_and_every_problem_type() -> None:
    body = build_document(OPERATIONS, "1")
    text = json.dumps(body)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(body["components"]["schemas"])
    for word in PROBLEMS:
        assert f"{PREFIX}{word}`" in text, word
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    for operation in OPERATIONS:
        placeholders = set(re.findall(r"{(\w+)}", operation.path))
        assert placeholders == {each.name for each in operation.parameters if each.where == "path"}


async def test_the_reader_page_is_complete_in_three_languages_without_a_login(
    tmp_path: Path, bank: RunningBank, donor: Donor
) -> None:
    async with running_central(tmp_path / "central", bank) as central:
        for language in Language:
            page = await donor.open(f"{central.url}/api?lang={language}")
            assert page.status == 200
            for operation in OPERATIONS:
                assert f"{operation.method} {operation.path}" in page.text()
            anchors = set(re.findall(r'id="([\w-]+)"', page.html))
            assert set(re.findall(r'href="#([\w-]+)"', page.html)) <= anchors
            assert {f"problem-{word}" for word in PROBLEMS} <= anchors


def test_a_token_has_a_prefix_and_a_checksum() -> None:
    text, row = personal.make_token("chen", "x", frozenset({Scope.log}), 30, NOW)
    assert re.fullmatch(r"bct_[A-Za-z0-9_-]{43}_[0-9a-f]{8}", text)
    assert well_formed(text)
    assert not well_formed(text[:10] + ("A" if text[10] != "A" else "B") + text[11:])
    assert text not in repr(row)


async def test_a_token_is_shown_once_stored_as_a_hash_and_revoked(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    page = await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/tokens")
    fields = {"label": "night report", "days": "30", "scope-log": "on"}
    incomplete = await donor.press(page, label="night report", days="30")
    assert incomplete.status == 422
    made = await donor.press(page, **fields)
    found = re.search(r"bct_[A-Za-z0-9_-]{43}_[0-9a-f]{8}", made.html)
    assert found is not None
    token = found[0]
    assert (await ask(session, f"{central.url}/api/v1/log", token))[0] == 200
    listed = await donor.open(f"{central.url}/staff/tokens")
    assert "night report" in listed.text()
    assert token not in listed.html
    async with central.database() as database:
        async with database.read() as connection:
            rows = [(await connection.execute(select(table))).all() for table in metadata.sorted_tables]
        assert token not in str(rows)
        assert token[4:47] not in str(rows)
    await donor.press(listed)
    status, body, headers = await ask(session, f"{central.url}/api/v1/log", token)
    assert (status, body["type"]) == (401, f"{PREFIX}token-refused")
    assert headers["WWW-Authenticate"].startswith("Bearer")
    async with central.database() as database, database.read() as connection:
        lines = (await connection.execute(select(metadata.tables["audit_lines"]))).all()
    assert {"token.make", "token.revoke"} <= {line.action for line in lines}
    assert token not in str(lines)


async def test_an_account_has_a_limited_number_of_tokens(central: RunningCentral, donor: Donor) -> None:
    await logged_in(central, donor)
    async with central.database() as database, database.write() as connection:
        for _ in range(MAX_OF_ACCOUNT):
            await tokens.add(
                connection, personal.make_token("chen", "x", frozenset({Scope.log}), 30, datetime.now(UTC))[1]
            )
    page = await donor.open(f"{central.url}/staff/tokens")
    async with aiohttp.ClientSession():
        form = re.findall(r"<form[^>]*action=\"/staff/tokens\"[^>]*>.*?</form>", page.html, re.S)[0]
    page.html = form
    assert (await donor.press(page, label="one more", days="30", **{"scope-log": "on"})).status == 422


async def test_a_token_loses_the_rights_that_its_account_loses(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    url = f"{central.url}/api/v1/log"
    async with central.database() as database:
        async with database.write() as connection:
            await places.plant_community(connection, "huada", NOW)
        token = await a_token(database, Scope.log)
        ended = await a_token(database, Scope.log, account="lin", at=datetime.now(UTC) - timedelta(days=31))
        other = await a_token(database, Scope.catalogue, account="wang")
        assert (await ask(session, url, token))[0] == 200
        assert (await ask(session, url, ended))[0] == 401
        status, body, headers = await ask(session, url, other)
        assert (status, body["type"]) == (403, f"{PREFIX}scope-missing")
        assert 'scope="read:log"' in headers["WWW-Authenticate"]
        async with database.write() as connection:
            await accounts.revoke(connection, "chen", "huada")
        assert (await ask(session, url, token))[0] == 403
        async with database.write() as connection:
            await accounts.disable(connection, "chen", NOW)
        assert (await ask(session, url, token))[0] == 401
    for headers_sent in ({"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x y"}):
        assert (await ask(session, url, **headers_sent))[0] == 401


async def test_the_log_is_listed_in_parts_each_line_once(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    start = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # midnight in Beijing
    async with central.database() as database:
        for number in range(5):  # four accepted and one refused at each of five moments
            at = start + timedelta(minutes=number)
            await received(database, gateway.id, "huada", [gateway.statistics() for _ in range(4)], at)
            async with database.write() as connection:
                entry = NewArrival(gateway.id, new_id(), Receipt.refused, "0" * 64, "huada", "statistics")
                await arrivals.record(connection, [entry], at)
        token = await a_token(database, Scope.log)
    url = f"{central.url}/api/v1/log"
    seen: list[str] = []
    cursor = ""
    for _ in range(9):
        status, body, _ = await ask(session, f"{url}?limit=4{cursor}", token)
        assert status == 200
        seen += [line["parcel"] for line in body["lines"]]
        if body["next"] is None:
            break
        cursor = f"&cursor={body['next']}"
    assert (len(seen), len(set(seen))) == (25, 25)
    assert len((await ask(session, f"{url}?result=refused", token))[1]["lines"]) == 5
    assert len((await ask(session, f"{url}?since=2026-11-21&until=2026-11-21", token))[1]["lines"]) == 25
    assert (await ask(session, f"{url}?until=2026-11-20", token))[1]["lines"] == []
    assert (await ask(session, f"{url}?until=9999-12-31&since=0001-01-01", token))[0] == 200
    status, body, headers = await ask(session, f"{url}?limit=4", token)
    assert (await ask(session, f"{url}?limit=4", token, **{"If-None-Match": headers["ETag"]}))[0] == 304
    assert (await ask(session, f"{url}?limit=5", token, **{"If-None-Match": headers["ETag"]}))[0] == 200


HOSTILE = [
    "limit=0", "limit=501", "limit=-1", "limit=1e2", "limit=%31%30_0", "limit=", "limit=1&limit=2", "page=2", "cursor=",
    "cursor=%00", "cursor=!!!", "cursor=AAAA", f"cursor={build_cursor('x', 'y')}", f"cursor={build_cursor('1')}",
    f"cursor={build_cursor('9' * 30, '1')}", f"cursor={build_cursor('1', '9' * 30)}",
    f"cursor={build_cursor('1', '-1')}",
    f"cursor={build_cursor(chr(0), chr(0))}", "since=2026-13-01", "since=yesterday", "since=1700000000", "gateway=x",
    "result=lost", "kind=%ff", "kind=A", "cursor=" + "A" * 201, "%00=1",
]  # fmt: skip


async def test_invalid_queries_are_refused_with_a_stable_type(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        token = await a_token(database, Scope.log, Scope.catalogue, place=TOP)
    for query in HOSTILE:
        url = f"{central.url}/api/v1/log?{query}"
        async with session.get(URL(url, encoded=True), headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 400, query
            body = await answer.json(content_type="application/problem+json")
            assert body["type"] in (f"{PREFIX}parameter-malformed", f"{PREFIX}cursor-malformed"), query
    for path in ("gateways", "beacons", "projects"):
        for cursor in (build_cursor("\0", "\0"), build_cursor("\0"), "AAAA", build_cursor("a", "b", "c")):
            assert (await ask(session, f"{central.url}/api/v1/{path}?cursor={cursor}", token))[0] == 400
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        async with session.request(method, f"{central.url}/api/v1/log") as answer:
            assert (answer.status, "Allow" in answer.headers) == (405, True)


async def test_lists_by_id_come_in_parts(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with central.database() as database:
        token = await a_token(database, Scope.catalogue, place=TOP)
        made = []
        for _ in range(5):
            made.append((await enrolled(central, DeliveringGateway())).id)
        async with database.read() as connection:
            every = [place.id for place in await places.every(connection, [TOP])]
    for path, wanted in (
        ("places", every), ("gateways", sorted(made)), ("projects", ["ended", "lunch"]), ("beacons", []),
    ):  # fmt: skip
        seen: list[str] = []
        cursor = ""
        while True:
            status, body, _ = await ask(session, f"{central.url}/api/v1/{path}?limit=2{cursor}", token)
            assert status == 200
            seen += [entry["id"] for entry in body[path]]
            if body["next"] is None:
                break
            cursor = f"&cursor={body['next']}"
        assert seen == wanted


async def test_the_last_use_is_stored_at_most_once_a_minute(database: Database, session: aiohttp.ClientSession) -> None:
    clock = [NOW]
    bearers = Bearers(database, lambda: clock[0], rate=0.001, burst=4)

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=(await bearers.caller(request, None)).token.label)

    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests", exempt=("/api/",)))
    app.router.add_get("/api/x", show)
    token = await a_token(database, Scope.log, place=TOP, at=NOW)

    async def noted() -> datetime | None:
        async with database.read() as connection:
            return (await connection.execute(select(personal_tokens.c.last_used_at))).scalar()

    async with serving(app, "127.0.0.1", 0) as url:
        statuses = []
        for seconds in (0, 59, 60, 61, 62):
            clock[0] = NOW + timedelta(seconds=seconds)
            async with session.get(f"{url}/api/x", headers={"Authorization": f"bearer {token}"}) as answer:
                statuses.append(answer.status)
            assert await noted() == NOW + timedelta(seconds=60 if seconds >= 60 else 0)
    assert statuses == [200, 200, 200, 200, 429]


def test_only_a_canonical_cursor_is_accepted() -> None:
    assert parse_cursor(build_cursor("a", "é\n"[0]), 2) == ("a", "é")
    assert parse_cursor(None, 2) is None
    for other, count in (
        (build_cursor("a", "b") + "A", 2),
        (build_cursor("a"), 2),
        ("YR", 1),
    ):  # YQ is how "a" is written
        with pytest.raises(web.HTTPBadRequest):
            parse_cursor(other, count)


async def test_a_gateway_may_name_a_project_twice(central: RunningCentral, gateway: DeliveringGateway) -> None:
    for query, status in (("known=lunch:3&known=lunch:1", 200), ("known=lunch", 400), ("known=a:1&" * 201, 400)):
        assert (await gateway.get("/api/v1/heads", query.rstrip("&")))[0] == status, query[:40]
