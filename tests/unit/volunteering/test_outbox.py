"""The outbox: messages to a real mail server and to an HTTP gateway, each once, and again after a failure."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from sqlalchemy import select

from central_server.alerts.mail import MailSender
from central_server.receipts.sealed_data import open_seal
from central_server.settings_parts import MessageSettings
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from central_server.store.places.places import plant_community
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.mail_server import PostOffice, running_post_office
from tests.unit.volunteering.community_desk import COMMUNITY
from tests.unit.volunteering.member_phone import NAME, NUMBER
from tests.unit.volunteering.test_sign_ups import NOW, do, shift
from volunteering.activities.reminders import remind
from volunteering.activities.sign_up import accept, cancel_shift, leave, sign_up
from volunteering.dispatch.proposing import answer, send
from volunteering.messages.outbox import Outbox
from volunteering.messages.senders import GatewaySender, MailToNumber, NotSent, Outgoing, Sender
from volunteering.people.inviting import Inviting, invite, withdraw
from volunteering.people.membership import Joined, Joining, Membership, SentCode
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.one_time_code import CodeProblem
from volunteering.store import activities, dispatch, invitations, messages
from volunteering.store.dispatch import Proposal
from volunteering.store.message_tables import messages as rows
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA


@dataclass
class World:
    """`now`: moves by hand. Everybody joins with a code that the mail server received."""

    database: Database
    outbox: Outbox
    membership: Membership
    office: PostOffice
    now: datetime

    async def join(self, number: str) -> Person:
        sent = await self.membership.send_code(COMMUNITY, number, Language.en)
        assert isinstance(sent, SentCode), sent
        assert sent.shown == ""
        found = re.search(r"code is ([0-9]{6}),", self.office.came[-1].get_content())
        assert found is not None
        joined = await self.membership.join(COMMUNITY, Joining(sent.ticket, found[1], NAME, True, Language.en))
        assert isinstance(joined, Joined), joined
        person = await self.membership.find(joined.token, COMMUNITY)
        assert person is not None
        return person

    async def deliver(self) -> list[tuple[str, str]]:
        """Deliver what is due; return the recipients with the subjects of what came, in order of numbers."""
        before = len(self.office.came)
        await self.outbox.deliver_due(self.now)
        return sorted((str(mail["To"])[:11], str(mail["Subject"])) for mail in self.office.came[before:])

    async def states(self) -> dict[str, int]:
        async with self.database.read() as connection:
            found = (await connection.execute(select(rows.c.kind, rows.c.state))).all()
        counted = [f"{row.kind} {row.state}" for row in found]
        return {each: counted.count(each) for each in counted}


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    await migrate_part(database, SCHEMA)
    async with database.write() as connection:
        await plant_community(connection, COMMUNITY, NOW)
    with running_post_office(tmp_path, login=("alerts", "hunter2")) as office:
        server = MailSender("127.0.0.1", office.port, "starttls", "a@b.example", "alerts", "hunter2", office.trust)
        yield await _world(database, tmp_path, MailToNumber(server, "{mobile}@sms.example"), office)


async def _world(database: Database, state: Path, sender: Sender, office: PostOffice) -> World:
    seal = PersonSeal(await open_seal(database, state, None))
    built: list[World] = []
    clock: Callable[[], datetime] = lambda: built[0].now  # noqa: E731  (the world moves it)
    address: Callable[[], str] = lambda: "https://give.example"  # noqa: E731  (one line)
    outbox = Outbox(database, seal, sender, Environment.drill, clock, address, codes_an_hour=4)
    built.append(World(database, outbox, Membership(database, seal, outbox, Environment.drill, clock), office, NOW))
    return built[0]


async def test_each_person_gets_one_message_about_an_event(world: World) -> None:
    first, second, third = [await world.join(f"1380000000{number}") for number in (1, 2, 3)]
    of = await shift(world.database, 1, hours=48)
    for person in (first, second, third):
        await do(world.database, sign_up, person, of)
    await do(world.database, leave, first, of, world.now)
    assert await world.deliver() == [("13800000002", "A place is free for you")]
    body = world.office.came[-1].get_content()
    assert f"https://give.example/community/{COMMUNITY}/shifts/{of}" in body
    await do(world.database, accept, second, of, world.now)
    world.now = NOW + timedelta(hours=21, minutes=59)  # 17:59 in China on the day before
    for minutes, expected in ((0, []), (1, [("13800000002", "Your activity tomorrow")]), (2, [])):
        world.now += timedelta(minutes=minutes)
        await remind(world.database, world.now)
        assert await world.deliver() == expected, minutes
    world.now += timedelta(hours=5)  # 23:02
    async with world.database.write() as connection:
        listed = (await activities.of_ids(connection, [of]))[of]
        for _ in range(2):
            await cancel_shift(connection, listed.shift, "clerk", world.now)
    assert await world.deliver() == [], "nobody is woken"
    world.now += timedelta(hours=9)
    both = await asyncio.gather(world.deliver(), world.outbox.deliver_due(world.now))
    assert both[0] == [(f"1380000000{number}", "An activity is cancelled") for number in (2, 3)], "two processes"
    assert await world.states() == {"code sent": 3, "offered sent": 1, "reminder sent": 1, "cancelled sent": 2}


async def test_a_failure_is_tried_again_and_a_needless_message_dropped(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = [await world.join(number) for number in (NUMBER, "13800000002")]
    of = await shift(world.database, 1, hours=48)
    await do(world.database, sign_up, first, of)
    await do(world.database, sign_up, second, of)
    world.office.refused = {"13800000002@sms.example"}
    await do(world.database, leave, first, of, world.now)
    assert await world.deliver() == []
    assert (await world.states())["offered failed"] == 1, "no such mailbox: not tried again"
    async with world.database.read() as connection:
        failed = next(row for row in (await connection.execute(select(rows))).all() if row.state == "failed")
    assert ("550" in failed.reason, "13800000002" in failed.reason) == (True, False)
    world.office.refused = set()
    async with world.database.write() as connection:
        (own,) = [
            row.id for row in (await connection.execute(select(rows.c.id, rows.c.state))).all() if row.state == "failed"
        ]
        await messages.retry(connection, own, "", world.now, world.now)
        claimed = await messages.claim(connection, own, world.now)
        assert claimed is not None
    assert await world.deliver() == [], "another process tries it"
    world.now += timedelta(minutes=2)
    assert await world.deliver() == [("13800000002", "A place is free for you")], "that process ended"
    world.now += timedelta(minutes=1)
    other = await shift(world.database, 1, hours=96)
    await do(world.database, sign_up, first, other, world.now)
    await do(world.database, sign_up, second, other, world.now)
    await do(world.database, leave, first, other, world.now)
    await do(world.database, leave, second, other, world.now)
    assert await world.deliver() == [], "no offer any more"
    assert (await world.states())["offered dropped"] == 1
    assert NUMBER not in caplog.text


async def test_a_person_who_is_asked_gets_one_message_unless_they_answered(world: World) -> None:
    first, second = [await world.join(f"1380000000{number}") for number in (1, 2)]
    of = await shift(world.database, 2, hours=48)
    drafts = [
        Proposal(new_id(), COMMUNITY, of, person.id, "drafted", True, False, "clerk", world.now, None)
        for person in (first, second)
    ]
    async with world.database.write() as connection:
        await dispatch.replace_drafts(connection, [of], drafts)
        assert await send(connection, COMMUNITY, "drill", "clerk", world.now) == 2
        assert await send(connection, COMMUNITY, "drill", "clerk", world.now) == 0
        assert await answer(connection, second, drafts[1].id, accepted=False, now=world.now) is None
    assert await world.deliver() == [("13800000001", "Can you help?")]
    assert f"https://give.example/community/{COMMUNITY}/me/when" in world.office.came[-1].get_content()
    assert await world.states() == {"code sent": 2, "asked sent": 1, "asked dropped": 1}


async def test_codes_are_sent_and_limited_in_an_hour(world: World) -> None:
    world.office.refused = {"13800000001@sms.example"}
    sent = await world.membership.send_code(COMMUNITY, "13800000001", Language.zh_hans)
    assert isinstance(sent, SentCode), "the page is the same"
    assert (await world.states()) == {"code failed": 1}
    for number in (2, 3, 4):
        await world.join(f"1380000000{number}")
    assert await world.membership.send_code(COMMUNITY, "13800000005", Language.en) is CodeProblem.busy
    async with world.database.read() as connection:
        stored = str((await connection.execute(select(rows))).all())
    assert not re.search("1380000000", stored)
    world.now += timedelta(hours=25)
    await world.outbox.forget(world.now)
    assert await world.states() == {}


@dataclass
class Gateway:
    """An SMS gateway's interface. `answer`: status and body of the next answers."""

    url: str = ""
    answer: tuple[int, str] = (200, '{"code": 0}')
    came: list[tuple[str, str]] = field(default_factory=list)


