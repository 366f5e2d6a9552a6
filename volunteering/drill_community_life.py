"""Add to a drill what a community's board shows: a service today, requests in every state, highlights with drawings."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO

from central_server.parts import DrillContext
from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import SignUpProblem, sign_up
from volunteering.highlights.approval import Draft, approve, draft
from volunteering.highlights.picture_process import convert
from volunteering.people.sealed_person import PersonSeal
from volunteering.requests.act_on_request import Desk, Outcome, act, ask, ask_at_the_desk
from volunteering.requests.request_form import Address, Category, NewRequest
from volunteering.rules.attendance import Step
from volunteering.rules.check_in_judgement import CheckInReason, Evidence
from volunteering.rules.highlights import Approval, Picture
from volunteering.rules.requests import Action, Actor
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import activities, attendances, highlights, requests, sign_ups
from volunteering.store.activities import Shift
from volunteering.store.attendances import Attendance
from volunteering.store.people import Person
from volunteering.store.requests import Request

_ACCOUNT, _SECOND = "drill", "drill-2"
_DAYS = 7
_DRILL = Environment.drill.value
_HIGHLIGHTS: tuple[tuple[tuple[str, str, str], int, int], ...] = (
    (("九号楼的新花圃开花了", "九號樓的新花圃開花了", "The new flower bed of building 9 blooms"), 2, 2),
    (("四十份热饭送到门口", "四十份熱飯送到門口", "Forty hot meals brought to the door"), 5, 2),
    (("楼道的灯全修好了", "樓道的燈全修好了", "Every light on the stairs works again"), 9, 2),
    (("台风后一起清扫", "颱風後一起清掃", "Cleaning up together after the typhoon"), 1, 1),
)
"""Text, days ago, approvals."""
_STEPS: tuple[tuple[Category, int, tuple[tuple[Action, Actor, str], ...]], ...] = (
    (Category.clinic, 1, ((Action.check, Actor.staff, ""),)),
    (Category.phone, 2, ((Action.check, Actor.staff, ""),)),
    (Category.carry, 0, ((Action.check, Actor.staff, ""), (Action.claim, Actor.member, ""),
                         (Action.report_done, Actor.helper, "well"))),
    (Category.errand, 0, ((Action.check, Actor.staff, ""), (Action.claim, Actor.member, ""),
                          (Action.report_done, Actor.helper, "well"), (Action.confirm, Actor.requester, "well"))),
    (Category.repair, 0, ((Action.check, Actor.staff, ""), (Action.claim, Actor.member, ""),
                          (Action.report_done, Actor.helper, "badly"), (Action.confirm, Actor.requester, "badly"))),
)  # fmt: skip
"""Kind, days from now, and what has happened to it."""


async def add_community_life(connection: Connection, context: DrillContext, members: Sequence[Person]) -> None:
    """`members`: at least sixteen; those at the end help."""
    await _serve_today(connection, context, members[-6:])
    await _ask(connection, context, members)
    for number, (text, days, approvals) in enumerate(_HIGHLIGHTS):
        picture = await asyncio.to_thread(_drawing, number) if number != 1 else None
        shown_on = context.now.astimezone(OFFICIAL_TIME).date() - timedelta(days=days)
        new = Draft(context.community, _DRILL, _texts(text), shown_on, (), ())
        made = await draft(connection, new, picture, _ACCOUNT, context.now - timedelta(days=days))
        for account in (_ACCOUNT, _SECOND)[:approvals]:
            found = await highlights.get(connection, made.id, _DRILL)
            assert found is not None
            await approve(connection, found, Approval(account, picture is not None), context.now)


async def _serve_today(connection: Connection, context: DrillContext, members: Sequence[Person]) -> None:
    """Two people serve at the desk of the hall today; the days to come have an empty seat."""
    first = context.now.astimezone(OFFICIAL_TIME).date()
    times = tuple(_times(first + timedelta(days=day)) for day in range(_DAYS))
    title = _texts(("社区服务台", "社區服務台", "Service desk in the hall"))
    hall = _texts(("社区大厅", "社區大廳", "The community hall"))
    new = NewActivity(context.community, title, None, hall, times, 3)
    made_at = context.now - timedelta(days=3)
    activity = await make_activity(connection, new, _DRILL, _ACCOUNT, made_at)
    for number, shift in enumerate(await activities.shifts_of(connection, activity.id)):
        for person in (members[number % 6], members[(number + 1) % 6]):
            signed = await sign_up(connection, person, shift.id, min(shift.starts - timedelta(hours=9), context.now))
            if number == 0 and shift.starts <= context.now < shift.ends and not isinstance(signed, SignUpProblem):
                await _arrive(connection, shift, person)


async def _arrive(connection: Connection, shift: Shift, person: Person) -> None:
    own = await sign_ups.get(connection, shift.id, person.id)
    assert own is not None
    row = Attendance(
        new_id(),
        person.community,
        person.environment,
        shift.id,
        own.id,
        person.id,
        Step.arrive.value,
        shift.starts - timedelta(minutes=3),
        Evidence.screen.value,
        CheckInReason.in_time.value,
        "0000000000000000",
        f"drill today {shift.id}",
    )
    await attendances.add(connection, row)


async def _ask(connection: Connection, context: DrillContext, members: Sequence[Person]) -> None:
    seal, now, helper = PersonSeal(context.seal), context.now, members[-1]
    today = now.astimezone(OFFICIAL_TIME).date()
    for number, (category, days, steps) in enumerate(_STEPS):
        person = members[6 + number]
        address = Address(f"{number + 2} 号楼", f"{number + 2}04", "")
        new = NewRequest(category, f"{number % 3 + 1}-{number + 1}", today + timedelta(days=days), address)
        asked = await ask(connection, seal, person, new, now - timedelta(hours=30))
        assert isinstance(asked, Request)
        ids = {Actor.staff: _ACCOUNT, Actor.requester: person.id}
        for after, (action, actor, outcome) in enumerate(steps, start=1):
            at = now - timedelta(hours=30 - 3 * after)
            await act(connection, asked, action, Outcome(actor, ids.get(actor, helper.id), outcome), at)
            found = await requests.get(connection, asked.id, asked.environment)
            assert found is not None
            asked = found
    neighbour = Address("6 号楼", "502", "听力不好，请多敲几下", "演练邻居")
    at_the_desk = NewRequest(Category.company, "2-4", today + timedelta(days=1), neighbour)
    desk = Desk(context.community, _DRILL, _ACCOUNT)
    await ask_at_the_desk(connection, seal, desk, at_the_desk, now - timedelta(hours=2))


def _times(day: date) -> ShiftTimes:
    return ShiftTimes(*(datetime.combine(day, time(hour), OFFICIAL_TIME) for hour in (8, 20)))


def _texts(texts: tuple[str, str, str]) -> Texts:
    return Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), texts, strict=True)))


def _drawing(number: int) -> Picture:
    """Draw flowers before a wall, marked as a drill: nobody is on it."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1200, 800), ("#cfe5ea", "#f3dfc1", "#dfe8d2", "#e6dbe8")[number])
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 330, 1200, 560), fill="#a8412f")
    for row in range(6):
        for brick in range(-1, 13):
            left, top = brick * 100 + row % 2 * 50, 330 + row * 40
            pen.rectangle((left, top, left + 96, top + 36), outline="#8a3224", width=3)
    pen.rectangle((0, 560, 1200, 800), fill="#5d7a45")
    for flower in range(14):
        x, y = 60 + flower * 84, 590 + flower * 37 % 130
        pen.line((x, y, x, y + 90), fill="#37552b", width=9)
        for dx, dy in ((-26, 0), (26, 0), (0, -26), (0, 26)):
            pen.ellipse((x + dx - 22, y + dy - 22, x + dx + 22, y + dy + 22), fill=("#e0a63a", "#d7604c")[flower % 2])
        pen.ellipse((x - 14, y - 14, x + 14, y + 14), fill="#fff4d6")
    pen.rectangle((24, 24, 250, 104), fill="#f4c95d")
    pen.text((50, 34), "DRILL", fill="#3a2a12", font=ImageFont.load_default(52))
    out = BytesIO()
    image.save(out, "PNG")
    made = convert(out.getvalue())
    assert isinstance(made, Picture)
    return made
