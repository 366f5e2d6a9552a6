"""Let staff choose shifts of the last week, and copy them to the week to come."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.places import places
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.activities.copy_week import copy, last_week
from volunteering.shift_wording import shift_day, shift_hours

_ACTIVITIES = "/staff/volunteers/activities"
_AT = f"{_ACTIVITIES}/copy-week"
_NOTHING = _("Choose at least one that does not exist yet.")


class CopyWeekPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(_AT, self._show, Right.edit),
            self._frame.upload(_AT, self._copy, Right.edit, limit=64 * 1024),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor)

    async def _page(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        reader = visitor.language
        async with visitor.database.read() as connection:
            found = await last_week(connection, visitor.tops, self._environment, visitor.now)
            around = await places.every(connection, visitor.tops)
        values = {
            "rows": [(each, shift_day(each.times, reader), shift_hours(each.times, reader)) for each in found],
            "community_of": community_names(around),
            "fault": fault,
            "section": _ACTIVITIES,
        }
        return HtmlPage("volunteer_copy_week.html", values, 422 if fault else 200)

    async def _copy(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Copy what was chosen: only what the page shows this visitor can be."""
        wanted = set(visitor.form.getall("shift", []))
        async with visitor.database.write() as connection:
            found = await last_week(connection, visitor.tops, self._environment, visitor.now)
            chosen = [each for each in found if each.listed.shift.id in wanted]
            count = await copy(connection, chosen, visitor.access.account, visitor.now)
        return Redirect(f"{_ACTIVITIES}?saved=1") if count else await self._page(visitor, _NOTHING)
