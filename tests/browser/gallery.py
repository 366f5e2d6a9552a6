"""Sample views of every resident page, and a server that shows them.

`/<surface>/<name>/<language>?text=…&theme=…`; guarded like the real servers: the pages stand under their real CSP.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import cache
from typing import Any

from aiohttp import web
from playwright.async_api import Page
from yarl import URL

from beacon_gateway.kiosk.pages.files import static_file
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.bulletin_views import BellPage, JoinCodePage
from kiosk_ui.check_in_views import CheckInPage
from kiosk_ui.display_preferences import DEFAULT_DISPLAY, DisplayPreferences, TextSize, Theme
from kiosk_ui.giving_views import (
    AmountPage,
    Handoff,
    PhoneCode,
    PhoneGift,
    PhoneGiving,
    PhoneHandover,
    PhoneOutcome,
    Thanks,
)
from kiosk_ui.hall_views import Attract, PhoneHall, PhoneProject, ProjectPage, ProjectsPage
from kiosk_ui.help_views import ContactPage, DisplayPage, HelpPage, PhoneHelpPage, PhonePrivacyPage, PrivacyPage
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.number_format import capitals
from kiosk_ui.render import Pages
from kiosk_ui.slip_views import GiftSlip, ReceiptPage, ThanksPage
from kiosk_ui.surface import Surface
from kiosk_ui.views import View
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.project import Drawing, Project
from sync_contract.records import Door, HandoffKind, IntentState
from sync_contract.strict_model import Environment, Language
from tests.browser.board_facts import BOARDS, PHONE_BOARDS
from tests.browser.bulletin_facts import BULLETIN
from tests.browser.projects import LUNCH, PROJECTS, READING, SITE, TEA, phrased, texts
from tests.browser.site_facts import SITE_VIEWS

AMOUNT = Money(30_00)
KEY = "a-key-that-nobody-guesses"
CODE = "https://GIVE.EXAMPLE.ORG/T/" + "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU" * 5 + "AEBAGBAFAYDQQCIKBMGA"
"""As long as a ticket's URL."""

CHECK_IN_CODE = "https://GIVE.EXAMPLE.ORG/C/" + "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU" * 5 + "AEBAGBAF"
"""As long as a check-in code."""

BANK = "https://give.example.org/bank"

LONG = LUNCH.model_copy(
    update={
        "id": "a-long-one",
        "title": texts(
            "长者爱心午餐与独居老人平安问候及节日慰问送餐到户志愿服务" * 2 + "送暖到家",
            "長輩愛心午餐與獨居老人平安問候以及年節慰問送餐到府志工服務" * 2 + "送暖",
            "Wide" * 15,
        ),
        "payee": texts("一二三四五六七八九十" * 4, "一二三四五六七八九十" * 4, "Foundation" * 6),
        "drawing": Drawing.lane,
    }
)
"""A title of sixty characters without a space, a payee too, and the drawing that every project has at first."""

UNTRANSLATED = LUNCH.model_copy(
    update={name: texts(LUNCH.title.zh_hans, " ", " ") for name in ("title", "summary", "story", "payee")}
)
"""Two of the languages have no texts."""

WITH_PROGRESS = LUNCH.model_copy(update={"goal_fen": 30_000_00, "paid_fen": 18_600_50, "helped": 60})

CALLED = "0595-0000 0000"
HOLDER = texts("华大社区党支部", "華大社區黨支部", "Party branch of Huada Community")
HOURS = texts("工作日 8:30–17:30", "上班日 8:30–17:30", "on workdays, 8:30 to 17:30")
LONG_HOLDER = texts(
    "一二三四五六七八九十" * 3, "一二三四五六七八九十" * 3, "Neighbourhoodcommitteeof" * 2 + "Longlongvill"
)
LONG_HOURS = texts(
    "周一至周五 8:30–12:00、14:30–17:30，周六",
    "週一至週五 8:30–12:00、14:30–17:30，週六",
    "Monday to Friday 8:30 to 12:00 and 14:30 to 17:30, Saturdays",
)

