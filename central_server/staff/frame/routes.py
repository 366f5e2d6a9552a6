"""List the routes of all staff pages."""

from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from central_server.accounts.second_factor import Seal
from central_server.alerts.morning_message import MorningMessages
from central_server.alerts.notifier import AlertNotifier
from central_server.staff.accounts.accounts_page import AccountsPage
from central_server.staff.accounts.audit_page import AuditPage
from central_server.staff.accounts.login_page import LoginPage
from central_server.staff.accounts.own_account_page import OwnAccountPage
from central_server.staff.accounts.password_page import PasswordPage
from central_server.staff.accounts.second_factor_page import SecondFactorPage
from central_server.staff.alerts.alert_wording import message_writer, morning_writer
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
from central_server.staff.donations.letter_page import LetterPage
from central_server.staff.donations.receipts_page import ReceiptsPage
from central_server.staff.donations.refunds_page import RefundsPage
from central_server.staff.donations.remittances_page import RemittancesPage
from central_server.staff.enrolment.bundle_page import BundlePage
from central_server.staff.enrolment.gateway_page import GatewayPage
from central_server.staff.enrolment.gateways_page import GatewaysPage
from central_server.staff.enrolment.sheet_page import SheetPage
from central_server.staff.families.families_page import FamiliesPage
from central_server.staff.families.help_page import HelpPage
from central_server.staff.frame.live_page import LivePage
from central_server.staff.frame.overview_page import OverviewPage
from central_server.staff.frame.page_frame import Handler, PageFrame
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.frame.staff_services import StaffServices
from central_server.staff.ledger.disbursements_page import DisbursementsPage
from central_server.staff.ledger.ledger_page import LedgerPage
from central_server.staff.parcels.log_page import LogPage
from central_server.staff.parcels.parcel_page import ParcelPage
from central_server.staff.places.places_page import PlacesPage
from central_server.staff.reconciliation.evidence_page import EvidencePage
from central_server.staff.reconciliation.reconciliation_page import ReconciliationPage
from central_server.staff.statistics.figures_page import FiguresPage
from central_server.store.engine.database import StoreUnavailable
from kiosk_ui.assets import Asset
from sync_contract.strict_model import Environment


class StaffSite:
    """`notifier`: sends alerts, `morning` the day's summary; both word them with the templates of these pages.

    `frame`: of every page, for the pages of optional parts.
    """

    def __init__(self, services: StaffServices) -> None:
        self._services = services
        environment = services.environment
        self._templates = StaffTemplates(environment=environment, site=services.site, more=services.part_pages)
        demanded = environment is Environment.real  # in a drill a second factor is optional
        self.frame = PageFrame(
            services.database,
            self._templates,
            services.clock,
            secure=services.https,
            factors_demanded=demanded,
            part_menus=services.part_menus,
        )
        write = message_writer(self._templates, services.inviting.url)
        self.notifier = AlertNotifier(services.database, services.alert_senders, write)
        write_morning = morning_writer(self._templates, services.inviting.url)
        self.morning = MorningMessages(services.database, self.notifier, write_morning)

    @property
    def files(self) -> Mapping[str, Asset]:
        return self._templates.files

    def routes(self) -> list[web.RouteDef]:
        frame, services, environment = self.frame, self._services, self._services.environment
        publication, seal = services.publication, Seal(services.factor_key)
        return [
            web.get("/staff", self._home),
            *LoginPage(frame, seal).routes(),
            *PasswordPage(frame).routes(),
            *SecondFactorPage(frame, seal, services.site).routes(),
            *OwnAccountPage(frame).routes(),
            *OverviewPage(frame, environment, services.part_tasks).routes(),
            *AlertsPage(frame).routes(),
            *ChannelsPage(frame, self._templates, self.notifier, environment is Environment.real).routes(),
            *FiguresPage(frame, environment).routes(),
            *LivePage(frame, services.news).routes(),
            *GiftsPage(frame, environment).routes(),
            *GiftPage(frame, environment, services.refund_bank).routes(),
            *LetterPage(frame, environment, services.inviting.url).routes(),
            *RefundsPage(frame, environment).routes(),
            *RemittancesPage(frame, services.receipts.seal, environment, services.reconciling.changed).routes(),
            *LedgerPage(frame, environment).routes(),
            *DisbursementsPage(frame, environment, services.spending).routes(),
            *ReconciliationPage(frame, services.reconciling, services.bank).routes(),
            *EvidencePage(frame, environment.value, services.reconciling.changed).routes(),
            *PermitsPage(frame, environment).routes(),
            *ReceiptsPage(frame, services.receipts, environment).routes(),
            *FamiliesPage(frame, services.receipts.seal, environment).routes(),
            *HelpPage(frame, services.receipts.seal, environment).routes(),
            *LogPage(frame).routes(),
            *ParcelPage(frame).routes(),
            *GatewaysPage(frame).routes(),
            *BundlePage(frame, services.inviting, services.site, environment).routes(),
            *GatewayPage(frame, services.inviting).routes(),
            *SheetPage(frame, services.inviting.url).routes(),
            *BeaconsPage(frame, publication).routes(),
            *BeaconPage(frame, publication).routes(),
            *PosterPage(frame, environment, services.inviting.url, services.contacts).routes(),
            *ProjectsPage(frame, publication).routes(),
            *ProjectPage(frame, publication).routes(),
            *BindingsPage(frame, publication).routes(),
            *OrganisationsPage(frame, publication).routes(),
            *ImportPage(frame, publication).routes(),
            *PlacesPage(frame, services.contacts, real=environment is Environment.real).routes(),
            *AccountsPage(frame).routes(),
            *AuditPage(frame).routes(),
            *TokensPage(frame).routes(),
            *WebhooksPage(frame, services.webhook_rules, services.program_secret).routes(),
            *ApiPage(frame).routes(),
        ]

    @web.middleware
    async def keep_frame(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Show an error page with the menu of a logged-in visitor."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status >= 400 and request.path.startswith("/staff"):
                with suppress(StoreUnavailable):
                    await self.frame.keep_frame(request)
            raise

    def error(self, request: web.Request, status: int) -> web.Response:
        return self.frame.render(request, "error.html", {"status": status})

    async def _home(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/staff/")
