"""Staff take alerts on and manage alert recipients on pages."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from sync_contract.gateway_report import Hearing
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.wecom_robot import Robot, running_robot
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.staff.test_overview import reports
from tests.unit.central_server.staff.test_staff import logged_in


@asynccontextmanager
async def house(tmp_path: Path, bank: RunningBank, robot: Robot) -> AsyncIterator[RunningCentral]:
    config = f'{CONFIG}\n[alerts]\nwecom = "{robot.origin}"\n'
    async with running_central(tmp_path / "central", bank, config=config) as central:
        yield central


def facts(page: Page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.html).split())


async def sent(donor: Donor, page: Page, path: str, **fields: str) -> Page:
    """Send a form of the page to that path."""
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page.html))
    return await donor.send(urljoin(page.url, path), {"csrf": csrf, **fields})


async def test_a_group_is_added_tested_and_removed(tmp_path: Path, bank: RunningBank, donor: Donor) -> None:
    async with running_robot() as robot, house(tmp_path, bank, robot) as central:
        await logged_in(central, donor)
        page = await donor.open(f"{central.url}/staff/channels")
        assert "There are no recipients yet" in page.html
        shown = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={robot.key}"
        page = await donor.press(page, kind="wecom", address=shown, place="all", language="en")
        assert robot.key not in page.html  # it is a secret
        assert f"…{robot.key[-4:]}" in page.html
        (target,) = set(re.findall(r'action="(/staff/channels/[0-9a-f]+)"', page.html))
        page = await sent(donor, page, target, action="test")
        assert "The test message was accepted." in page.html
        assert robot.came == [
            "Huada Community: a test message\n\nAlerts of this place arrive here. There is nothing to do."
        ]
        page = await sent(donor, page, target, action="remove")
        assert "There are no recipients yet" in page.html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kind": "wecom", "address": "not a key"}, "This is not the key of a group robot."),
        ({"kind": "mail", "address": "a@b.example"}, "Choose a method that this server supports"),  # no [mail] here
        ({"kind": "wecom", "address": "693a91f6-7aaa-4bc4-97a0-0ec251fa5aaa", "language": "xx"}, "Choose a method"),
    ],
)
async def test_an_invalid_recipient_is_not_added(
    tmp_path: Path, bank: RunningBank, donor: Donor, typed: dict[str, str], words: str
) -> None:
    async with running_robot() as robot, house(tmp_path, bank, robot) as central:
        await logged_in(central, donor)
        page = await donor.open(f"{central.url}/staff/channels")
        page = await donor.press(page, **({"place": "all", "language": "en"} | typed))
        assert page.status == 422
        assert words in page.html
        async with central.database() as database, database.read() as connection:
            assert await alerts.channels(connection, ["all"]) == ()


async def test_a_taken_alert_names_its_account(
    tmp_path: Path, bank: RunningBank, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with running_robot() as robot, house(tmp_path, bank, robot) as central:
        await enrolled(central, DeliveringGateway(session, central.url))
        now = datetime.now(UTC)
        made = Alert("deaf", "x", "huada", "Hall", "/staff/gateways/x", 1, now, None, None, "", now, now)
        async with central.database() as database, database.write() as connection:
            await alerts.add(connection, [made])
        await logged_in(central, donor)
        page = await donor.open(f"{central.url}/staff/alerts")
        assert "Hall receives nothing." in facts(page)
        (target,) = set(re.findall(r'action="(/staff/alerts/[0-9]+)"', page.html))
        page = await sent(donor, page, target, note="asked the installer")
        assert "has been in charge since" in facts(page)
        assert "asked the installer" in facts(page)
        trail = await donor.open(f"{central.url}/staff/audit")
        assert "Took charge of an alert" in facts(trail)
        page = await donor.open(f"{central.url}/staff/alerts")
        page = await sent(donor, page, target, action="return")
        assert "has been in charge since" not in facts(page)
        assert "asked the installer" not in facts(page)
        assert "Returned an alert" in facts(await donor.open(f"{central.url}/staff/audit"))


async def test_another_account_takes_an_alert_over_in_one_step(
    tmp_path: Path, bank: RunningBank, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with running_robot() as robot, house(tmp_path, bank, robot) as central:
        await enrolled(central, DeliveringGateway(session, central.url))
        now = datetime.now(UTC)
        made = Alert("deaf", "x", "huada", "Hall", "/staff/gateways/x", 1, now, None, None, "", now, now)
        async with central.database() as database, database.write() as connection:
            await alerts.add(connection, [made])
            (alert,) = await alerts.open_ones(connection, ["huada"])
            assert not await alerts.take_over(connection, alert.id, "chen", "", now)  # nobody had taken it on
            assert await alerts.acknowledge(connection, alert.id, "lin", "on my way", now)
            assert not await alerts.take_over(connection, alert.id, "lin", "again", now)
        await logged_in(central, donor)
        page = await donor.open(f"{central.url}/staff/alerts")
        page = await sent(donor, page, f"/staff/alerts/{alert.id}", action="take_over", note="lin is ill")
        assert "chen has been in charge since" in facts(page)
        assert "lin is ill" in facts(page)
        assert "Take over" not in facts(page)
        assert "Account: lin → chen" in facts(await donor.open(f"{central.url}/staff/audit"))


async def test_the_overview_lists_taken_tasks_last(
    tmp_path: Path, bank: RunningBank, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with running_robot() as robot, house(tmp_path, bank, robot) as central:
        one, other = DeliveringGateway(session, central.url), DeliveringGateway(session, central.url)
        for each in (one, other):
            await enrolled(central, each)
            await reports(each, hearing=Hearing.deaf)
        now = datetime.now(UTC)
        made = Alert("deaf", one.id, "huada", "Hall", "/staff/gateways/x", 1, now, None, None, "", now, now)
        async with central.database() as database, database.write() as connection:
            await alerts.add(connection, [made])
            (alert,) = await alerts.open_ones(connection, ["huada"])
            await alerts.acknowledge(connection, alert.id, "chen", "on my way", now)
        await logged_in(central, donor)
        page = await donor.open(f"{central.url}/staff/")
        waits = page.html.partition('<ol class="tasks">')[2].partition("</ol>")[0]
        assert waits.index(f"/staff/gateways/{other.id}") < waits.index(f"/staff/gateways/{one.id}")
        assert "chen has been in charge since" in facts(page)
        assert "on my way" in facts(page)