KIOSK: dict[str, View] = {
    "attract-many": Attract((LUNCH, READING, TEA, LONG) * 10),
    "turned-long": Attract((LUNCH, LONG), LONG, True, Door.tag),
    "project-long": ProjectPage(LONG, True, PermitReason.holds),
    "amount-long": AmountPage(LONG, KEY),
    "keypad-long": AmountPage(LONG, KEY, "1234567"),
    "handoff-long": Handoff(LONG, Money(12345_67), CODE, IntentState.registered, HandoffKind.ticket),
    "thanks-long": Thanks(LONG, Money(12345_67), "7F3A-K8QZ"),
    "attract": Attract(PROJECTS),
    "attract-check-in": Attract(PROJECTS),
    "check-in": CheckInPage(CHECK_IN_CODE),
    "attract-bulletin": Attract(PROJECTS),
    "bulletin": BULLETIN,
    "bulletin-join": JoinCodePage("https://give.example.org/community/huada"),
    "bell": BellPage(),
    "bell-rang": BellPage("14:05"),
    "attract-one": Attract((LUNCH,)),
    "attract-none": Attract(()),
    "turned": Attract(PROJECTS, LUNCH, True, Door.tag),
    "turned-closed": Attract(PROJECTS, TEA, False, Door.touch),
    "projects": ProjectsPage(PROJECTS),
    "project": ProjectPage(LUNCH, True, PermitReason.holds),
    "project-closed": ProjectPage(TEA, False, PermitReason.missing),
    "project-over": ProjectPage(READING, False, PermitReason.closed),
    "project-early": ProjectPage(READING, False, PermitReason.not_yet_open),
    "project-expired": ProjectPage(READING, False, PermitReason.certificate_expired),
    "project-clock": ProjectPage(READING, False, PermitReason.time_uncertain),
    "project-barred": ProjectPage(READING, False, PermitReason.barred),
    "project-elsewhere": ProjectPage(READING, False, PermitReason.elsewhere),
    "amount": AmountPage(LUNCH, KEY),
    "keypad": AmountPage(LUNCH, KEY, "128"),
    "keypad-empty": AmountPage(LUNCH, KEY, ""),
    "keypad-asked": AmountPage(LUNCH, KEY, "", refused=True),
    "attract-pending": Attract(PROJECTS, pending_gift=True),
    "turned-pending": Attract(PROJECTS, LUNCH, True, Door.tag, pending_gift=True),
    "handoff-ended": Handoff(
        LUNCH,
        AMOUNT,
        CODE,
        IntentState.handed_off,
        HandoffKind.ticket,
        9,
        "7F3A-K8YZ",
        "give.example.org/t",
        ended=True,
    ),
    "handoff-asks": Handoff(LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket, 7, closes_in_s=21),
    "handoff-minutes": Handoff(LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket, 10),
    "handoff-old": Handoff(LUNCH, AMOUNT, CODE, IntentState.handed_off, HandoffKind.ticket, 0),
    "display": DisplayPage(DisplayPreferences(TextSize.larger, Theme.light, aloud=True), "/project/elder-lunch"),
    "help": HelpPage(CALLED, "/site"),
    "help-phone": PhoneHelpPage(),
    "privacy": PrivacyPage(CALLED),
    "help-none": HelpPage("", "/site"),
    "contact": ContactPage(CALLED, HOLDER, HOURS),
    "contact-plain": ContactPage("12345"),
    "contact-long": ContactPage("+86 (0595) 0000-0000 - 0000000", LONG_HOLDER, LONG_HOURS),
    "contact-none": ContactPage(),
    "handoff": Handoff(LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket),
    "handoff-opened": Handoff(LUNCH, AMOUNT, CODE, IntentState.handed_off, HandoffKind.ticket),
    "handoff-typed": Handoff(
        LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket, 9, "7F3A-K8YZ", "give.example.org/t"
    ),
    "handoff-link": Handoff(LUNCH, AMOUNT, "https://give.example.org/lunch", IntentState.registered, HandoffKind.link),
    "handoff-closed": Handoff(LUNCH, AMOUNT, CODE, IntentState.closed, HandoffKind.ticket),
    "handoff-unconfirmed": Handoff(LUNCH, AMOUNT, CODE, IntentState.unconfirmed, HandoffKind.link),
    "thanks": Thanks(LUNCH, AMOUNT, "7F3A-K8QZ"),
    **{f"notice-{kind}": NoticePage(kind, LUNCH) for kind in NoticeKind},
    "project-progress": ProjectPage(WITH_PROGRESS, True, PermitReason.holds),
    "project-untranslated": ProjectPage(UNTRANSLATED, True, PermitReason.holds),
    "attract-progress": Attract(
        (WITH_PROGRESS, READING.model_copy(update={"goal_fen": 12_000_00, "paid_fen": 3_450_00}), TEA)
    ),
    "attract-untranslated": Attract((UNTRANSLATED, READING), UNTRANSLATED, True, Door.tag),
    "projects-many": ProjectsPage((LUNCH, READING, TEA, LONG) * 10),
    "turned-progress": Attract(PROJECTS, WITH_PROGRESS, True, Door.tag),
    **BOARDS,
}
SLIP = GiftSlip(
    "7F3A-K8QZ",
    capitals(AMOUNT.minor),
    "/v/0",
    f"https://give.example.org/v/{'0' * 32}",
    "/g/x/slip.pdf",
    "/g/x/receipt",
    "anonymous",
    "/g/x/thanks",
    refunded=Money(1234),
)
PHONE: dict[str, View] = {
    "gift": PhoneGift(LUNCH, AMOUNT, "/t/x"),
    "gift-again": PhoneGift(LUNCH, AMOUNT, "/t/x", confirm_again=True),
    "gift-public": PhoneGift(LUNCH, AMOUNT, "/t/x", public_page=True),
    "code": PhoneCode(),
    "contact": ContactPage(CALLED, HOLDER, HOURS, "/s/at/huada"),
    "contact-plain": ContactPage("12345", back="/s"),
    "contact-long": ContactPage("+86 (0595) 0000-0000 - 0000000", LONG_HOLDER, LONG_HOURS, "/s"),
    "contact-none": ContactPage(back="/s"),
    "code-unknown": PhoneCode(unknown=True, typed="0000-0000"),
    "not-known": PhoneOutcome(LUNCH, AMOUNT, IntentState.unconfirmed),
    "giving": PhoneProject(LUNCH, True, PermitReason.holds, "/s/at/huada", giving=PhoneGiving("/h/x?gift=1")),
    "giving-public": PhoneProject(
        LUNCH, True, PermitReason.holds, "/s/at/huada", giving=PhoneGiving("/h/x?gift=1", public_page=True)
    ),
    "giving-long": PhoneProject(
        LONG,
        True,
        PermitReason.holds,
        "/s/at/huada",
        giving=PhoneGiving("/h/x?gift=1", fault="outside", typed="9" * 30),
    ),
    "handover": PhoneHandover(LUNCH, AMOUNT, "/t/x", BANK, (("orderId", "1"), ("riskRateInfo", '{commodityName="x"}'))),
    "handover-long": PhoneHandover(LONG, Money(12345_67), "/t/x", BANK, (("orderId", "1"),)),
    "handover-code": PhoneHandover(
        LUNCH, AMOUNT, "/t/x", code="https://qr.example.org/62900000000000000000000000000000"
    ),
    "waiting": PhoneOutcome(LUNCH, AMOUNT, IntentState.handed_off, again="/t?code=7F3A-K8YZ"),
    "not-completed-poster": PhoneOutcome(LUNCH, AMOUNT, IntentState.closed, again="/h/x", root="/s/at/huada"),
    "help": PhoneHelpPage("/s"),
    "privacy": PhonePrivacyPage(90),
    "paid": PhoneOutcome(LUNCH, AMOUNT, IntentState.paid, "7F3A-K8QZ"),
    "own-slip": PhoneOutcome(LUNCH, AMOUNT, IntentState.paid, "7F3A-K8QZ", gift=SLIP),
    "thanks-form": ThanksPage(LUNCH, AMOUNT, "/g/x/thanks", "/g/x", "", offered=True),
    "thanks-fault": ThanksPage(LUNCH, AMOUNT, "/g/x/thanks", "/g/x", "", offered=True, typed="a", fault="email"),
    "thanks-waiting": ThanksPage(LUNCH, AMOUNT, "/g/x/thanks", "/g/x", "waiting", offered=True),
    "receipt": ReceiptPage(LUNCH, AMOUNT, "7F3A-K8QZ", "/g/x/receipt", "/g/x", "anonymous", 90),
    "receipt-due": ReceiptPage(LUNCH, AMOUNT, "7F3A-K8QZ", "/g/x/receipt", "/g/x", "due", 90, stored=True),
    "receipt-issued": ReceiptPage(LUNCH, AMOUNT, "7F3A-K8QZ", "/g/x/receipt", "/g/x", "issued", 90, "R-1", stored=True),
    "receipt-faults": ReceiptPage(
        LONG,
        Money(12345_67),
        "7F3A-K8QZ",
        "/g/x/receipt",
        "/g/x",
        "waived",
        90,
        typed={"name": "x" * 80, "email": "nobody"},
        faults=dict.fromkeys(("name", "tax_id", "email", "phone", "address", "consent"), "needed"),
    ),
    "not-completed": PhoneOutcome(LUNCH, AMOUNT, IntentState.closed),
    "notice": NoticePage(NoticeKind.ticket_refused, back="/s"),
    "hall": PhoneHall(PROJECTS, "/s/at/huada", board="/board/huada"),
    "hall-long": PhoneHall((LONG,), "/s/at/huada", ended=True),
    "hall-many": PhoneHall((LUNCH, READING, TEA, LONG, UNTRANSLATED) * 8, "/s/at/huada"),
    "shown-long": PhoneProject(LONG, True, PermitReason.holds, "/s/at/huada", "/s/at/huada/turn?after=a-long-one"),
    "shown-untranslated": PhoneProject(UNTRANSLATED, True, PermitReason.holds, "/s/at/huada"),
    "shown-clock": PhoneProject(READING, False, PermitReason.time_uncertain, "/s/at/huada"),
    "hall-none": PhoneHall((), "/s"),
    "shown": PhoneProject(LUNCH, True, PermitReason.holds, "/s/at/huada", "/s/at/huada/turn?after=elder-lunch"),
    "shown-closed": PhoneProject(TEA, False, PermitReason.missing, "/s/at/huada"),
    "shown-progress": PhoneProject(WITH_PROGRESS, True, PermitReason.holds, "/s/at/huada", board="/board/huada"),
    "giving-progress": PhoneProject(
        WITH_PROGRESS, True, PermitReason.holds, "/s/at/huada", giving=PhoneGiving("/h/x?gift=1"), board="/board/huada"
    ),
    **PHONE_BOARDS,
}
VIEWS = {Surface.kiosk: KIOSK, Surface.phone: PHONE}


