"""POST `/give`: record the gift, then hand it over."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Giving,
    KeyReused,
    PermitClosed,
    Projects,
    ProjectUnknown,
    StoreUnavailable,
)
from beacon_gateway.kiosk.responder import SESSION, Answer, see_other
from beacon_gateway.kiosk.sessions import Session
from kiosk_ui import keypad
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""An idempotency key: long enough that nobody meets another's by chance."""
_YUAN = re.compile(r"[0-9]{1,9}")


def give(answer: Answer, projects: Projects, giving: Giving) -> Handler:
    async def post(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        form = await answer.form(request)
        project = projects.get(form.get("project", ""))
        key = form.get("key", "")
        if project is None:
            return answer.page(request, NoticePage(NoticeKind.project_unknown), 404)
        back = f"/project/{project.id}/amount"
        fen = _fen(form)
        if not KEY.fullmatch(key):
            return answer.page(request, NoticePage(NoticeKind.form_expired, project, back), 400)
        if "yuan" in form and (fen is None or not project.accepts(Money(fen, project.currency))):
            return see_other(f"{back}?digits={keypad.read(form['yuan'])}&asked=1")
        if fen is None:
            return answer.page(request, NoticePage(NoticeKind.amount_out_of_range, project, back), 422)
        door, beacon = came_by(session, project.id)
        try:
            gift = await giving.begin(project.id, Money(fen, project.currency), door=door, beacon=beacon, key=key)
        except ProjectUnknown:
            return answer.page(request, NoticePage(NoticeKind.project_unknown), 404)
        except PermitClosed:
            view = NoticePage(NoticeKind.permit_closed, project, f"/project/{project.id}")
            return answer.page(request, view, 409)
        except AmountOutOfRange:
            return answer.page(request, NoticePage(NoticeKind.amount_out_of_range, project, back), 422)
        except KeyReused:  # two amounts touched at once: neither may stand for the other
            return answer.page(request, NoticePage(NoticeKind.form_expired, project, back), 409)
        except StoreUnavailable:
            return answer.page(request, NoticePage(NoticeKind.store_unavailable, project, back), 503)
        session.gift = gift
        session.gift_at = session.touched_at = answer.now()
        return see_other("/handoff")

    return post


def came_by(session: Session, project: str) -> tuple[Door, BeaconId | None]:
    """The door and place beacon of the scene that showed this project to this session; else a touch."""
    if session.shown is not None and session.shown.project == project:
        return session.shown.door, session.shown.beacon
    return Door.touch, None


def _fen(form: MultiDict[str]) -> int | None:
    fen, yuan = form.get("amount_fen", ""), form.get("yuan", "")
    if _YUAN.fullmatch(fen):
        return int(fen)
    return int(yuan) * 100 if _YUAN.fullmatch(yuan) else None
