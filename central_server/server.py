"""Opens the edges, starts the stages, stops both. Decides nothing."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from central_server import jobs
from central_server.alerts.channels import open_senders
from central_server.api.tokens import Bearers
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.api.webhooks.sender import deliver, open_sender
from central_server.backups.backup import BackupFailed, Source
from central_server.backups.backup_files import before_migration, overdue
from central_server.banks.port import BankUnavailable
from central_server.banks.registry import BANKS, BankAccount
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.display_name import NameLookup
from central_server.catalogue.publication import Publication
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.donations.bank_routing import depends_on_organisation
from central_server.donations.open_attempt import AttemptOpener
from central_server.donations.order_queries import OrderQueries
from central_server.donations.refund_sending import RefundSender
from central_server.donations.settlement import Settlement
from central_server.enrolment.enrolment_codes import Inviting
from central_server.gateway_api.catalogue import CatalogueApi
from central_server.gateway_api.enrolments import EnrolmentApi
from central_server.gateway_api.outcomes import OutcomesApi
from central_server.gateway_api.reports import ReportsApi
from central_server.gateway_api.transparency import TransparencyApi
from central_server.intake.endpoint import ParcelIntake
from central_server.ledger.publication import Publisher
from central_server.public.bank_notify import BankNotifications
from central_server.public.health import HealthPage
from central_server.public.phone_pages.bank_redirect import BankRedirect
from central_server.public.phone_pages.board_page import BoardPages
from central_server.public.phone_pages.contact_page import ContactPages
from central_server.public.phone_pages.error_pages import contact_on_errors, error_pages, store_errors
from central_server.public.phone_pages.gift_form import GiftForms
from central_server.public.phone_pages.hall_page import HallPages
from central_server.public.phone_pages.help_page import HelpPages
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.phone_pages.project_pictures import ProjectPictures
from central_server.public.phone_pages.slip_page import SlipPages
from central_server.public.phone_pages.ticket_page import TicketPages
from central_server.public.phone_pages.typed_code_page import CodePages
from central_server.public.program_api.lists import ListsApi
from central_server.public.program_api.openapi import OpenApiFile
from central_server.public.program_api.public_ledger import PublicLedgerApi
from central_server.public.program_api.shake import ShakeApi
from central_server.public.program_api.statistics import StatisticsApi
from central_server.public.static_files import StaticFiles
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import open_seal
from central_server.reconciliation.fees import FeeRule
from central_server.reconciliation.nightly import NightlyRun
from central_server.reconciliation.statement_import import Reconciler
from central_server.rejected_requests import Refusals
from central_server.settings import Settings
from central_server.shake.catalogue_bindings import CatalogueBindings
from central_server.shake.shake_lookup import ShakeLookup
from central_server.staff.frame.routes import StaffSite
from central_server.state_files import catalogue_key, factor_key, form_secret, program_secret
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import VisitCounter
from central_server.store.engine.database import StoreUnavailable, open_database, sqlite_url
from central_server.store.engine.process_events import Topic
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health
from daemonkit.sd_notify import Notifier
from daemonkit.supervise import supervise
from daemonkit.watchdog import feed_watchdog
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.help_views import ContactPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.enrolment import fingerprint
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_STALL_S = 30.0
_SETTLED_S = 5.0
_SWITCH_S = 0.0005
"""How long a thread of the store waits for Python while requests are read; Python's own is ten times as long, and each
statement of SQLite's writer would wait for it."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Place:
    """What the command line decides beside the settings. `bank_credentials`: the folder with the bank's keys;
    `store`: the database's URL, empty for a SQLite file in `state`; `connections`: the most to PostgreSQL."""

    state: Path
    bank_url: str
    bank_credentials: Path
    public_url: str
    port: int
    store: str = ""
    connections: int = 10
    credentials: Path | None = None
    """Where systemd lays secrets down; None: they are in `state`."""
    settings_file: Path | None = None
    """The TOML, for the backups."""


def now() -> datetime:
    return datetime.now(UTC)