def pages(
    surface: Surface, environment: Environment = Environment.drill, *, check_in: bool = False, bulletin: bool = False
) -> Pages:
    phone = CALLED if surface is Surface.kiosk else ""
    return Pages(
        environment=environment,
        site=SITE,
        surface=surface,
        phone=phone,
        check_in=check_in,
        has_bulletin=lambda: bulletin,
    )


def published(view: View) -> View:
    """Return the view of projects whose phrases are known, as the central server publishes them."""
    shown: dict[str, Any] = {}
    if isinstance(project := getattr(view, "project", None), Project):
        shown["project"] = phrased(project)
    if projects := [each for each in getattr(view, "projects", ()) if isinstance(each, Project)]:
        shown["projects"] = tuple(map(phrased, projects))
    return replace(view, **shown) if shown else view  # type: ignore[type-var]  # each view is a dataclass


def gallery() -> AbstractAsyncContextManager[str]:
    """Serve the gallery; yields its address."""

    async def show(request: web.Request) -> web.StreamResponse:
        return web.Response(text=render_view(str(request.rel_url)), content_type="text/html")

    async def silence(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)  # tells an EventSource to stop asking

    rules = WebRules(frozenset({"127.0.0.1"}), b"only for tests", requests_per_second=1000, burst=1000)
    app = guarded_app(rules)
    app.router.add_get("/static/handover.js", silence)  # the page is looked at, and does not leave by itself
    app.router.add_get("/static/{name:.+}", static_file(_renderer(Surface.kiosk).assets))
    app.router.add_get("/live", silence)
    app.router.add_get("/{surface}/{name}/{language}", show)
    return serving(app, "127.0.0.1", 0)


