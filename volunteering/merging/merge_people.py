"""Join two records of one person: proposed and approved by two accounts, after a period in which both may object."""

from datetime import datetime
from functools import partial

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.activities.sign_up import BY_SERVER, erase_person
from volunteering.cards.issue_card import end_card
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.login_code import read_login_code
from volunteering.rules.merges import (
    LAPSES,
    MAY_OBJECT,
    OPEN,
    MergeProblem,
    MergeState,
    judge_approval,
    judge_proposal,
    overlaps,
)
from volunteering.rules.message_times import due_at
from volunteering.rules.phone_number import read_mobile
from volunteering.rules.service_hours import Span
from volunteering.store import dispatch, login_cards, merges, messages, people, service_records
from volunteering.store.merges import Merge
from volunteering.store.messages import Message, MessageKind, MessageState
from volunteering.store.people import Person, PersonState


async def find_person(
    connection: Connection, seal: PersonSeal, community: str, environment: str, typed: str
) -> Person | None:
    """Return the active member of the number or login card. A volunteer card does not do: others see its number."""
    mobile, code = read_mobile(typed), read_login_code(typed)
    person = None
    if mobile is not None:
        person = await people.find(connection, community, environment, seal.number_hash(mobile))
    elif code:
        card = await login_cards.of_code(connection, community, environment, seal.login_hash(code))
        person = await people.get(connection, card.person) if card else None
    return person if person is not None and person.state == PersonState.active else None


async def propose(
    connection: Connection, ends: Person | None, remains: Person | None, account: str, now: datetime
) -> Merge | MergeProblem:
    if ends is None or remains is None or ends.environment != remains.environment:
        return MergeProblem.unknown
    for person in sorted((ends.id, remains.id)):
        await people.get(connection, person, lock=True)
    under_way = bool(await merges.open_of(connection, [ends.id, remains.id]))
    spans = [await _spans(connection, person.id) for person in (ends, remains)]
    pair = [(person.id, person.community) for person in (ends, remains)]
    if problem := judge_proposal(*pair, under_way=under_way, ends_at=spans[0], at=spans[1]):
        return problem
    state, due = MergeState.proposed.value, now + LAPSES
    merge = Merge(new_id(), ends.community, ends.environment, ends.id, remains.id, state, account, now, "", due, now)
    await merges.add(connection, merge)
    return merge


async def approve(connection: Connection, merge: Merge, account: str, now: datetime) -> MergeProblem | None:
    """Begin the period in which both may object; each gets a message. `merge`: locked."""
    if problem := judge_approval(merge.state, merge.proposed_by, account, merge.due_at, now):
        return problem
    due = now + MAY_OBJECT
    await merges.change(connection, merge, MergeState.approved, account, now, approved_by=account, due_at=due)
    both = await people.of_ids(connection, [merge.ends, merge.remains])
    await messages.add(connection, [_notice(merge, person, due, now) for person in both.values()])
    return None


async def end(connection: Connection, merge: Merge, state: MergeState, by: str, now: datetime) -> MergeProblem | None:
    """Decline it as staff, or object as one of the two people. `merge`: locked."""
    if merge.state not in OPEN:
        return MergeProblem.ended
    await merges.change(connection, merge, state, by, now)
    return None


async def finish_due(database: Database, now: datetime) -> None:
    """Let proposals lapse that nobody approved, and merge where nobody objected."""
    async with database.read() as connection:
        found = await merges.due(connection, now)
    for each in found:
        await database.written(partial(_finish, merge=each.id, now=now))


async def _finish(connection: Connection, *, merge: str, now: datetime) -> None:
    found = await merges.get(connection, merge, lock=True)
    if found is None or found.state not in OPEN or found.due_at > now:
        return
    if found.state == MergeState.proposed:
        await merges.change(connection, found, MergeState.lapsed, BY_SERVER, now)
        return
    both = [await people.get(connection, each, lock=True) for each in sorted((found.ends, found.remains))]
    person = {each.id: each for each in both if each is not None and each.state == PersonState.active}
    spans = [await _spans(connection, each) for each in (found.ends, found.remains)]
    if len(person) < 2 or overlaps(*spans):  # one was erased, or both served at one time since
        await merges.change(connection, found, MergeState.declined, BY_SERVER, now)
        return
    await end_card(connection, person[found.ends], now)
    await dispatch.erase(connection, found.ends)
    await erase_person(connection, person[found.ends], now)
    await merges.move_to(connection, person[found.ends], person[found.remains])
    await merges.change(connection, found, MergeState.done, BY_SERVER, now)


async def _spans(connection: Connection, person: str) -> list[Span]:
    """Return when the person served, as it counts now."""
    minutes: dict[str, int] = {}
    newest: dict[str, Span] = {}
    for row in await service_records.every_of(connection, person):
        minutes[row.source] = minutes.get(row.source, 0) + row.minutes
        newest[row.source] = row.span
    return [span for source, span in newest.items() if minutes[source] > 0]


def _notice(merge: Merge, person: Person, until: datetime, now: datetime) -> Message:
    due = due_at(now, until, OFFICIAL_TIME)
    return Message(
        new_id(),
        merge.community,
        merge.environment,
        MessageKind.merging.value,
        person.id,
        f"merging {merge.id}",
        "",
        person.language,
        b"",
        due,
        until,
        MessageState.waiting.value,
        0,
        due,
        "",
        now,
    )
