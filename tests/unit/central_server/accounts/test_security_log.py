"""Logins, failed logins and forbidden requests are logged without secrets."""

import json
from collections.abc import AsyncIterator
from traceback import format_exception

import aiohttp
import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from central_server.accounts.access import Role
from central_server.api.tokens import Bearers, Scope, make_token
from central_server.public.program_api.lists import ListsApi
from central_server.store.accounts import accounts, audit_trail
from central_server.store.api import tokens
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from daemonkit import logs as journal
from tests.unit.central_server.staff_desk import NOW, PASSWORD, Browser, RunningDesk, account, running_desk

SECRET = "Zx7-typed-in-the-wrong-box"
AT = "203.0.113.1"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[RunningDesk]:
    await account(database, "chen")
    await account(database, "lin", role=Role.viewer)
    bearers = Bearers(database, lambda: NOW)
    async with running_desk(database, more=lambda _: ListsApi(database, bearers, lambda: NOW).routes()) as desk:
        yield desk


def facts(logs: list[EventDict], event: str) -> list[EventDict]:
    assert SECRET not in repr(logs)
    assert PASSWORD not in repr(logs)
    return [{**line, "event": None, "log_level": None} for line in logs if line["event"] == event]


def line(**logged: str) -> EventDict:
    return {"event": None, "log_level": None, **logged}


async def test_a_login_is_logged_with_method_and_address(desk: RunningDesk) -> None:
    with capture_logs() as logs:
        await Browser(desk).log_in("chen")
    assert facts(logs, "login.accepted") == [line(account="chen", by="password", client=AT)]


async def test_a_failed_login_is_logged_without_the_typed_name(desk: RunningDesk) -> None:
    browser = Browser(desk)
    with capture_logs() as logs:
        await browser.log_in("chen", SECRET)
        await browser.log_in(SECRET)
    assert facts(logs, "login.refused") == [
        line(account="chen", reason="wrong_password", client=AT),
        line(account="", reason="unknown_name", client=AT),
    ]


async def test_a_second_step_is_logged(desk: RunningDesk) -> None:
    secret = pyotp.random_base32()
    async with desk.database.write() as connection:
        await accounts.set_factor(connection, "chen", desk.seal.close("chen", secret), NOW)
    browser = Browser(desk)
    await browser.log_in("chen")
    with capture_logs() as logs:
        await browser.send("/staff/code", code="000000")
        code = pyotp.TOTP(secret).at(desk.now)
        await browser.send("/staff/code", code=code)
    assert facts(logs, "login.refused") == [line(account="chen", reason="wrong_code", client=AT)]
    assert facts(logs, "login.accepted") == [line(account="chen", by="password, code", client=AT)]
    assert code not in repr(logs)


@pytest.mark.parametrize(
    ("path", "route"), [("/staff/audit", "/staff/audit"), ("/staff/accounts/chen", "/staff/accounts/{name}")]
)
async def test_a_forbidden_request_is_logged(desk: RunningDesk, path: str, route: str) -> None:
    browser = Browser(desk)
    await browser.log_in("lin")
    with capture_logs() as logs:
        assert (await browser.open(path)).status == 404
    assert facts(logs, "access.refused") == [line(account="lin", right="govern", method="GET", route=route, client=AT)]


async def test_a_request_with_an_invalid_or_insufficient_token_is_logged(desk: RunningDesk) -> None:
    shown, token = make_token("chen", "figures", frozenset({Scope.statistics}), 30, NOW)
    async with desk.database.write() as connection:
        await tokens.add(connection, token)
    other, _ = make_token("chen", "never kept", frozenset(Scope), 30, NOW)
    with capture_logs() as logs:
        async with aiohttp.ClientSession() as session:
            for text_, status in ((shown, 403), (other, 401)):
                sent = {"Authorization": f"Bearer {text_}", "X-Forwarded-For": AT}
                async with session.get(f"{desk.url}/api/v1/gateways", headers=sent) as answer:
                    assert answer.status == status
    assert facts(logs, "access.refused") == [line(account="chen", program=token.id, scope="read:catalogue", client=AT)]
    for event in ("request.forbidden", "request.unauthenticated"):
        assert facts(logs, event) == [line(method="GET", route="/api/v1/gateways", client=AT)]
    assert shown not in repr(logs)


@pytest.mark.parametrize("statement", ["UPDATE audit_lines SET account = 'nobody'", "DELETE FROM audit_lines"])
async def test_an_audit_entry_cannot_be_changed_or_deleted(desk: RunningDesk, statement: str) -> None:
    await Browser(desk).log_in("chen")
    with pytest.raises(DBAPIError, match="only added to"):
        async with desk.database.write() as connection:
            await connection.execute(text(statement))
    async with desk.database.read() as connection:
        assert [line.account for _, line in await audit_trail.page(connection, {TOP})] == ["chen"]


async def test_values_of_a_rejected_row_are_not_logged(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the statement nor PostgreSQL's detail, which is the complete row, is logged."""
    wrong = text("INSERT INTO sessions (token_hash, account, started_at) VALUES (:token, :account, NULL)")
    with pytest.raises(IntegrityError) as refused:
        async with database.write() as connection:
            await connection.execute(wrong, {"token": SECRET, "account": f"chen\n{SECRET}"})
    traced = "".join(format_exception(refused.value))
    processed = journal.clean_event(None, "", {"exception": traced})
    assert SECRET not in json.dumps(processed)
    assert "IntegrityError" in json.dumps(processed)
