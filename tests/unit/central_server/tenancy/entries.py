"""What an entry of a table says, and the world in which it is tried."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from central_server.accounts.access import Right
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway

OURS = "huada"
"""The community whose things must stay hidden."""
NEIGHBOURS = "neighbours"


@dataclass
class World:
    """`ids`: what paths and forms name, e.g. {gateway}. `marks`: ids and labels of OURS that no neighbour may read."""

    central: RunningCentral
    app: web.Application
    database: Database
    session: aiohttp.ClientSession
    ours: DeliveringGateway
    theirs: DeliveringGateway
    ids: dict[str, str] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)


Action = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Staff:
    """A page or, with `form`, a deed of staff. `path` and the values of `form` are filled from `world.ids`.

    `right`: who has it nowhere gets 404; None: everybody who is logged in. `names`: the path or the form names what is
    of OURS, so that a neighbour's admin gets 404; without it the page is everybody's own, and shows nothing of OURS.
    `at`: where the admin is who may. `before` makes anew, before each try, what the deed takes away. `answers`: to
    whom it should.
    """

    right: Right | None
    path: str = ""
    form: Mapping[str, str] | None = None
    names: bool = False
    at: str = OURS
    before: Action | None = None
    query: str = ""
    answers: tuple[int, ...] = (200, 303)


@dataclass(frozen=True)
class Signed:
    """An endpoint of gateways: without a known key 401. `check` tries it as `world.theirs` for what is of `ours`."""

    check: Action


@dataclass(frozen=True)
class Checked:
    """Neither of both: `check` does all of it."""

    check: Action


@dataclass(frozen=True)
class Open:
    """For everybody; `why` says why nothing of a community can be read there by guessing."""

    why: str


Entry = Staff | Signed | Checked | Open
__all__ = ["NEIGHBOURS", "OURS", "TOP", "Action", "Checked", "Entry", "Open", "Signed", "Staff", "World"]
