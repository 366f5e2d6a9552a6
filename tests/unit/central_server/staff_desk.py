"""Serve the staff pages with a clock that a test sets, and use them in a browser."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from ipaddress import ip_network
from urllib.parse import urljoin

import aiohttp
import pyotp
from aiohttp import web

from central_server.accounts.access import Role
from central_server.accounts.second_factor import STEP_S, Seal
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.staff.accounts.accounts_page import AccountsPage
from central_server.staff.accounts.audit_page import AuditPage
from central_server.staff.accounts.login_page import LoginPage
from central_server.staff.accounts.own_account_page import OwnAccountPage
from central_server.staff.accounts.password_page import PasswordPage
from central_server.staff.accounts.second_factor_page import SecondFactorPage
from central_server.staff.frame.page_frame import PageFrame, Redirect, Visitor
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.places.places_page import PlacesPage
from central_server.store.accounts import accounts
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.help_views import ContactPage
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from tests.fakes.donor import Page
from tests.fakes.staff_account import hashed

SITE = Texts.model_validate({"zh-Hans": "华大社区", "zh-Hant": "華大社區", "en": "Huada Community"})
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


async def account(database: Database, name: str, place: str = TOP, role: Role = Role.admin) -> None:
    """Uses the single password of these tests, hashed once."""
    hashed = await _hash()
    async with database.write() as connection:
        await accounts.add(connection, name, hashed, NOW, home=place)
        await accounts.grant(connection, name, place, role.value, NOW)


async def _hash() -> str:
    if not _HASHES:
        _HASHES.append(await hashed(PASSWORD))
    return _HASHES[0]


_HASHES: list[str] = []


@dataclass
class RunningDesk:
    url: str
    database: Database
    seal: Seal
    now: datetime = NOW

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


@asynccontextmanager
async def running_desk(
    database: Database,
    *,
    factors_demanded: bool = False,
    secure: bool = False,
    real: bool = False,
    more: Callable[[PageFrame], Sequence[web.RouteDef]] = lambda _desk: (),
) -> AsyncIterator[RunningDesk]:
    """Loopback is a trusted proxy: browsers set X-Forwarded-For. `more`: further pages.

    `real`: the pages treat gifts as real.
    """
    desk = RunningDesk("", database, Seal(bytes(32)))
    environment = Environment.real if factors_demanded else Environment.drill
    pages = PageFrame(
        database, _templates(environment), lambda: desk.now, secure=secure, factors_demanded=factors_demanded
    )
    rules = WebRules(
        frozenset({"127.0.0.1"}),
        b"only for tests",
        requests_per_second=1000,
        burst=1000,
        peer_connections=200,
        trusted_proxies=(ip_network("127.0.0.1/32"),),
        https=secure,
    )
    app = guarded_app(rules)
    app.router.add_routes([pages.page("/staff/", _home)])
    for part in (
        LoginPage(pages, desk.seal),
        PasswordPage(pages),
        SecondFactorPage(pages, desk.seal, SITE),
        OwnAccountPage(pages),
        PlacesPage(pages, ContactLookup(ContactPage("0595-0000 0000")), real=real),
        AccountsPage(pages),
        AuditPage(pages),
    ):
        app.add_routes(part.routes())
    app.add_routes(more(pages))
    async with serving(app, "127.0.0.1", 0) as url:
        desk.url = url
        yield desk


@cache
def _templates(environment: Environment) -> StaffTemplates:
    return StaffTemplates(environment=environment, site=SITE)


async def _home(visitor: Visitor) -> Redirect:
    return Redirect("/staff/me")


@dataclass
class Browser:
    """A browser with its own cookies and address."""

    desk: RunningDesk
    address: str = "203.0.113.1"
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    page: Page = field(default_factory=lambda: Page(0, "", ""))

    async def open(self, path: str) -> Page:
        return await self._ask("GET", path)

    async def send(self, action: str, **fields: str) -> Page:
        """Send the form with that action on the open page; return the same page if it has none."""
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.page.html, re.S)
        inside = [form for target, form in forms if unescape(target) == action]
        assert inside, f"no form leads to {action} on {self.page.url}: {self.page.text()}"
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside[0]))
        return await self._ask("POST", action, hidden | fields)

    async def log_in(self, name: str, password: str = PASSWORD) -> Page:
        await self.open("/staff/login")
        return await self.send("/staff/login", name=name, password=password)

    async def forge(self, path: str, **fields: str) -> Page:
        """Send a form that no page shows, with a valid token."""
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page.html)
        assert csrf is not None
        return await self._ask("POST", path, fields | {"csrf": csrf[1]})

    async def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {
            "Cookie": cookies,
            "X-Forwarded-For": self.address,
            "User-Agent": "Test/1.0",
            "Accept-Language": "en",
        }
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method, urljoin(self.desk.url, path), data=form, headers=headers, allow_redirects=False
            ) as answer,
        ):
            for set_cookies in answer.headers.getall("Set-Cookie", []):
                self.set_cookies.append(set_cookies)
                name, _, value = set_cookies.partition(";")[0].partition("=")
                self.cookies[name] = value.strip('"')
            if answer.status == 303:
                return await self._ask("GET", answer.headers["Location"])
            self.page = Page(answer.status, path, await answer.text())
            return self.page


def code(secret: str, now: datetime, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // STEP_S + steps)


def secret_on(page: Page) -> str:
    """Return the secret as typed into an app that cannot scan."""
    found = re.search(r'<p class="code">([A-Z2-7 ]+)</p>', page.html)
    assert found is not None, page.text()
    return found[1].replace(" ", "")


__all__ = ["NOW", "PASSWORD", "Browser", "RunningDesk", "account", "code", "running_desk", "secret_on"]
