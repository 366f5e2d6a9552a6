"""`/project/<id>`: its purpose, who receives the money, and its permit."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Projects
from beacon_gateway.kiosk.responder import Responder
from kiosk_ui.hall_views import ProjectPage
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.project import Project


def project_view(project: Project, projects: Projects) -> ProjectPage:
    judgement = projects.judge(project)
    return ProjectPage(project, judgement.open, judgement.reason)


def project_page(responder: Responder, projects: Projects) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        project = projects.get(request.match_info["project"])
        if project is None:
            return responder.render_page(request, NoticePage(NoticeKind.project_unknown), 404)
        return responder.render_page(request, project_view(project, projects))

    return get
