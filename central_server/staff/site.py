"""The staff pages behind a login: which there are."""

from collections.abc import Callable, Mapping
from datetime import datetime

from aiohttp import web

from central_server.staff.desk import Desk
from central_server.staff.log_page import LogPage
from central_server.staff.login_page import LoginPage
from central_server.staff.parcel_page import ParcelPage
from central_server.staff.render import StaffTemplates
from central_server.store.database import Database
from kiosk_ui.assets import Asset
from sync_contract.project import Project, Texts
from sync_contract.strict import Environment


class StaffSite:
    def __init__(
        self,
        database: Database,
        site: Texts,
        environment: Environment,
        projects: Mapping[str, Project],
        clock: Callable[[], datetime],
        *,
        secure: bool,
    ) -> None:
        self._templates = StaffTemplates(environment=environment, site=site)
        self._desk = Desk(database, self._templates, clock, secure=secure)
        self._projects = projects

    @property
    def files(self) -> Mapping[str, Asset]:
        return self._templates.files

    def routes(self) -> list[web.RouteDef]:
        desk = self._desk
        return [
            web.get("/staff", self._home),
            *LoginPage(desk).routes(),
            *LogPage(desk, self._projects).routes(),
            *ParcelPage(desk, self._projects).routes(),
        ]

    def error(self, request: web.Request, status: int) -> web.Response:
        return self._desk.render(request, "error.html", {"status": status})

    async def _home(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/staff/")
