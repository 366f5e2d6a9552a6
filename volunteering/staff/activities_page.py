"""List the coming shifts of activities, and make activities."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.staff.frame.fault_wording import FAULTS
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.activities.activity_form import ActivityFault, read_activity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import cancel_shift
from volunteering.rules.shift_times import ShiftProblem
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import activities, sign_ups

_AT = "/staff/volunteers/activities"
_PROBLEMS = {
    ShiftProblem.past: _("This time has passed. Choose a later one."),
    ShiftProblem.far: _("This is more than a year from now. Choose an earlier day, or fewer weeks."),
    ShiftProblem.long: _("A shift lasts 12 hours at most. Make two activities instead."),
}


class ActivitiesPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show_list, Right.see),
            frame.page(f"{_AT}/new", self._show_form, Right.edit),
            frame.upload(f"{_AT}/new", self._make, Right.edit, limit=64 * 1024),
            frame.form(f"{_AT}/{{shift:[0-9a-f]{{32}}}}/cancel", self._cancel, Right.edit),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await activities.coming_below(connection, visitor.tops, self._environment, visitor.now)
            uses = await sign_ups.uses(connection, {each.shift.id: each.shift.seats for each in found})
            around = await places.every(connection, visitor.tops)
        reader = visitor.language
        rows = [
            (each, shift_day(each.shift.times, reader), shift_hours(each.shift.times, reader), uses[each.shift.id])
            for each in found
        ]
        values = {
            "rows": rows,
            "community_of": community_names(around),
            "may_edit": visitor.access.has(Right.edit),
            "saved": "saved" in visitor.request.query,
            "cancelled": "cancelled" in visitor.request.query,
        }
        return HtmlPage("volunteer_activities.html", values)

    async def _show_form(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, {"seats": "10", "weeks": "1"}, [])

    async def _form(self, visitor: Visitor, typed: dict[str, str], faults: list[ActivityFault]) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "values": typed,
            "faults": {each.field: each.problem for each in reversed(faults)},
            "fault_words": FAULTS,
            "problems": _PROBLEMS,
            "communities": communities,
        }
        return HtmlPage("volunteer_activity_new.html", values, 422 if faults else 200)

    async def _make(self, visitor: Visitor) -> HtmlPage | Redirect:
        typed = dict(visitor.form)
        new, faults = read_activity(typed, visitor.now)
        if new is None:
            return await self._form(visitor, typed, faults)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, new.community)
            place = await places.get(connection, new.community)
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            await make_activity(connection, new, self._environment, visitor.access.account, visitor.now)
        return Redirect(f"{_AT}?saved=1")

    async def _cancel(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            found = (await activities.of_ids(connection, [visitor.request.match_info["shift"]])).values()
            listed = next((each for each in found if each.shift.environment == self._environment), None)
            if listed is None:
                raise web.HTTPNotFound
            await visitor.demand(connection, listed.shift.community)
            await cancel_shift(connection, listed.shift, visitor.access.account, visitor.now)
        return Redirect(f"{_AT}?cancelled=1")
