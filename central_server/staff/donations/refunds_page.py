"""Show refunds: those that wait for a second person, and the earlier ones; approve or decline them."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible
from central_server.staff.donations.gift_wording import NOT_POSSIBLE, REFUND_STATES
from central_server.staff.frame.list_paging import format_position, parse_position
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_money_actions
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, refunds
from central_server.store.donations.refunds import BY_BANK, OWN_MEANS, PAGE
from central_server.store.places import places
from sync_contract.money import Money
from sync_contract.strict_model import Environment

_AT = "/staff/refunds"
_ONE = _AT + "/{refund:[0-9a-f]{32}}"


class RefundsPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(_AT, self._show, Right.money),
            self._frame.form(f"{_ONE}/approve", self._approve, Right.money),
            self._frame.form(f"{_ONE}/decline", self._decline, Right.money),
        ]

    async def _show(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        before = parse_position(visitor.request.query.get("before", ""))
        async with visitor.database.read() as connection:
            waiting = await refunds.page(connection, visitor.tops, self._environment, waiting=True, limit=200)
            found = await refunds.page(
                connection, visitor.tops, self._environment, waiting=False, before=before, limit=PAGE + 1
            )
            around = await places.every(connection, visitor.tops)
            every = {each.id: each for each in (*waiting, *found[:PAGE])}
            tried = {id_: await attempts.get(connection, each.attempt) for id_, each in every.items()}
            titles = await projects.known_many(connection, {(each.community, each.project) for each in every.values()})
            spent = {each.id: await refund_approval.spent_part(connection, each, visitor.now) for each in waiting}
            sources = {
                each.id: await projects.others_of_organisation(connection, each.community, each.project)
                for each in waiting
                if spent[each.id]
            }
        older = ""
        if len(found) > PAGE:
            older = f"{_AT}?before={format_position(found[PAGE - 1].requested_at, found[PAGE - 1].id)}"
        values = {
            "waiting": waiting,
            "others": [each for each in found[:PAGE] if each.state != "requested"],
            "tried": tried,
            "titles": titles,
            "community_of": community_names(around),
            "yuan": Money,
            "spent": spent,
            "sources": sources,
            "own_means": OWN_MEANS,
            "me": visitor.access.account,
            "by_bank": BY_BANK,
            "refund_states": REFUND_STATES,
            "not_possible": NOT_POSSIBLE,
            "fault": fault,
            "decided": "decided" in visitor.request.query,
            "newest": _AT if before else "",
            "older": older,
        }
        return HtmlPage("refunds.html", values, 422 if fault else 200)

    async def _approve(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decide(visitor, approve=True)

    async def _decline(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decide(visitor, approve=False)

    async def _decide(self, visitor: Visitor, *, approve: bool) -> HtmlPage | Redirect:
        async with visitor.database.read() as connection:
            refund = await refunds.get(connection, visitor.request.match_info["refund"])
            if refund is None or refund.environment != self._environment:
                raise web.HTTPNotFound
            await visitor.demand(connection, refund.community)
        try:
            async with visitor.database.write() as connection:
                note, by = visitor.form.get("note", ""), visitor.access.account
                await refund_approval.decide_refund(
                    connection,
                    refund.id,
                    approve=approve,
                    note=note,
                    by=by,
                    now=visitor.now,
                    source=visitor.form.get("source", ""),
                )
                decision = audit_money_actions.RefundApproved if approve else audit_money_actions.RefundDeclined
                action = decision(refund.id, refund.amount_minor, refund.currency, refund.requested_by)
                await visitor.record(connection, refund.community, action)
        except RefundNotPossible as error:
            async with visitor.database.write() as connection:
                rejected = audit_money_actions.RefundRejected(refund.id, error.problem)
                await visitor.record(connection, refund.community, rejected)
            return await self._show(visitor, error.problem)
        return Redirect(f"{_AT}?decided=1")
