"""`/api/v1/`: scene and intents in JSON for programs; errors are problem documents (RFC 9457)."""

from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Gift,
    Giving,
    KeyReused,
    PermitClosed,
    ProjectUnknown,
    StoreUnavailable,
)
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.pages.give import KEY
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.decision_json import build_reason_record
from daemonkit.web import problem, read_json
from sync_contract.money import Money
from sync_contract.project import Fen, ProjectId
from sync_contract.records import Door
from sync_contract.strict_model import Record


class IntentRequest(Record):
    """The body of POST /api/v1/intents."""

    project: ProjectId
    amount_minor: Fen
    currency: Annotated[str, Field(pattern=r"^CNY$")]


def read_scene(current_scene: CurrentScene) -> Handler:
    """GET `/api/v1/scene`: what the first page shows, and why."""

    async def get(request: web.Request) -> web.StreamResponse:
        scene = current_scene.scene
        return web.json_response(
            {
                "number": scene.number,
                "project": scene.project,
                "door": scene.door,
                "beacon": str(scene.beacon) if scene.beacon is not None else None,
                "reason": build_reason_record(PersonTag() if scene.door is Door.tag else scene.reason),
            }
        )

    return get


def create_intent(giving: Giving) -> Handler:
    """POST `/api/v1/intents` with an Idempotency-Key: the same key returns the same intent."""

    async def post(request: web.Request) -> web.StreamResponse:
        keys = request.headers.getall("Idempotency-Key", [])
        if len(keys) != 1 or not KEY.fullmatch(key := keys[0]):
            return problem(400, "Bad Request", "Idempotency-Key: one, with 16 to 64 letters, digits, - or _")
        body = await read_json(request, IntentRequest)
        amount = Money(body.amount_minor, body.currency)
        try:
            gift = await giving.begin(body.project, amount, door=Door.touch, beacon=None, key=key)
        except ProjectUnknown:
            return problem(404, "Not Found", "no such project")
        except PermitClosed as closed:
            return problem(409, "Conflict", "the permit is not valid", reason=closed.reason)
        except AmountOutOfRange as refused:
            least, most = refused.project.min_fen, refused.project.max_fen
            return problem(422, "Unprocessable Content", "amount out of range", min_minor=least, max_minor=most)
        except KeyReused:
            return problem(422, "Unprocessable Content", "this Idempotency-Key was used with another project or amount")
        except StoreUnavailable as error:
            return problem(503, "Service Unavailable", "the intent could not be recorded", reason=error.fault)
        return web.json_response(_intent_record(gift), status=201)

    return post


def _intent_record(gift: Gift) -> dict[str, object]:
    return {
        "intent": gift.intent,
        "project": gift.project.id,
        "amount_minor": gift.amount.minor,
        "currency": gift.amount.currency,
        "handoff": gift.handoff,
        "url": gift.url,
    }
