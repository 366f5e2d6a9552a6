"""Which bank a gift goes to, and what donors, staff and gateways see of a gift to a public page."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from beacon_gateway.donations.offer import Offer
from central_server.accounts.access import Role
from central_server.banks.link import Link
from central_server.banks.port import BankRefused, Capabilities, OrderState, Redirect
from central_server.catalogue.catalogue_content import load_content
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.donations.bank_routing import choose_bank, depends_on_organisation
from central_server.donations.open_attempt import MAX_ATTEMPTS, AttemptOpener, SentToBank
from central_server.donations.settlement import post_payment
from central_server.settings import Settings
from central_server.store.catalogue import organisations, projects
from central_server.store.catalogue.organisations import Organisation
from central_server.store.donations import attempts, intents
from central_server.store.engine.database import Database
from central_server.store.engine.tables import attempts as attempts_table
from central_server.store.ledger import ledger_lines
from central_server.store.places.places import TOP
from daemonkit.toml import load
from sync_contract.permit import PermitReason
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG, RunningBank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import MemoryBankServices, furnish
from tests.fakes.donor import Donor
from tests.fakes.money_bank import MoneyBank
from tests.fakes.money_program import SETTINGS
from tests.fakes.staff_account import set_password
from tests.unit.central_server.catalogue_world import pulled
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.staff.test_staff import PASSWORD
from tests.unit.central_server.staff_desk import code

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PAGE = "https://give.example.org/lunch"


async def declares(database: Database, *, own_site: bool, platform_url: str) -> None:
    """Declare where the lunch project's organisation raises money."""
    async with database.write() as connection:
        stored = (await projects.holding(connection, "huada"))["lunch"]
        known = (await organisations.holding(connection, stored.place)).get(stored.organisation)
        made = Organisation(
            stored.place, stored.organisation or "charity", "Charity", None, "C", date(2099, 1, 1), "", NOW, ""
        )
        before = known or made
        changed = replace(before, own_site=own_site, platform_url=platform_url)
        assert await organisations.save(connection, changed, before.revision if known else 0)
        if not stored.organisation:
            assert await projects.save(connection, replace(stored, organisation="charity"), stored.revision)


@pytest.mark.parametrize(
    ("environment", "own_site", "platform_url", "expected"),
    [
        (Environment.drill, False, "", "money"),
        (Environment.real, True, PAGE, "money"),
        (Environment.real, False, PAGE, "link"),
        (Environment.real, False, "https://elsewhere.example.org/x", None),
        (Environment.real, False, "http://give.example.org/lunch", None),
        (Environment.real, False, "https://give.example.org@evil.example/", None),
        (Environment.real, False, "", None),
    ],
)
async def test_money_goes_only_where_the_organisation_may_raise_it(
    tmp_path: Path,
    database: Database,
    environment: Environment,
    own_site: bool,
    platform_url: str,
    expected: str | None,
) -> None:
    await furnish(database, tmp_path, DeliveringGateway(), NOW)
    await declares(database, own_site=own_site, platform_url=platform_url)
    bank, platforms = MoneyBank(environment=environment), ("give.example.org",)
    async with database.read() as connection:
        found = await choose_bank(connection, "huada", "lunch", bank, platforms)
        unknown = await choose_bank(connection, "huada", "nothing", bank, platforms)
        public = Link(PAGE, environment)
        assert await choose_bank(connection, "huada", "lunch", public, ()) is public
        asked = platforms if depends_on_organisation(bank) else None
        loaded = await load_content(connection, "huada", environment, NOW, asked)
        assert not any(each.elsewhere for each in (await load_content(connection, "huada", environment, NOW)).projects)
    (lunch,) = (each for each in loaded.projects if each.id == "lunch")
    assert lunch.elsewhere is (expected is None), "screens and phones must agree"
    assert (found.name if found else None) == expected
    assert (unknown is None) is (environment is Environment.real)


@pytest.mark.parametrize("own_site", [True, False])
async def test_the_settings_declare_the_own_site_of_their_organisations(
    tmp_path: Path,
    database: Database,
    own_site: bool,
) -> None:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, NOW, own_site=own_site)
    bank = MoneyBank(environment=Environment.real)
    async with database.read() as connection:
        assert (await choose_bank(connection, TOP, "lunch", bank, ()) is bank) is own_site


