"""Serve the slip and the official receipt of a paid gift. The return nonce identifies the donor."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from central_server.catalogue.contact_lookup import ContactLookup, gift_place
from central_server.catalogue.display_name import NameLookup
from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder, hall_path
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
from central_server.store.ledger import ledger_lines, project_terms
from central_server.store.ledger.ledger_lines import LedgerLine
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneOutcome
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.number_format import capitals
from kiosk_ui.paper.slip import SlipFacts, slip_pdf
from kiosk_ui.paper.typesetting import TypesettingUnavailable
from kiosk_ui.slip_views import GiftSlip, ReceiptPage
from sync_contract.code_address import in_capitals
from sync_contract.money import Money
from sync_contract.project import Project, Texts
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment, Language

_log = structlog.get_logger()
_MAX_CACHED_PDFS = 64
NONCE = "{nonce:[A-Za-z0-9_-]{20,43}}"


@dataclass(frozen=True, slots=True)
class Gift:
    """A paid attempt with the facts for its donor. `place`: where it was made; `project`: as it was at the payment."""

    attempt: Attempt
    line: LedgerLine
    project: Project
    receipt: Receipt | None
    refunded: int
    place: str

    @property
    def amount(self) -> Money:
        return Money(self.line.amount_minor, self.line.currency)

    @property
    def state(self) -> str:
        return self.receipt.state if self.receipt is not None else ReceiptState.anonymous.value


async def paid_gift(connection: Connection, environment: Environment, nonce: str) -> Gift | None:
    """Return None for an unknown or unpaid attempt, or one of an unknown project."""
    attempt = await attempts.by_return_nonce(connection, environment.value, nonce)
    if attempt is None or not attempt.paid:
        return None
    line = await ledger_lines.get(connection, f"received:{attempt.id}")
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    if line is None or intent is None:
        return None
    project = await projects.known(connection, intent.community, intent.project)
    if project is None:
        return None
    terms = await project_terms.get(connection, line.terms)
    if terms is not None:
        project = terms.of(project)
    every = await refunds.of_attempts(connection, [attempt.id])
    refunded = sum(each.amount_minor for each in every if each.state == RefundState.refunded)
    place = await gift_place(connection, intent.gateway, intent.community)
    return Gift(attempt, line, project, await receipts.get(connection, attempt.id), refunded, place)


class SlipPages:
    """`address`: the server's own for phones. `requests` has the key of the donors' data. `thanks`: a giver can ask for
    a message when the money was spent.
    """

    def __init__(
        self,
        database: Database,
        requests: Receipts,
        responder: PageResponder,
        contacts: ContactLookup,
        refusals: Refusals,
        address: Callable[[], str],
        names: NameLookup,
        environment: Environment,
        clock: Callable[[], datetime],
        *,
        thanks: bool,
    ) -> None:
        self._database = database
        self._thanks = thanks
        self._requests = requests
        self._responder = responder
        self._contacts = contacts
        self._refusals = refusals
        self._address = address
        self._names = names
        self._environment = environment
        self._clock = clock
        self._pdfs: OrderedDict[tuple[str, int, Language, str, str], bytes] = OrderedDict()
        self._pdf_lock = asyncio.Semaphore(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"/g/{NONCE}/slip.pdf", self._pdf),
            web.get(f"/g/{NONCE}/receipt", self._show),
            web.post(f"/g/{NONCE}/receipt", self._save),
        ]

    async def outcome(self, nonce: str, reader: Language) -> PhoneOutcome | None:
        """Return the view of a paid gift; None before it is paid."""
        async with self._database.read() as connection:
            gift = await paid_gift(connection, self._environment, nonce)
        if gift is None:
            return None
        slip = GiftSlip(
            number=gift.line.slip or "",
            capitals=capitals(gift.line.amount_minor, reader),
            verify=f"/v/{gift.line.secret}",
            verify_url=self._verify_url(gift),
            pdf=f"/g/{nonce}/slip.pdf",
            receipt=f"/g/{nonce}/receipt",
            thanks=f"/g/{nonce}/thanks" if self._thanks else "",
            state=gift.state,
            receipt_number=gift.receipt.number if gift.receipt is not None else "",
            refunded=Money(gift.refunded, gift.line.currency) if gift.refunded else None,
        )
        root = hall_path(gift.line.community)
        return PhoneOutcome(gift.project, gift.amount, IntentState.paid, gift.line.slip or "", gift=slip, root=root)

    async def _pdf(self, request: web.Request) -> web.Response:
        reader = language(request)
        async with self._database.read() as connection:
            gift = await paid_gift(connection, self._environment, request.match_info["nonce"])
            contact = None if gift is None else await self._contacts.at(connection, gift.place)
            name = None if gift is None else await self._names.at(connection, gift.place)
        if gift is None or contact is None or name is None:
            return await self._responder.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[PLACE] = gift.place
        try:
            pdf = await self._printed(gift, reader, name, contact.phone)
        except TypesettingUnavailable as error:
            _log.error("slip.typesetting_unavailable", reason=str(error))
            return await self._responder.page(
                request, NoticePage(NoticeKind.fault, back=f"/g/{gift.attempt.return_nonce}"), 503
            )
        disposition = f'attachment; filename="slip-{gift.line.slip}.pdf"'
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)

    async def _printed(self, gift: Gift, reader: Language, name: Texts, phone: str) -> bytes:
        key = (gift.attempt.id, gift.refunded, reader, name.model_dump_json(), phone)
        async with self._pdf_lock:  # a second of CPU each: one at a time
            if key not in self._pdfs:
                self._pdfs[key] = await asyncio.to_thread(slip_pdf, self._facts(gift, name, phone), _languages(reader))
                while len(self._pdfs) > _MAX_CACHED_PDFS:
                    self._pdfs.popitem(last=False)
            return self._pdfs[key]

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
            refunded=Money(gift.refunded, gift.line.currency) if gift.refunded else None,
        )

    async def _show(self, request: web.Request) -> web.Response:
        return await self._form(request, FaultyForm({}, {}))

    async def _save(self, request: web.Request) -> web.Response:
        """Save the donor's choice. The form's token belongs to the gift, so forms of other sites are refused."""
        nonce, now = request.match_info["nonce"], self._clock()
        form = await read_form(request, request.config_dict[RULES], _session(nonce))
        async with self._database.read() as connection:
            gift = await paid_gift(connection, self._environment, nonce)
        if gift is None:
            return await self._responder.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[PLACE] = gift.place
        attempt = gift.attempt.id
        try:
            match form.get("choice", ""):
                case "anonymous" | "waived" as choice:
                    await self._requests.decline(attempt, ReceiptState(choice), now)
                case "forget":
                    await self._requests.withdraw(attempt, now)
                case "due":
                    donor = read_donor(form)
                    if isinstance(donor, FaultyForm):
                        return await self._form(request, donor, 422)
                    await self._requests.request(attempt, donor, now)
                case _:
                    raise web.HTTPBadRequest
        except ReceiptRefused as error:
            self._refusals.count("receipt", error.problem, attempt)
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._responder.page(request, NoticePage(NoticeKind.fault, back=f"/g/{nonce}"), 503)
        raise web.HTTPSeeOther(f"/g/{nonce}/receipt")

    async def _form(self, request: web.Request, typed: FaultyForm, status: int = 200) -> web.Response:
        nonce = request.match_info["nonce"]
        async with self._database.read() as connection:
            gift = await paid_gift(connection, self._environment, nonce)
            stored = gift is not None and bool(await receipts.donors(connection, [gift.attempt.id]))
        if gift is None:
            return await self._responder.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        request[PLACE] = gift.place
        view = ReceiptPage(
            project=gift.project,
            amount=gift.amount,
            slip=gift.line.slip or "",
            action=f"/g/{nonce}/receipt",
            back=f"/g/{nonce}",
            state=gift.state,
            keep_days=self._requests.storage_time.days,
            receipt_number=gift.receipt.number if gift.receipt is not None else "",
            stored=stored,
            typed=typed.values,
            faults=typed.faults,
        )
        return await self._responder.page(
            request, view, status, csrf=csrf_token(request.config_dict[RULES], _session(nonce))
        )

    def _verify_url(self, gift: Gift) -> str:
        return in_capitals(f"{self._address()}/v/{gift.line.secret}")


def _session(nonce: str) -> str:
    return f"receipt {nonce}"


def _languages(reader: Language) -> tuple[Language, ...]:
    """An English slip is also in Chinese, the language of the register."""
    return (Language.zh_hans, reader) if reader is Language.en else (reader,)
