"""`/api/v1/delivery`: deliver the outbox now, for the commands on this device."""

from dataclasses import asdict
from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from beacon_gateway.model.delivery import Deliver, RefusedSelection
from daemonkit.web import read_json
from sync_contract.strict_model import Record
from sync_contract.uuid7 import Id

MAX_IDS = 400
"""With them the body stays below the limit of all bodies."""


class DeliveryRequest(Record):
    """The body of POST /api/v1/delivery. `retry`: ids of refused parcels to send again; `retry_all`: all of them."""

    retry: Annotated[tuple[Id, ...], Field(max_length=MAX_IDS)] = ()
    retry_all: bool = False


def deliver_now(deliver: Deliver) -> Handler:
    """POST `/api/v1/delivery`: answer with the DeliveryResult once nothing waits or an attempt failed."""

    async def post(request: web.Request) -> web.StreamResponse:
        body = await read_json(request, DeliveryRequest)
        return web.json_response(asdict(await deliver(RefusedSelection(body.retry, body.retry_all))))

    return post
