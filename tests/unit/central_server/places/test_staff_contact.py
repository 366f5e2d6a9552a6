"""Edit a place's phone number on its staff page."""

from collections.abc import Sequence
from itertools import product

from aiohttp import web

from central_server.accounts.access import Role
from central_server.alerts.notifier import AlertNotifier, Message, SendFailed
from central_server.staff.alerts.alert_wording import message_writer
from central_server.staff.alerts.channels_page import ChannelsPage
from central_server.staff.frame.page_frame import PageFrame
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.places.contact_form import ContactFault, read_contact
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import ContactChanged
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.engine.database import Database
from central_server.store.places import contacts
from central_server.store.places.contacts import Contact
from sync_contract.strict_model import Environment, Language
from tests.unit.central_server.places.test_staff_places import desk, grown, logged_in
from tests.unit.central_server.staff_desk import SITE, RunningDesk, account, running_desk

__all__ = ["desk", "grown"]
HOLDER = {"holder-zh-Hans": "党支部", "holder-zh-Hant": "黨支部", "holder-en": "Party <branch>"}
HOURS = {"hours-zh-Hans": "工作日", "hours-zh-Hant": "上班日", "hours-en": "on workdays"}
TYPED = {"phone": "0595-1234 5678", **HOLDER, **HOURS}
HUADA, CITY = "/staff/places/huada", "/staff/places/quanzhou"


class SendsNothing:
    async def send(self, address: str, message: Message) -> None:
        raise SendFailed(address)


async def own(database: Database, place: str) -> Contact | None:
    async with database.write() as connection:
        return await contacts.lock(connection, place)


async def trail(database: Database, place: str) -> list[tuple[str, str, tuple[FieldChange, ...]]]:
    async with database.read() as connection:
        entries = [entry for _, entry in await audit_trail.page(connection, {place})]
    return [
        (entry.account, entry.place, entry.action.changes)
        for entry in entries
        if isinstance(entry.action, ContactChanged)
    ]