async def run(
    settings: Settings,
    place: Place,
    stop: asyncio.Event,
    *,
    ready: Callable[[str], None] = lambda url: None,
    now: Callable[[], datetime] = now,
) -> None:
    """Until `stop`; `ready` is told the address. `now`: another clock, for drills.

    Raises StoreRefused, StateRefused, CredentialsRefused, OSError when it cannot start.
    """
    sys.setswitchinterval(_SWITCH_S)
    address = _Address(place.public_url)
    environment = settings.site.environment
    health, changes, news, refusals = Health(), Broadcast(), Broadcast(), Refusals()
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as edges:
        store = place.store or sqlite_url(place.state / "central.db")
        kept = Source(store, place.state, place.settings_file, environment)
        database = await edges.enter_async_context(
            open_database(store, connections=place.connections, before_migration=before_migration(kept))
        )
        account = BankAccount(settings.bank.at(place.bank_url), environment, place.bank_credentials, now)
        bank = await edges.enter_async_context(BANKS[settings.bank.kind](account))
        bindings = {entry.beacon: entry.project for entry in settings.bindings}
        await seed_catalogue(database, settings.projects, bindings, now(), own_site=settings.bank.own_site)
        asked = settings.bank.link_hosts if depends_on_organisation(bank) else None
        publication = Publication(database, catalogue_key(place.state), now, environment, asked)
        publisher = Publisher(database, catalogue_key(place.state), environment, now)

        settlement = Settlement(database, bank.name, changes.poke)
        notifications = BankNotifications(bank, settlement, refusals, now)
        opening = AttemptOpener(
            database,
            bank,
            settlement,
            return_url=lambda nonce: f"{address.url}/g/{nonce}",
            notify_url=lambda: f"{address.url}{notifications.path}",
            platforms=settings.bank.link_hosts,
        )
        refund_sender = RefundSender(database, bank, opening.notify_url, changes.poke)
        site = settings.site
        call = ContactLookup(ContactPage(site.contact_phone, site.contact_name or site.community, site.contact_hours))
        pages = Pages(environment=environment, site=site.community, surface=Surface.phone)
        named = NameLookup(site.community)
        responder = PageResponder(pages, database, call, named)
        redirect = BankRedirect(opening, responder, refusals)
        gift_forms = GiftForms(database, environment, redirect, now)
        bound = CatalogueBindings(database, environment)
        salts = Salts()
        counter = VisitCounter(salts)
        bearers = Bearers(database, now)
        programs = program_secret(place.state)
        shaking = ShakeLookup(database, bound, counter, programs, page=lambda made: f"{address.url}/s/{made}")
        listed = environment is Environment.real  # there an admin alone chooses no address beyond the operator's list
        allowed = AddressRules(settings.webhooks.hosts, settings.webhooks.private_network, listed)
        sender = await edges.enter_async_context(open_sender(database, allowed, programs))
        senders = await edges.enter_async_context(open_senders(settings.alerts, settings.mail))
        by_https = place.public_url.startswith("https://")
        key = factor_key(place.state)
        inviting = Inviting(lambda: address.url, fingerprint(catalogue_key(place.state).public_key()))
        seal = await open_seal(database, place.state, place.credentials)
        wanted = Receipts(database, seal, timedelta(days=settings.receipts.keep_days))
        slips = SlipPages(database, wanted, responder, call, refusals, lambda: address.url, named, environment, now)
        fees = FeeRule(settings.reconciliation.fee_basis_points)
        reconciling = Reconciler(database, bank.name, environment.value, changes.poke, fees)
        staff = StaffSite(
            database,
            site.community,
            environment,
            now,
            key,
            news,
            inviting,
            allowed,
            programs,
            publication,
            senders,
            reconciling,
            settings.bank,
            wanted,
            call,
            secure=by_https,
            gives_back=bank.name if bank.capabilities.refunds else "",
        )
        rules = WebRules(
            allowed_hosts=_hosts(settings, place),
            secret=form_secret(place.state),
            form_targets=(*bank.form_targets, *(f"https://{host}" for host in settings.bank.link_hosts)),
            trusted_proxies=settings.server.proxies,
            https=by_https,
            # A proxy's connections come from one peer; behind a carrier's NAT everybody is one.
            peer_connections=1024,
            total_connections=2048,
            requests_per_second=200,
            burst=400,
            exempt=("/healthz", "/static/", "/api/", notifications.path),
            open_doors=frozenset({"/g/"}),  # a bank sends the donor back with a form; it changes nothing
            named=("/staff", "/api/", "/bank/"),  # a donor whose form has expired leaves no address in the log
        )
        app = guarded_app(
            rules,
            error_page=error_pages(responder, staff),
            middlewares=[contact_on_errors(responder), staff.keep_frame, store_errors],
        )
        app.add_routes(
            [
                *ParcelIntake(database, environment, refusals, now).routes(),
                *OutcomesApi(database, changes, refusals, now).routes(),
                *EnrolmentApi(database, catalogue_key(place.state), refusals, now).routes(),
                *ReportsApi(database, refusals, now).routes(),
                *CatalogueApi(database, publication, refusals, now).routes(),
                *TransparencyApi(database, environment, refusals, now).routes(),
                *PublicLedgerApi(publisher).routes(),
                *BoardPages(database, publisher, environment, responder, now).routes(),
                *slips.routes(),
                *TicketPages(database, environment, redirect, slips, now).routes(),
                *CodePages(database, redirect, now).routes(),
                *ShakeApi(database, shaking, now).routes(),
                *OpenApiFile().routes(),
                *ListsApi(database, bearers, now).routes(),
                *StatisticsApi(database, bearers, environment, now).routes(),
                *ProjectPictures(database).routes(),
                *ContactPages(database, responder, call).routes(),
                *HelpPages(database, responder, wanted.storage_time.days).routes(),
                *HallPages(database, bound, counter, responder, gift_forms, now).routes(),
                *notifications.routes(),
                *staff.routes(),
                *StaticFiles({**pages.assets.files, **staff.files}).routes(),
                *HealthPage(health, refusals).routes(),
            ]
        )
        url = await edges.enter_async_context(serving(app, settings.server.host, place.port))
        address.settle(url)
        queries = OrderQueries(database, bank, settlement)
        holder = secrets.token_hex(8)
        edges.push_async_callback(jobs.give_back, database, holder)

        nightly, heard = NightlyRun(bank, reconciling), {Topic.gifts: changes, Topic.sync_log: news}
        async with asyncio.TaskGroup() as stages:

            def start(
                name: str,
                work: Callable[[], Awaitable[None]],
                *,
                cap: float = 30.0,
                also: tuple[type[Exception], ...] = (),
                settled: bool = False,
            ) -> asyncio.Task[None]:
                """`settled`: not before whoever waited for this start has been served."""

                async def work_later() -> None:
                    await asyncio.sleep(_SETTLED_S)
                    await work()

                begun = work_later if settled else work
                stage = supervise(name, begun, restart_on=(StoreUnavailable, *also), health=health, cap=cap)
                return stages.create_task(stage, name=name)

            running = [
                start(
                    "bank",
                    lambda: jobs.ask_bank(database, queries, refund_sender, health=health, holder=holder, clock=now),
                    also=(BankUnavailable,),
                ),
                start("changes", lambda: jobs.watch_changes(database, heard, health=health), cap=5.0),
                start("webhooks", lambda: deliver(sender, health=health, holder=holder, clock=now)),
                start("figures", lambda: jobs.count_figures(database, health=health, holder=holder, clock=now)),
                start(
                    "alerts",
                    lambda: jobs.watch_alerts(
                        database,
                        staff.telling,
                        environment,
                        bank.expiring,
                        lambda now: overdue(kept, now),
                        health=health,
                        holder=holder,
                        clock=now,
                    ),
                    settled=True,
                ),
                start("donors", lambda: jobs.forget_donors(wanted, clock=now), cap=300.0, settled=True),
                start("visitors", lambda: jobs.forget_visitors(database, clock=now), cap=300.0, settled=True),
                start(
                    "reconciliation",
                    lambda: jobs.reconcile(database, nightly, holder=holder, clock=now),
                    settled=True,
                ),
                start(
                    "publication",
                    lambda: jobs.publish_ledger(database, publisher, health=health, holder=holder, clock=now),
                ),
                start(
                    "backups",
                    lambda: jobs.keep_backups(database, kept, holder=holder, clock=now),
                    cap=1800.0,
                    also=(BackupFailed,),
                    settled=True,
                ),
                start("salts", lambda: jobs.keep_salts(database, salts, clock=now, health=health), cap=60.0),
                stages.create_task(jobs.pass_on(changes, news)),
                stages.create_task(feed_watchdog(notifier, health, stall_limit_s=_STALL_S)),
            ]
            ready(url)
            notifier.ready(url=url, status=f"serving at {url}")
            _log.info("server.ready", url=url, environment=environment.value)
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
