"""Somebody who opens pages by HTTP: at the kiosk, on the phone, at the staff desk; each with cookies of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import aiohttp

from tests.flow.page import Form, Page


class Visitor:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def open(self, path: str) -> Page:
        """GET, following redirects."""
        async with self._session.get(urljoin(self.url, path)) as response:
            return Page(await response.text(), response.status, str(response.url))

    async def submit(self, page: Page, form: Form, button: tuple[str, str] | None = None, **typed: str) -> Page:
        """Press a button of a form (the first, unless named); redirects are followed as a browser does."""
        pressed = button or (form.buttons[0] if form.buttons else ("", ""))
        fields = form.fields | typed | ({pressed[0]: pressed[1]} if pressed[0] else {})
        headers = {"Origin": "/".join(page.url.split("/")[:3]), "Sec-Fetch-Site": "same-origin"}
        async with self._session.post(
            urljoin(page.url, form.action or page.url), data=fields, headers=headers
        ) as response:
            return Page(await response.text(), response.status, str(response.url))

    async def live_until(self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float, path: str = "/live") -> Any:
        """Follow the kiosk's events until one is wanted; returns it. Raises TimeoutError."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
        async with asyncio.timeout(seconds), self._session.get(urljoin(self.url, path), timeout=timeout) as response:
            assert response.content_type == "text/event-stream", await response.text()
            async for line in response.content:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    if wanted(event):
                        return event
        raise AssertionError("the stream of events ended")

    async def json(self, path: str) -> Any:
        async with self._session.get(urljoin(self.url, path)) as response:
            return await response.json()


@asynccontextmanager
async def visitor(url: str) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(url, session)
