"""Alerts reach people once, together and in their language, until somebody takes them on."""

import inspect
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.alerts.lifecycle import store_tasks, update_alerts
from central_server.alerts.morning_message import MorningMessages
from central_server.alerts.notifier import AlertNotifier
from central_server.alerts.place_names import community_names, place_names
from central_server.alerts.task_kinds import ABOUT_FAMILIES, Task, TaskKind
from central_server.alerts.wecom import RobotSender
from central_server.banks.port import Expiring
from central_server.enrolment.gateways import register
from central_server.jobs import watch_alerts
from central_server.staff.alerts.alert_wording import message_writer, morning_writer, write_test_message
from central_server.staff.frame.render import StaffTemplates
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert, Channel
from central_server.store.engine import leases
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from daemonkit.health import Health
from sync_contract.keys import public_text
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.wecom_robot import Robot, running_robot

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SITE = Texts.model_validate({"zh-Hans": "华大社区", "zh-Hant": "華大社區", "en": "Huada"})
TEMPLATES = StaffTemplates(environment=Environment.drill, site=SITE)
MINUTE = timedelta(minutes=1)


def late(gateway: str = "Hall", community: str = "huada") -> Task:
    since = NOW - timedelta(hours=2)
    return Task(TaskKind.late, community, gateway, gateway, "/staff/gateways/x", since=since)


def surplus() -> Task:
    return Task(TaskKind.surplus, "huada", "g/i", "Hall", "/staff/parcels/g/i", since=NOW, amount=Money(1000))


@dataclass
class TaskList:
    """The open tasks of a test."""

    database: Database
    tasks: list[Task] = field(default_factory=list)

    async def store(self, now: datetime) -> None:
        await store_tasks(self.database, self.tasks, now)


@pytest.fixture
async def waiting(database: Database) -> TaskList:
    async with database.write() as connection:
        for place in ("huada", "neighbours"):
            await places.plant_community(connection, place, NOW)
    return TaskList(database)


@asynccontextmanager
async def notifier(database: Database, robot: Robot) -> AsyncIterator[AlertNotifier]:
    async with aiohttp.ClientSession() as session:
        senders = {"wecom": RobotSender(robot.origin, session)}
        yield AlertNotifier(database, senders, message_writer(TEMPLATES, lambda: "https://give.example.org"))


async def channel(
    database: Database,
    robot: Robot,
    *,
    place: str = "huada",
    language: str = "en",
    money: bool = False,
    families: bool = False,
) -> Channel:
    made = Channel(new_id(), place, "wecom", robot.key, language, money, families, NOW, "somebody")
    async with database.write() as connection:
        await alerts.add_channel(connection, made)
    return made


async def open_ones(database: Database) -> tuple[Alert, ...]:
    async with database.read() as connection:
        return await alerts.open_ones(connection, [TOP])


