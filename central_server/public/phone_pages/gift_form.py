"""A gift that begins on a phone: at a poster's code, a tag, or the page of a shake."""

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
from central_server.public.phone_pages.bank_redirect import GoingOn
from central_server.public.rate_limit import Pace
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneGiving
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.permit import PermitJudgement, PermitReason, judge
from sync_contract.project import Project
from sync_contract.records import Door
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

_GIFT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Here:
    """Where the phone is: the community, what is given to, and by which door it came. `path`: of the page."""

    community: str
    project: Project
    beacon: BeaconId
    door: Door
    path: str


@dataclass(frozen=True, slots=True)
class Unread:
    """An amount that is none, as it was typed."""

    fault: AmountProblem
    typed: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What the page shows. `giving`: None when nothing may be given; `csrf`: for its forms."""

    judgement: PermitJudgement
    giving: PhoneGiving | None
    csrf: str


class PageGifts:
    """`rate`, `burst`: gifts for each peer, and a hundred times as many for all together: a whole hall may be one."""

    def __init__(
        self,
        database: Database,
        environment: Environment,
        going_on: GoingOn,
        clock: Callable[[], datetime],
        *,
        rate: float = 0.5,
        burst: int = 40,
    ) -> None:
        self._database = database
        self._environment = environment
        self._going_on = going_on
        self._clock = clock
        self._pace = Pace(rate, burst, together=100)

    async def judged(self, community: str, project: Project) -> tuple[PermitJudgement, Bank | None]:
        """Whether it may be given to now, and over which bank; None where it may not."""
        judgement = judge(project.permit, self._clock())
        bank = await self._going_on.opening.bank_of(community, project.id) if judgement.open else None
        if judgement.open and bank is None:
            return PermitJudgement(PermitReason.elsewhere), None
        return judgement, bank

    async def asking(self, request: web.Request, here: Here, unread: Unread | None = None) -> Asking:
        """What stands on the page of a project: its form, when it may be given to now. Changes nothing."""
        judgement, bank = await self.judged(here.community, here.project)
        if bank is None:
            return Asking(judgement, None, "")
        gift = new_id()
        action = f"{here.path}{'&' if '?' in here.path else '?'}gift={gift}"
        fault, typed = (unread.fault.value, unread.typed) if unread else ("", "")
        giving = PhoneGiving(action, not reports_outcomes(bank), fault, typed)
        return Asking(judgement, giving, csrf_token(request.config_dict[RULES], _form_of(gift)))

    async def begin(self, request: web.Request, here: Here) -> web.Response | Unread:
        """Register the gift that the form asks for, and go on to the bank. Unread: ask again.

        Raises HTTPSeeOther, 400, 403, 429.
        """
        self._pace.keep(request)
        gift = _gift_of(request)
        form = await read_form(request, request.config_dict[RULES], _form_of(gift))
        amount = read_fen(form["amount_fen"]) if "amount_fen" in form else read_yuan(form.get("yuan", ""))
        if isinstance(amount, AmountProblem):
            return Unread(amount, form.get("yuan", ""))
        now = self._clock()
        try:
            project = await get_open_project(self._database, here.community, here.project.id, amount, now)
            if await self._going_on.opening.bank_of(here.community, project.id) is None:
                raise PermitClosed(project, PermitReason.elsewhere)
        except AmountOutOfRange:
            return Unread(AmountProblem.outside, form.get("yuan", ""))
        except (ProjectUnknown, PermitClosed) as error:
            return await self._going_on.refused(request, error)
        async with self._database.write() as connection:
            ours = await gateways.own(connection, here.community, now)
        begun = self._gift(gift, ours.id, here, amount)
        try:
            return await self._going_on.go_on(request, begun, project, amount, here.path, now)
        except GiftDiffers:  # back to the page, another amount: that is another gift
            another = self._gift(new_id(), ours.id, here, amount)
            return await self._going_on.go_on(request, another, project, amount, here.path, now)

    def _gift(self, gift: str, gateway: str, here: Here, amount: Money) -> PhoneIntent:
        return PhoneIntent(
            gift, gateway, here.community, self._environment, here.project.id, amount, here.beacon, here.door
        )


def _gift_of(request: web.Request) -> str:
    """The id that the page was made with; empty when it was made with none."""
    told = request.query.get("gift", "")
    return told if _GIFT.fullmatch(told) else ""


def _form_of(gift: str) -> str:
    """The forms' token belongs to the id: nobody but we can say that it is one."""
    return f"page {gift}" if gift else ""
