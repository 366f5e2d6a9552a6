"""Confirm the password before changes to the login: a person at an open screen may not be the owner."""

from enum import StrEnum

from central_server.accounts import passwords
from central_server.accounts.login import Client, wrong_secret
from central_server.staff.frame.page_frame import Visitor
from central_server.store.accounts.audit_actions import PasswordRejected
from daemonkit.web import identify_client


class PasswordCheck(StrEnum):
    right = "right"
    wrong = "wrong"
    over = "over"
    """Wrong too often: the account is locked and its sessions have ended."""


async def present_password(visitor: Visitor, password: str) -> PasswordCheck:
    """Check the password; a wrong one counts like a failed login, an empty one does not."""
    if await passwords.fits(visitor.login.account.password, password):
        return PasswordCheck.right
    if not password:
        return PasswordCheck.wrong
    who = Client(identify_client(visitor.request))
    locked = await wrong_secret(visitor.database, visitor.login, who, PasswordRejected, visitor.now)
    return PasswordCheck.over if locked else PasswordCheck.wrong
