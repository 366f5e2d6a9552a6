"""Build the services, pages and APIs of the central server from its settings and open resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from central_server.alerts.notifier import Sender
from central_server.alerts.thanks import ThankYou
from central_server.api.tokens import Bearers
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.api.webhooks.sender import Sender as WebhookSender
from central_server.backups.backup import Source
from central_server.banks.port import Bank
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.display_name import NameLookup
from central_server.catalogue.publication import Divide, Publication
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
from central_server.gateway_api.site_offers import SiteOffersApi
from central_server.gateway_api.transparency import TransparencyApi
from central_server.intake.endpoint import ParcelIntake
from central_server.ledger.publication import Publisher
from central_server.ledger.spending_rules import SpendingRules
from central_server.parts import Part, PartContext, PartJob, RunningPart
from central_server.public.bank_notify import BankNotifications
from central_server.public.health import HealthPage
from central_server.public.metrics import MetricsPage
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
from central_server.public.phone_pages.thanks_page import ThanksPages
from central_server.public.phone_pages.ticket_page import TicketPages
from central_server.public.phone_pages.typed_code_page import CodePages
from central_server.public.program_api.lists import ListsApi
from central_server.public.program_api.openapi import OpenApiFile
from central_server.public.program_api.public_ledger import PublicLedgerApi
from central_server.public.program_api.shake import ShakeApi
from central_server.public.program_api.statistics import StatisticsApi
from central_server.public.static_files import StaticFiles
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import Seal, open_seal
from central_server.reconciliation.fees import FeeRule
from central_server.reconciliation.statement_import import Reconciler
from central_server.rejected_requests import Refusals
from central_server.server_options import RateLimits, ServerOptions
from central_server.settings import Settings
from central_server.shake.catalogue_bindings import CatalogueBindings
from central_server.shake.shake_lookup import ShakeLookup
from central_server.staff.frame.routes import StaffSite
from central_server.staff.frame.staff_services import StaffServices
from central_server.state_files import catalogue_key, factor_key, form_secret, program_secret
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import VisitCounter
from central_server.store.engine.database import Database
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health
from daemonkit.web import WebRules
from kiosk_ui.help_views import ContactPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.enrolment import fingerprint
from sync_contract.strict_model import Environment

_UNAGREED_FEE_BASIS_POINTS = 100
"""Reserved for the bank's fees where none is agreed."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class PublicAddress:
    """The origin at which phones and the bank reach this server: from the settings, else its own address."""

    def __init__(self, public_url: str) -> None:
        self.url = public_url

    def set_default(self, own: str) -> None:
        self.url = self.url or own


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What all of one running server shares. `changes`: gifts changed; `news`: staff pages changed.

    `parts`: the optional parts that are on.
    """

    settings: Settings
    options: ServerOptions
    now: Callable[[], datetime]
    limits: RateLimits
    divide: Divide
    parts: tuple[Part, ...] = ()
    health: Health = field(default_factory=Health)
    changes: Broadcast = field(default_factory=Broadcast)
    news: Broadcast = field(default_factory=Broadcast)
    rejections: Refusals = field(default_factory=Refusals)
    address: PublicAddress = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", PublicAddress(self.options.public_url))

    @property
    def environment(self) -> Environment:
        return self.settings.site.environment


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything that is opened at start and closed at the end."""

    backup_source: Source
    database: Database
    bank: Bank
    webhook_sender: WebhookSender
    alert_senders: Mapping[str, Sender]


@dataclass(frozen=True, slots=True)
class Services:
    """The web application, and the services that stages need."""

    app: web.Application
    staff: StaffSite
    queries: OrderQueries
    refunds: RefundSender
    receipts: Receipts
    thank_you: ThankYou
    reconciling: Reconciler
    publisher: Publisher
    salts: Salts
    part_jobs: tuple[PartJob, ...]


@dataclass(frozen=True, slots=True)
class _Phone:
    """What the pages of phones share."""

    pages: Pages
    responder: PageResponder
    contacts: ContactLookup
    site_name: NameLookup
    redirect: BankRedirect
    receipts: Receipts
    thank_you: ThankYou
    counter: VisitCounter
    bindings: CatalogueBindings


