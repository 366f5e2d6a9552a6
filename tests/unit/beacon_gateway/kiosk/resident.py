"""A resident at a kiosk, by HTTP only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp


def without_breaks(html: str) -> str:
    """Return the page without the places where a line may end, to look for sentences."""
    return html.replace("<wbr>", "").replace("\N{NO-BREAK SPACE}", " ")


@dataclass
class Resident:
    """A browser without a screen: cookies, forms, redirects followed by hand."""

    http: aiohttp.ClientSession
    url: str
    status: int = 0
    path: str = "/"
    html: str = ""
    headers: Mapping[str, str] | None = None

    async def get(self, path: str) -> str:
        async with self.http.get(self.url + path, allow_redirects=False) as response:
            return await self._read(response, path)

    async def post(self, path: str, **fields: str) -> str:
        """A form of the page now open, with its CSRF token unless `csrf` is given."""
        fields = {"csrf": self.hidden("csrf")} | fields
        async with self.http.post(self.url + path, data=fields, allow_redirects=False) as response:
            return await self._read(response, path)

    async def give(self, project: str, **amount: str) -> str:
        await self.get(f"/project/{project}/amount")
        return await self.post("/give", project=project, key=self.hidden("key"), **amount)

    def hidden(self, name: str, also: str = "") -> str:
        """`also`: what stands between name and value."""
        found = re.search(rf'name="{name}" {also}value="([^"]*)"', self.html)
        assert found, f"no field {name} on {self.path}"
        return found[1]

    async def _read(self, response: aiohttp.ClientResponse, path: str) -> str:
        self.status, self.path, self.headers = response.status, path, response.headers
        if response.status == 303:
            return await self.get(response.headers["Location"])
        self.html = without_breaks(await response.text())
        return self.html
