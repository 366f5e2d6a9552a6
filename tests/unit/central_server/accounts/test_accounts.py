"""Who may change which roles and accounts."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import text

from central_server.accounts import account_administration
from central_server.accounts.access import Role
from central_server.accounts.account_administration import LastGovernor
from central_server.accounts.login import FAILURES
from central_server.store.accounts import accounts, audit_trail
from central_server.store.accounts.accounts import PAGE
from central_server.store.accounts.audit_actions import PlaceRenamed, RoleGranted, RoleRevoked
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, open_database
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.project import Texts
from tests.fakes.donor import Page
from tests.postgres import Postgres
from tests.sqlite import put_database
from tests.unit.central_server.staff_desk import NOW, Browser, RunningDesk, account, running_desk

TREE = (
    ("quanzhou", PlaceKind.city, TOP),
    ("fengze", PlaceKind.street, "quanzhou"),
    ("huada", PlaceKind.community, "fengze"),
    ("neighbours", PlaceKind.community, "fengze"),
)
STAFF = (
    ("root", TOP, Role.admin),
    ("city-admin", "quanzhou", Role.admin),
    ("huada-admin", "huada", Role.admin),
    ("huada-clerk", "huada", Role.staff),
    ("other-clerk", "neighbours", Role.staff),
)


def names(name: str) -> Texts:
    return Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), name))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """On SQLite only: test_tenancy tries every action on PostgreSQL."""
    async with open_database(await put_database(tmp_path / "central.db")) as database:
        yield database


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[RunningDesk]:
    async with database.write() as connection:
        for place, kind, parent in TREE:
            await places.plant(connection, Place(place, kind, parent, names(f"Name of {place}")), NOW)
    for name, place, role in STAFF:
        await account(database, name, place, role)
    async with running_desk(database) as desk:
        yield desk


async def logged_in(desk: RunningDesk, name: str) -> Browser:
    browser = Browser(desk)
    await browser.log_in(name)
    return browser


async def roles(desk: RunningDesk, name: str) -> dict[str, str]:
    async with desk.database.read() as connection:
        return await accounts.roles(connection, name)


def given(page: Page) -> str:
    found = re.search(r'<p class="secret">([^<]+)</p>', page.html)
    assert found is not None, page.text()
    return found[1]


async def test_a_new_account_logs_in_once_with_its_one_time_password(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open("/staff/accounts")
    page = await admin.send("/staff/accounts", name="陈美玲", place="huada", role="finance")
    password = given(page)
    assert password not in (await admin.open("/staff/accounts")).html
    assert await roles(desk, "陈美玲") == {"huada": "finance"}

    newcomer = Browser(desk)
    assert (await newcomer.log_in("陈美玲", password)).url == "/staff/password"
    for path in ("/staff/me", "/staff/", "/staff/accounts"):
        assert (await newcomer.open(path)).url == "/staff/password"
    new = "走过三条街就到了家门口"
    page = await newcomer.send("/staff/password", old=password, new=new, again=new)
    assert page.url == "/staff/me"
    assert (await Browser(desk).log_in("陈美玲", password)).status == 403
    assert (await Browser(desk).log_in("陈美玲", new)).url == "/staff/me"


async def test_a_one_time_password_expires(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open("/staff/accounts")
    password = given(await admin.send("/staff/accounts", name="late", place="huada", role="viewer"))
    desk.later(hours=72)
    assert (await Browser(desk).log_in("late", password)).status == 403
    admin = await logged_in(desk, "huada-admin")
    assert "the one-time password is too old" in (await admin.open("/staff/accounts/late")).text()
    password = given(await admin.send("/staff/accounts/late/password"))
    assert (await Browser(desk).log_in("late", password)).url == "/staff/password"


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [("a b", "huada", "A name has"), ("other-clerk", "huada", "This name is taken"), ("huada-clerk", "huada", "taken")],
)
async def test_an_invalid_or_used_name_is_refused(desk: RunningDesk, name: str, place: str, words: str) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open("/staff/accounts")
    page = await admin.send("/staff/accounts", name=name, place=place, role="viewer")
    assert page.status == 422
    assert words in page.text()
    assert f'value="{name}"' in page.html


async def test_a_governor_changes_roles_only_below_the_own_place(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open("/staff/accounts/huada-clerk")
    for place in ("neighbours", "fengze", "quanzhou", TOP, "nowhere", ""):
        assert (await admin.forge("/staff/accounts/huada-clerk/role", place=place, role="viewer")).status == 404, place
        await admin.open("/staff/accounts/huada-clerk")
    assert (await admin.forge("/staff/accounts/huada-clerk/role", place="huada", role="emperor")).status == 404
    await admin.open("/staff/accounts/huada-clerk")
    await admin.send("/staff/accounts/huada-clerk/role", place="huada", role="finance")
    assert await roles(desk, "huada-clerk") == {"huada": "finance"}
    await admin.open("/staff/accounts/huada-clerk")
    await admin.send("/staff/accounts/huada-clerk/revoke")
    assert await roles(desk, "huada-clerk") == {}
    assert (await admin.open("/staff/accounts/huada-clerk")).status == 200, "it is still at home here"


async def test_roles_elsewhere_are_not_shown(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        await accounts.grant(connection, "huada-clerk", "neighbours", "viewer", NOW)
    admin = await logged_in(desk, "huada-admin")
    for path in ("/staff/accounts", "/staff/accounts/huada-clerk", "/staff/places", "/staff/audit"):
        page = await admin.open(path)
        assert page.status == 200
        assert "neighbours" not in page.html
        assert "other-clerk" not in page.html


async def test_a_governor_cannot_reset_an_account_that_has_roles_elsewhere(desk: RunningDesk) -> None:
    """Otherwise the admin of a community could reset the password of the city's admin and log in as that admin."""
    async with desk.database.write() as connection:
        await accounts.grant(connection, "city-admin", "huada", "viewer", NOW)
        await accounts.grant(connection, "huada-clerk", "fengze", "admin", NOW)
    admin = await logged_in(desk, "huada-admin")
    for name in ("city-admin", "huada-clerk"):
        page = await admin.open(f"/staff/accounts/{name}")
        assert "only an administrator above" in page.text()
        for action in ("password", "disable", "enable", "sessions", "factor", "unlock"):
            assert (await admin.forge(f"/staff/accounts/{name}/{action}")).status == 404
            await admin.open(f"/staff/accounts/{name}")
        await admin.send(f"/staff/accounts/{name}/revoke", place="huada")
    assert await roles(desk, "city-admin") == {"quanzhou": "admin"}
    assert await roles(desk, "huada-clerk") == {"fengze": "admin"}


