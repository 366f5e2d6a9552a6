"""Show figures of service: hours by evidence, places, people served, and who comes back. No figure names a person."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from volunteering.rules.service_hours import Grade
from volunteering.staff.cards_page import GRADES
from volunteering.store.service_figures import month_of, months_before, next_month

_MONTHS = 12


class FiguresPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/volunteers/figures", self._show, Right.see)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        """Show this month so far and the months before it."""
        next_first = next_month(visitor.now.astimezone(OFFICIAL_TIME).date())
        async with visitor.database.read() as connection:
            months = [
                await month_of(connection, visitor.tops, self._environment, first)
                for first in months_before(next_first, _MONTHS)
            ]
        found = [grade for grade in Grade if any(grade in each.minutes for each in months)]
        shown = [each for each in months if each.all_people]
        return HtmlPage("volunteer_figures.html", {"months": shown, "grades": GRADES, "order": found})
