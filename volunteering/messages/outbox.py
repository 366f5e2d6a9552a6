"""Send the messages of the outbox, each by one process at a time, and again after a failure.

A message is marked before it is sent. If the process ends between sending and recording it, nobody knows whether it
was sent: it is tried again with the same id.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from central_server.receipts.sealed_data import SealBroken
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from volunteering.messages.senders import NotSent, Outgoing, ScreenSender, Sender
from volunteering.messages.wording import Worded, word_code, word_invitation, word_merging, word_moved, word_notice
from volunteering.people.invited_number import invitation_of, open_number
from volunteering.people.sealed_person import MessageNumber, PersonSeal
from volunteering.people.sender import CodeMessage
from volunteering.rules.invitations import InvitationState
from volunteering.rules.message_times import next_try
from volunteering.rules.seats import SignUpState
from volunteering.store import activities, dispatch, invitations, merges, messages, people, sign_ups
from volunteering.store.activities import ActivityState, ListedShift
from volunteering.store.messages import Message, MessageKind, MessageState
from volunteering.store.people import Person, PersonState

_log = structlog.get_logger()
_AT_ONCE = 4
"""Messages that are sent at the same time."""
_BATCH = 40
TOO_LATE = "too late"
AN_HOUR, CODES_FOR, OTHERS_FOR = timedelta(hours=1), timedelta(hours=24), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Code:
    """The sealed content of a code's message."""

    mobile: str
    code: str


@dataclass(frozen=True, slots=True)
class _Prepared:
    """`outgoing` None: the message is needless."""

    message: Message
    outgoing: Outgoing | None


