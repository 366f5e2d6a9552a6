"""The staff pages behind a login: which there are."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from aiohttp import web

from central_server.accounts.second_factor import Seal
from central_server.alerts.notifier import Sender, Telling
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.publication import Publication
from central_server.enrolment.enrolment_codes import Inviting
from central_server.receipts.receipt_requests import Receipts
from central_server.reconciliation.statement_import import Reconciler
from central_server.settings_bank import BankSettings
from central_server.staff.accounts.accounts_page import AccountsPage
from central_server.staff.accounts.audit_page import AuditPage
from central_server.staff.accounts.login_page import LoginPage
from central_server.staff.accounts.own_account_page import OwnPage
from central_server.staff.accounts.password_page import PasswordPage
from central_server.staff.accounts.second_factor_page import FactorPage
from central_server.staff.alerts.alert_wording import writer
from central_server.staff.alerts.alerts_page import AlertsPage
from central_server.staff.alerts.channels_page import ChannelsPage
from central_server.staff.api.api_page import ApiPage
from central_server.staff.api.tokens_page import TokensPage
from central_server.staff.api.webhooks_page import WebhooksPage
from central_server.staff.catalogue.beacon_page import BeaconPage
from central_server.staff.catalogue.beacons_page import BeaconsPage
from central_server.staff.catalogue.bindings_page import BindingsPage
from central_server.staff.catalogue.import_page import ImportPage
from central_server.staff.catalogue.organisations_page import OrganisationsPage
from central_server.staff.catalogue.permits_page import PermitsPage
from central_server.staff.catalogue.poster_page import PosterPage
from central_server.staff.catalogue.project_page import ProjectPage
from central_server.staff.catalogue.projects_page import ProjectsPage
from central_server.staff.donations.gift_page import GiftPage
from central_server.staff.donations.gifts_page import GiftsPage
from central_server.staff.donations.receipts_page import ReceiptsPage
from central_server.staff.donations.refunds_page import RefundsPage
from central_server.staff.enrolment.gateway_page import GatewayPage
from central_server.staff.enrolment.gateways_page import GatewaysPage
from central_server.staff.frame.live_page import LivePage
from central_server.staff.frame.overview_page import OverviewPage
from central_server.staff.frame.page_frame import Desk, Handler
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.ledger.disbursements_page import DisbursementsPage
from central_server.staff.ledger.ledger_page import LedgerPage
from central_server.staff.parcels.log_page import LogPage
from central_server.staff.parcels.parcel_page import ParcelPage
from central_server.staff.places.places_page import PlacesPage
from central_server.staff.reconciliation.evidence_page import EvidencePage
from central_server.staff.reconciliation.reconciliation_page import ReconciliationPage
from central_server.staff.statistics.figures_page import FiguresPage
from central_server.store.engine.database import Database, StoreUnavailable
from daemonkit.broadcast import Broadcast
from kiosk_ui.assets import Asset
from sync_contract.project import Texts
from sync_contract.strict_model import Environment


class StaffSite:
    def __init__(
        self,
        database: Database,
        site: Texts,
        environment: Environment,
        clock: Callable[[], datetime],
        factor_key: bytes,
        news: Broadcast,
        inviting: Inviting,
        allowed: AddressRules,
        programs: bytes,
        publication: Publication,
        senders: Mapping[str, Sender],
        reconciling: Reconciler,
        bank: BankSettings,
        receipts: Receipts,
        call: ContactLookup,
        *,
        secure: bool,
        gives_back: str = "",
    ) -> None:
        self._templates = StaffTemplates(environment=environment, site=site)
        demanded = environment is Environment.real  # in a drill a second factor is offered
        self._desk = Desk(database, self._templates, clock, secure=secure, factors_demanded=demanded)
        self._seal = Seal(factor_key)
        self._site = site
        self._environment = environment
        self._news = news
        self._inviting = inviting
        self._allowed = allowed
        self._programs = programs
        self._publication = publication
        self._gives_back = gives_back
        self._reconciling = reconciling
        self._bank = bank
        self._receipts = receipts
        self._call = call
        self.telling = Telling(database, senders, writer(self._templates, inviting.url))

    @property
    def files(self) -> Mapping[str, Asset]:
        return self._templates.files

    def routes(self) -> list[web.RouteDef]:
        desk = self._desk
        return [
            web.get("/staff", self._home),
            *LoginPage(desk, self._seal).routes(),
            *PasswordPage(desk).routes(),
            *FactorPage(desk, self._seal, self._site).routes(),
            *OwnPage(desk).routes(),
            *OverviewPage(desk, self._environment).routes(),
            *AlertsPage(desk).routes(),
            *ChannelsPage(desk, self._templates, self.telling).routes(),
            *FiguresPage(desk, self._environment).routes(),
            *LivePage(desk, self._news).routes(),
            *GiftsPage(desk, self._environment).routes(),
            *GiftPage(desk, self._environment, self._gives_back).routes(),
            *RefundsPage(desk, self._environment).routes(),
            *LedgerPage(desk, self._environment).routes(),
            *DisbursementsPage(desk, self._environment).routes(),
            *ReconciliationPage(desk, self._reconciling, self._bank).routes(),
            *EvidencePage(desk, self._environment.value, self._reconciling.changed).routes(),
            *PermitsPage(desk, self._environment).routes(),
            *ReceiptsPage(desk, self._receipts, self._environment).routes(),
            *LogPage(desk).routes(),
            *ParcelPage(desk).routes(),
            *GatewaysPage(desk).routes(),
            *GatewayPage(desk, self._inviting).routes(),
            *BeaconsPage(desk, self._publication).routes(),
            *BeaconPage(desk, self._publication).routes(),
            *PosterPage(desk, self._environment, self._inviting.url, self._call).routes(),
            *ProjectsPage(desk, self._publication).routes(),
            *ProjectPage(desk, self._publication).routes(),
            *BindingsPage(desk, self._publication).routes(),
            *OrganisationsPage(desk, self._publication).routes(),
            *ImportPage(desk, self._publication).routes(),
            *PlacesPage(desk, self._call).routes(),
            *AccountsPage(desk).routes(),
            *AuditPage(desk).routes(),
            *TokensPage(desk).routes(),
            *WebhooksPage(desk, self._allowed, self._programs).routes(),
            *ApiPage(desk).routes(),
        ]

    @web.middleware
    async def keep_frame(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What went wrong is told in the frame of the pages before it."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status >= 400 and request.path.startswith("/staff"):
                with suppress(StoreUnavailable):
                    await self._desk.keep_frame(request)
            raise

    def error(self, request: web.Request, status: int) -> web.Response:
        return self._desk.render(request, "error.html", {"status": status})

    async def _home(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/staff/")
