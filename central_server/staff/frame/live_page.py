"""GET /staff/live: notify an open page that data which its reader may see has changed; the page then reloads itself.

The stream does not say what changed. It ends with the session and does not extend it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from central_server.accounts.access import Right
from central_server.accounts.sessions import LoginStatus
from central_server.staff.frame.page_frame import PageFrame
from central_server.store.engine import change_marks
from central_server.store.engine.change_marks import Marks
from central_server.store.engine.database import StoreUnavailable
from daemonkit.broadcast import Broadcast
from daemonkit.web import problem, stream_events

PER_SESSION = 8
IN_ALL = 200


@dataclass(frozen=True, slots=True)
class LiveTimings:
    """`check_s`: how long a stream may outlive its session. `tick_s`: pages also change with time alone."""

    check_s: float = 3.0
    tick_s: float = 60.0


_TIMINGS = LiveTimings()


class LivePage:
    """`news`: poked when any process changed anything that pages show."""

    def __init__(self, frame: PageFrame, news: Broadcast, timings: LiveTimings = _TIMINGS) -> None:
        self._frame = frame
        self._news = news
        self._timings = timings
        self._open: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/staff/live", self._stream)]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        login = await self._frame.login_status(request, used=False)
        if login is None or login.owed is not None:
            raise web.HTTPSeeOther("/staff/login")
        if not login.access.has(Right.see):
            raise web.HTTPNotFound
        session = login.session.token_hash
        if self._open[session] >= PER_SESSION or self._open.total() >= IN_ALL:
            return problem(503, "Too many open pages", "this one is brought up to date by loading it again")
        with self._counted(session):
            return await stream_events(request, self._messages(request, login))

    @contextmanager
    def _counted(self, session: str) -> Iterator[None]:
        self._open[session] += 1
        try:
            yield
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    async def _messages(self, request: web.Request, login: LoginStatus | None) -> AsyncGenerator[str]:
        """Yield `new` at each change and `time` each minute, until the session ends or loses its right."""
        clock = asyncio.get_running_loop().time
        changes = self._news.changes()
        change = asyncio.ensure_future(anext(changes))
        seen: Marks | None = None
        ticked = clock()
        try:
            while login is not None and login.owed is None and (tops := login.access.places(Right.see)):
                marks = await self._marks(tops)
                if marks is not None and seen not in (None, marks):
                    yield "new"
                elif clock() - ticked >= self._timings.tick_s:
                    yield "time"
                    ticked = clock()
                seen = marks or seen
                await asyncio.wait({change}, timeout=self._timings.check_s)
                if change.done():
                    change.result()
                    change = asyncio.ensure_future(anext(changes))
                login = await self._check_again(request, login)
        except StopAsyncIteration:
            return
        finally:
            change.cancel()
            await asyncio.gather(change, return_exceptions=True)

    async def _check_again(self, request: web.Request, before: LoginStatus) -> LoginStatus | None:
        try:
            return await self._frame.login_status(request, used=False)
        except StoreUnavailable:  # nothing can have changed on the page
            return before

    async def _marks(self, tops: frozenset[str]) -> Marks | None:
        try:
            async with self._frame.database.read() as connection:
                return await change_marks.marks(connection, tops)
        except StoreUnavailable:
            return None
