"""POST `/give`: record the gift, then hand it over."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Giving,
    KeyReused,
    PermitClosed,
    Projects,
    ProjectUnknown,
    StoreFault,
    StoreUnavailable,
)
from beacon_gateway.kiosk.amount_check import read_amount, refuses_typed_amount
from beacon_gateway.kiosk.responder import SESSION, Responder, see_other
from beacon_gateway.kiosk.sessions import Session, Sessions
from kiosk_ui import keypad
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.project import Project
from sync_contract.records import Door, IntentState

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""An idempotency key, long enough to be unique by chance."""
_STORE_NOTICES = {
    StoreFault.disk_refuses: NoticeKind.store_unavailable,
    StoreFault.disk_full: NoticeKind.store_full,
    StoreFault.backlog_full: NoticeKind.backlog_full,
}


def give(responder: Responder, sessions: Sessions, projects: Projects, giving: Giving) -> Handler:
    async def post(request: web.Request) -> web.StreamResponse:
        def refuse(kind: NoticeKind, status: int, project: Project | None = None, back: str = "/") -> web.Response:
            return responder.render_page(request, NoticePage(kind, project, back), status)

        session = request[SESSION]
        form = await responder.read_form(request)
        project = projects.get(form.get("project", ""))
        key = form.get("key", "")
        if project is None:
            return refuse(NoticeKind.project_unknown, 404)
        back = f"/project/{project.id}/amount"
        fen = read_amount(form)
        if not KEY.fullmatch(key):
            return refuse(NoticeKind.form_expired, 400, project, back)
        if "yuan" in form and refuses_typed_amount(fen, project):
            return see_other(f"{back}?digits={keypad.clean_digits(form['yuan'])}&asked=1")
        if fen is None:
            return refuse(NoticeKind.amount_out_of_range, 422, project, back)
        amount = Money(fen, project.currency)
        shown = sessions.pending_gift(session)
        same = shown is not None and (shown.project.id, shown.amount) == (project.id, amount)
        if shown is not None and same and giving.state(shown.intent).state is IntentState.registered:
            return see_other("/handoff")  # back from a code that nobody scanned: the same code
        door, beacon = door_of(session, project.id)
        try:
            gift = await giving.begin(project.id, amount, door=door, beacon=beacon, key=key)
        except ProjectUnknown:
            return refuse(NoticeKind.project_unknown, 404)
        except PermitClosed:
            return refuse(NoticeKind.permit_closed, 409, project, f"/project/{project.id}")
        except AmountOutOfRange:
            return refuse(NoticeKind.amount_out_of_range, 422, project, back)
        except KeyReused:  # two amounts were touched at once: record only the first
            return refuse(NoticeKind.form_expired, 409, project, back)
        except StoreUnavailable as error:
            return refuse(_STORE_NOTICES[error.fault], 503, project, back)
        session.gift = gift
        session.gift_at = session.touched_at = responder.now()
        return see_other("/handoff")

    return post


def door_of(session: Session, project: str) -> tuple[Door, BeaconId | None]:
    """Return door and place beacon of the scene that showed this project to this session; else a touch."""
    if session.shown is not None and session.shown.project == project:
        return session.shown.door, session.shown.beacon
    return Door.touch, None
