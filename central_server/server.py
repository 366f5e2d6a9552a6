"""Opens the edges, starts the stages, stops both. Decides nothing."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from central_server import jobs
from central_server.banks import BANKS
from central_server.banks.port import BankUnavailable
from central_server.catalogue.publication import publish
from central_server.donations.opening import Opening
from central_server.donations.queries import Queries
from central_server.donations.settle import Settlement
from central_server.gateway_api.catalogue import CatalogueApi
from central_server.gateway_api.outcomes import OutcomesApi
from central_server.intake.endpoint import ParcelIntake
from central_server.public.bank_notify import BankNotifications
from central_server.public.errors import error_pages, store_trouble
from central_server.public.files import StaticFiles
from central_server.public.health import HealthPage
from central_server.public.phone import PhonePages
from central_server.refusals import Refusals
from central_server.settings import Settings
from central_server.staff.site import StaffSite
from central_server.state_files import catalogue_key, form_secret
from central_server.store.database import StoreUnavailable, open_database, sqlite_url
from daemonkit.broadcast import Broadcast
from daemonkit.notify import Notifier
from daemonkit.supervise import Health, feed_watchdog, supervise
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.render import Pages
from kiosk_ui.views import Surface

_log = structlog.get_logger()
_STALL_S = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Place:
    """What the command line decides beside the settings. `bank_credentials`: the folder with the bank's keys."""

    state: Path
    bank_url: str
    bank_credentials: Path
    public_url: str
    port: int


def now() -> datetime:
    return datetime.now(UTC)


async def run(
    settings: Settings, place: Place, stop: asyncio.Event, *, ready: Callable[[str], None] = lambda url: None
) -> None:
    """Until `stop`; `ready` is told the address.

    Raises StoreRefused, StateRefused, CredentialsRefused, OSError when it cannot start.
    """
    address = _Address(place.public_url)
    projects = {project.id: project for project in settings.projects}
    environment = settings.site.environment
    health, changes, refusals = Health(), Broadcast(), Refusals()
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as edges:
        database = await edges.enter_async_context(open_database(sqlite_url(place.state / "central.db")))
        bank = await edges.enter_async_context(BANKS[settings.bank.kind](place.bank_url, place.bank_credentials))
        bindings = [entry.binding for entry in settings.bindings]
        catalogue = await publish(database, catalogue_key(place.state), settings.projects, bindings, now())

        settlement = Settlement(database, bank.name, projects, changes.poke)
        notifications = BankNotifications(bank, settlement, refusals, now)
        opening = Opening(
            database,
            bank,
            settlement,
            return_url=lambda nonce: f"{address.url}/g/{nonce}",
            notify_url=lambda: f"{address.url}{notifications.path}",
        )
        pages = Pages(environment=environment, site=settings.site.community, surface=Surface.phone)
        by_https = place.public_url.startswith("https://")
        staff = StaffSite(database, settings.site.community, environment, projects, now, secure=by_https)
        rules = WebRules(
            allowed_hosts=_hosts(settings, place),
            secret=form_secret(place.state),
            form_targets=bank.form_targets,
            # Behind a proxy, or a carrier's NAT, everybody is one peer.
            peer_connections=1024,
            total_connections=2048,
            requests_per_second=200,
            burst=400,
            exempt=("/healthz", "/static/", "/api/", notifications.path),
        )
        app = guarded_app(rules, error_page=error_pages(pages, staff), middlewares=[store_trouble])
        app.add_routes(
            [
                *ParcelIntake(database, environment, refusals, now).routes(),
                *OutcomesApi(database, changes, refusals).routes(),
                *CatalogueApi(catalogue).routes(),
                *PhonePages(database, environment, projects, opening, pages, refusals, now).routes(),
                *notifications.routes(),
                *staff.routes(),
                *StaticFiles({**pages.assets.files, **staff.files}).routes(),
                *HealthPage(health, refusals).routes(),
            ]
        )
        url = await edges.enter_async_context(serving(app, settings.server.host, place.port))
        address.settle(url)
        queries = Queries(database, bank, settlement)
        holder = secrets.token_hex(8)

        async def ask_bank() -> None:
            await jobs.ask_bank(database, queries, holder=holder, clock=now, health=health)

        async def watch_changes() -> None:
            await jobs.watch_changes(database, changes, health=health)

        async with asyncio.TaskGroup() as stages:
            running = [
                stages.create_task(
                    supervise("bank", ask_bank, restart_on=(BankUnavailable, StoreUnavailable), health=health, cap=30.0)
                ),
                stages.create_task(
                    supervise("changes", watch_changes, restart_on=StoreUnavailable, health=health, cap=5.0)
                ),
                stages.create_task(feed_watchdog(notifier, health, stall_limit_s=_STALL_S)),
            ]
            ready(url)
            notifier.ready(url=url, status=f"serving at {url}")
            _log.info("server.ready", url=url, catalogue=catalogue.version, environment=environment.value)
            await stop.wait()
            notifier.stopping()
            for task in running:
                task.cancel()


class _Address:
    """Where phones and the bank reach us: the settings say it, or else the port that we were given."""

    def __init__(self, public_url: str) -> None:
        self.url = public_url

    def settle(self, own: str) -> None:
        self.url = self.url or own


def _hosts(settings: Settings, place: Place) -> frozenset[str]:
    public = (urlsplit(place.public_url).netloc,) if place.public_url else ()
    return frozenset((*_LOOPBACK, *settings.server.allowed_hosts, *public))
