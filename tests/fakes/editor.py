"""Staff at the catalogue: they open a record, change some of its fields, and save."""

import re
from html import unescape
from io import BytesIO
from urllib.parse import urljoin

import aiohttp

from tests.fakes.donor import Donor, Page


def form_of(page: Page, action: str = "") -> tuple[str, dict[str, str]]:
    """The record's form: where it goes, and every field as the browser would send it."""
    forms = re.findall(r"<form(?P<tag>[^>]*)>(?P<inside>.*?)</form>", page.html, re.S)
    tag, inside = next(each for each in forms if 'class="sheet' in each[0] and action in each[0])
    fields: dict[str, str] = {}
    for attributes in re.findall(r"<input([^>]*)>", inside):
        found = dict(re.findall(r'([a-z]+)="([^"]*)"', attributes))
        if "name" not in found or "disabled" in attributes or found.get("type") == "file":
            continue
        if found.get("type") not in ("checkbox", "radio") or " checked" in attributes:
            fields[found["name"]] = unescape(found.get("value", ""))
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', inside, re.S):
        fields[name] = unescape(text)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', inside, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?>', options)
        chosen = [value for value, selected in values if selected] or [values[0][0]]
        fields[name] = unescape(chosen[0])
    where = re.search(r'action="([^"]*)"', tag)
    assert where is not None
    return urljoin(page.url, unescape(where[1])), fields


class Editor:
    """Staff with a browser: opens a record, changes some of its fields, saves."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self._url = url

    async def open(self, path: str) -> Page:
        return await Donor(self.session).open(self._url + path)

    async def save(self, page: Page, action: str = "", **changed: str | None) -> Page:
        url, fields = form_of(page, action)
        fields = {name: value for name, value in (fields | changed).items() if value is not None}
        async with self.session.post(url, data=fields, headers={"Accept-Language": "en"}) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def send(self, page: Page, action: str, field: str, name: str, content: bytes, /, **changed: str) -> Page:
        url, fields = form_of(page, action)
        form = aiohttp.FormData(fields | changed)
        form.add_field(field, BytesIO(content), filename=name)
        async with self.session.post(url, data=form, headers={"Accept-Language": "en"}) as answer:
            return Page(answer.status, str(answer.url), await answer.text())