class Public(MemoryBankServices):
    """A server whose bank is a public page."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.opening = AttemptOpener(
            self.database,
            Link(PAGE + "?yuan={amount_yuan}", Environment.drill),
            self.settlement,
            lambda nonce: f"http://us/g/{nonce}",
            lambda: "",
        )


async def test_a_gift_over_a_public_page_is_unconfirmed_until_staff_import_evidence(
    tmp_path: Path, database: Database
) -> None:
    gateway = DeliveringGateway()
    await furnish(database, tmp_path, gateway, NOW)
    house, parcel = Public(database, MoneyBank()), gateway.intent()
    ticket = gateway.ticket(parcel, issued_at=NOW)
    for _ in range(3):
        assert await house.press(ticket, NOW) == SentToBank(Redirect(PAGE + "?yuan=50.00"))
    (attempt,) = await house.tried(gateway.id, parcel.id)
    assert (attempt.bank, attempt.state, attempt.next_query_at) == ("link", "unconfirmed", None)
    assert await house.queries.query_due(NOW + timedelta(days=1)) == 0
    async with database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
        assert await ledger_lines.of_attempts(connection, [attempt.id]) == ()
    assert intent is not None
    assert intent.state == "unconfirmed"
    async with database.write() as connection:
        attempt_ = await attempts.lock(connection, attempt.id)
        assert attempt_ is not None
        assert await post_payment(
            connection,
            attempt_,
            payment="7",
            flawed=False,
            cause="import",
            evidence="7",
            next_query_at=None,
            at=NOW,
            late=False,
        )
    async with database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
        (line,) = await ledger_lines.of_attempts(connection, [attempt.id])
    assert intent is not None
    assert (intent.state, line.kind, line.late) == ("paid", "paid", False)


async def test_a_returning_donor_gets_a_new_order_if_the_bank_accepts_each_once(
    tmp_path: Path, database: Database
) -> None:
    gateway = DeliveringGateway()
    await furnish(database, tmp_path, gateway, NOW)
    once = Capabilities(notifies=True, queries=True, refunds=True, reopens=False)
    house, parcel = MemoryBankServices(database, MoneyBank(capabilities=once)), gateway.intent()
    ticket = gateway.ticket(parcel, issued_at=NOW)
    await house.press(ticket, NOW)
    await house.press(ticket, NOW)
    first, second = await house.tried(gateway.id, parcel.id)
    assert (first.state, second.state) == ("sent", "sent"), "the older one is still valid and may be paid"
    await house.settlement.record_notification(house.bank.pay(first.id), NOW)
    await house.settlement.record_notification(house.bank.pay(second.id), NOW)
    async with database.read() as connection:
        lines = await ledger_lines.of_attempts(connection, [first.id, second.id])
    assert [line.kind for line in lines] == ["paid", "surplus"]
    await house.press(ticket, NOW)
    assert len(await house.tried(gateway.id, parcel.id)) == 2


async def test_attempts_of_an_intent_are_limited(tmp_path: Path, database: Database) -> None:
    gateway = DeliveringGateway()
    await furnish(database, tmp_path, gateway, NOW)
    house, parcel = MemoryBankServices(database, MoneyBank()), gateway.intent()
    ticket = gateway.ticket(parcel, issued_at=NOW)
    for _ in range(MAX_ATTEMPTS):
        await house.press(ticket, NOW)
        house.bank.end_order((await house.tried(gateway.id, parcel.id))[-1].id, OrderState.failed)
    with pytest.raises(BankRefused):
        await house.press(ticket, NOW)
    assert len(await house.tried(gateway.id, parcel.id)) == MAX_ATTEMPTS


async def test_the_phone_shows_that_a_public_page_reports_nothing(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, donor: Donor
) -> None:
    link = f'kind = "link"\nlink_url = "{PAGE}?yuan={{amount_yuan}}"\nlink_hosts = ["give.example.org"]'
    config = CONFIG.replace('kind = "sandbox"', link)
    async with running_central(tmp_path / "central", RunningBank("", bank.state), config=config) as central:
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        page = await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent())}")
        assert "The result there is not known here." in page.text()
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
        assert token is not None
        async with session.post(page.url, data={"csrf": token[1]}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, f"{PAGE}?yuan=50.00")
            assert "https://give.example.org" in answer.headers["Content-Security-Policy"]
        async with central.database() as database, database.read() as connection:
            (nonce,) = (await connection.execute(select(attempts_table.c.return_nonce))).scalars()
        page_ = await donor.open(f"{central.url}/g/{nonce}")
        assert "Registered" in page_.text()
        assert "Whether it was paid there is not known here" in page_.text()
        for word in ("Thank you", "Not completed", "Waiting for the bank"):
            assert word not in page_.text()


@pytest.mark.parametrize("takes", [False, True])
async def test_screens_phones_and_staff_agree_about_a_project_without_own_site(
    tmp_path: Path, unionpay_state: Path, session: aiohttp.ClientSession, donor: Donor, takes: bool
) -> None:
    """Use a real server without a running bank: no donor goes to the bank."""
    config = SETTINGS.replace('environment = "drill"', 'environment = "real"')
    async with running_central(
        tmp_path / "central", RunningBank("", unionpay_state, "unionpay"), config=config
    ) as central:
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        async with central.database() as database:
            await declares(database, own_site=takes, platform_url="")
        catalogue = await pulled(gateway, central)
        offer = Offer([], {}, now=lambda: datetime.now(UTC))
        offer.take(catalogue)
        lunch = offer.get("lunch")
        assert lunch is not None
        assert offer.judge(lunch).reason is (PermitReason.holds if takes else PermitReason.elsewhere)
        ticket = gateway.ticket(gateway.intent(environment=Environment.real), issued_at=NOW)
        for path in (f"/t/{ticket}", "/s/at/huada/lunch"):
            page = await donor.open(central.url + path)
            assert ("elsewhere" in page.text() or "not taken here" in page.text()) is not takes, page.text()
        async with central.database() as database:
            await set_password(database, "chen", PASSWORD, NOW, role=Role.staff)
        page = await donor.press(await donor.open(f"{central.url}/staff/"), name="chen", password=PASSWORD)
        page = await donor.press(page, password=PASSWORD)  # where gifts are real, the second step is set up first
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.html))
        secret = re.findall(r'<p class="code">([A-Z2-7 ]+)</p>', page.html)[0].replace(" ", "")
        await donor.send(f"{central.url}/staff/factor/prove", hidden | {"code": code(secret, datetime.now(UTC))})
        for path in ("", "/all/lunch"):
            page = await donor.open(f"{central.url}/staff/projects{path}")
            assert ("takes donations" in page.text()) is takes, page.text()
            assert ("no payment route" in page.text()) is not takes, page.text()
        assert ("Gifts have nowhere to go" in page.text()) is not takes
        assert ('href="/staff/organisations/' in page.html) is not takes, "there it is put right"
