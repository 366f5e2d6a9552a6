"""GET /staff/live: tells an open page that something changed which its reader may see. The page fetches itself anew.

It says neither what nor how much. It ends with the session, and keeps none alive.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from aiohttp import web

from central_server.accounts.access import Right
from central_server.accounts.sessions import Standing
from central_server.staff.frame.page_frame import Desk
from central_server.store.engine import change_marks as marks_of
from central_server.store.engine.change_marks import Marks
from central_server.store.engine.database import StoreUnavailable
from daemonkit.broadcast import Broadcast
from daemonkit.web import problem, stream_events

PER_SESSION = 8
IN_ALL = 200
LOOK_S = 3.0
"""How often the session is looked at: so long a stream may outlive it."""
TICK_S = 60.0
"""Time alone changes a page too: a gateway becomes late."""


class LivePage:
    """`news`: poked whenever any process changed anything that pages show."""

    def __init__(self, desk: Desk, news: Broadcast) -> None:
        self._desk = desk
        self._news = news
        self._open: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/staff/live", self._stream)]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        here = await self._desk.standing(request, used=False)
        if here is None or here.owed is not None:
            raise web.HTTPSeeOther("/staff/login")
        if not here.access.has(Right.see):
            raise web.HTTPNotFound
        session = here.session.token_hash
        if self._open[session] >= PER_SESSION or self._open.total() >= IN_ALL:
            return problem(503, "Too many open pages", "this one is brought up to date by loading it again")
        with self._counted(session):
            return await stream_events(request, self._messages(request, here))

    @contextmanager
    def _counted(self, session: str) -> Iterator[None]:
        self._open[session] += 1
        try:
            yield
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    async def _messages(self, request: web.Request, here: Standing | None) -> AsyncGenerator[str]:
        """`new` at each change, `time` each minute; ends when the session is over or may see something else."""
        clock = asyncio.get_running_loop().time
        turns = self._news.changes()
        turn = asyncio.ensure_future(anext(turns))
        seen: Marks | None = None
        ticked = clock()
        try:
            while here is not None and here.owed is None and (tops := here.access.places(Right.see)):
                marks = await self._marks(tops)
                if marks is not None and seen not in (None, marks):
                    yield "new"
                elif clock() - ticked >= TICK_S:
                    yield "time"
                    ticked = clock()
                seen = marks or seen
                await asyncio.wait({turn}, timeout=LOOK_S)
                if turn.done():
                    turn.result()
                    turn = asyncio.ensure_future(anext(turns))
                here = await self._again(request, here)
        except StopAsyncIteration:
            return
        finally:
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)

    async def _again(self, request: web.Request, before: Standing) -> Standing | None:
        try:
            return await self._desk.standing(request, used=False)
        except StoreUnavailable:  # the page is no more out of date than it was
            return before

    async def _marks(self, tops: frozenset[str]) -> Marks | None:
        try:
            async with self._desk.database.read() as connection:
                return await marks_of.marks(connection, tops)
        except StoreUnavailable:
            return None