async def build(context: ServerContext, resources: Resources, make_app: Callable[..., web.Application]) -> Services:
    settings, state, database, bank = context.settings, context.options.state, resources.database, resources.bank
    bindings = {entry.beacon: entry.project for entry in settings.bindings}
    await seed_catalogue(database, settings.projects, bindings, context.now(), own_site=settings.bank.own_site)
    settlement = Settlement(
        database, bank.name, context.environment.value, context.changes.poke, bank.capabilities.payment_time
    )
    notifications = BankNotifications(bank, settlement, context.rejections, context.now)
    opening = AttemptOpener(
        database,
        bank,
        settlement,
        return_url=lambda nonce: f"{context.address.url}/g/{nonce}",
        notify_url=lambda: f"{context.address.url}{notifications.path}",
        platforms=settings.bank.link_hosts,
    )
    platforms = settings.bank.link_hosts if depends_on_organisation(bank) else None
    publication = Publication(
        database, catalogue_key(state), context.now, context.environment, platforms, context.divide
    )
    publisher = Publisher(database, catalogue_key(state), context.environment, context.now)
    seal = await open_seal(database, state, context.options.credentials)
    receipts = Receipts(database, seal, timedelta(days=settings.receipts.keep_days))
    fees = FeeRule(settings.reconciliation.fee_basis_points)
    reconciling = Reconciler(database, bank.name, context.environment.value, context.changes.poke, fees)
    salts = Salts()
    phone = _build_phone(context, resources, opening, receipts, VisitCounter(salts))
    staff = _build_staff(context, resources, publication, receipts, reconciling, phone.contacts)
    app = make_app(
        _web_rules(context, bank, notifications.path),
        error_page=error_pages(phone.responder, staff),
        middlewares=[contact_on_errors(phone.responder), staff.keep_frame, store_errors],
    )
    parts = await _build_parts(context, resources, phone.responder, staff, seal)
    app.add_routes(
        [
            *(route for part in parts for route in part.routes),
            *_gateway_routes(context, resources, publication),
            *_phone_routes(context, resources, phone),
            *_program_routes(context, resources, phone, publisher),
            *notifications.routes(),
            *staff.routes(),
            *StaticFiles({**phone.pages.assets.files, **staff.files}).routes(),
            *HealthPage(context.health, context.rejections).routes(),
            *MetricsPage(database, state, context.health, context.rejections, context.now).routes(),
        ]
    )
    refunds = RefundSender(database, bank, opening.notify_url, context.changes.poke)
    queries = OrderQueries(database, bank, settlement)
    jobs = tuple(job for part in parts for job in part.jobs)
    return Services(app, staff, queries, refunds, receipts, phone.thank_you, reconciling, publisher, salts, jobs)


def webhook_rules(settings: Settings) -> AddressRules:
    """In a real environment webhooks go only to hosts that the operator listed."""
    listed = settings.site.environment is Environment.real
    return AddressRules(settings.webhooks.hosts, settings.webhooks.private_network, listed)


def _build_phone(
    context: ServerContext, resources: Resources, opening: AttemptOpener, receipts: Receipts, counter: VisitCounter
) -> _Phone:
    site = context.settings.site
    contacts = ContactLookup(ContactPage(site.contact_phone, site.contact_name or site.community, site.contact_hours))
    more = [part.phone_pages for part in context.parts]
    pages = Pages(environment=context.environment, site=site.community, surface=Surface.phone, more=more)
    site_name = NameLookup(site.community)
    responder = PageResponder(pages, resources.database, contacts, site_name)
    redirect = BankRedirect(opening, responder, context.rejections)
    bindings = CatalogueBindings(resources.database, context.environment)
    thank_you = ThankYou(
        resources.database,
        receipts.seal,
        resources.alert_senders.get("mail"),
        context.environment,
        lambda path: f"{context.address.url}{path}",
    )
    return _Phone(pages, responder, contacts, site_name, redirect, receipts, thank_you, counter, bindings)


def _build_staff(
    context: ServerContext,
    resources: Resources,
    publication: Publication,
    receipts: Receipts,
    reconciling: Reconciler,
    contacts: ContactLookup,
) -> StaffSite:
    state, bank = context.options.state, resources.bank
    return StaffSite(
        StaffServices(
            database=resources.database,
            site=context.settings.site.community,
            environment=context.environment,
            clock=context.now,
            factor_key=factor_key(state),
            news=context.news,
            inviting=Inviting(lambda: context.address.url, fingerprint(catalogue_key(state).public_key())),
            webhook_rules=webhook_rules(context.settings),
            program_secret=program_secret(state),
            publication=publication,
            alert_senders=resources.alert_senders,
            reconciling=reconciling,
            bank=context.settings.bank,
            refund_bank=bank.name if bank.capabilities.refunds else "",
            receipts=receipts,
            spending=_spending_rules(context.settings, bank),
            contacts=contacts,
            https=context.options.public_url.startswith("https://"),
            part_pages=tuple(part.staff_pages for part in context.parts),
            part_menus=tuple(group for part in context.parts for group in part.menus),
            part_tasks=tuple(part.find_tasks for part in context.parts),
        )
    )


