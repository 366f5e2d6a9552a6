"""List the coming shifts of activities, and make activities."""

from datetime import timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.catalogue.field_parsing import Fault
from central_server.staff.frame.fault_wording import FAULTS
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Language
from volunteering.activities.activity_form import ActivityFault, read_activity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import cancel_shift
from volunteering.rules.repetition import Repeat, RepeatFault, RepeatProblem
from volunteering.rules.shift_times import ShiftProblem
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import activities, sign_ups
from volunteering.store.activities import ListedShift

_AT = "/staff/volunteers/activities"
_PROBLEMS = {
    ShiftProblem.past: _("This time has passed. Choose a later one."),
    ShiftProblem.far: _("This is more than a year from now. Choose an earlier day, or fewer times."),
    ShiftProblem.long: _("A shift lasts 12 hours at most. Make two activities instead."),
}
_REPEATS = {
    Repeat.weekly: _("each week"),
    Repeat.monthly: _("each month, on the same day of the month"),
    Repeat.weekday_of_month: _("each month, on the same weekday (such as the second Saturday)"),
}
_REPEAT_PROBLEMS = {
    RepeatProblem.not_in_month: _(
        "Not every month has this day: %(month)s does not. Choose another day, or fewer times."
    ),
    RepeatProblem.exception: _("%(day)s is none of the days of this activity."),
    RepeatProblem.none_left: _("No day is left: every one is an exception or a public holiday."),
    RepeatProblem.unknown_year: _(
        "This server does not know the public holidays of %(year)s. Write them as exceptions, without this tick."
    ),
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
        """Show an empty form, or with `copy` what another shift's activity says, a week later."""
        typed = {"seats": "10", "times": "1"}
        if copied := visitor.request.query.get("copy", ""):
            async with visitor.database.read() as connection:
                typed |= _typed(await self._listed(connection, visitor, copied))
        return await self._form(visitor, typed, [])

    async def _form(self, visitor: Visitor, typed: dict[str, str], faults: list[ActivityFault]) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "values": typed,
            "faults": {each.field: each.problem for each in reversed(faults) if isinstance(each.problem, Fault)},
            "problems": {each.field: _word(each.problem) for each in reversed(faults)},
            "fault_words": FAULTS,
            "repeats": _REPEATS,
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
            listed = await self._listed(connection, visitor, visitor.request.match_info["shift"])
            await cancel_shift(connection, listed.shift, visitor.access.account, visitor.now)
        return Redirect(f"{_AT}?cancelled=1")

    async def _listed(self, connection: Connection, visitor: Visitor, shift: str) -> ListedShift:
        """Raises HTTPNotFound."""
        found = (await activities.of_ids(connection, [shift])).get(shift)
        if found is None or found.shift.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, found.shift.community)
        return found


def _word(problem: Fault | ShiftProblem | RepeatFault) -> tuple[str, dict[str, str]]:
    """Return a message and its values, "" for a word of the catalogue's forms."""
    if isinstance(problem, Fault):
        return "", {}
    if isinstance(problem, ShiftProblem):
        return _PROBLEMS[problem], {}
    day = problem.day
    return _REPEAT_PROBLEMS[problem.problem], {"day": f"{day}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}


def _typed(listed: ListedShift) -> dict[str, str]:
    """Return the fields of the form for an activity like this one, a week later."""
    activity, shift = listed.activity, listed.shift
    starts, ends = (at.astimezone(OFFICIAL_TIME) for at in (shift.starts, shift.ends))
    typed = {"place": shift.community, "seats": f"{shift.seats}", "since": f"{starts:%H:%M}", "until": f"{ends:%H:%M}"}
    typed["day"] = f"{(starts + timedelta(weeks=1)).date()}"
    for name, texts in (("title", activity.title), ("meeting", activity.meeting), ("about", activity.about)):
        for language in Language if texts is not None else ():
            typed[f"{name}_{language.value.lower().replace('-', '_')}"] = texts[language] if texts else ""
    return typed
