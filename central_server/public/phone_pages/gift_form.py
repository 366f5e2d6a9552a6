"""Register a gift on a phone: at a poster's code, a tag, or the page of a shake."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from central_server.banks.port import Bank
from central_server.donations.amount_validation import AmountProblem, read_fen, read_yuan
from central_server.donations.bank_routing import reports_outcomes
from central_server.donations.phone_intents import GiftDiffers, PhoneIntent
from central_server.donations.tickets import AmountOutOfRange, PermitClosed, ProjectUnknown, get_open_project
from central_server.public.phone_pages.bank_redirect import BankRedirect
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneGiving
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.permit import PermitJudgement, PermitReason
from sync_contract.permit import judge as judge_permit
from sync_contract.project import Project
from sync_contract.records import Door
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

_GIFT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PhonePage:
    """The page that a phone shows: community, project, and the door by which it came."""

    community: str
    project: Project
    beacon: BeaconId
    door: Door
    path: str


@dataclass(frozen=True, slots=True)
class InvalidAmount:
    """A typed amount that is not valid."""

    fault: AmountProblem
    typed: str


@dataclass(frozen=True, slots=True)
class GiftForm:
    """`giving`: None if nothing may be given; `csrf`: for its forms."""

    judgement: PermitJudgement
    giving: PhoneGiving | None
    csrf: str


class GiftForms:
    """`rate`, `burst`: gifts for each peer, and a hundred times as many for all together: a hall may be one peer."""

    def __init__(
        self,
        database: Database,
        environment: Environment,
        redirect: BankRedirect,
        clock: Callable[[], datetime],
        *,
        rate: float = 0.5,
        burst: int = 40,
    ) -> None:
        self._database = database
        self._environment = environment
        self._redirect = redirect
        self._clock = clock
        self._limit = RateLimit(rate, burst, together=100)

    async def judge(self, community: str, project: Project) -> tuple[PermitJudgement, Bank | None]:
        """Return whether the project may receive gifts now, and by which bank."""
        judgement = judge_permit(project.permit, self._clock())
        bank = await self._redirect.opening.bank_of(community, project.id) if judgement.open else None
        if judgement.open and bank is None:
            return PermitJudgement(PermitReason.elsewhere), None
        return judgement, bank

    async def form(self, request: web.Request, page: PhonePage, invalid: InvalidAmount | None = None) -> GiftForm:
        """Return the form of a project's page, if it may receive gifts now. Change nothing."""
        judgement, bank = await self.judge(page.community, page.project)
        if bank is None:
            return GiftForm(judgement, None, "")
        gift = new_id()
        action = f"{page.path}{'&' if '?' in page.path else '?'}gift={gift}"
        fault, typed = (invalid.fault.value, invalid.typed) if invalid else ("", "")
        giving = PhoneGiving(action, not reports_outcomes(bank), fault, typed)
        return GiftForm(judgement, giving, csrf_token(request.config_dict[RULES], _form_session(gift)))

    async def register(self, request: web.Request, page: PhonePage) -> web.Response | InvalidAmount:
        """Register the gift of the form and redirect to the bank; InvalidAmount: show the form again.

        Raises HTTPSeeOther, 400, 403, 429.
        """
        self._limit.check(request)
        gift = _gift_of(request)
        form = await read_form(request, request.config_dict[RULES], _form_session(gift))
        amount = read_fen(form["amount_fen"]) if "amount_fen" in form else read_yuan(form.get("yuan", ""))
        if isinstance(amount, AmountProblem):
            return InvalidAmount(amount, form.get("yuan", ""))
        now = self._clock()
        try:
            project = await get_open_project(self._database, page.community, page.project.id, amount, now)
            if await self._redirect.opening.bank_of(page.community, project.id) is None:
                raise PermitClosed(project, PermitReason.elsewhere)
        except AmountOutOfRange:
            return InvalidAmount(AmountProblem.outside, form.get("yuan", ""))
        except (ProjectUnknown, PermitClosed) as error:
            return await self._redirect.refuse(request, error)
        async with self._database.write() as connection:
            own = await gateways.own(connection, page.community, now)
        intent = self._intent(gift, own.id, page, amount)
        try:
            return await self._redirect.open(request, intent, project, amount, page.path, now)
        except GiftDiffers:  # back on the page with another amount: another gift
            another = self._intent(new_id(), own.id, page, amount)
            return await self._redirect.open(request, another, project, amount, page.path, now)

    def _intent(self, gift: str, gateway: str, page: PhonePage, amount: Money) -> PhoneIntent:
        return PhoneIntent(
            gift, gateway, page.community, self._environment, page.project.id, amount, page.beacon, page.door
        )


def _gift_of(request: web.Request) -> str:
    """Return the id that the page was made with, or an empty text."""
    gift = request.query.get("gift", "")
    return gift if _GIFT.fullmatch(gift) else ""


def _form_session(gift: str) -> str:
    """Bind the form's token to the id, so that only this server can issue ids."""
    return f"page {gift}" if gift else ""
