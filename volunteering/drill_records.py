"""Add four weeks of made-up activities to a drill, half of them past, with made-up people who take part and serve."""

from datetime import date, datetime, time, timedelta
from functools import partial

from central_server.parts import DrillContext
from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import sign_up
from volunteering.cards.issue_card import change_card, issue_card
from volunteering.drill_community_life import add_community_life
from volunteering.drill_dispatch import add_dispatch
from volunteering.drill_pool import add_pool
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.records.record_service import record_sign_up
from volunteering.requests.act_on_request import Outcome, act, ask
from volunteering.requests.request_form import Address, Category, NewRequest
from volunteering.rules.attendance import Step
from volunteering.rules.cards import CardAction
from volunteering.rules.check_in_judgement import CheckInReason, Evidence
from volunteering.rules.requests import Action, Actor
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import activities, attendances, people, requests, sign_ups
from volunteering.store.activities import Shift
from volunteering.store.attendances import Attendance
from volunteering.store.people import Person, PersonState
from volunteering.store.requests import Request

PEOPLE = 24
_ACCOUNT = "drill"
_GATEWAY = "0000000000000000"
_CARDS = 15
_WEEKS = range(-2, 2)
_CLAIMS_WAIT = timedelta(days=9)
_HALL = ("社区大厅", "社區大廳", "The community hall")
_CARD_CHANGES = {2: (CardAction.suspend, "电话询问后待核实"), 5: (CardAction.lose, "手机遗失")}
_PLANS: tuple[tuple[tuple[str, str, str], tuple[str, str, str], int, str, str, int], ...] = (
    (("给独居长者送午餐", "為獨居長者送午餐", "Lunch for elders who live alone"), _HALL, 0, "10:30", "12:30", 6),
    (("四点半课堂陪读", "四點半課堂伴讀", "Reading with children after school"),
     ("二楼教室", "二樓教室", "The classroom upstairs"), 1, "16:30", "18:00", 4),
    (("教长者用手机", "教長者用手機", "Mobile phones explained to elders"), _HALL, 2, "09:00", "11:00", 5),
    (("楼道与花圃清洁", "打掃樓道與花圃", "Cleaning stairs and flower beds"),
     ("三号楼门前", "三號樓門前", "In front of building 3"), 5, "08:00", "10:00", 12),
    (("夜间关灯关火提醒", "夜間關燈關火提醒", "Evening walk: lights and stoves off?"), _HALL, 6, "21:30", "00:30", 3),
)  # fmt: skip
"""Title, where people meet, days after Monday, times, seats."""


async def fill_drill(context: DrillContext) -> None:
    """Raises StoreUnavailable."""
    await context.database.written(partial(_add, context=context))


async def _add(connection: Connection, *, context: DrillContext) -> None:
    members = [await _member(connection, context, number) for number in range(PEOPLE)]
    await _ask_for_help(connection, context, members)
    await add_community_life(connection, context, members)
    for turn, (title, meeting, day, begins, ends, seats) in enumerate(_PLANS):
        monday = context.now.astimezone(OFFICIAL_TIME).date()
        monday -= timedelta(days=monday.weekday())
        times = tuple(_times(monday + timedelta(days=day, weeks=week), begins, ends) for week in _WEEKS)
        new = NewActivity(context.community, _texts(title), None, _texts(meeting), times, seats)
        made_at = context.now - timedelta(weeks=4)
        environment = Environment.drill.value
        activity = await make_activity(connection, new, environment, _ACCOUNT, made_at)
        for number, shift in enumerate(await activities.shifts_of(connection, activity.id)):
            await _fill(connection, shift, members[3 * turn + number :] + members[: 3 * turn + number], context.now)
    await add_dispatch(connection, context, members)
    await add_pool(connection, context, members)
    for number, person in enumerate(members[:_CARDS]):
        card = await issue_card(connection, context.seal, person, context.now - timedelta(days=_CARDS - number))
        if card is not None and number in _CARD_CHANGES:
            action, reason = _CARD_CHANGES[number]
            await change_card(connection, card, action, _ACCOUNT, context.now - timedelta(hours=number), reason=reason)


