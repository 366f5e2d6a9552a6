"""Sessions of staff and limits on guessing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from central_server.accounts import passwords
from central_server.accounts.access import Role
from central_server.accounts.login import (
    FAILURES,
    LOCKED_FOR,
    MAX_LISTED,
    PEER_FAILURES,
    LoginRefused,
    log_in,
)
from central_server.accounts.login_admission import AT_ONCE, PER_ADDRESS
from central_server.accounts.second_factor import Seal
from central_server.accounts.sessions import IDLE, LONGEST
from central_server.store.accounts import audit_trail, sessions
from central_server.store.accounts.audit_actions import LoggedIn, LoggedOut, LoginRejected
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from tests.fakes.central_process import CONFIG, RunningBank, running_central
from tests.unit.central_server.staff_desk import NOW, PASSWORD, Browser, RunningDesk, account, running_desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[RunningDesk]:
    await account(database, "chen")
    async with running_desk(database) as desk:
        yield desk


async def trail(desk: RunningDesk) -> list[AuditEntry]:
    """Oldest first."""
    async with desk.database.read() as connection:
        return [line for _, line in reversed(await audit_trail.page(connection, {TOP}))]


async def test_a_session_ends_after_half_an_hour_without_use(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("chen")
    for _ in range(3):
        desk.later(minutes=29)
        assert (await browser.open("/staff/me")).url == "/staff/me"
    desk.now += IDLE
    assert (await browser.open("/staff/me")).url == "/staff/login"


async def test_a_session_ends_after_twelve_hours_in_any_case(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("chen")
    while desk.now + timedelta(minutes=20) < NOW + LONGEST:
        desk.later(minutes=20)
        assert (await browser.open("/staff/me")).url == "/staff/me"
    desk.now = NOW + LONGEST
    assert (await browser.open("/staff/me")).url == "/staff/login"


async def test_a_login_ends_only_the_previous_session_of_its_browser(desk: RunningDesk) -> None:
    first, second = Browser(desk), Browser(desk)
    await first.log_in("chen")
    token = first.cookies["staff"]
    await second.log_in("chen")
    assert second.cookies["staff"] != token
    await first.log_in("chen")
    assert first.cookies["staff"] != token, "a login took over the token that the browser brought"
    assert (await Browser(desk, cookies={"staff": token}).open("/staff/me")).url == "/staff/login"
    for browser in (first, second):
        assert (await browser.open("/staff/me")).url == "/staff/me"


async def test_a_failed_login_ends_no_session(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("chen")
    assert (await browser.log_in("chen", "guess")).status == 403
    assert (await browser.open("/staff/me")).url == "/staff/me"


async def test_an_account_sees_and_ends_its_sessions(desk: RunningDesk) -> None:
    login, there, third = Browser(desk), Browser(desk), Browser(desk)
    for browser in (there, third, login):
        await browser.log_in("chen")
        desk.later(seconds=1)
    page = await login.open("/staff/me")
    assert page.html.count("Another browser") == 2
    assert "Test/1.0" in page.text()
    other = next(part for part in page.html.split('"') if part.startswith("/staff/me/sessions/"))
    assert (await login.forge(other, password=PASSWORD)).html.count("Another browser") == 1
    assert (await login.send("/staff/me/sessions", password=PASSWORD)).html.count("Another browser") == 0
    for browser in (there, third):
        assert (await browser.open("/staff/me")).url == "/staff/login"
    assert [line.action.name for line in await trail(desk)].count("sessions.end") == 2


async def test_nobody_ends_a_session_of_another_account(desk: RunningDesk) -> None:
    await account(desk.database, "lin", role=Role.viewer)
    admin, other = Browser(desk), Browser(desk)
    await admin.log_in("chen")
    await other.log_in("lin")
    await other.open("/staff/me")
    await admin.open("/staff/me")
    await Browser(desk).log_in("chen")
    page = await admin.open("/staff/me")
    session = next(part for part in page.html.split('"') if part.startswith("/staff/me/sessions/"))
    assert (await other.forge(session, password=PASSWORD)).status == 404


async def test_ending_other_sessions_needs_the_password(desk: RunningDesk) -> None:
    login, there = Browser(desk), Browser(desk)
    await there.log_in("chen")
    await login.log_in("chen")
    page = await login.open("/staff/me")
    one = next(part for part in page.html.split('"') if part.startswith("/staff/me/sessions/"))
    for path in ("/staff/me/sessions", one):
        for password in ("", "guess"):
            page = await login.forge(path, password=password)
            assert (page.status, "The present password is wrong." in page.text()) == (422, True)
    assert (await there.open("/staff/me")).url == "/staff/me"
    for _ in range(FAILURES - 2):
        page = await login.forge(one, password="guess")
    assert page.url == "/staff/login"
    assert (await there.open("/staff/me")).url == "/staff/login", "the account was locked and a session went on"


async def test_changing_the_password_ends_all_other_sessions(desk: RunningDesk) -> None:
    login, there = Browser(desk), Browser(desk)
    await there.log_in("chen")
    await login.log_in("chen")
    token = login.cookies["staff"]
    await login.open("/staff/password")
    new = "a quiet lane in june"
    for old, fresh, again, words in (
        ("not the old one", new, new, "present password is wrong"),
        (PASSWORD, new, f"{new}.", "not the same"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, PASSWORD, PASSWORD, "This is the present password"),
    ):
        page = await login.send("/staff/password", old=old, new=fresh, again=again)
        assert (page.status, words in page.text()) == (422, True), page.text()
    assert (await login.send("/staff/password", old=PASSWORD, new=new, again=new)).url == "/staff/me"
    assert login.cookies["staff"] != token
    assert (await there.open("/staff/me")).url == "/staff/login"
    assert (await Browser(desk, cookies={"staff": token}).open("/staff/me")).url == "/staff/login"
    assert (await Browser(desk).log_in("chen")).status == 403
    assert (await Browser(desk).log_in("chen", new)).url == "/staff/me"
    assert [line.action.name for line in await trail(desk)][2:4] == ["password.refuse", "password.change"]


async def test_guessing_the_old_password_of_an_open_session_ends_it(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("chen")
    await browser.open("/staff/password")
    for number in range(FAILURES):
        page = await browser.send("/staff/password", old=f"guess {number}", new="a quiet lane", again="a quiet lane")
    assert page.url == "/staff/login"
    assert (await browser.open("/staff/me")).url == "/staff/login"


async def test_an_address_that_fails_too_often_is_blocked_for_a_time(desk: RunningDesk) -> None:
    browser = Browser(desk)
    for number in range(PEER_FAILURES):
        desk.later(seconds=1)
        assert (await browser.log_in(f"nobody{number}", "guess")).status == 403
    await browser.open("/staff/login")
    page = await browser.send("/staff/login", name="chen", password=PASSWORD)
    assert page.status == 429
    assert (await Browser(desk, "198.51.100.7").log_in("chen")).url == "/staff/me"
    assert "address.lock" in [line.action.name for line in await trail(desk)]
    desk.now = NOW + timedelta(seconds=1) + LOCKED_FOR
    assert (await browser.log_in("chen")).url == "/staff/me"


async def test_a_correct_login_does_not_unblock_an_address(desk: RunningDesk) -> None:
    browser = Browser(desk)
    for number in range(PEER_FAILURES):
        await browser.log_in(f"nobody{number}", "guess")
        if number == PEER_FAILURES // 2:
            assert (await browser.log_in("chen")).url == "/staff/me"
    assert (await browser.log_in("chen")).status == 429


async def test_the_audit_trail_has_logins_without_the_typed_name(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("my password typed here", "guess")
    await browser.log_in("chen", "guess")
    await browser.log_in("chen")
    await browser.send("/staff/logout")
    assert [(entry.account, entry.action) for entry in await trail(desk)] == [
        ("", LoginRejected("", "unknown_name")),
        ("chen", LoginRejected("chen", "wrong_password")),
        ("chen", LoggedIn("chen", "none")),
        ("chen", LoggedOut("chen")),
    ]


async def test_guesses_from_many_addresses_do_not_fill_the_audit_trail(desk: RunningDesk) -> None:
    for number in range(MAX_LISTED + 3):
        assert (await Browser(desk, f"198.51.100.{number}").log_in(f"nobody{number}", "guess")).status == 403
    names = [entry.action.name for entry in await trail(desk)]
    assert names == ["session.refuse"] * MAX_LISTED + ["session.omit"]
    desk.later(hours=1, seconds=1)
    await Browser(desk, "198.51.100.200").log_in("nobody", "guess")
    assert [entry.action.name for entry in await trail(desk)] == [*names, "session.refuse"]


async def test_behind_https_the_cookie_is_bound_to_the_host(database: Database) -> None:
    await account(database, "chen")
    async with running_desk(database, secure=True) as desk:
        browser = Browser(desk)
        assert (await browser.log_in("chen")).url == "/staff/me"
        (set_cookies,) = [line for line in browser.set_cookies if line.startswith("__Host-staff=")]
        for part in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
            assert part in set_cookies.split("; "), set_cookies
        await browser.open("/staff/me?lang=zh-Hans")
        assert browser.cookies["__Host-language"] == "zh-Hans"
        for set_cookies in browser.set_cookies:
            assert set_cookies.startswith(("__Host-staff=", "__Host-staff_login=", "__Host-language=")), set_cookies
            assert {"HttpOnly", "Secure", "Path=/"} <= set(set_cookies.split("; ")), set_cookies
            assert "Domain" not in set_cookies
        await browser.send("/staff/logout")
        assert browser.cookies["__Host-staff"] == ""


async def test_equivalent_unicode_is_the_same_password(desk: RunningDesk) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in PASSWORD)
    assert (await Browser(desk).log_in("ｃｈｅｎ", wide)).url == "/staff/me"


async def test_concurrent_guesses_are_all_counted(database: Database) -> None:
    await account(database, "chen")

    async def guess(password: str) -> str:
        try:
            await log_in(database, "chen", password, NOW)
        except LoginRefused as error:
            return str(error)
        return "in"

    set_cookies = await asyncio.gather(*(guess(f"guess {number}") for number in range(2 * FAILURES)))
    assert sorted(set_cookies) == ["locked"] * FAILURES + ["wrong_password"] * FAILURES
    assert await guess(PASSWORD) == "locked"


async def test_a_flood_of_logins_waits_in_short_queues_and_delays_no_other_address(
    desk: RunningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account(desk.database, "lin")
    gate, checked, check = asyncio.Event(), [], passwords.fits

    async def slow(known: str | None, password: str) -> bool:
        checked.append(password)
        await gate.wait()
        return await check(known, password)

    monkeypatch.setattr(passwords, "fits", slow)
    floods = [Browser(desk, f"203.0.113.{number}") for number in range(4)]
    for browser in floods:
        await browser.open("/staff/login")
    guesses = [
        asyncio.create_task(replace(browser).send("/staff/login", name="chen", password="guess"))
        for browser in floods
        for _ in range(25)
    ]
    person = asyncio.create_task(Browser(desk, "198.51.100.7").log_in("lin"))
    async with asyncio.timeout(120):
        while len(checked) < 4 * AT_ONCE + 1 or sum(guess.done() for guess in guesses) < 4 * (25 - PER_ADDRESS):
            await asyncio.sleep(0.01)
    assert Counter(checked) == {PASSWORD: 1, "guess": 4 * AT_ONCE}
    gate.set()
    assert (await person).url == "/staff/me"
    statuses = Counter([(await guess).status for guess in guesses])
    assert statuses == {429: 4 * (25 - PER_ADDRESS), 403: 4 * PER_ADDRESS}


async def test_the_server_trusts_the_proxies_of_its_settings(tmp_path: Path, bank: RunningBank) -> None:
    proxied = '[server]\ntrusted_proxies = ["127.0.0.0/8"]\n'
    async with (
        running_central(tmp_path / "central", bank, config=proxied + CONFIG) as central,
        central.database() as database,
    ):
        browser = Browser(RunningDesk(central.url, database, Seal(bytes(32))), "203.0.113.77")
        assert (await browser.log_in("nobody", "guess")).status == 403
        async with database.read() as connection:
            counted = await sessions.failures(connection, "203.0.113.77", datetime.now(UTC) - LOCKED_FOR)
    assert counted is not None
    assert counted[0] == 1


async def test_an_https_server_sends_strict_transport_security(tmp_path: Path, bank: RunningBank) -> None:
    asked = ("/staff/login?lang=en", "/s?text=larger&lang=en", "/static/pages.css", "/api/v1/absent", "/healthz")
    sent = []
    async with (
        running_central(tmp_path / "central", bank, public_url="https://give.example") as central,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        for path in asked:
            async with session.get(central.url + path) as answer:
                assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", path
                assert answer.content_type.endswith("json") or answer.charset == "utf-8", path
                sent += answer.headers.getall("Set-Cookie", [])
    assert sorted({set_cookies.partition("=")[0] for set_cookies in sent}) == [
        "__Host-language", "__Host-staff_login", "__Host-text",
    ]  # fmt: skip
    for set_cookies in sent:
        assert {"HttpOnly", "Secure", "Path=/"} <= set(set_cookies.split("; ")), set_cookies
