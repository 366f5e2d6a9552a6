"""Whether the page on this machine's own screen is alive and in front: it says so by itself, every half minute."""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.client_origin import From, asked_from


class Screen:
    """`now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._heard = now()
        self._behind: float | None = None

    def describe(self) -> dict[str, float]:
        """`silent_s`: since a page last said that it is alive, or since we began; `behind_s`: since something else
        stands before it, 0 when nothing does.
        """
        behind = 0.0 if self._behind is None else self._now() - self._behind
        return {"silent_s": round(self._now() - self._heard, 1), "behind_s": round(behind, 1)}

    def alive(self) -> Handler:
        """POST `/alive`: a page of another machine on the network is not the screen."""

        async def post(request: web.Request) -> web.StreamResponse:
            if asked_from(request) is From.device:
                self._heard = self._now()
                if "behind" not in request.query:
                    self._behind = None
                elif self._behind is None:
                    self._behind = self._heard
            return web.Response(status=204)

        return post
