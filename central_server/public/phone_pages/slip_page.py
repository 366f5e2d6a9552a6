"""A paid gift's own page: its slip to keep, and the official receipt. Whoever holds its return nonce is its donor."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from central_server.catalogue.contact_lookup import WhomToCall, standing
from central_server.catalogue.display_name import WhoseName
from central_server.language import language
from central_server.public.phone_pages.page_responder import HERE, Answer, hall_at
from central_server.receipts.receipt_requests import FaultyForm, ReceiptRefused, Receipts, read_donor
from central_server.receipts.sealed_data import SealBroken
from central_server.rejected_requests import Refusals
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, intents, receipts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.receipts import Receipt, ReceiptState
from central_server.store.donations.refunds import RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneOutcome
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.number_format import capitals
from kiosk_ui.paper.slip import SlipFacts, slip_pdf
from kiosk_ui.paper.typesetting import FontsMissing
from kiosk_ui.slip_views import GiftSlip, ReceiptPage
from sync_contract.money import Money
from sync_contract.project import Project, Texts
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment, Language

_log = structlog.get_logger()
_KEPT = 64
"""PDFs that are asked for again: a donor who saves one twice makes it once."""
_NONCE = "{nonce:[A-Za-z0-9_-]{20,43}}"


@dataclass(frozen=True, slots=True)
class Gift:
    """A paid attempt with what is told of it to its donor. `place`: where it was begun."""

    attempt: Attempt
    line: LedgerLine
    project: Project
    receipt: Receipt | None
    given_back: int
    place: str

    @property
    def amount(self) -> Money:
        return Money(self.line.amount_minor, self.line.currency)

    @property
    def state(self) -> str:
        return self.receipt.state if self.receipt is not None else ReceiptState.anonymous.value


async def paid_gift(connection: Connection, nonce: str) -> Gift | None:
    """None for an attempt that is not there, not paid, or of a project that is not known any more."""
    attempt = await attempts.by_return_nonce(connection, nonce)
    if attempt is None or not attempt.paid:
        return None
    line = await ledger_lines.get(connection, f"received:{attempt.id}")
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    if line is None or intent is None:
        return None
    project = await projects.known(connection, intent.community, intent.project)
    if project is None:
        return None
    every = await refunds.of_attempts(connection, [attempt.id])
    back = sum(each.amount_minor for each in every if each.state == RefundState.refunded)
    place = await standing(connection, intent.gateway, intent.community)
    return Gift(attempt, line, project, await receipts.get(connection, attempt.id), back, place)


class SlipPages:
    """`address`: where phones reach us. `Receipts` holds the key of the donors' data."""

    def __init__(
        self,
        database: Database,
        wanted: Receipts,
        answer: Answer,
        call: WhomToCall,
        refusals: Refusals,
        address: Callable[[], str],
        named: WhoseName,
        environment: Environment,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._wanted = wanted
        self._answer = answer
        self._call = call
        self._refusals = refusals
        self._address = address
        self._named = named
        self._environment = environment
        self._clock = clock
        self._made: OrderedDict[tuple[str, Language, str, str], bytes] = OrderedDict()
        self._press = asyncio.Semaphore(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"/g/{_NONCE}/slip.pdf", self._pdf),
            web.get(f"/g/{_NONCE}/receipt", self._show),
            web.post(f"/g/{_NONCE}/receipt", self._say),
        ]

    async def outcome(self, nonce: str, reader: Language) -> PhoneOutcome | None:
        """What the gift's own page shows once it is paid; None before."""
        async with self._database.read() as connection:
            gift = await paid_gift(connection, nonce)
        if gift is None:
            return None
        slip = GiftSlip(
            number=gift.line.slip or "",
            capitals=capitals(gift.line.amount_minor, reader),
            verify=f"/v/{gift.line.secret}",
            verify_url=self._verify_url(gift),
            pdf=f"/g/{nonce}/slip.pdf",
            receipt=f"/g/{nonce}/receipt",
            state=gift.state,
            receipt_number=gift.receipt.number if gift.receipt is not None else "",
            refunded=Money(gift.given_back, gift.line.currency) if gift.given_back else None,
        )
        root = hall_at(gift.line.community)
        return PhoneOutcome(gift.project, gift.amount, IntentState.paid, gift.line.slip or "", gift=slip, root=root)

    async def _pdf(self, request: web.Request) -> web.Response:
        reader = language(request)
        async with self._database.read() as connection:
            gift = await paid_gift(connection, request.match_info["nonce"])
            call = None if gift is None else await self._call.at(connection, gift.place)
            name = None if gift is None else await self._named.at(connection, gift.place)
        if gift is None or call is None or name is None:
            return await self._answer.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[HERE] = gift.place
        try:
            octets = await self._printed(gift, reader, name, call.phone)
        except FontsMissing as error:
            _log.error("slip.fonts_missing", reason=str(error))
            return await self._answer.page(
                request, NoticePage(NoticeKind.fault, back=f"/g/{gift.attempt.return_nonce}"), 503
            )
        kept_as = f'attachment; filename="slip-{gift.line.slip}.pdf"'
        headers = {"Content-Disposition": kept_as, "Cache-Control": "no-store"}
        return web.Response(body=octets, content_type="application/pdf", headers=headers)

    async def _printed(self, gift: Gift, reader: Language, name: Texts, phone: str) -> bytes:
        key = (gift.attempt.id, reader, name.model_dump_json(), phone)
        async with self._press:  # a second of CPU each: one after the other
            if key not in self._made:
                self._made[key] = await asyncio.to_thread(slip_pdf, self._facts(gift, name, phone), _languages(reader))
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
            return self._made[key]

    def _facts(self, gift: Gift, name: Texts, phone: str) -> SlipFacts:
        return SlipFacts(
            environment=self._environment,
            community=name,
            number=gift.line.slip or "",
            amount=gift.amount,
            confirmed_at=gift.attempt.paid_at or gift.line.at,
            project=gift.project.title,
            payee=gift.project.payee,
            verify_url=self._verify_url(gift),
            permit=gift.project.permit,
            phone=phone,
        )

    async def _show(self, request: web.Request) -> web.Response:
        return await self._form(request, FaultyForm({}, {}))

    async def _say(self, request: web.Request) -> web.Response:
        """Forms of other sites come to nothing: the token is the gift's own."""
        nonce, now = request.match_info["nonce"], self._clock()
        form = await read_form(request, request.config_dict[RULES], _session(nonce))
        async with self._database.read() as connection:
            gift = await paid_gift(connection, nonce)
        if gift is None:
            return await self._answer.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[HERE] = gift.place
        attempt = gift.attempt.id
        try:
            match form.get("choice", ""):
                case "anonymous" | "waived" as choice:
                    await self._wanted.decline(attempt, ReceiptState(choice), now)
                case "forget":
                    await self._wanted.withdraw(attempt, now)
                case "due":
                    donor = read_donor(form)
                    if isinstance(donor, FaultyForm):
                        return await self._form(request, donor, 422)
                    await self._wanted.request(attempt, donor, now)
                case _:
                    raise web.HTTPBadRequest
        except ReceiptRefused as error:
            self._refusals.count("receipt", error.problem, attempt)
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._answer.page(request, NoticePage(NoticeKind.fault, back=f"/g/{nonce}"), 503)
        raise web.HTTPSeeOther(f"/g/{nonce}/receipt")

    async def _form(self, request: web.Request, typed: FaultyForm, status: int = 200) -> web.Response:
        nonce = request.match_info["nonce"]
        async with self._database.read() as connection:
            gift = await paid_gift(connection, nonce)
            kept = gift is not None and bool(await receipts.donors(connection, [gift.attempt.id]))
        if gift is None:
            return await self._answer.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[HERE] = gift.place
        view = ReceiptPage(
            project=gift.project,
            amount=gift.amount,
            slip=gift.line.slip or "",
            action=f"/g/{nonce}/receipt",
            back=f"/g/{nonce}",
            state=gift.state,
            keep_days=self._wanted.storage_time.days,
            receipt_number=gift.receipt.number if gift.receipt is not None else "",
            stored=kept,
            typed=typed.values,
            faults=typed.faults,
        )
        return await self._answer.page(
            request, view, status, csrf=csrf_token(request.config_dict[RULES], _session(nonce))
        )

    def _verify_url(self, gift: Gift) -> str:
        return f"{self._address()}/v/{gift.line.secret}"


def _session(nonce: str) -> str:
    return f"receipt {nonce}"


def _languages(reader: Language) -> tuple[Language, ...]:
    """The register is Chinese: an English slip has it too."""
    return (Language.zh_hans, reader) if reader is Language.en else (reader,)
