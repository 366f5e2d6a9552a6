"""`/board`: the published figures that this device stores; `/verify`: the code that continues on one's own phone."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Projects, StoreUnavailable
from beacon_gateway.kiosk.responder import Responder
from beacon_gateway.model.published import BoardFacts
from kiosk_ui.back_link import back_path
from kiosk_ui.board_views import BoardPage, BoardProject, VerifyPage, first_month, months, unpublished

ReadBoard = Callable[[datetime], Awaitable[BoardFacts | None]]
"""Returns the stored figures with the steps since that time; None before anything was received."""


async def no_board(since: datetime) -> BoardFacts | None:
    """The board of a device that follows no ledger."""
    return None


def board_view(
    facts: BoardFacts | None, projects: Projects, now: datetime, *, verify: str, back: str = "/"
) -> BoardPage:
    """`verify`, `back`: paths; `verify` "" where no gift can be looked up."""
    offered = projects.all()
    names = {project.id: project.title for project in offered}
    help_ = {project.id: project.help for project in offered}
    chains = {} if facts is None else facts.chains
    statuses = {} if facts is None else facts.statuses
    shown = [
        BoardProject(
            id=project,
            title=names.get(project),
            sums=chain.last.total,
            months=months(chain.recent, now),
            at=chain.last.at,
            step=chain.last.step,
            cosigned=statuses[project].cosigned if project in statuses else None,
            digest=chain.digest,
            help=help_.get(project, ()),
            remitted=statuses[project].remitted if project in statuses else None,
        )
        for project, chain in chains.items()
    ]
    shown += [unpublished(project, now) for project in offered if project.id not in chains]
    order = list(names)
    shown.sort(key=lambda each: order.index(each.id) if each.id in names else len(order))
    return BoardPage(
        tuple(shown),
        None if facts is None else facts.compared_until,
        0 if facts is None else facts.open_differences,
        refused=facts is not None and facts.refused,
        back=back,
        verify=verify,
    )


def board_page(responder: Responder, read_board: ReadBoard, projects: Projects, verify: str) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        now = datetime.now(UTC)
        try:
            facts = await read_board(first_month(now))
        except StoreUnavailable as error:
            raise web.HTTPServiceUnavailable from error
        back = back_path(request.query.get("back", "/"))
        look_up = "/verify" if back == "/" else f"/verify?back={quote(request.path_qs, safe='')}"
        view = board_view(facts, projects, now, verify=look_up if verify else "", back=back)
        return responder.render_page(request, view)

    return get


def verify_page(responder: Responder, verify: str) -> Handler:
    """Answers 404 without a central server, as nothing can be looked up."""

    async def get(request: web.Request) -> web.StreamResponse:
        if not verify:
            raise web.HTTPNotFound
        back = back_path(request.query.get("back", "/board"), "/board")
        return responder.render_page(request, VerifyPage(verify, back))

    return get
