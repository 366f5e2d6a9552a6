"""The page of the screen on which volunteers check in."""

from dataclasses import dataclass

from kiosk_ui.idle_times import IDLE_CHECK_IN_S
from kiosk_ui.views import View

MAX_TURNS = 20
"""Codes that a browser without JavaScript shows before it returns to the first page: ten minutes."""


@dataclass(frozen=True, slots=True)
class CheckInPage(View):
    """`url`: in the code, "" while no code is valid; `seconds`: until the next one; `turn`: how many were shown."""

    template = "check_in"
    usual_idle_s = IDLE_CHECK_IN_S

    url: str
    seconds: int = 30
    turn: int = 0

    @property
    def next_path(self) -> str:
        """The page that a browser without JavaScript opens by itself."""
        return f"/check-in?turn={self.turn + 1}" if self.turn + 1 < MAX_TURNS else "/"
