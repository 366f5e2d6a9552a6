"""Anonymity as defined in docs/privacy.md: no public page and no export reveals a single gift.

The test opens every public route of the running application with one gift and with six, also with an API token, and
every export of the command line. A new route is included automatically.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from central_server.accounts import sessions
from central_server.accounts.access import Role
from central_server.api import tokens as personal
from central_server.api.tokens import Scope
from central_server.catalogue import file_import
from central_server.store.api import tokens
from central_server.store.engine.tables import attempts, intents, ledger_lines
from central_server.store.places.places import TOP
from daemonkit.web import guarded_app
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.staff_account import set_password
from tests.unit.central_server.catalogue_world import BINDING, UUID_1
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.reconciling_world import Books
from tests.unit.central_server.staff.test_staff import PASSWORD

FILLED = {
    "place": "huada",
    "project": "lunch",
    "uuid": str(UUID_1),
    "major": "1",
    "minor": "1",
    "secret": "0" * 32,
    "nonce": "A" * 43,
    "presence_pass": "A" * 43,
    "ticket": "A" * 60,
    "sha256": "0" * 64,
    "name": "sandbox",
    "filename": "pages.css",
}
"""Values for path parameters; secrets are guesses, as anybody can make them."""
STAFF = (
    "/staff/",
    "/staff/log",
    "/staff/figures",
    "/staff/figures.csv",
    "/staff/figures.json",
    "/staff/parcels/{gateway}/{gift}",
    "/staff/gateways",
    "/staff/gateways/{gateway}",
    "/staff/projects",
    "/staff/permits",
    "/staff/alerts",
    "/staff/organisations",
)
"""Pages for all staff; a parcel's own number may be on them."""
AMOUNTS = (4_321_07, 3_210_13, 2_109_17, 1_098_19, 987_23, 876_29)


@pytest.fixture
async def running(
    tmp_path: Path, bank: RunningBank, store_url: str
) -> AsyncIterator[tuple[RunningCentral, web.Application]]:
    apps: list[web.Application] = []
    make = guarded_app

    def remembered(*given: Any, **named: Any) -> web.Application:
        apps.append(make(*given, **named))
        return apps[-1]

    async with running_central(
        tmp_path / "central", bank, config=CONFIG + BINDING, store=store_url, make_app=remembered
    ) as central:
        yield central, apps[0]


def public(app: web.Application, filled: Mapping[str, str] = FILLED) -> list[str]:
    """Return public paths with their parameters filled in."""
    found = set[str]()
    for route in app.router.routes():
        if route.method == "GET" and route.resource is not None:
            path = re.sub(r"\{(\w+)\}", lambda name: filled.get(name[1], "0"), route.resource.canonical)
            if not path.startswith("/staff"):
                found.add(path)
    return sorted(found)


async def needles(central: RunningCentral) -> set[str]:
    """Return what would reveal a single gift: amounts in every notation, ids, and secrets."""
    needles_ = set[str]()
    async with central.database() as database, database.read() as connection:
        for row in await connection.execute(select(attempts)):
            yuan = f"{row.amount_minor / 100:.2f}"
            needles_ |= {
                row.id,
                row.return_nonce,
                row.evidence,
                str(row.amount_minor),
                yuan,
                f"{row.amount_minor / 100:,.2f}",
            }
        needles_ |= set((await connection.execute(select(intents.c.id))).scalars())
        for line in await connection.execute(select(ledger_lines.c.secret, ledger_lines.c.slip)):
            needles_ |= {line.secret, line.slip}
    return {needle for needle in needles_ if needle}


def found_in(text: str, wanted: set[str]) -> set[str]:
    return {needle for needle in wanted if re.search(rf"(?<![0-9a-f]){re.escape(needle)}(?![0-9a-f])", text)}


async def test_no_public_route_and_no_export_reveals_a_single_gift(
    running: tuple[RunningCentral, web.Application], session: aiohttp.ClientSession
) -> None:
    central, app = running
    gateway = await enrolled(central, DeliveringGateway(session, central.url))
    paths = public(app)
    assert {"/board/huada", "/v", "/s/at/huada/lunch", "/api/v1/transparency/huada/lunch", "/healthz"} <= set(paths)
    async with central.database() as database:
        await set_password(database, "viewer", PASSWORD, datetime.now(UTC), place=TOP, role=Role.viewer)
        text, made = personal.make_token("viewer", "walks", frozenset(Scope), 30, datetime.now(UTC))
        async with database.write() as connection:
            await tokens.add(connection, made)
            session_of_staff = await sessions.begin(connection, "viewer", datetime.now(UTC), agent="")
        cookie = {"Cookie": f"staff={session_of_staff}; language=en"}
        books = Books(database, gateway.id)
        gifts = set[str]()
        for count, amount in enumerate(AMOUNTS, 1):
            # What a gateway delivered is in the sync log; paid like any other.
            parcel = gateway.intent(amount_minor=amount)
            await gateway.deliver([parcel])
            gift = (await books.paid(amount, at=datetime.now(UTC))).intent
            gifts |= {gift, parcel.id}
            gift = parcel.id
            if count not in (1, len(AMOUNTS)):
                continue
            wanted = await needles(central)
            assert len(wanted) >= 6 * count
            shown = {needle for needle in wanted if needle not in gifts}
            for path in paths:
                for headers, hidden in (({}, wanted), ({"Authorization": f"Bearer {text}"}, shown)):
                    found = found_in(await opened(session, central.url + path, headers), hidden)
                    assert not found, f"{path} tells {found} of {count} gifts"
            for path in STAFF:
                page = await opened(
                    session, central.url + path.format_map({"gateway": gateway.id, "gift": gift}), cookie
                )
                found = found_in(page, shown)
                assert not found, f"{path} tells {found} of {count} gifts to staff who see to no money"
            for kind in file_import.KINDS:
                async with database.read() as connection:
                    exported = await file_import.export(connection, kind, [TOP], None)
                assert not found_in(repr(exported), wanted), kind


async def opened(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> str:
    """Return the response; of an event stream only the first chunk."""
    try:
        async with session.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=5)) as answer:
            content = b""
            while chunk := await answer.content.readany():
                content += chunk
                if answer.content_type == "text/event-stream":
                    break
            return f"{answer.headers} {content.decode(errors='replace')}"
    except TimeoutError:
        return ""


def test_the_search_finds_a_gift() -> None:
    assert found_in("paid: 4,321.07 yuan", {"4,321.07"}) == {"4,321.07"}
    assert found_in(f"/v/{'a' * 32}", {"a" * 32})
    assert not found_in(f"b{'a' * 32}", {"a" * 32})
