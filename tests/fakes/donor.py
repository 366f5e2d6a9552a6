"""A donor's browser: opens pages, submits forms, follows redirects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

import aiohttp


@dataclass
class Page:
    status: int
    url: str
    html: str

    def text(self) -> str:
        return unescape(re.sub(r"<[^>]+>", " ", self.html.replace("<wbr>", ""))).replace("\N{NO-BREAK SPACE}", " ")


class Donor:
    def __init__(self, session: aiohttp.ClientSession, *, language: str = "en") -> None:
        self._session = session
        self._headers = {"Accept-Language": language}

    async def open(self, url: str) -> Page:
        async with self._session.get(url, headers=self._headers) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def press(self, page: Page, **fields: str) -> Page:
        """Send the page's form (the last one) and follow the answer."""
        form = re.findall(r"<form(?P<tag>[^>]*)>(?P<inside>.*?)</form>", page.html, re.S)[-1]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))
        action = re.search(r'action="([^"]*)"', form[0])
        assert action is not None
        fields_sent = {unescape(name): unescape(value) for name, value in hidden.items()}
        return await self.send(urljoin(page.url, unescape(action[1])), fields_sent | fields)

    async def send(self, url: str, fields: Mapping[str, str]) -> Page:
        """Post a form and follow the answer."""
        async with self._session.post(url, data=fields, headers=self._headers) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def give(self, ticket_url: str) -> Page:
        """The whole way, to the page after the bank's."""
        return await self.press(await self.press(await self.open(ticket_url)), decision="confirm")
