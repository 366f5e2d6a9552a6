"""Serve the figures of service that everybody may see."""

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from kiosk_ui.number_format import year_month
from sync_contract.permit import OFFICIAL_TIME
from volunteering.people.membership import Membership
from volunteering.public.card_views import FigureMonth, FiguresPage
from volunteering.public.community import AT, community_path, find_community
from volunteering.rules.public_figures import publish
from volunteering.store.service_figures import month_of, months_before

_MONTHS = 6


class PublicFiguresPages:
    def __init__(self, membership: Membership, responder: PageResponder) -> None:
        self._membership = membership
        self._responder = responder

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{AT}/figures", self._show)]

    async def _show(self, request: web.Request) -> web.Response:
        membership, reader = self._membership, language(request)
        today = membership.clock().astimezone(OFFICIAL_TIME).date()
        async with membership.database.read() as connection:
            community = await find_community(connection, request)
            environment = membership.environment.value
            found = [
                publish(await month_of(connection, [community.id], environment, first))
                for first in months_before(today, _MONTHS)
            ]
        months = tuple(
            FigureMonth(
                year_month(each.year, each.month, reader),
                each.people,
                each.returning,
                tuple((grade.value, minutes) for grade, minutes in each.minutes.items()),
                each.people_served,
            )
            for each in found
            if each.people is not None
        )
        return await self._responder.page(request, FiguresPage(community_path(community.id), months))
