"""The view of the page on which members say when they can help, and answer proposals."""

from dataclasses import dataclass

from kiosk_ui.views import View
from volunteering.public.views import ActivityLine


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A shift for which the reader is asked. `gladly`, `near`: why the reader."""

    id: str
    line: ActivityLine
    gladly: bool
    near: bool


@dataclass(frozen=True, slots=True)
class WillingPage(View):
    """`days`: names of the days from Monday; `chosen`: numbers of the parts of the week; `best`: the part of the day
    that the reader likes best, -1 for none. `problem`: why an answer or form changed nothing. `result`: what was done.
    """

    template = "community_willing"

    root: str
    asked: tuple[ProposalLine, ...]
    days: tuple[str, ...]
    chosen: frozenset[int]
    best: int
    per_week: int
    grid: str
    adult: bool
    problem: str = ""
    result: str = ""
