"""What the programs on this device may ask of the running gateway, besides what the pages offer."""

from dataclasses import dataclass

from aiohttp import web

from beacon_gateway.kiosk.pages.acceptance import AcceptSheet, put_sheet
from beacon_gateway.kiosk.pages.delivery import deliver_now
from beacon_gateway.model.delivery import Deliver


@dataclass(frozen=True, slots=True)
class LocalCommands:
    """`deliver` delivers the outbox now; `accept_sheet` stores a signed acceptance sheet."""

    deliver: Deliver
    accept_sheet: AcceptSheet

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/delivery", deliver_now(self.deliver)),
            web.post("/api/v1/acceptance-sheet", put_sheet(self.accept_sheet)),
        ]
