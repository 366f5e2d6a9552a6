"""Show one gift: its history, payment attempts, the bank's reports, ledger lines, and the form for a refund."""

from collections.abc import Mapping

from aiohttp import web

from central_server.accounts.access import Right
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible, RefundProblem
from central_server.staff.donations.gift_wording import DOORS, LINES, NOT_POSSIBLE, REFUND_STATES, REMITTANCES, STATES
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Values, Visitor
from central_server.store.accounts import audit_money_actions
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, gifts, intents, refunds
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import BY_BANK
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.ledger import ledger_lines
from central_server.store.places import places
from sync_contract.money import AmountMalformed, Money
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
            values: Values = {
                "gateway": await gateways.get(connection, intent.gateway),
                "community": await places.get(connection, intent.community),
                "changes": await intents.history(connection, intent.gateway, intent.id),
                "posted": await ledger_lines.of_attempts(connection, ids),
                "bank_reports": await gifts.notifications_of(connection, ids),
                "refunds": await refunds.of_attempts(connection, ids),
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
