"""One gift: its way, the payments that were tried, what the bank said, the ledger, and giving it back."""

from collections.abc import Mapping

from aiohttp import web

from central_server.accounts.access import Right
from central_server.donations import refund_approval
from central_server.donations.refund_approval import Refundable, RefundNotPossible, RefundProblem
from central_server.staff.donations.gift_wording import DOORS, LINES, NOT_POSSIBLE, REFUND_STATES, STATES, yuan
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, gifts, intents, refunds
from central_server.store.donations.attempts import Attempt
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
    """`bank`: the name of the one that gives back here; empty when none does."""

    def __init__(self, desk: Desk, environment: Environment, bank: str) -> None:
        self._desk = desk
        self._environment = environment.value
        self._bank = bank

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page(_ONE, self._show, Right.money),
            self._desk.form(f"{_ONE}/refund", self._ask, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        return await self._shown(visitor, "", {})

    async def _ask(self, visitor: Visitor) -> Shown | Onward:
        form = visitor.form
        minor = _minor(form.get("yuan", ""))
        try:
            if minor is None:
                raise RefundNotPossible(RefundProblem.amount)
            async with visitor.database.write() as connection:
                intent = await self._found(connection, visitor)
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
                detail = f"{yuan(minor)} {attempt.currency} of {intent.id}"
                await audit_trail.record(connection, visitor.did("refund.ask", intent.community, refund.id, detail))
        except RefundNotPossible as error:
            async with visitor.database.write() as connection:
                intent = await self._found(connection, visitor)
                await audit_trail.record(
                    connection, visitor.did("refund.refuse", intent.community, intent.id, error.problem)
                )
            return await self._shown(visitor, error.problem, dict(form))
        return Onward(f"/staff/gifts/{intent.gateway}/{intent.id}?asked=1")

    async def _shown(self, visitor: Visitor, fault: str, typed: Mapping[str, str]) -> Shown:
        async with visitor.database.read() as connection:
            intent = await self._found(connection, visitor)
            gateway = await gateways.get(connection, intent.gateway)
            community = await places.get(connection, intent.community)
            tried = await attempts.of_intent(connection, intent.gateway, intent.id)
            ids = [attempt.id for attempt in tried]
            project = await projects.known(connection, intent.community, intent.project)
            possible = {each.id: await self._possible(connection, visitor, each) for each in tried}
            values = {
                "changes": await intents.history(connection, intent.gateway, intent.id),
                "posted": await ledger_lines.of_attempts(connection, ids),
                "told": await gifts.notifications_of(connection, ids),
                "refunds": await refunds.of_attempts(connection, ids),
            }
        about = {
            "intent": intent,
            "gateway": gateway,
            "community": community,
            "title": project.title if project else None,
            "amount": Money(intent.amount_minor, intent.currency),
            "yuan": Money,
            "tried": tried,
            "numbers": {attempt.id: attempt.number for attempt in tried},
            "possible": possible,
            "by_bank": BY_BANK,
            "states": STATES,
            "doors": DOORS,
            "lines": LINES,
            "refund_states": REFUND_STATES,
            "not_possible": NOT_POSSIBLE,
            "fault": fault,
            "typed": typed,
            "asked": "asked" in visitor.request.query,
        }
        return Shown("gift.html", values | about, 422 if fault else 200)

    async def _possible(self, connection: Connection, visitor: Visitor, attempt: Attempt) -> Refundable:
        return await refund_approval.check_refundable(connection, attempt, self._bank, visitor.now)

    async def _found(self, connection: Connection, visitor: Visitor) -> Intent:
        """Raises HTTPNotFound."""
        named = visitor.request.match_info
        intent = await intents.get(connection, named["gateway"], named["intent"])
        if intent is None or intent.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, intent.community)
        return intent


def _minor(text: str) -> int | None:
    try:
        return Money.from_yuan(text).minor
    except AmountMalformed:
        return None
