"""Refunds: those that wait for a second person, and what became of the others."""

import re
from datetime import UTC, datetime, timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible
from central_server.staff.donations.gift_wording import NOT_POSSIBLE, REFUND_STATES, yuan
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, refunds
from central_server.store.donations.refunds import BY_BANK, PAGE, StoredRefund
from central_server.store.places import places
from sync_contract.money import Money
from sync_contract.strict_model import Environment

_AT = "/staff/refunds"
_ONE = _AT + "/{refund:[0-9a-f]{32}}"
_BEFORE = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})")


class RefundsPage:
    def __init__(self, desk: Desk, environment: Environment) -> None:
        self._desk = desk
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page(_AT, self._show, Right.money),
            self._desk.form(f"{_ONE}/approve", self._approve, Right.money),
            self._desk.form(f"{_ONE}/decline", self._decline, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        return await self._shown(visitor, "")

    async def _approve(self, visitor: Visitor) -> Shown | Onward:
        return await self._decided(visitor, approve=True)

    async def _decline(self, visitor: Visitor) -> Shown | Onward:
        return await self._decided(visitor, approve=False)

    async def _decided(self, visitor: Visitor, *, approve: bool) -> Shown | Onward:
        async with visitor.database.read() as connection:
            refund = await refunds.get(connection, visitor.request.match_info["refund"])
            if refund is None or refund.environment != self._environment:
                raise web.HTTPNotFound
            await visitor.demand(connection, refund.community)
        try:
            async with visitor.database.write() as connection:
                note, by = visitor.form.get("note", ""), visitor.access.account
                await refund_approval.decide_refund(
                    connection, refund.id, approve=approve, note=note, by=by, now=visitor.now
                )
                deed = visitor.did("refund.approve", refund.community, refund.id, _detail(refund))
                if not approve:
                    deed = visitor.did("refund.decline", refund.community, refund.id, _detail(refund))
                await audit_trail.record(connection, deed)
        except RefundNotPossible as error:
            async with visitor.database.write() as connection:
                await audit_trail.record(
                    connection, visitor.did("refund.refuse", refund.community, refund.id, error.problem)
                )
            return await self._shown(visitor, error.problem)
        return Onward(f"{_AT}?decided=1")

    async def _shown(self, visitor: Visitor, fault: str) -> Shown:
        before = _BEFORE.fullmatch(visitor.request.query.get("before", ""))
        place = None if before is None else (_instant(int(before[1])), before[2])
        async with visitor.database.read() as connection:
            waiting = await refunds.page(connection, visitor.tops, self._environment, waiting=True, limit=200)
            found = await refunds.page(
                connection, visitor.tops, self._environment, waiting=False, before=place, limit=PAGE + 1
            )
            around = await places.every(connection, visitor.tops)
            every = {each.id: each for each in (*waiting, *found[:PAGE])}
            tried = {id_: await attempts.get(connection, each.attempt) for id_, each in every.items()}
            titles = await projects.known_many(connection, {(each.community, each.project) for each in every.values()})
        older = ""
        if len(found) > PAGE:
            older = f"{_AT}?before={_micros(found[PAGE - 1].requested_at)}-{found[PAGE - 1].id}"
        values = {
            "waiting": waiting,
            "others": [each for each in found[:PAGE] if each.state != "requested"],
            "tried": tried,
            "titles": titles,
            "community_of": community_names(around),
            "yuan": Money,
            "me": visitor.access.account,
            "by_bank": BY_BANK,
            "refund_states": REFUND_STATES,
            "not_possible": NOT_POSSIBLE,
            "fault": fault,
            "decided": "decided" in visitor.request.query,
            "newest": _AT if place else "",
            "older": older,
        }
        return Shown("refunds.html", values, 422 if fault else 200)


def _detail(refund: StoredRefund) -> str:
    return f"{yuan(refund.amount_minor)} {refund.currency}, asked for by {refund.requested_by}"


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
