"""Invite people from a list of numbers, and take their answers.

A list makes invitations, never people: a person exists only after the code that was sent to the number was typed, with
a name and consent of their own. The names of the list are not stored.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from volunteering.people.invited_number import InvitedNumber, event_of, open_number
from volunteering.people.membership import Joined, Joining, JoinProblem, Membership, NewMember, add_member, read_joining
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.invitations import PAUSE, REMEMBERED, VALID, InvitationState, judge_invitation
from volunteering.rules.message_times import next_daytime
from volunteering.rules.minors import AgeBand
from volunteering.rules.one_time_code import DIGITS, CodeProblem, read_code
from volunteering.store import invitations, messages, people
from volunteering.store.invitations import Invitation, InvitationList
from volunteering.store.messages import Message, MessageKind, MessageState

BY_SERVER, BY_NUMBER = "(server)", "(number)"
"""Who ends an invitation, in the history; not a valid account or person."""


@dataclass(frozen=True, slots=True)
class Inviting:
    """Whom staff invite. `mobiles`: of 11 digits, each once."""

    community: str
    environment: str
    mobiles: Sequence[str]
    language: Language
    account: str


@dataclass(frozen=True, slots=True)
class MadeList:
    """`invited`: people who get a message; `joined`: members already; `before`: invited before."""

    id: str
    invited: int
    joined: int
    before: int


@dataclass(frozen=True, slots=True)
class AlreadyMember:
    """The number has joined meanwhile: the person logs in as every member does."""


async def invite(connection: Connection, seal: PersonSeal, inviting: Inviting, now: datetime) -> MadeList:
    """Make invitations and their messages; without anybody to invite, nothing."""
    await connection.alone(f"volunteer invitations {inviting.community}")
    by_hash = {seal.number_hash(mobile): mobile for mobile in inviting.mobiles}
    community, environment = inviting.community, inviting.environment
    joined, before = await invitations.not_to_invite(connection, community, environment, by_hash)
    chosen = [each for each in by_hash if each not in joined and each not in before]
    made = InvitationList(new_id(), community, environment, inviting.account, now, now + VALID)
    if chosen:
        added = [_invitation(seal, made, number, by_hash[number]) for number in chosen]
        await invitations.add(connection, made, added)
        language = inviting.language.value
        await messages.add(connection, [_message(each, language, at, now) for at, each in enumerate(added)])
    return MadeList(made.id, len(chosen), len(joined), len(before))


def _invitation(seal: PersonSeal, made: InvitationList, number_hash: str, mobile: str) -> Invitation:
    id_, code = new_id(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    sealed, opened = seal.close_message(id_, InvitedNumber(mobile, code)), InvitationState.open.value
    return Invitation(
        id_, made.community, made.environment, made.id, number_hash, sealed, opened, 0, made.expires_at, made.made_at
    )


def _message(invitation: Invitation, language: str, place: int, now: datetime) -> Message:
    due = next_daytime(now + place * PAUSE, OFFICIAL_TIME)
    return Message(
        new_id(),
        invitation.community,
        invitation.environment,
        MessageKind.invited.value,
        invitation.number_hash,
        event_of(invitation.id),
        "",
        language,
        b"",
        due,
        invitation.expires_at,
        MessageState.waiting.value,
        0,
        due,
        "",
        now,
    )


async def find(connection: Connection, membership: Membership, community: str, invitation: str) -> Invitation | None:
    """Return an open invitation of this community."""
    found = await invitations.get(connection, invitation)
    if found is None or (found.community, found.environment) != (community, membership.environment.value):
        return None
    return found if found.state == InvitationState.open and membership.clock() < found.expires_at else None


async def accept(
    membership: Membership, community: str, typed: Joining
) -> Joined | AlreadyMember | CodeProblem | JoinProblem:
    """Let the person join. `typed.ticket`: the id of the invitation. Raises SealBroken."""
    return await membership.database.written(partial(_accept, membership=membership, community=community, typed=typed))


async def _accept(
    connection: Connection, *, membership: Membership, community: str, typed: Joining
) -> Joined | AlreadyMember | CodeProblem | JoinProblem:
    opened = await _open(connection, membership, community, typed.ticket, typed.code)
    if isinstance(opened, CodeProblem):
        return opened
    invitation, number = opened
    now, environment = membership.clock(), membership.environment.value
    if await people.find(connection, community, environment, invitation.number_hash) is not None:
        await invitations.end(connection, [invitation], InvitationState.accepted, BY_NUMBER, now)
        return AlreadyMember()
    name = read_joining(typed)
    if isinstance(name, JoinProblem):
        return name
    if typed.age is not AgeBand.adult:
        return JoinProblem.age
    new = NewMember(community, environment, invitation.number_hash, number.mobile, name, typed.language, "invitation")
    person = await add_member(connection, membership.seal, new, now)
    await invitations.end(connection, [invitation], InvitationState.accepted, person.id, now)
    return await membership.begin_session(connection, person)


async def decline(membership: Membership, community: str, invitation: str, code: str) -> CodeProblem | None:
    """End the invitation; the number is not invited again for half a year. Raises SealBroken."""

    async def work(connection: Connection) -> CodeProblem | None:
        opened = await _open(connection, membership, community, invitation, code)
        if isinstance(opened, CodeProblem):
            return opened
        await invitations.end(connection, [opened[0]], InvitationState.declined, BY_NUMBER, membership.clock())
        return None

    return await membership.database.written(work)


async def _open(
    connection: Connection, membership: Membership, community: str, invitation: str, code: str
) -> tuple[Invitation, InvitedNumber] | CodeProblem:
    """Check the code of an invitation, and count a wrong one. Raises SealBroken."""
    found = await invitations.get(connection, invitation, lock=True)
    if found is None or not found.sealed or await find(connection, membership, community, invitation) is None:
        return CodeProblem.ended
    number = open_number(membership.seal, found)
    matches = hmac.compare_digest(number.code.encode(), read_code(code).encode())
    problem = judge_invitation(found.state, found.expires_at, found.tries, matches=matches, now=membership.clock())
    if problem is CodeProblem.wrong:
        await invitations.count_wrong_code(connection, found)
    return problem or (found, number)


async def withdraw(connection: Connection, wanted: InvitationList, account: str, now: datetime) -> int:
    """End the open invitations of a list; return their number. Messages that wait are dropped when they are due."""
    found = await invitations.open_of(connection, wanted.id)
    await invitations.end(connection, found, InvitationState.withdrawn, account, now)
    return len(found)


async def expire(database: Database, now: datetime) -> None:
    """End invitations that nobody answered in time, and forget old ones."""
    async with database.write() as connection:
        found = await invitations.expired(connection, now)
        await invitations.end(connection, found, InvitationState.expired, BY_SERVER, now)
        await invitations.forget(connection, now - REMEMBERED)
