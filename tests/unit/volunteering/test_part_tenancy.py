"""Request every route of the part as another community's accounts and member: they see and change nothing. 8 CPU-s."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from central_server.accounts import sessions
from central_server.accounts.access import Role
from central_server.parts import DrillContext
from central_server.receipts.sealed_data import open_seal
from central_server.store.places.places import plant_community
from daemonkit.web import RULES, WebRules, csrf_token, guarded_app
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.staff_account import set_password
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS
from tests.unit.volunteering.member_phone import Phone
from volunteering.merging.merge_people import propose
from volunteering.part import PART
from volunteering.people.inviting import Inviting, invite
from volunteering.people.sealed_person import PersonSeal
from volunteering.store import people
from volunteering.store.tables import metadata

NAME = "演练志愿者"
"""Begins the name of each member of ours."""
ROLES = (Role.steward, Role.chief, *(role for role in Role if role.value == "unit"))
PASSING = {"vol_sessions", "vol_codes", "vol_card_keys", "vol_staff_numbers"}
"""Tables that change by opening pages, or when an account states its own number."""
TABLE_OF = {
    "shift": "vol_shifts",
    "person": "vol_people",
    "member": "vol_people",
    "merge": "vol_merges",
    "list": "vol_invitation_lists",
    "invitation": "vol_invitations",
    "highlight": "vol_highlights",
    "request": "vol_requests",
    "proposal": "vol_proposals",
    "sign_up": "vol_sign_ups",
    "unit": "vol_units",
    "membership": "vol_memberships",
}
"""By the name of a path's parameter: the table with its ids."""
CHOICE = re.compile(r"\(\?P<(\w+)>([a-z_]+)\|")
WORDS = re.compile(r"\{([a-z_]+)\}")


@dataclass
class World:
    """`ids`: of ours, by parameter."""

    central: RunningCentral
    app: web.Application
    ids: Mapping[str, str]

    def routes(self, root: str) -> list[tuple[str, str]]:
        """Return method and path; a parameter that is one of several words is filled with the first."""
        found = set[tuple[str, str]]()
        for route in self.app.router.routes():
            if route.resource is None or route.method == "HEAD":
                continue
            path, pattern = route.resource.canonical, route.resource.get_info().get("pattern")
            for name, word in CHOICE.findall(pattern.pattern) if pattern else ():
                path = path.replace(f"{{{name}}}", word)
            if path == root or path.startswith(f"{root}/"):
                found.add((route.method, path))
        return sorted(found)

    def path(self, canonical: str, place: str) -> str:
        values = {**self.ids, "place": place}
        missing = [name for name in WORDS.findall(canonical) if name not in values]
        assert not missing, f"{canonical}: add {missing} to TABLE_OF"
        return WORDS.sub(lambda found: values[found[1]], canonical)

    async def rows(self) -> list[tuple[str, str]]:
        async with self.central.database() as database, database.read() as connection:
            found = list[tuple[str, str]]()
            for table in metadata.sorted_tables:
                if table.name not in PASSING:
                    stored = (await connection.execute(select(table))).all()
                    found += [(table.name, repr(tuple(row))) for row in stored]
            return sorted(found)