async def test_a_closed_account_is_logged_out_and_can_be_reopened(desk: RunningDesk) -> None:
    clerk, admin = await logged_in(desk, "huada-clerk"), await logged_in(desk, "city-admin")
    await admin.open("/staff/accounts/huada-clerk")
    await admin.send("/staff/accounts/huada-clerk/disable")
    assert (await clerk.open("/staff/me")).url == "/staff/login"
    assert (await clerk.log_in("huada-clerk")).status == 403
    await admin.send("/staff/accounts/huada-clerk/enable")
    assert (await clerk.log_in("huada-clerk")).url == "/staff/me"
    await admin.open("/staff/accounts/huada-clerk")
    await admin.send("/staff/accounts/huada-clerk/sessions")
    assert (await clerk.open("/staff/me")).url == "/staff/login"


async def test_an_admin_unlocks_a_locked_account(desk: RunningDesk) -> None:
    for _ in range(FAILURES):
        await Browser(desk).log_in("huada-clerk", "guess")
    assert (await Browser(desk).log_in("huada-clerk")).status == 403
    admin = await logged_in(desk, "huada-admin")
    assert "locked for a quarter of an hour" in (await admin.open("/staff/accounts/huada-clerk")).text()
    await admin.send("/staff/accounts/huada-clerk/unlock")
    assert (await Browser(desk).log_in("huada-clerk")).url == "/staff/me"


