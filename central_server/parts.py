"""Load optional parts of the server: packages found by entry point, whose code runs only while their setting is on.

A part has its own pages, rights and tables. It imports this server; the server never imports a part by name.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.alerts.notifier import Sender
from central_server.alerts.tasks import PartTasks
from central_server.errors import PartUnavailable
from central_server.public.phone_pages.hall_page import HallLink
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.receipts.sealed_data import Seal
from central_server.rejected_requests import Refusals
from central_server.settings import Settings
from central_server.settings_parts import MessageSettings
from central_server.staff.frame.menu import Group
from central_server.staff.frame.page_frame import PageFrame
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import PartSchema
from daemonkit.templates import PageSource
from sync_contract.strict_model import Environment

GROUP = "beacon_central.parts"
"""The group of entry points. The name of an entry is that of the part's settings section."""


@dataclass(frozen=True, slots=True)
class PartContext:
    """What the server gives to a part. `address`: the origin that phones reach. `mail`: None without a mail server.

    `https`: browsers reach the server by https only. `seal`: for people's data, with the key in receipts.key.
    `signing_key`: the catalogue's, which gateways have pinned. `refusals`: counts requests that no gateway signed.
    """

    database: Database
    environment: Environment
    clock: Callable[[], datetime]
    messages: MessageSettings
    mail: Sender | None
    responder: PageResponder
    frame: PageFrame
    seal: Seal
    address: Callable[[], str]
    https: bool
    signing_key: Ed25519PrivateKey
    refusals: Refusals


@dataclass(frozen=True, slots=True)
class PartJob:
    """Periodic work for one process at a time. `name`: of its lease and stage."""

    name: str
    work: Callable[[datetime], Awaitable[None]]
    every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class RunningPart:
    routes: Sequence[web.RouteDef]
    jobs: Sequence[PartJob] = ()


@dataclass(frozen=True, slots=True)
class DrillContext:
    """What a part needs to add made-up records to a new drill. `community`: the only one."""

    database: Database
    seal: Seal
    community: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """`hall_link`: leads from the page of a hall to the part's pages.

    `find_tasks`: what waits for staff. `fill_drill`: adds made-up records, for `beacon-central demo-history`.
    """

    name: str
    schema: PartSchema
    phone_pages: PageSource
    staff_pages: PageSource
    menus: Sequence[Group]
    hall_link: HallLink
    build: Callable[[PartContext], Awaitable[RunningPart]]
    find_tasks: PartTasks
    fill_drill: Callable[[DrillContext], Awaitable[None]]


def load_parts(settings: Settings) -> tuple[Part, ...]:
    """Import and return the parts that are on. Raises PartUnavailable."""
    return tuple(_load(name) for name in settings.enabled_parts)


def _load(name: str) -> Part:
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise PartUnavailable(f"{name}.enabled: the package of this part is not installed; install it or write false")
    try:
        part = found.load()
    except ImportError as error:
        raise PartUnavailable(f"{name}.enabled: the package of this part is not complete ({error})") from error
    assert isinstance(part, Part)
    return part
