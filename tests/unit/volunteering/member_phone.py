"""The phone of a resident who joins with a number and a one-time code, as pages without JavaScript lead."""

import re
from dataclasses import dataclass

import aiohttp

from tests.fakes.donor import Donor, Page

NAME, NUMBER = "陈阿姨", "13805951234"


@dataclass
class Phone:
    """`donor`: opens pages and sends forms, with cookies of its own."""

    url: str
    donor: Donor
    session: aiohttp.ClientSession

    @classmethod
    def new(cls, url: str, language: str = "en") -> "Phone":
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return cls(url, Donor(session, language=language), session)

    async def open(self, path: str) -> Page:
        return await self.donor.open(self.url + path)

    async def ask_code(self, path: str, number: str = NUMBER) -> Page:
        """Open the page of a shift, touch *Take part*, and send the number."""
        return await self.donor.press(await self.follow(await self.open(path)), number=number)

    async def follow(self, page: Page) -> Page:
        """Touch the link to the page where people join."""
        found = re.search(r'href="(/community/[a-z-]+/join[^"]*)"', page.html)
        assert found is not None, page.text()
        return await self.open(found[1])

    async def join(self, path: str, number: str = NUMBER, name: str = NAME) -> Page:
        """Join from the page of a shift; return that page."""
        page = await self.ask_code(path, number)
        return await self.donor.press(page, code=code_on(page), name=name, consent="yes")

    async def act(self, path: str, action: str) -> Page:
        """Touch the button of the page at `path` that leads to `action`."""
        return await press(self.donor, await self.open(path), action)


async def press(donor: Donor, page: Page, action: str) -> Page:
    """Touch the button that leads to `action`."""
    forms = re.findall(r'<form [^>]*action="([^"]+)">.*?name="csrf" value="([0-9a-f]+)"', page.html, re.S)
    target, token = next(form for form in forms if form[0].endswith(f"/{action}"))
    return await donor.send("/".join(page.url.split("/")[:3]) + target, {"csrf": token})


def code_on(page: Page) -> str:
    """Return the code that a drill shows."""
    found = re.search(r"The code is ([0-9]{6})\.", page.text())
    assert found is not None, page.text()
    return found[1]
