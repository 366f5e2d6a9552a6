"""Record the signs of life that the page on this device's own screen sends every half minute."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler


@dataclass(frozen=True, slots=True)
class ScreenStatus:
    """Seconds. `silent_s`: since the last sign of life, or since the start; `behind_s`: for how long another window has
    been in front of the page, 0 when none is.
    """

    silent_s: float
    behind_s: float


class ScreenHealth:
    """`now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last_sign_at = now()
        self._behind_since: float | None = None

    def status(self) -> ScreenStatus:
        behind_s = 0.0 if self._behind_since is None else self._now() - self._behind_since
        return ScreenStatus(round(self._now() - self._last_sign_at, 1), round(behind_s, 1))

    def record_sign_of_life(self) -> Handler:
        """Return the handler of POST `/alive`."""

        async def post(request: web.Request) -> web.StreamResponse:
            self._last_sign_at = self._now()
            if "behind" not in request.query:
                self._behind_since = None
            elif self._behind_since is None:
                self._behind_since = self._last_sign_at
            return web.Response(status=204)

        return post
