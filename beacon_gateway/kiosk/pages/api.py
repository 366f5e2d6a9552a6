"""`/api/v1/`: the same deeds for programs, in JSON; errors are problem documents (RFC 9457)."""

import json
from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Giving,
    KeyReused,
    PermitClosed,
    ProjectUnknown,
    StoreUnavailable,
)
from beacon_gateway.kiosk.pages.give import KEY
from beacon_gateway.kiosk.stage import Scene, Stage
from daemonkit.web import Answers, Shortcut, WebRules, problem, read_json
from sync_contract.money import Money
from sync_contract.project import Fen, ProjectId
from sync_contract.records import Door
from sync_contract.strict_model import Record


class IntentWanted(Record):
    """The body of POST /api/v1/intents."""

    project: ProjectId
    amount_minor: Fen
    currency: Annotated[str, Field(pattern=r"^CNY$")]


def scene(stage: Stage, rules: WebRules) -> tuple[Handler, Shortcut]:
    """GET `/api/v1/scene`: what the first page shows, and why."""

    answers = Answers(rules, "application/json; charset=utf-8")
    kept = (stage.scene, _told(stage.scene))

    def now() -> bytes:
        nonlocal kept
        if kept[0] is not stage.scene:
            kept = (stage.scene, _told(stage.scene))
        return kept[1]

    async def get(request: web.Request) -> web.StreamResponse:
        return answers.answer(request, now())

    return get, lambda _: answers.ready(now())


def _told(scene: Scene) -> bytes:
    told = {
        "number": scene.number,
        "project": scene.project,
        "door": scene.door,
        "beacon": str(scene.beacon) if scene.beacon is not None else None,
        "reason": scene.reason if scene.door is not Door.tag else "a person's tag",
    }
    return json.dumps(told).encode()


def intents(giving: Giving) -> Handler:
    """POST `/api/v1/intents` with an Idempotency-Key: the same key again gives the same intent."""

    async def post(request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not KEY.fullmatch(key):
            return problem(400, "Bad Request", "Idempotency-Key: 16 to 64 letters, digits, - or _")
        wanted = await read_json(request, IntentWanted)
        amount = Money(wanted.amount_minor, wanted.currency)
        try:
            gift = await giving.begin(wanted.project, amount, door=Door.touch, beacon=None, key=key)
        except ProjectUnknown:
            return problem(404, "Not Found", "no such project")
        except PermitClosed as closed:
            return problem(409, "Conflict", "the permit does not hold", reason=closed.reason)
        except AmountOutOfRange as refused:
            least, most = refused.project.min_fen, refused.project.max_fen
            return problem(422, "Unprocessable Content", "amount out of range", min_minor=least, max_minor=most)
        except KeyReused:
            return problem(422, "Unprocessable Content", "this Idempotency-Key came with another project or amount")
        except StoreUnavailable:
            return problem(503, "Service Unavailable", "the intent could not be recorded")
        return web.json_response(
            {
                "intent": gift.intent,
                "project": gift.project.id,
                "amount_minor": gift.amount.minor,
                "currency": gift.amount.currency,
                "handoff": gift.handoff,
                "url": gift.url,
            },
            status=201,
        )

    return post