async def show_view(page: Page, address: str) -> None:
    """Write a view over the one that the page shows, for two fifths of the work of a navigation.

    The parser, the stylesheet and the scripts treat it as a document that was loaded. See _WRITE for the exception.
    """
    if not await _is_written(page, address, ""):
        await page.goto(address)


async def measure_view(page: Page, address: str) -> None:
    """Write a view that is measured and not looked at: to paint it would cost as much as all else.

    Everything has its place, style and text. Nothing can be touched, and a picture of the screen is empty.
    """
    if not await _is_written(page, address, _UNPAINTED):
        await page.goto(address)
        await stop_painting(page)


async def _is_written(page: Page, address: str, clip: str) -> bool:
    """Write the view over the one that the page shows. False where it shows none, or timers of its views are due."""
    if not page.url.startswith(f"{URL(address).origin()}/"):
        return False
    written: bool = await page.evaluate(_WRITE, [render_view(address), clip])
    return written


async def stop_painting(page: Page) -> None:
    """Let the page that is open be measured only."""
    await page.evaluate("(clip) => (document.documentElement.style.clipPath = clip)", _UNPAINTED)


_UNPAINTED = "inset(100%)"
_WRITE = """async ([html, clip]) => {
  if (performance.now() > 20_000) return false; // timers of the documents before still run: one asks after a minute
  document.open();
  document.write(html);
  document.documentElement.style.clipPath = clip;
  document.close();
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  scrollTo(0, 0);
  return true;
}"""


def render_view(address: str) -> str:
    """Return the page of the gallery's address, as it would be served."""
    url = URL(address)
    _, surface, name, language = url.path.split("/")
    text, theme = url.query.get("text", TextSize.usual), url.query.get("theme", Theme.light)
    look = replace(DEFAULT_DISPLAY, text=TextSize(text), theme=Theme(theme))
    view = published((VIEWS[Surface(surface)] | SITE_VIEWS)[name])
    renderer = _renderer(Surface(surface), check_in="check-in" in name, bulletin="bulletin" in name)
    return renderer.render_page(view, Language(language), csrf="0" * 64, display=look, contact="/contact/huada")


@cache
def _renderer(surface: Surface, *, check_in: bool = False, bulletin: bool = False) -> Pages:
    return pages(surface, check_in=check_in, bulletin=bulletin)
