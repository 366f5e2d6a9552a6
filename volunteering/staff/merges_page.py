"""Propose that two records become one, and approve or decline what another account proposed."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import VolunteersMerged
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.merging.merge_people import approve, end, find_person, propose
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.rules.merges import OPEN, MergeProblem, MergeState
from volunteering.store import merges, people, service_records
from volunteering.store.merges import Merge

_log = structlog.get_logger()
_AT = "/staff/volunteers/merges"
_ONE = _AT + "/{merge:[0-9a-f]{32}}"
_STATES = {
    MergeState.proposed: _("waits for a second person"),
    MergeState.approved: _("approved; both may object"),
    MergeState.done: _("joined"),
    MergeState.declined: _("declined"),
    MergeState.objected: _("objected"),
    MergeState.lapsed: _("nobody approved it"),
}
_PROBLEMS = {
    MergeProblem.unknown: _(
        "One of the two is not a member of this community. Write a number or the code of a login card."
    ),
    MergeProblem.same: _("Both are the same record."),
    MergeProblem.under_way: _("One of the two is already to be joined with another record."),
    MergeProblem.overlap: _("Both served at the same time. Correct the hours first, if it is one person."),
    MergeProblem.own_proposal: _("You proposed it. Another account must approve it."),
    MergeProblem.ended: _("It has ended meanwhile."),
}
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")
Opened = tuple[Merge, list[tuple[Contact, int]]]
"""A merge, with name, number and minutes of the record that ends and of the one that remains."""


class MergesPage:
    """A GET shows no name: who decides looks at both records first, and the look is recorded."""

    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame, self._seal = frame, seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.people),
            frame.form(_AT, self._propose, Right.people),
            frame.form(f"{_ONE}/look", self._look, Right.people),
            frame.form(f"{_ONE}/approve", self._approve, Right.people),
            frame.form(f"{_ONE}/decline", self._decline, Right.people),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor)

    async def _page(
        self, visitor: Visitor, fault: str = "", opened: Opened | None = None, status: int = 422
    ) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
            around = await places.every(connection, visitor.tops)
            found = await merges.newest_below(connection, visitor.tops, self._environment)
        values = {
            "communities": communities,
            "community_of": community_names(around),
            "place": visitor.form.get("place", ""),
            "merges": found,
            "states": _STATES,
            "open_states": OPEN,
            "opened": opened,
            "own": visitor.access.account,
            "fault": fault,
            "section": _AT,
        }
        return HtmlPage("volunteer_merges.html", values, status if fault else 200)

    async def _propose(self, visitor: Visitor) -> HtmlPage | Redirect:
        form, community = visitor.form, visitor.form.get("place", "")
        async with visitor.database.write() as connection:
            await visitor.demand(connection, community)
            pair = [
                await find_person(connection, self._seal, community, self._environment, form.get(name, "")[:40])
                for name in ("ends", "remains")
            ]
            made = await propose(connection, pair[0], pair[1], visitor.access.account, visitor.now)
            if isinstance(made, Merge):
                await visitor.record(connection, community, VolunteersMerged(made.id, "propose"))
        return Redirect(_AT) if isinstance(made, Merge) else await self._page(visitor, _PROBLEMS[made])

    async def _look(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.write() as connection:
            merge = await self._requested(connection, visitor)
            if merge.state not in OPEN:
                raise web.HTTPNotFound
            both = await people.of_ids(connection, [merge.ends, merge.remains])
            await visitor.record(connection, merge.community, VolunteersMerged(merge.id, "look"))
            minutes = {each: await service_records.minutes_by_evidence(connection, each) for each in both}
        try:
            opened = [
                (self._seal.open(both[each]), sum(minutes[each].values())) for each in (merge.ends, merge.remains)
            ]
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._page(visitor, _BROKEN, status=503)
        return await self._page(visitor, opened=(merge, opened))

    async def _approve(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            merge = await self._requested(connection, visitor)
            problem = await approve(connection, merge, visitor.access.account, visitor.now)
            if problem is None:
                await visitor.record(connection, merge.community, VolunteersMerged(merge.id, "approve"))
        return Redirect(_AT) if problem is None else await self._page(visitor, _PROBLEMS[problem])

    async def _decline(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            merge = await self._requested(connection, visitor)
            problem = await end(connection, merge, MergeState.declined, visitor.access.account, visitor.now)
            if problem is None:
                await visitor.record(connection, merge.community, VolunteersMerged(merge.id, "decline"))
        return Redirect(_AT) if problem is None else await self._page(visitor, _PROBLEMS[problem])

    async def _requested(self, connection: Connection, visitor: Visitor) -> Merge:
        """Return the merge, locked. Raises HTTPNotFound."""
        merge = await merges.get(connection, visitor.request.match_info["merge"], lock=True)
        if merge is None or merge.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, merge.community)
        return merge
