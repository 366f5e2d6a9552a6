"""Households at the running server: registered sealed, assessed by two, looked up with an audit entry, erased."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from central_server.accounts.access import Role
from central_server.alerts.family_tasks import family_tasks
from central_server.alerts.lifecycle import update_alerts
from central_server.books.charity_totals import Period, load_charity_totals
from central_server.catalogue.catalogue_content import load_content
from central_server.families import cases, help_receipts
from central_server.families.case_rules import Step, StepKind
from central_server.families.cases import NewCase
from central_server.families.help_receipts import ConfirmationRefused
from central_server.families.household import Household
from central_server.ledger import spending
from central_server.receipts.sealed_data import Seal, open_seal
from central_server.store.accounts import audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.families import cases as case_store
from central_server.store.families import helps, sealed_keys
from central_server.store.ledger import disbursements, vouchers
from central_server.store.ledger.vouchers import Voucher
from central_server.store.places.places import TOP
from daemonkit.web import guarded_app
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.ledger.test_spending import wanted
from tests.unit.central_server.ledger_world import ANY_PAYEE, given

PDF = b"%PDF-1.7\nnothing\n%%EOF\n"
SPENT = {"purse": "huada/lunch", "purpose": "Lunches", "payee": "Kitchen", "people": "", "form": "goods"}
NEW = "/staff/families/new"
PASSWORD = "correct horse battery"
CANARIES = ("王小明的母亲", "13805950000", "城华北路269号")
"""A name, a number and an address that somebody typed although nobody asked for them."""
STAFF = {
    **{"fei": Role.finance, "gu": Role.finance},
    "chen": Role.family,
    "lin": Role.family,
    "wu": Role.family,
    "admin": Role.admin,
    "chief": Role.chief,
}
FORM = {
    "place": "huada",
    "grid": f"3-2 {CANARIES[2]}",
    "ages": "72，70, 9",
    "hardship": "illness",
    "help": "meals",
    "goods": f"每天一份热饭，电话{CANARIES[1]}",
    "until": "2027-03-31",
    "consent": f"我同意。{CANARIES[0]}",
}


@dataclass
class Office:
    central: RunningCentral
    app: web.Application
    people: dict[str, Donor]
    sessions: dict[str, aiohttp.ClientSession]

    async def open(self, name: str, path: str) -> Page:
        return await self.people[name].open(self.central.url + path)

    async def send(self, name: str, page: Page, action: str, **fields: str) -> Page:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
        assert csrf is not None
        return await self.people[name].send(self.central.url + action, {**fields, "csrf": csrf[1]})

    async def upload(self, name: str, page: Page, action: str, file: tuple[str, str, bytes], **fields: str) -> Page:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
        assert csrf is not None
        form = aiohttp.FormData()
        for field, value in {"csrf": csrf[1], **fields}.items():
            form.add_field(field, value)
        field, file_name, content = file
        form.add_field(field, content, filename=file_name)
        async with self.sessions[name].post(
            self.central.url + action, data=form, headers={"Accept-Language": "en"}
        ) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def open_case(self, **changes: str) -> str:
        """Register a household and have it assessed by two."""
        number = await self.register(**changes)
        await self.step("chen", number, step="support", seen="yes")
        await self.step("lin", number, step="support")
        return number

    async def spend(self, name: str, cases: str, *, yuan: str = "30") -> Page:
        page = await self.open(name, "/staff/disbursements/new")
        fields = SPENT | {"cases": cases, "amount_yuan": yuan, "spent_on": f"{datetime.now(UTC):%Y-%m-%d}"}
        return await self.upload(name, page, "/staff/disbursements/new", ("voucher", "v.pdf", PDF), **fields)

    async def step(self, name: str, number: str, **fields: str) -> Page:
        page = await self.open(name, f"/staff/families/{number}")
        return await self.send(name, page, f"/staff/families/{number}/step", **fields)

    async def fill(self, name: str, **fields: str) -> Page:
        return await self.send(name, await self.open(name, NEW), NEW, **fields)

    async def register(self, name: str = "chen", **changes: str) -> str:
        page = await self.send(
            name, await self.open(name, "/staff/families/new"), "/staff/families/new", **FORM | changes
        )
        assert page.status == 200, page.text()
        return page.url.rsplit("/", 1)[1]


@pytest.fixture
async def office(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession
) -> AsyncIterator[Office]:
    apps: list[web.Application] = []

    def remembered(*given: Any, **named: Any) -> web.Application:
        apps.append(guarded_app(*given, **named))
        return apps[-1]

    async with running_central(tmp_path / "central", bank, store=store_url, make_app=remembered) as central:
        await enrolled(central, DeliveringGateway(session, central.url))
        people: dict[str, Donor] = {}
        sessions: dict[str, aiohttp.ClientSession] = {}
        async with central.database() as database:
            for name, role in STAFF.items():
                await set_password(database, name, PASSWORD, datetime.now(UTC), place=TOP, role=role)
                sessions[name] = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
                people[name] = Donor(sessions[name])
                page = await people[name].open(f"{central.url}/staff/login")
                await people[name].press(page, name=name, password=PASSWORD)
        yield Office(central, apps[0], people, sessions)
        for each in sessions.values():
            await each.close()


async def test_a_household_is_assessed_by_two_and_looking_it_up_leaves_an_entry(office: Office) -> None:
    faulty = await office.fill("chen", **FORM | {"ages": "old", "consent": ""})
    assert faulty.status == 422
    assert CANARIES[1] in faulty.html, "nothing typed is lost"
    number = await office.register(urgent="yes")
    assert "waits for two assessments" in (await office.open("chen", f"/staff/families/{number}")).text()
    found = await office.open("lin", f"/staff/families?number=+{number[:3]}+{number[3:]}")
    assert found.url.endswith(number)
    assert (await office.open("lin", "/staff/families?number=4829")).status == 422
    assert "open: help may begin" in (await office.step("chen", number, step="support", seen="yes")).text()
    again = await office.step("chen", number, step="support")
    assert again.status == 422
    assert "Another person has to." in again.text()
    assert "due by" not in (await office.step("lin", number, step="support")).text()
    case = await office.open("lin", f"/staff/families/{number}")
    looked = await office.send("lin", case, f"/staff/families/{number}/household")
    assert "72, 70, 9" in looked.text()
    assert all(canary in looked.html for canary in CANARIES)
    for name in ("admin", "chief"):
        for path in ("", "/new", f"/{number}"):
            assert (await office.open(name, f"/staff/families{path}")).status == 404
    async with office.central.database() as database, database.read() as connection:
        trail = await audit_trail.page(connection, [TOP])
    done = [(entry.account, entry.action.name) for _, entry in trail if entry.action.subject == number]
    assert ("lin", "household.look_up") in done
    assert ("chen", "household.register") in done


async def test_a_refusal_is_appealed_and_the_data_are_erased_two_years_later(office: Office) -> None:
    number = await office.register()
    assert (await office.step("chen", number, step="refuse", reason="lives with the son")).status == 422
    assert "an appeal is possible" in (await office.step("chen", number, step="refuse", reason="outside_area")).text()
    assert "a third person decides" in (await office.step("lin", number, step="appeal")).text()
    assert (await office.step("chen", number, step="uphold")).status == 422
    assert "the refusal is final" in (await office.step("lin", number, step="reject")).text()
    other = await office.register()
    await office.step("wu", other, step="relative")
    assert "declared a relative" in (await office.step("wu", other, step="support", seen="yes")).text()
    now = datetime.now(UTC)
    async with office.central.database() as database:
        async with database.read() as connection:
            before = await family_tasks(connection, [TOP], "drill", now)
            asked = await family_tasks(connection, [TOP], "drill", now + cases.STORAGE_TIME - timedelta(days=29))
        assert [(task.kind.value, task.count) for task in before] == [("case_waiting", 1)]
        assert ("erasure_near", 1) in [(task.kind.value, task.count) for task in asked]
        await update_alerts(database, "drill", (), now)
        for name, role in STAFF.items():
            for path in ("/staff/", "/staff/alerts"):
                shown = "Cases of families wait" in (await office.open(name, path)).text()
                assert shown is (role is Role.family), f"{name} at {path}"
        key = "693a91f6-7aaa-4bc4-97a0-0ec251fa5aaa"
        asked_for = {"kind": "wecom", "address": key, "place": "huada", "language": "en"}
        for name, subject in (("chief", "families"), ("admin", "money")):
            page = await office.open(name, "/staff/channels")
            assert f'name="{subject}"' not in page.html
            refused = await office.send(name, page, "/staff/channels", **asked_for, **{subject: "on"})
            assert (refused.status, f"adds a recipient about {subject}" in refused.text()) == (422, True)
        async with database.write() as connection:
            assert await cases.postpone_erasure(connection, number, now) is None, "it is not near"
            later = await cases.postpone_erasure(connection, number, now + cases.STORAGE_TIME)
        assert later is not None
        assert await cases.erase_due(database, later - timedelta(seconds=1)) == 0
        assert await cases.erase_due(database, later) == 1
        async with database.read() as connection:
            case = await case_store.get(connection, number)
            assert sum((await sealed_keys.counts(connection)).values()) == 1
        assert case is not None
    assert "erased" in (await office.open("chen", f"/staff/families/{number}")).text()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + CANARIES[0].encode() + b"\0\0\0\0IEND\xaeB`\x82"


async def test_a_disbursement_names_cases_and_each_household_confirms_its_help(office: Office) -> None:
    async with office.central.database() as database:
        await given(database, 10_000)
        first, second, other = await office.open_case(), await office.open_case(), await office.open_case(help="school")
        proposed = await office.register()
        for wrong in ("000000", proposed, f"{first} {other}", "482913482913", "Wang"):
            page = await office.spend("fei", wrong)
            assert (page.status, "numbers of open cases" in page.text()) == (422, True), wrong
            assert wrong in page.html, "nothing typed is lost"
        page = await office.spend("fei", f"{first}，{second}")
        path = page.url.removeprefix(office.central.url)
        approved = await office.send("gu", await office.open("gu", path), f"{path}/approve")
        assert "confirmed by 0 of 2 households" in approved.text()
        assert (await office.open("gu", f"/staff/families/{first}")).status == 404
        assert "helped in part" in (await office.open("chen", f"/staff/families/{first}")).text()
        async with database.read() as connection:
            for days, count in ((9, 0), (11, 2)):
                tasks = await family_tasks(connection, [TOP], "drill", datetime.now(UTC) + timedelta(days=days))
                assert [task.count for task in tasks if task.kind.value == "help_unconfirmed"] == [count] * bool(count)
    at = path.replace("disbursements", "help")
    made = await office.send("chen", await office.open("chen", at), f"{at}/code", case=first)
    code = re.search(r'class="code">([0-9]{6})<', made.html)
    assert code is not None
    assert code[1] not in (await office.open("chen", at)).html, "it is shown once"
    wrong_code = "000000" if code[1] != "000000" else "111111"
    assert (await office.send("chen", made, f"{at}/confirm", case=first, code=wrong_code)).status == 422
    by_phone = await office.send("chen", made, f"{at}/confirm", case=first, code=f"{code[1][:3]} {code[1][3:]}")
    assert "by telephone" in by_phone.text()
    assert (await office.send("chen", made, f"{at}/confirm", case=first, code=code[1])).status == 404, "used"
    for name, content in (("sheet.png", b"no picture"), ("sheet.pdf", PDF)):
        page = await office.upload(
            "lin", await office.open("lin", at), f"{at}/sheet", ("photo", name, content), **{f"case-{second}": "yes"}
        )
        assert "photograph of the signed sheet is needed" in page.text()
    assert second in (await office.open("lin", f"{at}/sheet")).html
    page = await office.upload(
        "lin", await office.open("lin", at), f"{at}/sheet", ("photo", "sheet.png", PNG), **{f"case-{second}": "yes"}
    )
    assert "on paper" in page.text()
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    async with office.sessions["lin"].post(f"{office.central.url}{at}/photo", data={"csrf": csrf[1]}) as answer:
        assert await answer.read() == PNG
    assert "confirmed by 2 of 2 households" in (await office.open("gu", path)).text()
    for file in office.central.state.rglob("*.db*"):
        assert CANARIES[0].encode() not in file.read_bytes(), "a signature is on the sheet"


async def test_five_wrong_codes_make_a_code_void_and_a_relative_approves_no_help(office: Office) -> None:
    seal = Seal(bytes(range(32)), Path("receipts.key"))
    now = datetime.now(UTC)
    async with office.central.database() as database:
        await given(database, 10_000)
        number = await office.open_case()
        page = await office.spend("fei", number)
        path = page.url.removeprefix(office.central.url)
        async with database.write() as connection:
            await cases.take_step(connection, number, Step(StepKind.relative, "gu", now))
        refused = await office.send("gu", await office.open("gu", path), f"{path}/approve")
        assert (refused.status, "declared a relative" in refused.text()) == (422, True)
        await office.send("chief", await office.open("chief", path), f"{path}/approve")
        async with database.write() as connection:
            one = await disbursements.get(connection, path[-32:])
            assert one is not None
            (help_,) = await helps.of_disbursement(connection, one.id)
            code = await help_receipts.make_code(connection, seal, help_)
            with pytest.raises(ConfirmationRefused, match="own"):
                await help_receipts.confirm_by_code(connection, seal, help_, code, one, "fei", now)
            for tries in range(help_receipts.MAX_TRIES):
                (help_,) = await helps.of_disbursement(connection, one.id)
                assert help_.tries == tries
                assert not await help_receipts.confirm_by_code(connection, seal, help_, "x", one, "chen", now)
            (help_,) = await helps.of_disbursement(connection, one.id)
            assert not await help_receipts.confirm_by_code(connection, seal, help_, code, one, "chen", now)


async def test_the_board_shows_help_of_five_households_a_month_later_and_no_person(office: Office) -> None:
    now, then = datetime.now(UTC), datetime.now(UTC) - timedelta(days=40)
    async with office.central.database() as database:
        await given(database, *[2000] * 5)
        seal = await open_seal(database, office.central.state, None)
        for households in (4, 1):
            async with database.write() as connection:
                await help_households(connection, seal, households, then)
            page = await office.open("chief", "/board/huada")
            while "Published" not in page.text():
                assert page.status == 200
                await asyncio.sleep(0.05)
                page = await office.open("chief", "/board/huada")
            assert ("Hot meals for households: 5 times" in page.text()) is (households == 1), "four are not published"
        assert "60.02" in page.text()
        async with database.read() as connection:
            content = await load_content(connection, "huada", Environment.drill, now)
            period = Period(then.date().replace(day=1), now.date())
            totals = await load_charity_totals(connection, [TOP], "drill", period, Language.en, now)
        (lunch,) = (project for project in content.projects if project.id == "lunch")
        assert [(each.households, each.fen) for each in lunch.help] == [(5, 6002)]
        assert [(each.households, each.help) for each in totals.totals if each.project == "lunch"] == [(5, 6002)]


async def help_households(connection: Connection, seal: Seal, households: int, at: datetime) -> None:
    """Spend on that many households, which confirm it."""
    household = Household((70,), "illness", None, "rice", None, "1", CANARIES[0])
    numbers = []
    for _ in range(households):
        case = await cases.register(connection, seal, NewCase("huada", "drill", "meals", False), household, "chen", at)
        for account in ("chen", "lin"):
            await cases.take_step(connection, case.number, Step(StepKind.supported, account, at, seen=True))
        numbers.append(case.number)
    voucher = Voucher("5a" * 32, "huada", "application/pdf", len(PDF), PDF, at, "fei")
    await vouchers.add(connection, voucher)
    one = replace(wanted(amount_minor=3001, people=None), requested_by="fei", requested_at=at, spent_on=at.date())
    await spending.ask(connection, one, at, ANY_PAYEE)
    await help_receipts.name_cases(connection, one, " ".join(numbers), "goods")
    await spending.approve(connection, one, by="gu", note="", now=at, rules=ANY_PAYEE)
    await help_receipts.record_help(connection, one, "gu", at)
    for help_ in await helps.of_disbursement(connection, one.id):
        await helps.update_help(connection, replace(help_, confirmed_at=at, confirmed_by="lin", way="paper"))
