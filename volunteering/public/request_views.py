"""The views of the phone pages of requests for help."""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk_ui.views import View


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request as every member sees it. `mine`: "asked", "helping" or ""."""

    path: str
    category: str
    grid: str
    day: str
    state: str
    mine: str = ""


@dataclass(frozen=True, slots=True)
class AskPage(View):
    """`lines`: the reader's own requests."""

    template = "community_ask"

    lines: tuple[RequestLine, ...]
    root: str


@dataclass(frozen=True, slots=True)
class RequestsPage(View):
    """`own`: requests in which the reader helps."""

    template = "community_requests"

    lines: tuple[RequestLine, ...]
    own: tuple[RequestLine, ...]
    root: str


@dataclass(frozen=True, slots=True)
class NewRequestPage(View):
    template = "community_request_new"

    root: str
    today: str
    values: Mapping[str, str]
    faults: Mapping[str, str]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookLine:
    step: str
    by_staff: bool
    at: str


@dataclass(frozen=True, slots=True)
class RequestPage(View):
    """`actor`: "" for a visitor; `actions`: what the reader may do; `join`: the path to log in, "" for a member.

    `building`, `door`, `note`, and name and number of a neighbour for whom staff asked: "" while hidden. `looks`: for
    who asked. `problem`: why a form changed nothing.
    """

    template = "community_request"

    line: RequestLine
    root: str
    actor: str
    actions: frozenset[str]
    join: str
    building: str = ""
    door: str = ""
    note: str = ""
    name: str = ""
    mobile: str = ""
    looks: tuple[LookLine, ...] = ()
    problem: str = ""