@dataclass(frozen=True, slots=True)
class Outbox:
    """`address`: the origin of this server's pages. `codes_an_hour`: of the whole server. Satisfies `CodeSender`."""

    database: Database
    seal: PersonSeal
    sender: Sender
    environment: Environment
    clock: Callable[[], datetime]
    address: Callable[[], str]
    codes_an_hour: int
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def on_screen(self) -> bool:
        return isinstance(self.sender, ScreenSender)

    async def has_room(self, connection: Connection, now: datetime) -> bool:
        return self.on_screen or await messages.count_codes(connection, now - AN_HOUR) < self.codes_an_hour

    async def add_code(self, connection: Connection, message: CodeMessage) -> None:
        if self.on_screen:
            return
        row = Message(
            message.id,
            message.community,
            self.environment.value,
            (MessageKind.guardian if message.guardian else MessageKind.code).value,
            message.number_hash,
            message.id,
            "",
            message.language,
            self.seal.close_message(message.id, Code(message.mobile, message.code)),
            message.sent_at,
            message.valid_until,
            MessageState.waiting.value,
            0,
            message.sent_at,
            "",
            message.sent_at,
        )
        await messages.add(connection, [row])

    async def deliver_now(self, code: str) -> None:
        if not self.on_screen and not self._room.locked():  # else the job sends it
            await self._deliver(code)

    async def deliver_due(self, now: datetime) -> None:
        """Try one batch of due messages."""
        async with self.database.read() as connection:
            due = await messages.due(connection, self.environment.value, now, _BATCH)
        reasons = await asyncio.gather(*(self._deliver(each) for each in due))
        if failed := [reason for reason in reasons if reason]:
            _log.warning("volunteers.message_failed", count=len(failed), reason=failed[-1])

    async def forget(self, now: datetime) -> None:
        """Delete finished messages: codes after a day, others after 90 days."""
        async with self.database.write() as connection:
            await messages.forget(connection, now - CODES_FOR, now - OTHERS_FOR)

    async def _deliver(self, message: str) -> str:
        """Return why it was not sent, "" otherwise."""
        async with self._room:
            claimed = await self.database.written(partial(messages.claim, message=message, now=self.clock()))
            if claimed is None:
                return ""
            try:
                prepared = await self._prepare(claimed)
                if prepared.outgoing is None:
                    return await self._finish(claimed, MessageState.dropped)
                if self.clock() >= claimed.useless_at:
                    return await self._finish(claimed, MessageState.failed, claimed.reason or TOO_LATE)
                await self.sender.send(prepared.outgoing)
            except NotSent as error:
                return await self._record_failure(claimed, str(error), final=error.final)
            except SealBroken as error:
                return await self._record_failure(claimed, str(error), final=False)
            return await self._finish(claimed, MessageState.sent)

    async def _finish(self, message: Message, state: MessageState, reason: str = "") -> str:
        work = partial(messages.finish, message=message.id, state=state, reason=reason, now=self.clock())
        await self.database.written(work)
        return reason

    async def _record_failure(self, message: Message, reason: str, *, final: bool) -> str:
        now = self.clock()
        at = next_try(message.tries, now)
        if final or at >= message.useless_at:
            return await self._finish(message, MessageState.failed, reason)
        await self.database.written(partial(messages.retry, message=message.id, reason=reason, at=at, now=now))
        return reason

    async def _prepare(self, message: Message) -> _Prepared:
        """Raises SealBroken."""
        async with self.database.read() as connection:
            place = await places.get(connection, message.community)
            if place is None:
                return _Prepared(message, None)
            if message.kind in (MessageKind.code, MessageKind.guardian):
                return self._prepare_code(message, place.names)
            if message.kind == MessageKind.invited:
                return await self._prepare_invitation(connection, message, place.names)
            if message.kind == MessageKind.merging:
                return await self._prepare_merging(connection, message, place.names)
            if message.kind == MessageKind.moved:
                mobile = self.seal.open_message(message.id, message.sealed, MessageNumber).mobile
                return _Prepared(
                    message, _outgoing(message, mobile, word_moved(place.names, Language(message.language)))
                )
            return await self._prepare_notice(connection, message, place.names)

    def _prepare_code(self, message: Message, community: Texts) -> _Prepared:
        content = self.seal.open_message(message.id, message.sealed, Code)
        worded = word_code(community, content.code, Language(message.language), MessageKind(message.kind))
        return _Prepared(message, _outgoing(message, content.mobile, worded))

    async def _prepare_invitation(self, connection: Connection, message: Message, community: Texts) -> _Prepared:
        """An invitation that was answered or withdrawn needs no message."""
        invitation = await invitations.get(connection, invitation_of(message))
        if invitation is None or invitation.state != InvitationState.open:
            return _Prepared(message, None)
        number = open_number(self.seal, invitation)
        link = f"{self.address()}/community/{message.community}/invitation/{invitation.id}"
        worded = word_invitation(community, number.code, link, Language(message.language))
        return _Prepared(message, _outgoing(message, number.mobile, worded))

    async def _prepare_merging(self, connection: Connection, message: Message, community: Texts) -> _Prepared:
        """A merge that ended meanwhile, and a person without a number, need no message."""
        person = await people.get(connection, message.recipient)
        if person is None or person.state != PersonState.active or not await merges.open_of(connection, [person.id]):
            return _Prepared(message, None)
        contact = self.seal.open(person)
        link = f"{self.address()}/community/{message.community}/me"
        worded = word_merging(community, message.useless_at, link, Language(message.language))
        return _Prepared(message, _outgoing(message, contact.mobile, worded) if contact.mobile else None)

    async def _prepare_notice(self, connection: Connection, message: Message, community: Texts) -> _Prepared:
        """The number is the person's current one; a notice that is no longer true is needless."""
        person = await people.get(connection, message.recipient)
        listed = (await activities.of_ids(connection, [message.shift])).get(message.shift)
        if person is None or person.state != PersonState.active or listed is None:
            return _Prepared(message, None)
        if not await _is_true(connection, message, person, listed):
            return _Prepared(message, None)
        page = "me/when" if message.kind == MessageKind.asked else f"shifts/{message.shift}"
        link = f"{self.address()}/community/{message.community}/{page}"
        contact = self.seal.open(person)
        if not contact.mobile:  # a person with a login card only
            return _Prepared(message, None)
        return _Prepared(message, _outgoing(message, contact.mobile, word_notice(message, community, listed, link)))


async def _is_true(connection: Connection, message: Message, person: Person, listed: ListedShift) -> bool:
    """Whether what the message says is still so."""
    if message.kind == MessageKind.asked:
        return any(
            each.shift == message.shift for each in await dispatch.open_of(connection, person.id, message.due_at)
        )
    own = await sign_ups.get(connection, message.shift, person.id)
    return own is not None and _holds(MessageKind(message.kind), own.state, listed)


def _holds(kind: MessageKind, state: str, listed: ListedShift) -> bool:
    open_shift = listed.shift.state is ActivityState.open
    if kind is MessageKind.cancelled:
        return not open_shift
    wanted = SignUpState.offered if kind is MessageKind.offered else SignUpState.confirmed
    return open_shift and state == wanted


def _outgoing(message: Message, mobile: str, worded: Worded) -> Outgoing:
    return Outgoing(message.id, mobile, worded.subject, worded.text)