async def test_a_number_is_typed_changed_and_taken_away_and_the_trail_says_so(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    page = await admin.open(HUADA)
    assert "Nothing is entered here: phones show this number." in page.text()
    assert "0595-0000 0000" in page.text()
    assert "the server's settings" in page.text()
    page = await admin.send(f"{HUADA}/contact", **TYPED)
    assert page.url == HUADA
    assert 'value="0595-1234 5678"' in page.html
    assert 'value="Party &lt;branch&gt;"' in page.html
    contact = await own(desk.database, "huada")
    assert contact is not None
    assert (contact.phone, contact.holder and contact.holder.zh_hant, contact.hours and contact.hours.en) == (
        "0595-1234 5678", "黨支部", "on workdays",
    )  # fmt: skip
    page = await admin.send(f"{HUADA}/contact", **TYPED)
    assert len(await trail(desk.database, "huada")) == 1, "nothing was changed"
    page = await admin.send(f"{HUADA}/contact", **(TYPED | {"phone": "12345", "hours-en": "always"}))
    assert "If this number is removed, phones show this one:" in page.text()
    page = await admin.send(f"{HUADA}/contact", phone="")
    assert await own(desk.database, "huada") is None
    assert "the server's settings" in page.text()
    newest, changed, first = await trail(desk.database, "huada")
    assert first[:2] == changed[:2] == newest[:2] == ("huada-admin", "huada")
    assert first[2][:2] == (FieldChange("phone", "", "0595-1234 5678"), FieldChange("holder_zh_hans", "", "党支部"))
    assert changed[2] == (
        FieldChange("phone", "0595-1234 5678", "12345"),
        FieldChange("hours_en", "on workdays", "always"),
    )
    assert newest[2][0] == FieldChange("phone", "12345", "")


async def test_an_inherited_number_names_its_place_with_a_link_for_its_admins(desk: RunningDesk) -> None:
    city = await logged_in(desk, "root")
    await city.open(CITY)
    await city.send(f"{CITY}/contact", phone="12345")
    page = await city.open("/staff/places/fengze")
    assert f'<a href="{CITY}">Name of quanzhou</a>' in page.html
    assert "12345" in page.text()
    await account(desk.database, "fengze-admin", "fengze")
    street = await logged_in(desk, "fengze-admin")
    page = await street.open("/staff/places/fengze")
    assert "Name of quanzhou" in page.text()
    assert CITY not in page.html, "what is not theirs is not there"
    assert "0595-0000 0000" not in page.text()


async def test_only_admins_of_the_place_can_change_it(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open(HUADA)
    await admin.send(f"{HUADA}/contact", **TYPED)
    contact = await own(desk.database, "huada")
    await account(desk.database, "xiamen-admin", "xiamen")
    await account(desk.database, "viewer", "huada", Role.viewer)
    for name, place in (
        *(("city-admin", "huada"), ("xiamen-admin", "huada"), ("huada-clerk", "huada"), ("viewer", "huada")),
        *(("city-admin", "hall"), ("viewer", "hall")),
        *(("huada-admin", "quanzhou"), ("huada-admin", "all"), ("root", "nowhere")),
    ):
        browser = await logged_in(desk, name)
        refused = await browser.forge(f"/staff/places/{place}/contact", phone="12345")
        assert refused.status == 404, (name, place)
    assert await own(desk.database, "huada") == contact
    assert await own(desk.database, "hall") is await own(desk.database, "quanzhou") is None


INVALID: tuple[tuple[dict[str, str], tuple[str, str, str]], ...] = (
    ({"phone": "call <us>"}, ("只能有数字", "只能用數字", "has digits, spaces")),
    ({"phone": "----"}, ("只能有数字", "只能用數字", "has digits, spaces")),
    ({"phone": "1" * 31}, ("只能有数字", "只能用數字", "has digits, spaces")),
    ({"phone": " "}, ("没有号码", "沒有號碼", "There is text, but no number")),
    ({"holder-en": ""}, ("号码是谁的：", "這是誰的號碼：", "Enter the owner of the number")),
    ({"hours-zh-Hant": "時" * 31}, ("接听时间：", "接聽時間：", "Enter the hours")),
)
"""Changed fields, with words of the explanation in each language."""


async def test_invalid_input_is_shown_again_with_an_explanation(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    for language, (changed, words) in product(Language, INVALID):
        await admin.open(f"{HUADA}?lang={language}")
        page = await admin.send(f"{HUADA}/contact", **(TYPED | changed))
        assert page.status == 422, changed
        assert words[list(Language).index(language)] in page.text()
        assert 'value="Party &lt;branch&gt;"' in page.html or "holder-en" in changed
        assert "aria-invalid" in page.html, changed
    assert await own(desk.database, "huada") is None
    assert await trail(desk.database, "huada") == []


def test_full_width_digits_are_accepted() -> None:
    assert read_contact({"phone": "０５９５－１２３４　５６７８"}) == Contact("0595-1234 5678")
    assert read_contact({"phone": " （0595）1234–5678 "}) == Contact("(0595)1234-5678")
    assert read_contact({}) is None
    assert read_contact({"phone": "1", "hours-en": "x"}) is ContactFault.hours


async def test_where_gifts_are_real_names_numbers_and_recipients_of_the_shipped_files_are_refused(
    desk: RunningDesk,
) -> None:
    def channels(frame: PageFrame) -> Sequence[web.RouteDef]:
        templates = StaffTemplates(environment=Environment.real, site=SITE)
        notifier = AlertNotifier(desk.database, {"mail": SendsNothing()}, message_writer(templates, lambda: ""))
        return ChannelsPage(frame, templates, notifier, real=True).routes()

    refused = "This is a placeholder of the files that come with the software."
    named = {"zh-Hans": "演练区域", "zh-Hant": "社區", "en": "Community"}
    mail = {"kind": "mail", "place": "huada", "language": "en"}
    async with running_desk(desk.database, real=True, more=channels) as real:
        admin = await logged_in(real, "huada-admin")
        await admin.open(f"{HUADA}?lang=en")
        for path, fields in (
            (f"{HUADA}/contact", TYPED | {"phone": "0595-0000  0000"}),
            (f"{HUADA}/contact", TYPED | {"holder-en": "Owner (fill in)"}),
            (f"{HUADA}/names", named),
            (f"{HUADA}/below", named | {"kind": "site", "id": "gate"}),
            ("/staff/channels", mail | {"address": "alerts@example.org"}),
        ):
            await admin.open(path if path == "/staff/channels" else HUADA)
            page = await admin.send(path, **fields)
            assert (page.status, refused in page.text()) == (422, True), path
        for path, fields in ((f"{HUADA}/contact", TYPED), ("/staff/channels", mail | {"address": "wang@street.cn"})):
            await admin.open(path if path == "/staff/channels" else HUADA)
            assert (await admin.send(path, **fields)).status == 200, path
    admin = await logged_in(desk, "huada-admin")
    await admin.open(HUADA)
    page = await admin.send(f"{HUADA}/contact", **TYPED | {"phone": "0595-0000 0000"})
    assert page.url == HUADA, "a drill accepts them"
