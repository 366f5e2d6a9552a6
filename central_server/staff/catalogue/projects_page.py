"""Serve the list of projects, and whether the gateways have the newest edits."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.publication import Publication
from central_server.permits.fundraising_venue import judge_acceptance
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.store.catalogue import organisations, projects
from central_server.store.places import places
from central_server.store.places.places import TOP


class ProjectsPage:
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        self._frame = frame
        self._publication = publication

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/projects", self._show)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        published = await load_status(visitor.database, self._publication, visitor.tops)
        async with visitor.database.read() as connection:
            found = await projects.every(connection, visitor.tops)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            raisers = {
                place: await organisations.holding(connection, place) for place in {project.place for project in found}
            }
        platforms, now = self._publication.platforms, visitor.now
        rows = [
            (project, judge_acceptance(project, raisers[project.place].get(project.organisation), platforms, now))
            for project in found
        ]
        return HtmlPage(
            "projects.html",
            {
                "rows": rows,
                "names": names,
                "published": published,
                "may_edit": visitor.access.has(Right.edit),
                "removed": False,
            },
        )
