"""Confirm the password before changes to the login: a person at an open screen may not be the owner."""

from enum import StrEnum

from aiohttp import web

from central_server.accounts import passwords
from central_server.accounts.login import Client, wrong_secret
from central_server.accounts.login_admission import RETRY_S, TooManyLogins, admitted
from central_server.staff.frame.page_frame import Visitor
from central_server.store.accounts.audit_actions import PasswordRejected
from daemonkit.web import identify_client


class PasswordCheck(StrEnum):
    right = "right"
    wrong = "wrong"
    over = "over"
    """Wrong too often: the account is locked and its sessions have ended."""


async def present_password(visitor: Visitor, password: str) -> PasswordCheck:
    """Check the password; a wrong one counts like a failed login, an empty one does not. Raises 429."""
    peer = identify_client(visitor.request)
    try:
        async with admitted(peer):
            if await passwords.fits(visitor.login.account.password, password):
                return PasswordCheck.right
            if not password:
                return PasswordCheck.wrong
            locked = await wrong_secret(visitor.database, visitor.login, Client(peer), PasswordRejected, visitor.now)
    except TooManyLogins as error:
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(RETRY_S)}) from error
    return PasswordCheck.over if locked else PasswordCheck.wrong
