"""Whoever changes how an account is entered says its password once more: an open screen alone is not its owner."""

from enum import StrEnum

from central_server.accounts import passwords
from central_server.accounts.login import Client, wrong_secret
from central_server.staff.frame.page_frame import Visitor
from daemonkit.web import identify_client


class Told(StrEnum):
    right = "right"
    wrong = "wrong"
    over = "over"
    """Wrong too often: the account is locked, and all its sessions are over."""


async def present_password(visitor: Visitor, password: str) -> Told:
    """A wrong one counts like a failed login; an empty one is nobody's guess."""
    if await passwords.fits(visitor.standing.account.password, password):
        return Told.right
    if not password:
        return Told.wrong
    who = Client(identify_client(visitor.request))
    locked = await wrong_secret(visitor.database, visitor.standing, who, "password.refuse", visitor.now)
    return Told.over if locked else Told.wrong