async def test_nobody_closes_or_resets_the_own_account(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    page = await admin.open("/staff/accounts/huada-admin")
    assert "This is your own account" in page.text()
    for action in ("password", "disable", "factor"):
        assert (await admin.forge(f"/staff/accounts/huada-admin/{action}")).status == 404
        await admin.open("/staff/accounts/huada-admin")


async def test_the_last_admin_of_the_top_cannot_be_removed(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "root")
    for action, fields in (("revoke", {"place": TOP}), ("role", {"place": TOP, "role": "viewer"})):
        await admin.open("/staff/accounts/root")
        page = await admin.send(f"/staff/accounts/root/{action}", **fields)
        assert (page.status, "last administrator" in page.text()) == (422, True)
    assert await roles(desk, "root") == {TOP: "admin"}
    await account(desk.database, "second")
    second = await logged_in(desk, "second")
    await second.open("/staff/accounts/root")
    await second.send("/staff/accounts/root/disable")
    await second.open("/staff/accounts/second")
    page = await second.send("/staff/accounts/second/revoke", place=TOP)
    assert page.status == 422, "the other one is closed, and does not count"
    await second.open("/staff/accounts/root")
    await second.send("/staff/accounts/root/enable")
    await second.open("/staff/accounts/second")
    await second.send("/staff/accounts/second/revoke", place=TOP)
    assert await roles(desk, "second") == {}


async def test_two_admins_of_the_top_cannot_remove_each_other_at_once(postgres: Postgres) -> None:
    """PostgreSQL only: SQLite serializes writes."""

    async def revoke(connection: Connection, name: str) -> None:
        governed = await account_administration.one(connection, name, {TOP}, lock=True)
        await account_administration.revoke(connection, governed, TOP)

    async def waits(database: Database) -> bool:
        async with database.read() as connection:
            asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool((await connection.execute(asked)).scalar_one())

    async with postgres.database() as url, open_database(url) as database:
        await account(database, "root")
        await account(database, "second")

        async def second() -> None:
            async with database.write() as connection:
                await revoke(connection, "root")

        async with database.write() as connection:
            await revoke(connection, "second")
            task = asyncio.create_task(second())
            async with asyncio.timeout(60):
                while not task.done() and not await waits(database):
                    await asyncio.sleep(0.01)
        with pytest.raises(LastGovernor):
            await task


async def test_the_audit_trail_shows_who_changed_what(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "city-admin")
    await admin.open("/staff/accounts/huada-clerk")
    await admin.send("/staff/accounts/huada-clerk/role", place="huada", role="finance")
    await admin.send("/staff/accounts/huada-clerk/revoke")
    async with desk.database.read() as connection:
        entries = [entry for _, entry in await audit_trail.page(connection, {"huada"})][:2]
    assert [(entry.account, entry.place, entry.action) for entry in entries] == [
        ("city-admin", "huada", RoleRevoked("huada-clerk", "finance")),
        ("city-admin", "huada", RoleGranted("huada-clerk", "staff", "finance")),
    ]


async def test_the_audit_trail_is_filtered_and_paged(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        for number in range(120):
            at = NOW - timedelta(days=30) + timedelta(hours=number)
            name = "huada-admin" if number % 2 else "huada-clerk"
            action = PlaceRenamed(f"subject-{number}", (FieldChange("en", "", "a <b> & c"),))
            await audit_trail.record(connection, AuditEntry(name, "huada", action, at))
    admin = await logged_in(desk, "huada-admin")

    async def lines(query: str) -> list[str]:
        page = await admin.open(f"/staff/audit?{query}")
        assert page.status == 200
        return re.findall(r"· (subject-\d+)", page.html)

    seen, page = [], await admin.open("/staff/audit?action=place.rename")
    while True:
        seen += re.findall(r"subject-(\d+)", page.html)
        older = re.search(r'href="(/staff/audit\?[^"]*)">Older', page.html)
        if older is None:
            break
        page = await admin.open(older[1].replace("&amp;", "&"))
    assert [int(number) for number in seen] == list(range(119, -1, -1))
    assert len(await lines("account=huada-clerk&action=place.rename")) == 50
    assert await lines("account=somebody") == []
    assert len(await lines("since=2026-10-26&until=2026-10-26")) == 24
    assert await lines("until=2026-10-24") == []
    assert len(await lines("action=nonsense&since=x&until=2026-99-99&before=y&account=")) == 49  # and the login
    assert "a &lt;b&gt; &amp; c" in (await admin.open("/staff/audit?action=place.rename")).html


async def test_accounts_are_paged_and_found_by_name(desk: RunningDesk) -> None:
    async with desk.database.write() as connection:
        for number in range(PAGE + 10):
            await accounts.add(connection, f"helper-{number:03}", "x", NOW, home="huada")
    admin = await logged_in(desk, "city-admin")
    seen, path = list[str](), "/staff/accounts"
    while path:
        page = await admin.open(path)
        seen += re.findall(r'<td class="who"><a href="/staff/accounts/([^"]+)"', page.html)
        following = re.search(r'rel="next" href="([^"]+)"', page.html)
        path = unescape(following[1]) if following else ""
    assert seen == sorted(
        [*(name for name, place, _ in STAFF if place != TOP), *(f"helper-{n:03}" for n in range(110))]
    )
    assert "From the beginning" in page.text()
    page = await admin.open("/staff/accounts?words=HELPER-10")
    assert page.html.count('<td class="who">') == 10
    assert "No record matches this filter." in (await admin.open("/staff/accounts?words=%25")).text()