@asynccontextmanager
async def running_gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()

    async def take(request: web.Request) -> web.Response:
        gateway.came.append((request.headers.get("Authorization", ""), await request.text()))
        return web.Response(status=gateway.answer[0], text=gateway.answer[1])

    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
    yield gateway
    await runner.cleanup()


async def test_a_gateway_gets_the_filled_template() -> None:
    text = 'Tea & "cakes" 50%\n=1'
    message = Outgoing("0" * 32, NUMBER, "Code", text)
    async with running_gateway() as gateway:
        for content_type, body, read in (
            ("application/json", '{"to": {"phone": "{mobile}"}, "text": "{text}", "ref": "{id}"}', json.loads),
            ("application/x-www-form-urlencoded", "to={mobile}&text={text}&ref={id}&pass={secret}", parse_qs),
        ):
            settings = MessageSettings.model_validate(
                {
                    "kind": "http",
                    "url": gateway.url,
                    "content_type": content_type,
                    "body": body,
                    "authorization": "Bearer {secret}",
                    "secret_file": "/s",
                    "accepted": '"code": 0',
                }
            )
            sender = GatewaySender(settings, "s3&cret")
            gateway.answer = (200, '{"code": 0}')
            await sender.send(message)
            header, sent = gateway.came[-1]
            found = read(sent)
            assert header == "Bearer s3&cret"
            assert found["text"] in (text, [text]), sent
            assert "s3&cret" in (found.get("pass", ["s3&cret"]))
            for answer in ((500, "busy"), (200, f"no balance for {NUMBER} s3&cret")):
                gateway.answer = answer
                with pytest.raises(NotSent, match=f"status {answer[0]}") as failed:
                    await sender.send(message)
                assert (NUMBER in str(failed.value), "s3&cret" in str(failed.value)) == (False, False)
    with pytest.raises(NotSent, match="no answer"):
        await sender.send(message)


async def test_an_invited_number_gets_one_message_unless_the_list_is_withdrawn(world: World) -> None:
    numbers = ("13800000001", "13800000002")
    async with world.database.write() as connection:
        wanted = Inviting(COMMUNITY, "drill", numbers, Language.en, "clerk")
        made = await invite(connection, world.membership.seal, wanted, world.now)
        assert (await invite(connection, world.membership.seal, wanted, world.now)).before == 2
    assert await world.deliver() == [(numbers[0], "An invitation")], "the others follow"
    body = world.office.came[-1].get_content()
    assert f"https://give.example/community/{COMMUNITY}/invitation/" in body
    assert re.search(r"code is [0-9]{6}\.", body)
    async with world.database.write() as connection:
        listed = await invitations.get_list(connection, made.id)
        assert listed is not None
        assert await withdraw(connection, listed, "clerk", world.now) == 2
    world.now += timedelta(minutes=1)
    assert await world.deliver() == []
    assert await world.states() == {"invited sent": 1, "invited dropped": 1}
