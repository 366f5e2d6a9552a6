"""Define the entries of the tables and the data in which they are tested."""

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
"""The community whose data must stay hidden."""
NEIGHBOURS = "neighbours"


@dataclass
class World:
    """`ids`: values for paths and forms, e.g. {gateway}. `marks`: ids and labels of OURS that no neighbour may read.
    `anybody`: keeps no cookies. `tokens`: sessions by account. `looked_up`: routes that showed sealed data.
    """

    central: RunningCentral
    app: web.Application
    database: Database
    session: aiohttp.ClientSession
    anybody: aiohttp.ClientSession
    ours: DeliveringGateway
    theirs: DeliveringGateway
    ids: dict[str, str] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)
    looked_up: set[str] = field(default_factory=set)


Action = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Staff:
    """A page or, with `form`, an action of staff. `path` and the values of `form` are filled from `world.ids`.

    `right`: accounts without it get 404; None: every account. `names`: path or form contain an id of OURS, so that a
    neighbour's admin gets 404; otherwise each account sees its own page, without data of OURS. `at`: the place of the
    admin who may. `before` restores, before each attempt, what the action removes. `answers`: the expected statuses
    for that admin.
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
    """An endpoint of gateways: 401 without a known key. `check` requests data of `ours` as `world.theirs`."""

    check: Action


@dataclass(frozen=True)
class Checked:
    """An endpoint of another kind, which `check` tests completely."""

    check: Action


@dataclass(frozen=True)
class Open:
    """A public endpoint; `why`: the reason why guessing reveals nothing of a community."""

    why: str


Entry = Staff | Signed | Checked | Open
__all__ = ["NEIGHBOURS", "OURS", "TOP", "Action", "Checked", "Entry", "Open", "Signed", "Staff", "World"]
