"""Request every route as another community's account or gateway: it gets nothing."""

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import Table, select, text
from yarl import URL

from central_server.accounts import sessions
from central_server.accounts.access import RIGHTS, Right, Role
from central_server.api.tokens import Scope, make_token
from central_server.enrolment.gateways import register
from central_server.store.accounts import accounts as accounts_store
from central_server.store.api import tokens
from central_server.store.engine.database import Database
from central_server.store.engine.tables import figures, metadata
from daemonkit.web import RULES, WebRules, csrf_token, guarded_app
from tests.fakes.central_process import RunningBank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.staff_account import set_password
from tests.unit.central_server import tenancy
from tests.unit.central_server.donations.test_anonymity import FILLED, opened, public
from tests.unit.central_server.tenancy import hostile, person
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, TOP, Checked, Entry, Signed, Staff, World

PASSWORD = "correct horse battery"
PARTS = [
    importlib.import_module(f"{tenancy.__name__}.{found.name}") for found in pkgutil.iter_modules(tenancy.__path__)
]
TABLES: list[Mapping[str, Entry]] = [part.ROUTES for part in PARTS if hasattr(part, "ROUTES")]
ROUTES: Mapping[str, Entry] = {route: entry for table in TABLES for route, entry in table.items()}
PASSING = {
    *("alert_deliveries", "alert_channels"),
    *("leases", "sessions", "audit_lines", "beacon_activity", "webhook_deliveries", "webhook_marks", "alerts"),
    *(table.name for table in vars(figures).values() if isinstance(table, Table)),
}
"""Tables that change by reading pages or by periodic jobs."""

WIDEST_ROLES = [role for role in Role if not any(RIGHTS[role] < RIGHTS[other] for other in Role)]
"""No role sees more than these."""

LONG_POLLS = frozenset({"GET /staff/live"})

_LANGUAGES = re.compile(r'<nav class="languages".*?</nav>', re.S)


@pytest.fixture
async def world(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession
) -> AsyncIterator[World]:
    apps: list[web.Application] = []

    def remembered(rules: WebRules, **named: Any) -> web.Application:
        """Without rate limits, because a test is one client."""
        apps.append(guarded_app(replace(rules, requests_per_second=10_000, burst=10_000), **named))
        return apps[-1]

    async with (
        running_central(tmp_path / "central", bank, store=store_url, make_app=remembered) as central,
        central.database() as database,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as anybody,
    ):
        ours, theirs = DeliveringGateway(session, central.url), DeliveringGateway(session, central.url)
        await register(database, ours.id, ours.public, OURS, "Hall of ours", datetime.now(UTC))
        await register(database, theirs.id, theirs.public, NEIGHBOURS, "Hall of theirs", datetime.now(UTC))
        built = World(central, apps[0], database, session, anybody, ours, theirs)
        for role in Role:
            await _account(built, f"our-{role}", OURS, role)
        await _account(built, "our-nobody", OURS, None)
        for role in (Role.admin, Role.family, Role.chief):
            await _account(built, f"their-{role}", NEIGHBOURS, role)
            await _account(built, f"top-{role}", TOP, role)
        for part in PARTS:
            if hasattr(part, "plant"):
                await part.plant(built)
        yield built


def routes(app: web.Application) -> set[str]:
    """All routes of the router; HEAD belongs to every GET."""
    found = {
        f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource is not None
    }
    return {route for route in found if not route.startswith("HEAD ")}


def test_no_route_is_in_two_tables() -> None:
    assert sum(len(table) for table in TABLES) == len(ROUTES)


