"""Options whose values the command line lists by itself: to import the enumerations would cost start-up time."""

from typing import get_args

from central_server.accounts.access import Role
from central_server.cli import RoleName


def test_every_role_can_be_given_to_an_account() -> None:
    assert get_args(RoleName) == tuple(Role)
