"""The second step of a login: time-based codes, mandatory in production."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from central_server.accounts import passwords, second_factor
from central_server.accounts.access import Role
from central_server.accounts.login import FAILURES, LOCKED_FOR
from central_server.accounts.second_factor import Seal, SecretUnreadable, new_secret, step_of
from central_server.store.accounts import accounts, audit_trail
from central_server.store.accounts.audit_actions import FactorReset
from central_server.store.accounts.audit_trail import COMMAND_LINE
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.places.places import TOP
from tests.fakes.central_process import CONFIG
from tests.fakes.forked_programs import run_command
from tests.unit.central_server.staff_desk import (
    NOW,
    PASSWORD,
    Browser,
    RunningDesk,
    account,
    code,
    running_desk,
    secret_on,
)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[RunningDesk]:
    """The production environment with an admin and a viewer of the top."""
    await account(database, "chen")
    await account(database, "lin", role=Role.viewer)
    async with running_desk(database, factors_demanded=True) as desk:
        yield desk


async def enrolled(desk: RunningDesk, name: str = "chen") -> tuple[Browser, str]:
    """Logged in with a new second step; the code of the current time step is used."""
    browser = Browser(desk)
    await browser.log_in(name)
    await browser.open("/staff/factor")
    secret = secret_on(await browser.send("/staff/factor/begin", password=PASSWORD))
    page = await browser.send("/staff/factor/prove", code=code(secret, desk.now))
    assert page.url == "/staff/me", page.text()
    return browser, secret


async def actions(desk: RunningDesk) -> list[str]:
    async with desk.database.read() as connection:
        return [line.action.name for _, line in reversed(await audit_trail.page(connection, {TOP}))]


async def test_the_first_admin_must_set_up_two_factors(desk: RunningDesk) -> None:
    browser = Browser(desk)
    assert (await browser.log_in("chen")).url == "/staff/factor"
    for path in ("/staff/me", "/staff/accounts", "/staff/places", "/staff/audit", "/staff/password"):
        assert (await browser.open(path)).url == "/staff/factor"
    page = await browser.send("/staff/factor/begin", password=PASSWORD)
    assert 'src="data:image/svg+xml' in page.html
    secret = secret_on(page)
    before = dict(browser.cookies)
    assert (await browser.send("/staff/factor/prove", code="000000")).status == 422
    assert (await browser.open("/staff/me")).url == "/staff/factor"
    assert (await browser.send("/staff/factor/prove", code=code(secret, desk.now))).url == "/staff/me"
    assert browser.cookies["staff"] != before["staff"], "the session kept its token when it gained in rights"
    assert (await browser.open("/staff/accounts")).status == 200
    assert "factor.enrol" in await actions(desk)


@pytest.mark.parametrize("role", list(Role))
async def test_two_factors_are_mandatory_in_production_and_optional_in_a_drill(
    database: Database, desk: RunningDesk, role: Role
) -> None:
    await account(database, "ye", role=role)
    browser = Browser(desk)
    assert (await browser.log_in("ye")).url == "/staff/factor"
    assert "Where gifts are real, everyone who works here must set up the second step" in browser.page.text()
    assert (await browser.open("/staff/me")).url == "/staff/factor"
    async with running_desk(database) as drill:
        browser = Browser(drill)
        await browser.log_in("ye")
        assert (await browser.open("/staff/me")).url == "/staff/me"


async def test_a_login_then_needs_the_code(desk: RunningDesk) -> None:
    _, secret = await enrolled(desk)
    desk.later(minutes=1)
    browser = Browser(desk)
    assert (await browser.log_in("chen")).url == "/staff/code"
    for path in ("/staff/me", "/staff/accounts", "/staff/factor", "/staff/password"):
        assert (await browser.open(path)).url == "/staff/code"
    assert (await browser.forge("/staff/factor/remove", code=code(secret, desk.now))).url == "/staff/code"
    half = browser.cookies["staff"]
    await browser.send("/staff/code", code=f" {code(secret, desk.now)[:3]} {code(secret, desk.now)[3:]} ")
    assert (await browser.open("/staff/accounts")).status == 200
    thief = Browser(desk, cookies={"staff": half})
    assert (await thief.open("/staff/accounts")).url == "/staff/login", "the token from before the code still opens"


async def test_a_code_is_accepted_once(desk: RunningDesk) -> None:
    _, secret = await enrolled(desk)
    browser = Browser(desk)
    await browser.log_in("chen")
    assert (await browser.send("/staff/code", code=code(secret, desk.now))).status == 422  # used by the setup
    assert (await browser.send("/staff/code", code=code(secret, desk.now, steps=-1))).status == 422  # older
    await browser.send("/staff/code", code=code(secret, desk.now, steps=1))
    assert (await browser.open("/staff/me")).url == "/staff/me"
    again = Browser(desk)
    await again.log_in("chen")
    assert (await again.send("/staff/code", code=code(secret, desk.now, steps=1))).status == 422


async def test_wrong_codes_lock_the_account(desk: RunningDesk) -> None:
    _, secret = await enrolled(desk)
    desk.later(minutes=1)
    for number in range(FAILURES):
        browser = Browser(desk)  # a correct password does not reset the count
        assert (await browser.log_in("chen")).url == "/staff/code"
        page = await browser.send("/staff/code", code="000000")
        assert page.url == ("/staff/code" if number < FAILURES - 1 else "/staff/login")
    browser = Browser(desk)
    assert (await browser.log_in("chen")).status == 403
    assert "account.lock" in await actions(desk)
    desk.now += LOCKED_FOR
    assert (await browser.log_in("chen")).url == "/staff/code"
    await browser.send("/staff/code", code=code(secret, desk.now))
    assert (await browser.open("/staff/me")).url == "/staff/me"


async def test_removal_needs_a_code(desk: RunningDesk) -> None:
    browser, secret = await enrolled(desk)
    desk.later(minutes=1)
    await browser.open("/staff/factor")
    assert (await browser.send("/staff/factor/remove", password=PASSWORD, code="123456")).status == 422
    page = await browser.send("/staff/factor/remove", password=PASSWORD, code=code(secret, desk.now))
    assert page.url == "/staff/factor"
    assert secret_on(await browser.send("/staff/factor/begin", password=PASSWORD)) != secret
    assert {"factor.refuse", "factor.remove"} <= set(await actions(desk))


async def test_setup_and_removal_need_the_password(desk: RunningDesk) -> None:
    browser = Browser(desk)
    await browser.log_in("chen")
    for password in ("", "guess"):
        page = await browser.send("/staff/factor/begin", password=password)
        assert (page.status, "The present password is wrong." in page.text()) == (422, True)
        assert 'class="code"' not in page.html
    browser, secret = await enrolled(desk)
    desk.later(minutes=1)
    await browser.open("/staff/factor")
    page = await browser.send("/staff/factor/remove", password="guess", code=code(secret, desk.now))
    assert (page.status, "The present password is wrong." in page.text()) == (422, True)
    assert (await browser.open("/staff/accounts")).status == 200
    assert (await actions(desk)).count("password.refuse") == 2, "an empty field is nobody's guess"
    await browser.open("/staff/factor")
    for _ in range(FAILURES - 1):
        page = await browser.send("/staff/factor/remove", password="guess", code=code(secret, desk.now))
    assert page.url == "/staff/login"
    assert (await browser.open("/staff/me")).url == "/staff/login"


async def test_removal_ends_all_other_sessions(desk: RunningDesk) -> None:
    login, secret = await enrolled(desk)
    there = Browser(desk)
    await there.log_in("chen")
    desk.later(minutes=1)
    await there.send("/staff/code", code=code(secret, desk.now))
    assert (await there.open("/staff/me")).url == "/staff/me"
    desk.later(minutes=1)
    await login.open("/staff/factor")
    await login.send("/staff/factor/remove", password=PASSWORD, code=code(secret, desk.now))
    assert (await there.open("/staff/me")).url == "/staff/login"
    assert (await login.open("/staff/me")).url == "/staff/factor", "the one at the screen goes on to set it up anew"


async def test_another_admin_removes_two_factors_of_a_lost_phone(desk: RunningDesk) -> None:
    await enrolled(desk)
    await account(desk.database, "ye")
    helper, _ = await enrolled(desk, "ye")
    await helper.open("/staff/accounts/chen")
    await helper.send("/staff/accounts/chen/factor")
    browser = Browser(desk)
    assert (await browser.log_in("chen")).url == "/staff/factor"
    # nobody can remove the own second step this way
    await helper.open("/staff/accounts/ye")
    assert (await helper.forge("/staff/accounts/ye/factor")).status == 404


async def test_a_one_time_password_does_not_skip_the_code(desk: RunningDesk) -> None:
    await enrolled(desk)
    await account(desk.database, "ye")
    helper, _ = await enrolled(desk, "ye")
    await helper.open("/staff/accounts/chen")
    page = await helper.send("/staff/accounts/chen/password")
    given = page.html.partition('<p class="secret">')[2].partition("<")[0]
    browser = Browser(desk)
    assert (await browser.log_in("chen", given)).url == "/staff/code"
    assert (await browser.open("/staff/password")).url == "/staff/code"


async def test_the_database_alone_yields_no_codes(desk: RunningDesk) -> None:
    _, secret = await enrolled(desk)
    async with desk.database.read() as connection:
        account = await accounts.get(connection, "chen")
    assert account is not None
    assert account.factor_secret is not None
    assert secret not in account.factor_secret
    assert desk.seal.open("chen", account.factor_secret) == secret
    for name, seal in (("chen", Seal(b"another key".ljust(32))), ("lin", desk.seal)):
        with pytest.raises(SecretUnreadable):
            seal.open(name, account.factor_secret)


async def test_a_lost_encryption_key_is_logged_and_blocks_logins(desk: RunningDesk, database: Database) -> None:
    _, secret = await enrolled(desk)
    async with database.write() as connection:
        await accounts.set_factor(connection, "chen", Seal(b"lost".ljust(32)).close("chen", secret), NOW)
    browser = Browser(desk)
    await browser.log_in("chen")
    page = await browser.send("/staff/code", code=code(secret, desk.now))
    assert page.status == 422
    assert "Ask another administrator" in page.text()


def test_a_code_is_valid_for_its_own_and_adjacent_steps() -> None:
    secret = new_secret()
    good = code(secret, NOW)
    step = int(NOW.timestamp()) // second_factor.STEP_S
    for seconds in (-30, 0, 30):
        assert step_of(secret, good, NOW + timedelta(seconds=seconds)) == step
    for seconds in (-60, 60):
        assert step_of(secret, good, NOW + timedelta(seconds=seconds)) is None
    wide = good.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert step_of(secret, wide, NOW) == step
    for bad in ("", "000", "\ud800", good + "0", "x" * 1000):
        assert step_of(secret, bad, NOW) is None


def test_a_one_time_password_has_no_ambiguous_characters() -> None:
    made = {passwords.one_time() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        passwords.check("chen", password)
        assert not set(password) & set("01lioO")


async def test_the_command_line_removes_two_factors(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    config = tmp_path / "central.toml"
    config.write_text(CONFIG, encoding="utf-8")
    async with open_database(sqlite_url(state / "central.db")) as database:
        await account(database, "chen")
        async with database.write() as connection:
            await accounts.set_factor(connection, "chen", "sealed", NOW)
    where = ("--config", str(config), "--state-dir", str(state))
    status, out, _ = await run_command("user", "reset-totp", "chen", *where)
    assert (status, "no second factor any more" in out) == (0, True)
    async with open_database(sqlite_url(state / "central.db")) as database, database.read() as connection:
        known = await accounts.get(connection, "chen")
        assert known is not None
        assert (known.factor_secret, known.factor_since) == (None, None)
        ((_, line),) = await audit_trail.page(connection, {TOP})
    assert (line.account, line.action) == (COMMAND_LINE, FactorReset("chen"))
    status, _, err = await run_command("user", "reset-totp", "nobody", *where)
    assert (status, "there is no account" in err) == (1, True)