async def _build_parts(
    context: ServerContext, resources: Resources, responder: PageResponder, staff: StaffSite, seal: Seal
) -> list[RunningPart]:
    shared = PartContext(
        database=resources.database,
        environment=context.environment,
        clock=context.now,
        messages=context.settings.volunteering.messages,
        mail=resources.alert_senders.get("mail"),
        responder=responder,
        frame=staff.frame,
        seal=seal,
        address=lambda: context.address.url,
        https=context.options.public_url.startswith("https://"),
        signing_key=catalogue_key(context.options.state),
        refusals=context.rejections,
    )
    return [await part.build(shared) for part in context.parts]


def _spending_rules(settings: Settings, bank: Bank) -> SpendingRules:
    agreed = settings.reconciliation.fee_basis_points
    expected = _UNAGREED_FEE_BASIS_POINTS if agreed is None else agreed
    return SpendingRules(
        fee_basis_points=expected if bank.capabilities.states else 0,
        new_payee_wait=timedelta(hours=settings.spending.new_payee_hours),
        new_payee_minor=settings.spending.new_payee_yuan * 100,
    )


def _web_rules(context: ServerContext, bank: Bank, notify_path: str) -> WebRules:
    settings, options = context.settings, context.options
    public = (urlsplit(options.public_url).netloc,) if options.public_url else ()
    return WebRules(
        allowed_hosts=frozenset((*_LOOPBACK, *settings.server.allowed_hosts, *public)),
        secret=form_secret(options.state),
        form_targets=(*bank.form_targets, *(f"https://{host}" for host in settings.bank.link_hosts)),
        trusted_proxies=settings.server.proxies,
        https=options.public_url.startswith("https://"),
        # All connections of a proxy, or of phones behind a carrier's NAT, come from one peer.
        peer_connections=1024,
        total_connections=2048,
        requests_per_second=200,
        burst=400,
        exempt=("/healthz", "/metrics", "/static/", "/api/", notify_path),
        open_doors=frozenset({"/g/"}),  # a bank sends the donor back with a form; it changes nothing
        named=("/staff", "/api/", "/bank/"),  # no addresses of donors in the log
    )


def _gateway_routes(context: ServerContext, resources: Resources, publication: Publication) -> list[web.RouteDef]:
    database, rejections, now = resources.database, context.rejections, context.now
    key = catalogue_key(context.options.state)
    return [
        *ParcelIntake(database, context.environment, rejections, now).routes(),
        *OutcomesApi(database, context.environment, context.changes, rejections, now).routes(),
        *EnrolmentApi(database, key, rejections, now).routes(),
        *ReportsApi(database, rejections, now).routes(),
        *SiteOffersApi(database, key, context.settings.site.community, context.environment, rejections, now).routes(),
        *CatalogueApi(database, publication, rejections, now).routes(),
        *TransparencyApi(database, context.environment, rejections, now).routes(),
    ]


def _phone_routes(context: ServerContext, resources: Resources, phone: _Phone) -> list[web.RouteDef]:
    database, environment, now = resources.database, context.environment, context.now
    slips = SlipPages(
        database,
        phone.receipts,
        phone.responder,
        phone.contacts,
        context.rejections,
        lambda: context.address.url,
        phone.site_name,
        environment,
        now,
        thanks=phone.thank_you.mail is not None,
    )
    page_gifts = GiftForms(database, environment, phone.redirect, now)
    links = [part.hall_link for part in context.parts]
    return [
        *slips.routes(),
        *ThanksPages(phone.thank_you, phone.responder, now).routes(),
        *TicketPages(database, environment, phone.redirect, slips, now).routes(),
        *CodePages(database, environment, phone.redirect, now).routes(),
        *ProjectPictures(database).routes(),
        *ContactPages(database, phone.responder, phone.contacts).routes(),
        *HelpPages(database, phone.responder, phone.receipts.storage_time.days).routes(),
        *HallPages(database, phone.bindings, phone.counter, phone.responder, page_gifts, now, links).routes(),
    ]


def _program_routes(
    context: ServerContext, resources: Resources, phone: _Phone, publisher: Publisher
) -> list[web.RouteDef]:
    database, environment, now = resources.database, context.environment, context.now
    token_rate, token_burst = context.limits.token
    shake_rate, shake_burst = context.limits.shake
    bearers = Bearers(database, now, rate=token_rate, burst=token_burst)
    secret = program_secret(context.options.state)
    shaking = ShakeLookup(
        database, phone.bindings, phone.counter, secret, page=lambda made: f"{context.address.url}/s/{made}"
    )
    return [
        *PublicLedgerApi(publisher).routes(),
        *BoardPages(database, publisher, environment, phone.responder, now).routes(),
        *ShakeApi(database, shaking, now, rate=shake_rate, burst=shake_burst).routes(),
        *OpenApiFile().routes(),
        *ListsApi(database, bearers, now).routes(),
        *StatisticsApi(database, bearers, environment, now).routes(),
    ]
