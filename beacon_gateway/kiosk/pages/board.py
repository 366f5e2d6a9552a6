"""`/board`: what was given and what became of it, from what this device keeps; `/verify`: on to one's own phone."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Projects, StoreUnavailable
from beacon_gateway.kiosk.responder import Answer
from beacon_gateway.model.published import BoardFacts
from kiosk_ui.back_link import back_to
from kiosk_ui.board_views import BoardPage, BoardProject, VerifyPage, first_month, months, unpublished

Published = Callable[[datetime], Awaitable[BoardFacts | None]]
"""What is kept, with the steps since that time; None before anything was heard."""


async def nothing(since: datetime) -> BoardFacts | None:
    """Of a device that follows no ledger."""
    return None


def board_view(
    facts: BoardFacts | None, projects: Projects, now: datetime, *, verify: str, back: str = "/"
) -> BoardPage:
    """`verify`, `back`: paths; "" where no gift can be looked up."""
    offered = projects.all()
    names = {project.id: project.title for project in offered}
    chains = {} if facts is None else facts.chains
    shown = [
        BoardProject(
            id=project,
            title=names.get(project),
            sums=chain.last.total,
            months=months(chain.recent, now),
            at=chain.last.at,
            step=chain.last.step,
            cosigned=facts.cosigned.get(project) if facts else None,
            digest=chain.digest,
        )
        for project, chain in chains.items()
    ]
    shown += [unpublished(project, now) for project in offered if project.id not in chains]
    order = list(names)
    shown.sort(key=lambda each: order.index(each.id) if each.id in names else len(order))
    return BoardPage(
        tuple(shown),
        None if facts is None else facts.reconciled_at,
        refused=facts is not None and facts.refused,
        back=back,
        verify=verify,
    )


def board_page(answer: Answer, published: Published, projects: Projects, verify: str) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        now = datetime.now(UTC)
        try:
            facts = await published(first_month(now))
        except StoreUnavailable as error:
            raise web.HTTPServiceUnavailable from error
        back = back_to(request.query.get("back", "/"))
        look_up = "/verify" if back == "/" else f"/verify?back={quote(request.path_qs, safe='')}"
        return answer.kept(request, board_view(facts, projects, now, verify=look_up if verify else "", back=back))

    return get


def verify_page(answer: Answer, verify: str) -> Handler:
    """Without a central server there is nothing to look up."""

    async def get(request: web.Request) -> web.StreamResponse:
        if not verify:
            raise web.HTTPNotFound
        return answer.kept(request, VerifyPage(verify, back_to(request.query.get("back", "/board"), "/board")))

    return get