async def test_another_community_gets_nothing_and_a_person_is_nowhere(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The planted person is only in sealed data, and only those who may open them see it."""
    there = routes(world.app)
    assert there >= ROUTES.keys(), "a table of tests/unit/central_server/tenancy has what the router has not"
    staff = {route: entry for route, entry in ROUTES.items() if isinstance(entry, Staff)}
    for route, entry in staff.items():  # their own pages may sign or count their data
        if not entry.names:
            await _before(world, entry)
            await _is_nothing_to_neighbours(world, route, entry)
    await _changes_nothing_when_refused(world, staff)
    for route, other in ROUTES.items():
        if isinstance(other, Signed):
            await _asks_for_a_signature(world, route)
        if isinstance(other, Signed | Checked):
            await other.check(world)
    for route, entry in staff.items():
        for role in WIDEST_ROLES:
            if route.startswith("GET ") and (entry.right or Right.see) in RIGHTS[role]:
                await _try(world, route, entry, f"our-{role}")
    await _no_public_route_shows_the_person(world)
    for route, entry in staff.items():  # last, because successful actions change the data
        await _answers_whom_it_should(world, route, entry)
    assert world.looked_up == person.LOOK_UPS, "the person is in what these routes open"
    await person.find_in_files_and_messages(world, tmp_path)
    assert not person.traces("".join((caplog.text, *capfd.readouterr())).encode()), "in the log"
    assert there <= ROUTES.keys(), "the router has what no table of tests/unit/central_server/tenancy has"


async def _changes_nothing_when_refused(world: World, staff: Mapping[str, Staff]) -> None:
    """Compare the database before each preparation of data and at the end."""
    unchanged, refused = await _everything(world.database), list[str]()
    for route, entry in staff.items():
        if entry.before is not None:
            assert await _everything(world.database) == unchanged, f"a refused request changed something: {refused}"
            await entry.before(world)
            unchanged, refused = await _everything(world.database), []
        refused.append(route)
        await _is_behind_a_login(world, route, entry)
        if entry.names:
            await _is_nothing_to_neighbours(world, route, entry)
        await _asks_for_its_right(world, route, entry)
    assert await _everything(world.database) == unchanged, f"a refused request changed something: {refused}"


async def test_hostile_requests_break_and_change_nothing(world: World) -> None:
    """With an administrator's session but without a valid form, nothing changes and no answer redirects elsewhere."""
    token = await _token(world, "top-chief")
    unchanged, projects = await _everything(world.database), await _projects(world.database)
    wrong, sent = list[str](), 0
    async with aiohttp.ClientSession() as own:
        for place, route in enumerate(sorted(routes(world.app) - LONG_POLLS)):
            for number, ill in enumerate(hostile.of_route(route, world.ids)):
                with_session = (place + number) % 5 == 0
                if " /staff/" in route and not with_session and number > 1:
                    continue  # the login comes first, whatever is sent; each value meets every fifth page
                headers = ill.headers | {"Cookie": f"staff={token}" if with_session else ""} | _kind(ill)
                url = URL(world.central.url + ill.path, encoded=True)
                async with own.request(
                    ill.method, url, data=ill.body or None, headers=headers, allow_redirects=False
                ) as answer:
                    sent += 1
                    to = answer.headers.get("Location", "/")
                    if person.traces(await answer.read()):
                        wrong.append(f"shows a person: {ill}")
                    guessing = answer.status == 429 and ill.path.lower().startswith("/t?")
                    if answer.status >= 500 or (answer.status == 429 and not guessing):
                        wrong.append(f"{answer.status} {ill.method} {ill.path[:80]} {ill.kind}")
                    if not to.startswith("/") or to.startswith("//") or "a" in answer.cookies:
                        wrong.append(f"leads to {to}, {answer.cookies}: {ill}")
                    if "default-src 'none'" not in answer.headers.get("Content-Security-Policy", ""):
                        wrong.append(f"no policy: {ill}")
    assert not wrong, f"{len(wrong)} of {sent}: {wrong[:10]}"
    assert sent > 1200, sent
    changed = {table for table, _ in set(unchanged) ^ set(await _everything(world.database))}
    # Opening a page counts it, and a first request signs published data and divides their texts into phrases.
    assert changed <= {"catalogues", "projects", "shake_counts"}
    assert await _projects(world.database) == projects


def _kind(ill: hostile.Ill) -> dict[str, str]:
    return {"Content-Type": ill.kind} if ill.kind else {}


def _governor(entry: Staff) -> Role:
    """Return the role that may use the entry: an administrator has no right to money or families."""
    return {Right.money: Role.chief, Right.families: Role.family}.get(entry.right or Right.see, Role.admin)


async def _is_behind_a_login(world: World, route: str, entry: Staff) -> None:
    status, location, _ = await _try(world, route, entry, "")
    assert (status, location) == (303, "/staff/login"), route


async def _is_nothing_to_neighbours(world: World, route: str, entry: Staff) -> None:
    if not entry.names and entry.form is not None:
        return  # an action on own data
    status, _, text = await _try(world, route, entry, f"their-{_governor(entry)}")
    # Without a right at the top its pages do not exist.
    expected = 404 if entry.names or entry.at == TOP else 200
    assert status == expected, f"{route}: {status} for another community's admin"
    for mark in world.marks:
        assert mark not in text, f"{route} shows {mark} to another community's admin"


async def _asks_for_its_right(world: World, route: str, entry: Staff) -> None:
    if entry.right is None:
        return
    lacking = [role for role in Role if entry.right not in RIGHTS[role]]
    without = [f"our-{role}" for role in lacking if not any(RIGHTS[role] < RIGHTS[other] for other in lacking)]
    if entry.at == TOP:
        without += ["our-admin", "our-family", "our-chief"]
    for name in (*without, "our-nobody"):
        status, _, _ = await _try(world, route, entry, name)
        assert status == 404, f"{route}: {status} for {name}, who has not the right {entry.right}"


async def _answers_whom_it_should(world: World, route: str, entry: Staff) -> None:
    """Otherwise the table names missing data and proves nothing."""
    await _before(world, entry)
    written = await _audit_lines(world.database)
    world.tokens.clear()  # an action may end the session
    name = f"{'top' if entry.at == TOP else 'our'}-{_governor(entry)}"
    status, location, text = await _try(world, route, entry, name)
    assert status in entry.answers, f"{route}: {status} {text}"
    assert location != "/staff/login", route
    if entry.form is not None:
        assert await _audit_lines(world.database) > written, f"{route} left no line in the audit trail"


async def _asks_for_a_signature(world: World, route: str) -> None:
    method, path = route.split(" ", 1)
    path = path.format_map(world.ids)
    body = b"{}" if method == "POST" else b""
    headers = {"Content-Type": "application/json"} if body else {}
    async with world.session.request(method, world.central.url + path, data=body, headers=headers) as answer:
        assert answer.status == 401, f"{route}: {answer.status} without a signature"
    stranger = DeliveringGateway(world.session, world.central.url)
    stranger.id = world.ours.id  # claims our id and signs with another key
    status = (await stranger.post(path, body, headers))[0] if body else (await stranger.get(path))[0]
    assert status == 401, f"{route}: {status} for a key that nobody registered"


async def _before(world: World, entry: Staff) -> None:
    if entry.before is not None:
        await entry.before(world)


async def _try(world: World, route: str, entry: Staff, name: str) -> tuple[int, str, str]:
    """Return status, redirect target and body for that account; without a name, not logged in."""
    method, path = route.split(" ", 1)
    path = (entry.path or path).format_map(world.ids)
    token = await _token(world, name) if name else ""
    form = {key: value.format_map(world.ids) for key, value in (entry.form or {}).items()}
    form["csrf"] = csrf_token(world.app[RULES], token)
    headers = {"Cookie": f"staff={token}; language=en"}
    data = form if method == "POST" else None
    url = f"{world.central.url}{path}{entry.query.format_map(world.ids)}"
    async with world.anybody.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
        content = await answer.read()
        if found := person.traces(content):
            assert route in person.LOOK_UPS, f"{route} shows {found}"
            assert _holds(name, entry), f"{route} shows {found} to {name or 'everybody'}"
            world.looked_up.add(route)
        text = content.decode(errors="replace")
        # Links to other languages repeat the query.
        return answer.status, answer.headers.get("Location", ""), _LANGUAGES.sub("", text)


async def _no_public_route_shows_the_person(world: World) -> None:
    async with world.database.write() as connection:
        token, made = make_token("our-chief", "walks", frozenset(Scope), 30, datetime.now(UTC))
        await tokens.add(connection, made)
    for path in public(world.app, FILLED | world.ids):
        headers = {"Authorization": f"Bearer {token}"} if path.startswith("/api/") else {}
        shown = await opened(world.session, world.central.url + path, headers)
        assert not person.traces(shown.encode()), path


def _holds(name: str, entry: Staff) -> bool:
    place, _, role = name.partition("-")
    return place in ("our", "top") and entry.right in RIGHTS[Role(role)]


async def _token(world: World, name: str) -> str:
    if name not in world.tokens:
        async with world.database.write() as connection:
            world.tokens[name] = await sessions.begin(connection, name, datetime.now(UTC), agent="")
    return world.tokens[name]


async def _account(world: World, name: str, place: str, role: Role | None) -> None:
    await set_password(world.database, name, PASSWORD, datetime.now(UTC), place=place, role=role or Role.viewer)
    if role is None:
        async with world.database.write() as connection:
            await accounts_store.revoke(connection, name, place)


async def _projects(database: Database) -> set[str]:
    """Return the projects without what is derived from them when they are published."""
    columns = [each for each in metadata.tables["projects"].columns if not each.name.startswith("phrase")]
    async with database.read() as connection:
        return {repr(tuple(row)) for row in await connection.execute(select(*columns))}


async def _everything(database: Database) -> list[tuple[str, str]]:
    """Return every row of the compared tables as text, in one statement."""

    def written(table: Table) -> str:
        columns = (f'quote("{column.name}")' for column in table.columns)
        return f'"{table.name}"::text' if database.dsn else "||','||".join(columns)

    stored = [table for table in metadata.sorted_tables if table.name not in PASSING]
    every = " UNION ALL ".join(f"SELECT '{table.name}', {written(table)} FROM \"{table.name}\"" for table in stored)
    async with database.read() as connection:
        return sorted((name, row) for name, row in await connection.execute(text(every)))


async def _audit_lines(database: Database) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(metadata.tables["audit_lines"].c.seq))).all())
