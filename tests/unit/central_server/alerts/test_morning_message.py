"""Each morning every recipient gets one message: all is well, or at most three things to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from central_server.alerts.lifecycle import store_tasks
from central_server.alerts.morning_message import MorningMessages
from central_server.alerts.notifier import AlertNotifier
from central_server.alerts.task_kinds import Task, TaskKind
from central_server.alerts.wecom import RobotSender
from central_server.staff.alerts.alert_wording import message_writer, morning_writer
from central_server.staff.frame.render import StaffTemplates
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Channel
from central_server.store.engine.database import Database
from central_server.store.places import places
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.wecom_robot import Robot, running_robot

EIGHT = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
"""08:00 in Quanzhou."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SITE = Texts.model_validate({"zh-Hans": "华大社区", "zh-Hant": "華大社區", "en": "Huada"})
HALL = Task(TaskKind.late, "huada", "Hall", "Hall", "/staff/gateways/hall", since=EIGHT - 2 * HOUR)


@dataclass(frozen=True)
class Desk:
    database: Database
    robot: Robot
    morning: MorningMessages

    async def wait_for(self, *tasks: Task, at: datetime) -> None:
        await store_tasks(self.database, tasks, at)

    async def message(self, at: datetime) -> str:
        """Return the message of this moment, "" for none."""
        before = len(self.robot.came)
        await self.morning.send_due(at)
        return "\n".join(self.robot.came[before:])


@asynccontextmanager
async def running_desk(database: Database, *, language: str = "en") -> AsyncIterator[Desk]:
    templates = StaffTemplates(environment=Environment.drill, site=SITE)
    channel = Channel(new_id(), "huada", "wecom", Robot.key, language, False, False, EIGHT - DAY, "somebody")
    async with database.write() as connection:
        for place in ("huada", "neighbours"):
            await places.plant_community(connection, place, EIGHT - DAY)
        await places.rename(connection, "huada", SITE)
        await alerts.add_channel(connection, channel)
    async with running_robot() as robot, aiohttp.ClientSession() as session:
        origin = "https://give.example.org"
        senders = {"wecom": RobotSender(robot.origin, session)}
        notifier = AlertNotifier(database, senders, message_writer(templates, lambda: origin))
        messages = MorningMessages(database, notifier, morning_writer(templates, lambda: origin))
        yield Desk(database, robot, messages)


async def test_it_says_that_all_is_well_once_a_day(database: Database) -> None:
    async with running_desk(database) as desk:
        assert await desk.message(EIGHT - HOUR) == "", "nobody is woken at seven"
        assert await desk.message(EIGHT) == "Huada, good morning: all is well (Drill)\n\nNothing waits for you today."
        assert await desk.message(EIGHT + HOUR) == ""
        assert await desk.message(EIGHT + DAY) != ""
        assert await desk.message(EIGHT + 2 * DAY + 5 * HOUR) == "", "the morning is over"


async def test_it_names_the_three_most_urgent_things_with_their_links(database: Database) -> None:
    surplus = Task(TaskKind.surplus, "huada", "g/i", "Hall", "/staff/parcels/g/i", since=EIGHT, amount=Money(1000))
    fork = Task(TaskKind.fork, "huada", "Gate", "Gate", "/staff/gateways/gate", since=EIGHT)
    others = [
        Task(TaskKind.silent_beacon, "huada", name, name, f"/staff/beacons/{name}", beacon=name) for name in "abc"
    ]
    strange = Task(TaskKind.fork, "neighbours", "Theirs", "Theirs", "/staff/gateways/theirs", since=EIGHT)
    async with running_desk(database) as desk:
        await desk.wait_for(*others, HALL, surplus, fork, strange, at=EIGHT - HOUR)
        text = await desk.message(EIGHT)
    assert text.startswith("Huada, good morning: to do: 5 (Drill)\n\n1. Gate: its memory card was copied")
    numbered = [line for line in text.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")]
    assert [line.split()[1] for line in numbered] == ["Gate:", "No", "A"], text
    assert [line for line in text.splitlines() if line.startswith("https:")][:2] == [
        "https://give.example.org/staff/gateways/gate",
        "https://give.example.org/staff/gateways/hall",
    ]
    assert "Also waiting: 2\nhttps://give.example.org/staff/alerts" in text
    assert "surplus" not in text.lower()
    assert "Theirs" not in text


async def test_what_it_repeats_it_gives_a_reason_for_until_somebody_takes_it_on(database: Database) -> None:
    async with running_desk(database) as desk:
        await desk.wait_for(HALL, at=EIGHT - HOUR)
        assert "Nobody has taken this on" not in await desk.message(EIGHT)
        assert "Nobody has taken this on since yesterday." in await desk.message(EIGHT + DAY)
        assert "Nobody has taken this on for 2 days." in await desk.message(EIGHT + 2 * DAY)
        async with database.write() as connection:
            (alert,) = await alerts.open_ones(connection, ["huada"])
            assert await alerts.acknowledge(connection, alert.id, "somebody", "on my way", EIGHT + 2 * DAY)
        assert "all is well" in await desk.message(EIGHT + 3 * DAY)


async def test_a_message_that_was_not_taken_comes_later_the_same_morning(database: Database) -> None:
    async with running_desk(database) as desk:
        desk.robot.answers = [45009]
        assert await desk.message(EIGHT) == ""
        assert await desk.message(EIGHT + timedelta(seconds=5)) == "", (
            "not yet: the group takes a few messages a minute"
        )
        assert "all is well" in await desk.message(EIGHT + timedelta(minutes=2))


@pytest.mark.parametrize(
    ("language", "calm", "busy"),
    [
        ("zh-Hans", "华大社区早上好，一切正常 (演练)\n\n今天没有要办的事。", "华大社区早上好，要办的事：1 (演练)"),
        ("zh-Hant", "華大社區早上好，一切正常 (演練)\n\n今天沒有要辦的事。", "華大社區早上好，要辦的事：1 (演練)"),
    ],
)
async def test_it_is_worded_in_the_language_of_the_recipient(
    database: Database, language: str, calm: str, busy: str
) -> None:
    async with running_desk(database, language=language) as desk:
        assert await desk.message(EIGHT) == calm
        await desk.wait_for(HALL, at=EIGHT + HOUR)
        text = await desk.message(EIGHT + DAY)
    assert text.startswith(busy)
    assert not [word for word in ("Nobody", "Hall has") if word in text]
