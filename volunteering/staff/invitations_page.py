"""Invite people from a file of names and numbers: all rows or none. The file makes invitations, never members."""

import asyncio

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.sheets.sheet_reader import MAX_BYTES, SheetRefused, ending_matches
from central_server.sheets.sheet_reader_process import open_sheet
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import InvitationsWithdrawn, VolunteersInvited
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from daemonkit.web import Upload
from sync_contract.strict_model import Environment, Language
from volunteering.people.inviting import Inviting, invite, withdraw
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.invitations import (
    MAX_INVITED,
    MAX_ROWS,
    InvitationState,
    ListProblem,
    ReadList,
    RowProblem,
    in_ranges,
    read_list,
)
from volunteering.store import invitations

_AT = "/staff/volunteers/invitations"
_UNREADABLE = _("This file cannot be read. Save it as CSV or XLSX, of 4 MB at most, and try again.")
_PROBLEMS = {
    ListProblem.head: _("The first row needs two headings: name and mobile number (姓名, 手机)."),
    ListProblem.empty: _("The file has no row with a number."),
    ListProblem.long: _("A list invites %(most)s people at most. Divide it, and invite the next part later."),
}
_ROWS = {
    RowProblem.number: _("This is not a mobile number of eleven digits."),
    RowProblem.name: _("The name is missing, or has more than 30 characters."),
    RowProblem.twice: _("An earlier row has the same number."),
}
_STATES = {
    InvitationState.open: _("not answered"),
    InvitationState.accepted: _("accepted"),
    InvitationState.declined: _("declined"),
    InvitationState.expired: _("expired"),
    InvitationState.withdrawn: _("withdrawn"),
}


class InvitationsPage:
    """`on_screen`: a drill, in which nothing leaves the server: staff may open an invitation to try it."""

    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment, *, on_screen: bool) -> None:
        self._frame, self._seal = frame, seal
        self._environment = environment.value
        self._on_screen = on_screen

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.people),
            frame.upload(_AT, self._invite, Right.people, limit=MAX_BYTES + 64 * 1024),
            frame.form(f"{_AT}/{{list:[0-9a-f]{{32}}}}/withdraw", self._withdraw, Right.people),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor)

    async def _page(self, visitor: Visitor, found: ReadList | None = None, *, unreadable: bool = False) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
            around = await places.every(connection, visitor.tops)
            lists = await invitations.lists_below(connection, visitor.tops, self._environment)
            counts = await invitations.count_states(connection, [each.id for each in lists])
            opened = {each.id: await invitations.open_of(connection, each.id) for each in lists if self._on_screen}
        refused = found is not None or unreadable
        problem = found.problem if found else None
        values = {
            "communities": communities,
            "community_of": community_names(around),
            "place": visitor.form.get("place", ""),
            "languages": list(Language),
            "invitation_lists": lists,
            "counts": counts,
            "states": _STATES,
            "first": {each: found[0] for each, found in opened.items() if found},
            "done": visitor.request.query.get("done", "")[:30].split("-") if not refused else [],
            "fault": _UNREADABLE if unreadable else _PROBLEMS[problem] if problem else "",
            "faults": [
                (_ROWS[kind], len(rows), in_ranges(rows)) for kind, rows in ((found and found.faults) or {}).items()
            ],
            "most": MAX_INVITED,
            "on_screen": self._on_screen,
        }
        return HtmlPage("volunteer_invitations.html", values, 422 if refused else 200)

    async def _invite(self, visitor: Visitor) -> HtmlPage | Redirect:
        community, file = visitor.form.get("place", ""), visitor.files.get("file")
        found = None if file is None else await _read(file)
        if found is None:
            return await self._page(visitor, unreadable=True)
        if found.problem or found.faults:
            return await self._page(visitor, found)
        written = visitor.form.get("language", "")
        language = Language(written) if written in list(Language) else Language.zh_hans
        wanted = Inviting(community, self._environment, found.numbers, language, visitor.access.account)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, community)
            place = await places.get(connection, community)
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            made = await invite(connection, self._seal, wanted, visitor.now)
            if made.invited:
                await visitor.record(connection, community, VolunteersInvited(made.id, made.invited))
        return Redirect(f"{_AT}?done={made.invited}-{made.joined}-{made.before}")

    async def _withdraw(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            wanted = await invitations.get_list(connection, visitor.request.match_info["list"])
            if wanted is None or wanted.environment != self._environment:
                raise web.HTTPNotFound
            await visitor.demand(connection, wanted.community)
            count = await withdraw(connection, wanted, visitor.access.account, visitor.now)
            if count:
                await visitor.record(connection, wanted.community, InvitationsWithdrawn(wanted.id, count))
        return Redirect(_AT)


async def _read(file: Upload) -> ReadList | None:
    """Return None for a file that is no table, or is larger than one may be."""
    try:
        if not ending_matches(file.ending, file.content):
            return None
        table = await open_sheet(file.content, max_rows=MAX_ROWS)
    except SheetRefused:
        return None
    return await asyncio.to_thread(read_list, table.head, table.rows)
