"""Households at the running server: registered sealed, assessed by two, looked up with an audit entry, erased."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from central_server.accounts.access import Role
from central_server.accounts.login import set_password
from central_server.alerts.family_tasks import family_tasks
from central_server.families import cases
from central_server.store.accounts import audit_trail
from central_server.store.families import cases as case_store
from central_server.store.families import sealed_keys
from central_server.store.places.places import TOP
from daemonkit.web import guarded_app
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_anonymity import opened, public

NEW = "/staff/families/new"
PASSWORD = "correct horse battery"
CANARIES = ("王小明的母亲", "13805950000", "城华北路269号")
"""A name, a number and an address that somebody typed although nobody asked for them."""
STAFF = {"chen": Role.family, "lin": Role.family, "wu": Role.family, "admin": Role.admin, "chief": Role.chief}
FORM = {
    "place": "huada",
    "grid": f"3-2 {CANARIES[2]}",
    "ages": "72，70, 9",
    "hardship": "illness",
    "help": "meals",
    "goods": f"每天一份热饭，电话{CANARIES[1]}",
    "until": "2027-03-31",
    "consent": f"我同意。{CANARIES[0]}",
}


@dataclass
class Office:
    central: RunningCentral
    app: web.Application
    people: dict[str, Donor]
    sessions: dict[str, aiohttp.ClientSession]

    async def open(self, name: str, path: str) -> Page:
        return await self.people[name].open(self.central.url + path)

    async def send(self, name: str, page: Page, action: str, **fields: str) -> Page:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
        assert csrf is not None
        return await self.people[name].send(self.central.url + action, {**fields, "csrf": csrf[1]})

    async def step(self, name: str, number: str, **fields: str) -> Page:
        page = await self.open(name, f"/staff/families/{number}")
        return await self.send(name, page, f"/staff/families/{number}/step", **fields)

    async def fill(self, name: str, **fields: str) -> Page:
        return await self.send(name, await self.open(name, NEW), NEW, **fields)

    async def register(self, name: str = "chen", **changes: str) -> str:
        page = await self.send(
            name, await self.open(name, "/staff/families/new"), "/staff/families/new", **FORM | changes
        )
        assert page.status == 200, page.text()
        return page.url.rsplit("/", 1)[1]


@pytest.fixture
async def office(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession
) -> AsyncIterator[Office]:
    apps: list[web.Application] = []

    def remembered(*given: Any, **named: Any) -> web.Application:
        apps.append(guarded_app(*given, **named))
        return apps[-1]

    async with running_central(tmp_path / "central", bank, store=store_url, make_app=remembered) as central:
        await enrolled(central, DeliveringGateway(session, central.url))
        people: dict[str, Donor] = {}
        sessions: dict[str, aiohttp.ClientSession] = {}
        async with central.database() as database:
            for name, role in STAFF.items():
                await set_password(database, name, PASSWORD, datetime.now(UTC), place=TOP, role=role)
                sessions[name] = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
                people[name] = Donor(sessions[name])
                page = await people[name].open(f"{central.url}/staff/login")
                await people[name].press(page, name=name, password=PASSWORD)
        yield Office(central, apps[0], people, sessions)
        for each in sessions.values():
            await each.close()


async def test_a_household_is_assessed_by_two_and_its_data_stay_sealed(
    office: Office, session: aiohttp.ClientSession, caplog: Any, capfd: Any
) -> None:
    faulty = await office.fill("chen", **FORM | {"ages": "old", "consent": ""})
    assert faulty.status == 422
    assert CANARIES[1] in faulty.html, "nothing typed is lost"
    number = await office.register(urgent="yes")
    assert "waits for two assessments" in (await office.open("chen", f"/staff/families/{number}")).text()
    found = await office.open("lin", f"/staff/families?number=+{number[:3]}+{number[3:]}")
    assert found.url.endswith(number)
    assert (await office.open("lin", "/staff/families?number=4829")).status == 422
    assert "open: help may begin" in (await office.step("chen", number, step="support", seen="yes")).text()
    again = await office.step("chen", number, step="support")
    assert again.status == 422
    assert "Another person has to." in again.text()
    assert "due by" not in (await office.step("lin", number, step="support")).text()
    case = await office.open("lin", f"/staff/families/{number}")
    looked = await office.send("lin", case, f"/staff/families/{number}/household")
    assert "72, 70, 9" in looked.text()
    assert all(canary in looked.html for canary in CANARIES)
    for name in ("admin", "chief"):
        for path in ("", "/new", f"/{number}"):
            assert (await office.open(name, f"/staff/families{path}")).status == 404
    async with office.central.database() as database, database.read() as connection:
        trail = await audit_trail.page(connection, [TOP])
    done = [(entry.account, entry.action.name) for _, entry in trail if entry.action.subject == number]
    assert ("lin", "household.look_up") in done
    assert ("chen", "household.register") in done
    await _find_nowhere(office, session, caplog, capfd)


async def _find_nowhere(office: Office, session: aiohttp.ClientSession, caplog: Any, capfd: Any) -> None:
    """No page, log, file or backup contains what the household stated."""
    for path in public(office.app):
        text = await opened(session, office.central.url + path, {})
        assert not any(canary in text for canary in CANARIES), path
    for route in office.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if route.method == "GET" and path.startswith("/staff") and "{" not in path and path != "/staff/live":
            for name in ("chen", "chief"):
                text = await opened(office.sessions[name], office.central.url + path, {})
                assert not any(canary in text for canary in CANARIES), path
    output = caplog.text + "".join(capfd.readouterr())
    files = {file.name: file.read_bytes() for file in office.central.state.rglob("*") if file.is_file()}
    for canary in CANARIES:
        assert canary not in output
        for name, content in files.items():
            assert canary.encode() not in content, name


async def test_a_refusal_is_appealed_and_the_data_are_erased_two_years_later(office: Office) -> None:
    number = await office.register()
    assert (await office.step("chen", number, step="refuse", reason="lives with the son")).status == 422
    assert "an appeal is possible" in (await office.step("chen", number, step="refuse", reason="outside_area")).text()
    assert "a third person decides" in (await office.step("lin", number, step="appeal")).text()
    assert (await office.step("chen", number, step="uphold")).status == 422
    assert "the refusal is final" in (await office.step("lin", number, step="reject")).text()
    other = await office.register()
    await office.step("wu", other, step="relative")
    assert "declared a relative" in (await office.step("wu", other, step="support", seen="yes")).text()
    now = datetime.now(UTC)
    async with office.central.database() as database:
        async with database.read() as connection:
            before = await family_tasks(connection, [TOP], "drill", now)
            asked = await family_tasks(connection, [TOP], "drill", now + cases.STORAGE_TIME - timedelta(days=29))
        assert [(task.kind.value, task.count) for task in before] == [("case_waiting", 1)]
        assert ("erasure_near", 1) in [(task.kind.value, task.count) for task in asked]
        async with database.write() as connection:
            assert await cases.postpone_erasure(connection, number, now) is None, "it is not near"
            later = await cases.postpone_erasure(connection, number, now + cases.STORAGE_TIME)
        assert later is not None
        assert await cases.erase_due(database, later - timedelta(seconds=1)) == 0
        assert await cases.erase_due(database, later) == 1
        async with database.read() as connection:
            case = await case_store.get(connection, number)
            assert sum((await sealed_keys.counts(connection)).values()) == 1
        assert case is not None
    assert "erased" in (await office.open("chen", f"/staff/families/{number}")).text()
