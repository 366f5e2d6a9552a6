"""Show one gift: its history, payment attempts, the bank's reports, ledger lines, and the form for a refund."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from central_server.accounts.access import Right
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible, RefundProblem
from central_server.staff.donations.gift_timeline import GiftFacts, build_timeline, chosen_attempt
from central_server.staff.donations.gift_wording import DOORS, LINES, NOT_POSSIBLE, REFUND_STATES, REMITTANCES, STATES
from central_server.staff.donations.timeline_wording import EVIDENCE, HINTS, MARKS, REMITTED_STOPS, STOPS
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Values, Visitor
from central_server.store.accounts import audit_money_actions
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, gifts, intents, receipts, refunds, remittances
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import BY_BANK, StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.ledger import ledger_lines, money_uses
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from central_server.store.parcels import parcel_times, parcels, sync_log
from central_server.store.places import places
from central_server.store.reconciliation import differences, statements
from sync_contract.money import AmountMalformed, Money
from sync_contract.records import Receipt
from sync_contract.strict_model import Environment

_ONE = "/staff/gifts/{gateway:[0-9a-f]{16}}/{intent:[0-9a-f]{32}}"


class GiftPage:
    """`bank`: name of the bank that pays refunds here, "" without one."""

    def __init__(self, frame: PageFrame, environment: Environment, bank: str) -> None:
        self._frame = frame
        self._environment = environment.value
        self._bank = bank

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(_ONE, self._show, Right.money),
            self._frame.form(f"{_ONE}/refund", self._request_refund, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor, "", {})

    async def _request_refund(self, visitor: Visitor) -> HtmlPage | Redirect:
        form = visitor.form
        try:
            minor = _read_fen(form.get("yuan", ""))
            if minor is None:
                raise RefundNotPossible(RefundProblem.amount)
            async with visitor.database.write() as connection:
                intent = await self._requested_intent(connection, visitor)
                tried = await attempts.of_intent(connection, intent.gateway, intent.id)
                attempt = next((each for each in tried if each.id == form.get("attempt", "")), None)
                if attempt is None:
                    raise web.HTTPNotFound
                refund = await refund_approval.request_refund(
                    connection,
                    attempt.id,
                    minor,
                    form.get("reason", ""),
                    bank=self._bank,
                    by=visitor.access.account,
                    now=visitor.now,
                )
                action = audit_money_actions.RefundRequested(refund.id, minor, attempt.currency, intent.id)
                await visitor.record(connection, intent.community, action)
        except RefundNotPossible as error:
            async with visitor.database.write() as connection:
                intent = await self._requested_intent(connection, visitor)
                await visitor.record(
                    connection, intent.community, audit_money_actions.RefundRejected(intent.id, error.problem)
                )
            return await self._page(visitor, error.problem, dict(form))
        return Redirect(f"/staff/gifts/{intent.gateway}/{intent.id}?asked=1")

    async def _page(self, visitor: Visitor, fault: str, typed: Mapping[str, str]) -> HtmlPage:
        async with visitor.database.read() as connection:
            intent = await self._requested_intent(connection, visitor)
            tried = await attempts.of_intent(connection, intent.gateway, intent.id)
            ids = [attempt.id for attempt in tried]
            project = await projects.known(connection, intent.community, intent.project)
            posted = await ledger_lines.of_attempts(connection, ids)
            returned = await refunds.of_attempts(connection, ids)
            facts = await self._facts(connection, visitor, intent, tried, posted, returned)
            values: Values = {
                "gateway": await gateways.get(connection, intent.gateway),
                "community": await places.get(connection, intent.community),
                "changes": await intents.history(connection, intent.gateway, intent.id),
                "posted": posted,
                "refunds": returned,
                "bank_reports": await gifts.notifications_of(connection, ids),
                "possible": {
                    each.id: await refund_approval.check_refundable(connection, each, self._bank, visitor.now)
                    for each in tried
                },
            }
        values |= {
            "intent": intent,
            "title": project.title if project else None,
            "amount": Money(intent.amount_minor, intent.currency),
            "yuan": Money,
            "tried": tried,
            "timeline": build_timeline(facts),
            "stops": STOPS | (REMITTED_STOPS if facts.remittance else {}),
            "step_evidence": EVIDENCE,
            "marks": MARKS,
            "hints": HINTS,
            "numbers": {attempt.id: attempt.number for attempt in tried},
            "by_bank": BY_BANK,
            "states": STATES,
            "doors": DOORS,
            "kinds": REMITTANCES,
            "lines": LINES,
            "refund_states": REFUND_STATES,
            "not_possible": NOT_POSSIBLE,
            "fault": fault,
            "typed": typed,
            "asked": "asked" in visitor.request.query,
        }
        return HtmlPage("gift.html", values, 422 if fault else 200)

    async def _facts(
        self,
        connection: Connection,
        visitor: Visitor,
        intent: Intent,
        tried: Sequence[Attempt],
        posted: Sequence[LedgerLine],
        returned: tuple[StoredRefund, ...],
    ) -> GiftFacts:
        """Collect what the timeline is built from."""
        attempt = chosen_attempt(tried)
        line = next((each for each in posted if attempt and each.identity == f"received:{attempt.id}"), None)
        record = await parcels.get(connection, intent.gateway, intent.id)
        key = (intent.gateway, intent.id)
        happened = (await parcel_times.known(connection, [key])).get(key)
        lines = await sync_log.of_parcel(connection, intent.gateway, intent.id)
        statement = None if attempt is None or attempt.statement is None else attempt.statement
        return GiftFacts(
            intent,
            visitor.now,
            recorded_at=None if happened is None else happened[0],
            delivered_at=None if record is None else record.received_at,
            number=None if record is None else record.n,
            contradicted=any(each.result in (Receipt.conflict, Receipt.refused) for each in lines),
            attempt=attempt,
            remittance=None if attempt is None else await remittances.get(connection, attempt.id),
            statement=None if statement is None else await statements.get(connection, statement),
            difference=attempt is not None and await differences.open_about(connection, attempt.id),
            line=line,
            path=None if line is None else await money_uses.path(connection, line.identity),
            refunds=returned,
            refund_lines=tuple(each for each in posted if each.kind == LineKind.refund),
            receipt=None if attempt is None else await receipts.get(connection, attempt.id),
        )

    async def _requested_intent(self, connection: Connection, visitor: Visitor) -> Intent:
        """Raises HTTPNotFound."""
        path = visitor.request.match_info
        intent = await intents.get(connection, path["gateway"], path["intent"])
        if intent is None or intent.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, intent.community)
        return intent


def _read_fen(text: str) -> int | None:
    try:
        return Money.from_yuan(text).minor
    except AmountMalformed:
        return None
