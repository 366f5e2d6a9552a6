"""Use the staff pages of volunteers as an account of a community."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

from central_server.accounts import sessions
from central_server.accounts.access import Role
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password

COMMUNITY, NEIGHBOURS = "huada", "fengze"
ACTIVITIES = "/staff/volunteers/activities"


@dataclass
class Desk:
    """A browser of staff. `donor`: opens pages and sends forms with the account's cookie."""

    central: RunningCentral
    donor: Donor

    async def open(self, path: str) -> Page:
        return await self.donor.open(self.central.url + path)

    async def send(self, path: str, **fields: str) -> Page:
        """Send the last form of the page at `path`."""
        return await self.donor.press(await self.open(path), **fields)

    async def make_activity(self, **fields: str) -> str:
        """Make an activity tomorrow from 9:00 to 11:00 with 3 seats; return the path of its first shift."""
        before = _shifts((await self.open(ACTIVITIES)).html)
        page = await self.send(f"{ACTIVITIES}/new", **(activity() | fields))
        assert page.url.endswith("?saved=1"), page.text()
        return next(path for path in _shifts(page.html) if path not in before)


def _shifts(html: str) -> list[str]:
    return [
        f"/community/{COMMUNITY}/shifts/{id_}" for id_ in re.findall(r"/staff/volunteers/shifts/([0-9a-f]{32})", html)
    ]


async def log_in(
    central: RunningCentral, session: aiohttp.ClientSession, role: Role, place: str = COMMUNITY, *, second: str = ""
) -> Desk:
    """Log in a new account with the role at the place. `second`: ends the name of another account."""
    name = f"{place}-{role}{second}"
    async with central.database() as database:
        await set_password(database, name, "correct horse battery", datetime.now(UTC), place=place, role=role)
        async with database.write() as connection:
            token = await sessions.begin(connection, name, datetime.now(UTC), agent="")
    session.cookie_jar.update_cookies({"staff": token})
    return Desk(central, Donor(session))


def activity(days: int = 1, **fields: str) -> dict[str, str]:
    """Return the fields of the form."""
    day = (datetime.now(UTC).astimezone(OFFICIAL_TIME) + timedelta(days=days)).date()
    return {
        "place": COMMUNITY,
        "title_zh_hans": "给长者送热饭",
        "title_en": "Hot meals for elders",
        "day": f"{day}",
        "since": "9:00",
        "until": "11:00",
        "times": "1",
        "seats": "3",
        "meeting_zh_hans": "社区大厅",
        "about_zh_hans": "请穿舒适的鞋。\n有雨照常。",
        **fields,
    }