async def test_alerts_of_one_minute_are_sent_once_in_one_message(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        async with database.write() as connection:
            await places.rename(connection, "huada", SITE)
        await channel(database, robot)
        waiting.tasks = [late(), late("Library")]
        await waiting.store(NOW)
        assert await ours.notify_channels(NOW) == 0  # later alerts of this minute join the message
        for minute in range(1, 6):
            await waiting.store(NOW + minute * MINUTE)
            await ours.notify_channels(NOW + minute * MINUTE)
        (text,) = robot.came
        assert text.startswith("Huada: tasks waiting: 2 (Drill)\n\n")
        assert "No contact with Hall for 2 hours." in text
        assert "No contact with Library" in text
        assert "https://give.example.org/staff/gateways/x" in text


@pytest.mark.parametrize(
    ("kind", "minutes", "ended"),
    [
        (TaskKind.late, 3, True),
        (TaskKind.deaf, 4, False),
        (TaskKind.tag_silent, 4, False),
        (TaskKind.tag_silent, 6, True),
        (TaskKind.advert_unheard, 4, False),
        (TaskKind.nothing_heard, 39, False),
    ],
)
async def test_an_alert_ends_only_after_a_restarted_gateway_could_miss_it_again(
    database: Database, waiting: TaskList, kind: TaskKind, minutes: int, ended: bool
) -> None:
    waiting.tasks = [Task(kind, "huada", "Hall", "Hall", "/staff/gateways/x")]
    await waiting.store(NOW)
    waiting.tasks = []
    for minute in range(1, minutes + 1):
        await waiting.store(NOW + minute * MINUTE)
    async with database.read() as connection:
        left = await alerts.open_ones(connection, [TOP])
    assert (not left) is ended


async def test_a_message_comes_within_five_minutes_although_the_previous_process_died(
    database: Database,
) -> None:
    every_s: float = inspect.signature(watch_alerts).parameters["every_s"].default
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot, place=TOP)
        async with database.write() as connection:
            assert await leases.take(connection, "alerts", "dead", NOW, NOW + timedelta(seconds=3 * every_s))
        ticks = itertools.count()

        def clock() -> datetime:
            """Advance by `every_s` for each round; end the job once a message came."""
            now = NOW + timedelta(seconds=every_s * next(ticks))
            if robot.came or now > NOW + 5 * MINUTE:
                raise Ended(now)
            return now

        with pytest.raises(Ended) as ended:
            await watch_alerts(
                database,
                ours,
                MorningMessages(database, ours, morning_writer(TEMPLATES, lambda: "")),
                Environment.drill,
                lambda now: (),
                lambda now: NOW - timedelta(days=2),  # an overdue backup is the task
                failing=lambda: ("figures",),
                holder="alive",
                clock=clock,
                health=Health(),
                every_s=0,
            )
        assert len(robot.came) == 1
        assert ended.value.args[0] <= NOW + 5 * MINUTE


class Ended(Exception):
    """Ends the job; its argument is the time."""


async def test_an_acknowledged_task_that_occurs_again_waits_again(database: Database, waiting: TaskList) -> None:
    waiting.tasks = [Task(TaskKind.conflict, "huada", "g", "Hall", "/staff/log", 1, NOW)]
    await waiting.store(NOW)
    (alert,) = await open_ones(database)
    async with database.write() as connection:
        await alerts.acknowledge(connection, alert.id, "somebody", "", NOW + MINUTE)
    waiting.tasks = [replace(waiting.tasks[0], count=2, since=NOW + 2 * MINUTE)]
    await waiting.store(NOW + 3 * MINUTE)
    (alert,) = await open_ones(database)
    assert (alert.acknowledged_at, alert.count) == (None, 2)


async def test_the_end_is_sent_only_to_channels_that_got_the_alert(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot, language="zh-Hans")
        waiting.tasks = [late()]
        await waiting.store(NOW)
        await ours.notify_channels(NOW + MINUTE)
        other = await channel(database, robot, language="zh-Hant")  # added later: gets no end
        waiting.tasks = []
        await waiting.store(NOW + 90 * timedelta(seconds=1))
        assert len(await open_ones(database)) == 1  # too early to end
        await waiting.store(NOW + 4 * MINUTE)
        assert await open_ones(database) == ()
        for _ in range(2):
            await ours.notify_channels(NOW + 5 * MINUTE)
        assert robot.came[1:] == ["huada：已恢复 1 件 (演练)\n\nhuada · Hall：已恢复联系。"]
        assert other.language == "zh-Hant"


async def test_an_alert_that_ends_within_a_minute_is_not_sent(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot)
        waiting.tasks = [late()]
        await waiting.store(NOW)
        async with database.write() as connection:
            await alerts.end(connection, [alert.id for alert in await alerts.open_ones(connection, [TOP])], NOW)
        await ours.notify_channels(NOW + 10 * MINUTE)
        assert robot.came == []


async def test_a_channel_gets_only_its_place_and_money_and_families_only_on_request(
    database: Database, waiting: TaskList
) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot, place="neighbours", money=True, families=True)
        await channel(database, robot)
        families = [Task(kind, "huada", "huada", "", "/staff/families") for kind in sorted(ABOUT_FAMILIES)]
        waiting.tasks = [surplus(), *families]
        await waiting.store(NOW)
        await ours.notify_channels(NOW + MINUTE)
        assert robot.came == []
        await channel(database, robot, place=TOP, money=True)
        await ours.notify_channels(NOW + 2 * MINUTE)
        assert len(robot.came) == 1
        assert "A gift was paid twice: ¥10." in robot.came[0]
        assert "tasks waiting: 1 " in robot.came[0]
        await channel(database, robot, place=TOP, families=True)
        await ours.notify_channels(NOW + 3 * MINUTE)
        assert f"tasks waiting: {len(ABOUT_FAMILIES)} " in robot.came[1]