@pytest.fixture
async def world(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[World]:
    apps: list[web.Application] = []

    def remembered(rules: WebRules, **named: Any) -> web.Application:
        """Without rate limits, because a test is one client."""
        apps.append(guarded_app(replace(rules, requests_per_second=10_000, burst=10_000), **named))
        return apps[-1]

    async with running_central(tmp_path / "c", bank, store=store_url, parts=(PART,), make_app=remembered) as central:
        yield World(central, apps[0], await _plant(central))


async def _plant(central: RunningCentral) -> Mapping[str, str]:
    now = datetime.now(UTC)
    async with central.database() as database:
        seal = await open_seal(database, central.state, None)
        async with database.write() as connection:
            for community in (COMMUNITY, NEIGHBOURS):
                await plant_community(connection, community, now)
        await PART.fill_drill(DrillContext(database, seal, COMMUNITY, now))
        table = metadata.tables["vol_people"]
        async with database.write() as connection:
            wanted = Inviting(COMMUNITY, "drill", ["13805950001"], Language.en, "clerk")
            await invite(connection, PersonSeal(seal), wanted, now)
            both = (await connection.execute(select(table.c.id).order_by(table.c.joined_at).limit(2))).scalars().all()
            pair = [await people.get(connection, each) for each in both]
            await propose(connection, pair[0], pair[1], "clerk", now)
        async with database.read() as connection:
            found = {
                name: (await connection.execute(select(metadata.tables[of].c.id).limit(1))).scalar()
                for name, of in TABLE_OF.items()
                if of in metadata.tables
            }
            number = (await connection.execute(select(metadata.tables["vol_cards"].c.number).limit(1))).scalar_one()
    own = {name: id_ or new_id() for name, id_ in found.items()}
    return {**own, "number": f"{number:08}", "code": "0" * 16, **WRITTEN}


WRITTEN = {"gateway": "0" * 16}
"""Parameters that name no record of the part."""


async def test_another_community_sees_and_changes_nothing(world: World) -> None:
    """One set-up for staff and members: it costs more than the requests."""
    await _staff_see_and_change_nothing(world)
    await _a_member_sees_and_changes_nothing(world)


async def _staff_see_and_change_nothing(world: World) -> None:
    before, now = await world.rows(), datetime.now(UTC)
    tokens: list[str] = []
    async with world.central.database() as database:
        for role in ROLES:
            name = f"their-{role}"
            await set_password(database, name, "correct horse battery", now, place=NEIGHBOURS, role=role)
            async with database.write() as connection:
                tokens.append(await sessions.begin(connection, name, now, agent=""))
    routes, wrong = world.routes("/staff/volunteers"), list[str]()
    assert len(routes) > 40
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
        for method, canonical in routes:
            path = world.path(canonical, COMMUNITY)
            for token in ("", *tokens):
                form = {"csrf": csrf_token(world.app[RULES], token), "place": COMMUNITY, "number": "13805950001"}
                async with browser.request(
                    method,
                    world.central.url + path,
                    data=form if method == "POST" else None,
                    headers={"Cookie": f"staff={token}"},
                    allow_redirects=False,
                ) as answer:
                    text = (await answer.read()).decode(errors="replace")
                if not token and (answer.status, answer.headers.get("Location")) != (303, "/staff/login"):
                    wrong.append(f"{method} {canonical}: {answer.status} without a login")
                named = set(WORDS.findall(canonical)) - WRITTEN.keys()
                if token and named and answer.status != 404:
                    wrong.append(f"{method} {canonical}: {answer.status} for another community")
                shown = text.replace(path, "")  # links to other languages repeat it
                if NAME in shown or any(world.ids[each] in shown for each in TABLE_OF):
                    wrong.append(f"{method} {canonical}: shows ours")
    assert not wrong, "\n".join(wrong)
    assert await world.rows() == before, "a refused request changed something"


async def _a_member_sees_and_changes_nothing(world: World) -> None:
    phone = Phone.new(world.central.url)
    root = f"/community/{NEIGHBOURS}"
    sent = await phone.donor.press(await phone.open(f"{root}/join"), number="13805950009")
    code = re.search(r"The code is ([0-9]{6})", sent.text())
    assert code is not None
    await phone.donor.press(sent, code=code[1], name="邻", consent="yes")
    own = (await phone.open(f"{root}/me")).html
    csrf = own.split('name="csrf" value="')[1][:64]
    before, wrong = await world.rows(), list[str]()
    routes = world.routes("/community")
    assert len(routes) > 25
    for method, canonical in routes:
        if canonical.endswith(("/me/erase", "/log-out")):
            continue  # what a member may do with their own session
        for place in (COMMUNITY, NEIGHBOURS):
            path = world.path(canonical, place)
            named = set(WORDS.findall(canonical)) - WRITTEN.keys() - {"place", "code"}
            if place == NEIGHBOURS and not named:
                continue  # their own pages
            async with phone.session.request(
                method, world.central.url + path, data={"csrf": csrf} if method == "POST" else None
            ) as answer:
                text = (await answer.read()).decode(errors="replace")
            if NAME in text or (answer.status >= 500):
                wrong.append(f"{method} {path}: {answer.status}")
    await phone.session.close()
    assert not wrong, "\n".join(wrong)
    assert await world.rows() == before, "a refused request changed something"