async def _ask_for_help(connection: Connection, context: DrillContext, members: list[Person]) -> None:
    """One request waits for its check, one for a helper, and one has a helper."""
    seal, now = PersonSeal(context.seal), context.now
    today = now.astimezone(OFFICIAL_TIME).date()
    for number, category in enumerate((Category.errand, Category.company, Category.repair)):
        address = Address(f"{number + 1} 号楼", f"{number + 3}01", "")
        new = NewRequest(category, f"3-{number + 1}", today + timedelta(days=number + 1), address)
        asked = await ask(connection, seal, members[number], new, now - timedelta(hours=20 + 10 * number))
        assert isinstance(asked, Request)
        steps = ((Action.check, Outcome(Actor.staff, _ACCOUNT)), (Action.claim, Outcome(Actor.member, members[-1].id)))
        for action, by in steps[:number]:
            await act(connection, asked, action, by, now - timedelta(hours=18))
            found = await requests.get(connection, asked.id, asked.environment)
            assert found is not None
            asked = found


async def _fill(connection: Connection, shift: Shift, members: list[Person], now: datetime) -> None:
    """Past shifts are full, coming ones half, and the last of the small ones has a waiting list."""
    asked_at = min(now, shift.starts - timedelta(days=2))
    count = shift.seats if shift.starts < now else shift.seats // 2
    if shift.starts > now and shift.seats == 3:
        count = shift.seats + 2
    for number, person in enumerate(members[:count]):
        await sign_up(connection, person, shift.id, asked_at - timedelta(minutes=count - number))
        if shift.ends < now:
            await _serve(connection, shift, person, number, now)


async def _serve(connection: Connection, shift: Shift, person: Person, number: int, now: datetime) -> None:
    """Check in by the screen's code; every third person forgets to check out, every fifth has no proof.

    Claims of the last days wait for a confirmation.
    """
    own = await sign_ups.get(connection, shift.id, person.id)
    assert own is not None
    evidence = Evidence.claim if number % 5 == 4 else Evidence.screen
    reason = CheckInReason.late if evidence is Evidence.claim else CheckInReason.in_time
    steps = [(Step.arrive, shift.starts - timedelta(minutes=4))]
    if number % 3 != 2:
        steps.append((Step.leave, shift.ends - timedelta(minutes=7 * number)))
    for step, at in steps:
        row = Attendance(
            new_id(),
            person.community,
            person.environment,
            shift.id,
            own.id,
            person.id,
            step.value,
            at,
            evidence.value,
            reason.value,
            _GATEWAY,
            f"drill {shift.id} {step}",
        )
        await attendances.add(connection, row)
    if evidence is not Evidence.claim or shift.ends < now - _CLAIMS_WAIT:
        await record_sign_up(connection, own.id, shift.ends, confirmed_by=_ACCOUNT)


async def _member(connection: Connection, context: DrillContext, number: int) -> Person:
    """Nobody can have the number of a made-up person: it begins with 10."""
    id_, seal = new_id(), PersonSeal(context.seal)
    contact = Contact(f"演练志愿者 {number + 1}", f"10{number:09}")
    joined_at = context.now - timedelta(days=30 + number)
    person = Person(
        id_,
        context.community,
        Environment.drill.value,
        PersonState.active,
        seal.number_hash(contact.mobile),
        context.seal.fingerprint,
        seal.close(id_, contact),
        joined_at,
    )
    await people.add(connection, person)
    return person


def _times(day: date, begins: str, ends: str) -> ShiftTimes:
    since, until = (time.fromisoformat(text) for text in (begins, ends))
    last_day = day if until > since else day + timedelta(days=1)
    return ShiftTimes(datetime.combine(day, since, OFFICIAL_TIME), datetime.combine(last_day, until, OFFICIAL_TIME))


def _texts(texts: tuple[str, str, str]) -> Texts:
    return Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), texts, strict=True)))