async def test_an_expiring_key_of_the_bank_is_sent(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot, place=TOP, money=True)
        expiring = [Expiring("merchant.crt", NOW + timedelta(days=30))]
        await update_alerts(database, "drill", expiring, NOW)
        await ours.notify_channels(NOW + MINUTE)
        (text,) = robot.came
        assert "merchant.crt expires on 2026-12-27" in text


async def test_a_missing_backup_is_sent_once(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        await channel(database, robot, place=TOP)
        for since in (NOW - timedelta(days=2), NOW - timedelta(days=2), None):
            await update_alerts(database, "drill", (), NOW, last_backup_at=since)
            await ours.notify_channels(NOW + MINUTE)
        (text,) = robot.came
        assert "This server has made no backup for 2 days" in text
        await update_alerts(database, "drill", (), NOW + timedelta(hours=1))
        async with database.read() as connection:
            assert await alerts.open_ones(connection, [TOP]) == ()


async def test_a_failed_message_is_sent_again_later(database: Database, waiting: TaskList) -> None:
    async with running_robot() as robot, notifier(database, robot) as ours:
        made = await channel(database, robot)
        robot.answers = [45009, 45009]
        waiting.tasks = [late()]
        await waiting.store(NOW)
        at = NOW + MINUTE
        assert await ours.notify_channels(at) == 0
        async with database.read() as connection:
            stored = await alerts.channel(connection, made.id)
        assert stored is not None
        assert (stored.failures, robot.key in stored.last_error, "45009" in stored.last_error) == (1, False, True)
        assert await ours.notify_channels(at + timedelta(seconds=5)) == 0  # not due: no request
        assert robot.answers == [45009]
        await ours.notify_channels(at + timedelta(seconds=31))
        await ours.notify_channels(at + timedelta(minutes=3))
        assert len(robot.came) == 1
        async with database.read() as connection:
            stored = await alerts.channel(connection, made.id)
        assert stored is not None
        assert (stored.failures, stored.last_error, stored.sent_at) == (0, "", at + timedelta(minutes=3))


async def test_every_task_kind_is_worded_in_every_language(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
    write = message_writer(TEMPLATES, lambda: "https://give.example.org")
    for language in Language:
        for kind in TaskKind:
            alert = Alert(
                *(kind.value, "s", "huada", "<Hall> & yard", "/staff/", 3, NOW - timedelta(days=3), 1000, "CNY", "b"),
                *(NOW, NOW),
            )
            message = write(language, [alert], [alert], NOW)
            assert any(fact in message.lines[0] for fact in ("<Hall> & yard", "¥10", "3"))
            assert "\n" not in message.subject
            assert len(message.lines) >= 3


async def test_a_task_becomes_an_alert(database: Database) -> None:
    """Starts from the tables: all keys of a gateway were revoked."""
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOW)
    key = Ed25519PrivateKey.generate().public_key()
    await register(database, "a" * 16, public_text(key), "huada", "Hall", NOW - timedelta(days=2))
    async with database.write() as connection:
        await gateways.revoke_keys(connection, "a" * 16, NOW - timedelta(days=1), "rolled")
    await update_alerts(database, "drill", (), NOW)
    (alert,) = await open_ones(database)
    assert (alert.kind, alert.subject, alert.gateway, alert.label) == ("revoked", "a" * 16, "a" * 16, "Hall")


async def test_a_project_has_its_name_in_the_language_of_the_channel(database: Database, waiting: TaskList) -> None:
    names = Texts.model_validate({"zh-Hans": "长者午餐", "zh-Hant": "長者午餐", "en": "Lunch for the old"})
    waiting.tasks = [Task(TaskKind.permit_ends, "huada", "plan", names.zh_hans, "/staff/permits", 3, names=names)]
    await waiting.store(NOW)
    await waiting.store(NOW + MINUTE)
    found = await open_ones(database)
    write = message_writer(TEMPLATES, lambda: "https://central.example")
    for language in Language:
        text = " ".join(write(language, found, (), NOW).lines)
        assert [names[each] in text for each in Language] == [each is language for each in Language]


def test_a_message_about_several_communities_names_them() -> None:
    write = message_writer(TEMPLATES, lambda: "https://central.example")
    alert = Alert("late", "Hall", "huada", "Hall", "/staff/", 1, NOW - timedelta(hours=2), None, None, "", NOW, NOW)
    alone = write(Language.en, [alert], [alert], NOW).lines
    several = write(Language.en, [alert], [alert], NOW, {"huada": SITE}).lines
    assert several[0] == f"Huada · {alone[0]}"
    assert "Huada · Hall is in contact again." in several


async def test_a_street_gets_distinct_names_of_its_communities(database: Database, waiting: TaskList) -> None:
    hill = {"zh-Hans": "中山社区", "zh-Hant": "中山社區", "en": "Zhongshan"}
    street = {"zh-Hans": "鲤城街道", "zh-Hant": "鯉城街道", "en": "Licheng"}
    async with database.write() as connection:
        for id_, kind, parent, names in (
            ("city", "city", TOP, {"zh-Hans": "泉州", "zh-Hant": "泉州", "en": "Quanzhou"}),
            ("licheng", "street", "city", street),
            ("north", "community", "licheng", hill),
            ("south", "community", "licheng", hill),
        ):
            place = Place(id_, PlaceKind(kind), parent, Texts.model_validate(names))
            await places.plant(connection, place, NOW)
    async with running_robot() as robot, notifier(database, robot) as ours:
        for language in Language:
            await channel(database, robot, place="licheng", language=language)
        waiting.tasks = [late("大厅 2", "south"), late("大厅", "north")]  # the newest comes first
        await waiting.store(NOW)
        await ours.notify_channels(NOW + MINUTE)
        hans, hant, english = (text.split("\n\n") for text in robot.came)
        assert hans[0] == "鲤城街道：待处理 2 件 (中山社区 (north)、中山社区 (south)) (演练)"
        assert hant[0] == "鯉城街道：待處理 2 件 (中山社區 (north)、中山社區 (south)) (演練)"
        assert english[0] == "Licheng: tasks waiting: 2 (Zhongshan (north), Zhongshan (south)) (Drill)"
        assert [line.partition(" · ")[0] for line in hant[1:3]] == ["中山社區 (north)", "中山社區 (south)"]
        robot.came.clear()
        waiting.tasks = waiting.tasks[1:]
        for minute in (2, 5):
            await waiting.store(NOW + minute * MINUTE)
        await ours.notify_channels(NOW + 5 * MINUTE)
        assert robot.came[0].startswith("中山社区 (south)：已恢复 1 件")


def test_equal_names_get_the_name_of_the_place_above() -> None:
    def place(id_: str, kind: PlaceKind, parent: str, name: str) -> Place:
        texts = Texts.model_validate({"zh-Hans": name, "zh-Hant": name, "en": f"{name} {id_}"})
        return Place(id_, kind, parent, texts)

    around = [
        place(TOP, PlaceKind.top, "", "全部"),
        *(place(id_, PlaceKind.street, "city", id_) for id_ in ("east", "west")),
        *(place(f"{id_}-sun", PlaceKind.community, id_, "中山社区") for id_ in ("east", "west")),
        place("only", PlaceKind.community, TOP, "华大社区"),
        place("hall", PlaceKind.site, "only", "大厅"),
    ]
    names = place_names(around)
    assert [names[id_].zh_hans for id_ in ("east-sun", "west-sun", "only")] == [
        "east › 中山社区", "west › 中山社区", "华大社区",
    ]  # fmt: skip
    assert names["east-sun"].en == "中山社区 east-sun"  # in that language they differ
    assert community_names(around).keys() == {"east", "west", "east-sun", "west-sun", "only"}
    assert community_names(around[-2:]) == {}


def test_a_test_message_names_the_place_of_its_channel() -> None:
    assert write_test_message(TEMPLATES, Language.zh_hant, SITE).subject == "華大社區：測試訊息"
    street = Texts.model_validate({"zh-Hans": "街道", "zh-Hant": "街道", "en": "Street"})
    assert write_test_message(TEMPLATES, Language.en, street).subject == "Street: a test message"
    assert write_test_message(TEMPLATES, Language.en, None).subject == "Huada: a test message"
