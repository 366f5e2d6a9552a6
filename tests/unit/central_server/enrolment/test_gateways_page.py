"""The gateways' pages: added, enrolled with a code that is shown once, and locked out."""

import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import segno
from sqlalchemy import text

from central_server.accounts.access import Role
from central_server.store.accounts import audit_trail
from central_server.store.enrolment import gateways, issued_codes
from central_server.store.places.places import TOP
from sync_contract.enrolment import read_code, read_invitation
from sync_contract.gateway_report import Hearing
from sync_contract.records import ClockReading
from sync_contract.strict_model import Language
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.enrolling_device import EnrollingDevice, code_for, invited
from tests.fakes.staff_account import set_password

PASSWORD = "correct horse battery"
pytestmark = sqlite_only


async def staff(central: RunningCentral, donor: Donor, role: Role = Role.staff) -> None:
    async with central.database() as database:
        await set_password(database, "chen", PASSWORD, datetime.now(UTC), place=TOP, role=role)
    await donor.press(await donor.open(f"{central.url}/staff/login"), name="chen", password=PASSWORD)


def shown_code(page: Page) -> str:
    (code,) = re.findall(r'class="secret">([0-9A-Z-]+)<', page.html)
    return read_code(code)


async def test_a_gateway_is_added_and_a_code_shown_once(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        await invited(database)  # so that there is a community
        await staff(central, donor)
        form = await donor.open(f"{central.url}/staff/gateways/new")
        refused = await donor.press(form, label=" ", place="huada")
        assert refused.status == 422
        asked = await donor.press(form, label="东门", place="huada")
        assert asked.url.endswith("/code")
        assert not re.search('class="secret"', asked.html), "looking makes none"
        shown = await donor.press(asked)
        code = shown_code(shown)
        assert "data:image/svg+xml" in shown.html
        assert 'data-countdown="900"' in shown.html
        again = await donor.press(shown)
        pi = EnrollingDevice(session, central.url)
        assert (await pi.enrol(code))[1]["code"] == "code_revoked", "make a new one"
        state = shown.url + "/state"
        assert '"waits"' in (await donor.open(state)).html
        assert (await pi.enrol(shown_code(again)))[0] == 200
        assert '"used"' in (await donor.open(state)).html
        async with database.read() as connection:
            newest = await issued_codes.newest(connection, pi.id)
            lines = [line.action.name for _, line in await audit_trail.page(connection, (TOP,))]
        assert newest is not None
        assert newest.made_by == "chen"
        assert lines[:4] == ["gateway.enrol", "gateway.invite", "gateway.invite", "gateway.add"]


async def test_a_gateway_is_locked_out_only_when_that_was_confirmed(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    pi = EnrollingDevice(session, central.url)
    async with central.database() as database:
        gateway, code = await invited(database)
        await pi.enrol(code)
        odd = ClockReading(wall=datetime(1970, 1, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=0, trusted=False)
        assert (await pi.report(clock=odd, uptime_s=2**32 - 1, waiting=2**53 - 1, radio="x"))[0] == 200
        await staff(central, donor)
        one = f"{central.url}/staff/gateways/{gateway.id}"
        assert (await donor.open(one)).status == 200, "whatever it says of itself"
        asked = await donor.open(f"{one}/revoke")
        assert (await pi.report())[0] == 200, "looking does nothing"
        done = await donor.press(asked)
        assert done.url == one
        assert "locked by staff" in done.text()
        assert (await pi.report())[1]["code"] == "key_revoked"
        assert (await donor.open(f"{one}/keys/{'9' * 16}/revoke")).status == 404
        async with database.write() as connection:
            await gateways.add_key(connection, gateway.id, "1" * 16, "A" * 43, datetime.now(UTC))
        page = await donor.press(await donor.open(f"{one}/keys/{'1' * 16}/revoke"))
        assert page.status == 200
        async with database.read() as connection:
            assert not any(key.valid(datetime.now(UTC)) for key in await gateways.keys(connection, gateway.id))


async def test_each_page_says_how_it_stands_in_the_readers_language(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    words = {
        Language.en: "Its memory card was copied",
        Language.zh_hans: "它的存储卡被复制了",
        Language.zh_hant: "它的記憶卡被複製了",
    }
    well, deaf, card = (EnrollingDevice(session, central.url) for _ in range(3))
    async with central.database() as database:
        await invited(database, label="new one")
        for each, label in ((well, "well"), (deaf, "deaf"), (card, "card")):
            _, code = await invited(database, label=label)
            await each.enrol(code)
            await each.report(hearing=Hearing.deaf if each is deaf else Hearing.proved, radio="off", refused=2)
        copy = EnrollingDevice(session, central.url)
        copy.id, copy.key, copy.epoch = card.id, card.key, card.epoch
        for each in (card, copy):
            await each.deliver([each.statistics()])
        async with database.write() as connection:
            await issued_codes.count_wrong(connection, 70, datetime.now(UTC))
        await code_for(database, well.id)
        await staff(central, donor)
        for language in Language:
            listed = await donor.open(f"{central.url}/staff/gateways?lang={language}")
            order = [listed.html.index(f">{label}</a>") for label in ("card", "deaf", "new one", "well")]
            assert order == sorted(order), "what needs somebody first"
            assert "70" in listed.text()
            for each in (well, deaf, card):
                for path in ("", "/code", "/revoke"):
                    page = await donor.open(f"{central.url}/staff/gateways/{each.id}{path}")
                    assert page.status == 200
            page = await donor.open(f"{central.url}/staff/gateways/{card.id}")
            assert len(re.findall("/staff/parcels/", page.html)) == 2, "both records under the one number"
            assert words[language] in page.text()


async def test_the_qr_holds_what_the_page_says(
    central: RunningCentral, donor: Donor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = segno.make

    def keep(content: str, **options: Any) -> segno.QRCode:
        made.append(content)
        return real(content, **options)

    async with central.database() as database:
        gateway, _ = await invited(database)
        await staff(central, donor)
        monkeypatch.setattr("segno.make", keep)
        page = await donor.press(await donor.open(f"{central.url}/staff/gateways/{gateway.id}/code"))
        invitation = read_invitation(made[-1])
        assert invitation.code == shown_code(page)
        assert invitation.url == central.url
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM enrolment_codes"))).scalar_one() == 2
