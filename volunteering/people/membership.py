"""Let people join and log in with their number and a one-time code, and leave again.

Nobody can be signed up by others: a person exists only after the code that was sent to their number was typed.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from volunteering.people.number_change import is_same_name, release_number
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.people.sender import CodeMessage, CodeSender
from volunteering.rules.invitations import MAX_NAME as MAX_NAME
from volunteering.rules.invitations import is_name
from volunteering.rules.one_time_code import (
    A_DAY,
    DIGITS,
    VALID,
    CodeProblem,
    IssuedCode,
    judge_code,
    may_send,
    read_code,
)
from volunteering.store import login_cards, one_time_codes, people
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.one_time_codes import StoredCode
from volunteering.store.people import Person, PersonState

SESSION_LASTS = timedelta(days=90)
CONSENT_PURPOSE, CONSENT_VERSION = "activities", "2026-12-03"
"""The version of the text on the page where people join: a changed text gets a new one."""


class JoinProblem(StrEnum):
    """What a person who joins for the first time left out. The code stays valid."""

    name = "name"
    consent = "consent"
    other = "other"
    """A member with another name has this number."""


@dataclass(frozen=True, slots=True)
class SentCode:
    """`ticket`: names the code on the following page. `shown`: the code itself, in a drill; else ""."""

    ticket: str
    shown: str


@dataclass(frozen=True, slots=True)
class Joined:
    """`token`: of the new session."""

    token: str


@dataclass(frozen=True, slots=True)
class Joining:
    """What a person typed on the page of the code. `holder`: they have the number now, and are not that member."""

    ticket: str
    code: str
    name: str
    consented: bool
    language: Language
    holder: bool = False


@dataclass(frozen=True, slots=True)
class NewMember:
    """A person who proved the number and agreed. `how`: where they did."""

    community: str
    environment: str
    number_hash: str
    mobile: str
    name: str
    language: Language
    how: str


@dataclass(frozen=True, slots=True)
class Membership:
    database: Database
    seal: PersonSeal
    sender: CodeSender
    environment: Environment
    clock: Callable[[], datetime]

    async def send_code(self, community: str, mobile: str, language: Language) -> SentCode | CodeProblem:
        """Send a code to the number, whether or not it is known: the answer does not tell."""
        now, number_hash = self.clock(), self.seal.number_hash(mobile)
        code, ticket = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", new_id()
        stored = StoredCode(
            ticket,
            community,
            self.environment.value,
            number_hash,
            self.seal.code_hash(ticket, code),
            self.seal.close_number(ticket, mobile),
            now,
            tries=0,
            ended=False,
        )

        message = CodeMessage(ticket, community, number_hash, mobile, code, language.value, now, now + VALID)

        async def issue(connection: Connection) -> CodeProblem | None:
            await connection.alone(f"volunteer code {number_hash}")
            problem = may_send(await one_time_codes.sent_since(connection, number_hash, now - A_DAY), now)
            if problem is None and not await self.sender.has_room(connection, now):
                problem = CodeProblem.busy
            if problem is None:
                await one_time_codes.replace(connection, stored)
                await self.sender.add_code(connection, message)
            return problem

        problem = await self.database.written(issue)
        if problem is not None:
            return problem
        if self.sender.on_screen:
            return SentCode(ticket, code)
        await self.sender.deliver_now(ticket)
        return SentCode(ticket, "")

    async def join(self, community: str, typed: Joining) -> Joined | CodeProblem | JoinProblem:
        """Log in the person of the code's number, who joins if they are new.

        Raises SealBroken.
        """
        return await self.database.written(partial(self._join, community=community, typed=typed))

    async def _join(
        self, connection: Connection, *, community: str, typed: Joining
    ) -> Joined | CodeProblem | JoinProblem:
        now, environment = self.clock(), self.environment.value
        stored = await one_time_codes.lock(connection, typed.ticket)
        if stored is None or (stored.community, stored.environment) != (community, environment):
            return CodeProblem.ended
        if problem := await self._judge(connection, stored, typed.code):
            return problem
        person = await people.find(connection, community, environment, stored.number_hash)
        if person is not None and not is_same_name(self.seal.open(person).name, typed.name):
            if not typed.holder:
                await one_time_codes.count_try(connection, stored.id)  # so that nobody guesses names
                return JoinProblem.other
            if isinstance(refused := read_joining(typed), JoinProblem):
                return refused
            await release_number(connection, self.seal, person, now)
            person = None
        if person is None:
            name = read_joining(typed)
            if isinstance(name, JoinProblem):
                return name
            mobile = self.seal.open_number(stored.id, stored.sealed_number)
            new = NewMember(community, environment, stored.number_hash, mobile, name, typed.language, "phone")
            person = await add_member(connection, self.seal, new, now)
        await one_time_codes.end(connection, stored.id)
        return await self.begin_session(connection, person)

    async def begin_session(self, connection: Connection, person: Person) -> Joined:
        token = secrets.token_urlsafe(32)
        await people.add_session(connection, _digest(token), person.id, self.clock() + SESSION_LASTS)
        return Joined(token)

    async def log_in_with_card(self, community: str, code: str) -> str:
        """Return the token of a new session, "" if no valid card of this community has the code."""
        if not code:
            return ""
        return await self.database.written(partial(self._log_in_with_card, community=community, code=code))

    async def _log_in_with_card(self, connection: Connection, *, community: str, code: str) -> str:
        now = self.clock()
        code_hash, environment = self.seal.login_hash(code), self.environment.value
        card = await login_cards.of_code(connection, community, environment, code_hash)
        if card is None:
            return ""
        person = await people.get(connection, card.person, lock=True)
        valid = await login_cards.of_code(connection, community, environment, code_hash)
        if person is None or person.state != PersonState.active or valid is None:
            return ""
        await login_cards.record_use(connection, card.id, now)
        return (await self.begin_session(connection, person)).token

    async def take_number(self, connection: Connection, community: str, ticket: str, code: str) -> str | CodeProblem:
        """Return the number to which the code was sent; the code is used up. Raises SealBroken."""
        stored = await one_time_codes.lock(connection, ticket)
        if stored is None or (stored.community, stored.environment) != (community, self.environment.value):
            return CodeProblem.ended
        problem = await self._judge(connection, stored, code)
        if problem is None:
            await one_time_codes.end(connection, stored.id)
        return problem or self.seal.open_number(stored.id, stored.sealed_number)

    async def _judge(self, connection: Connection, stored: StoredCode, code: str) -> CodeProblem | None:
        """Return why a typed code is not accepted; a wrong one is counted."""
        hashed = self.seal.code_hash(stored.id, read_code(code))
        matches = hmac.compare_digest(hashed, stored.code_hash)
        problem = judge_code(IssuedCode(stored.sent_at, stored.tries, stored.ended), matches=matches, now=self.clock())
        if problem is CodeProblem.wrong:
            await one_time_codes.count_try(connection, stored.id)
        return problem

    async def find(self, token: str, community: str) -> Person | None:
        """Return the person of the session, None without one in this community."""
        if not token:
            return None
        async with self.database.read() as connection:
            person = await people.of_session(connection, _digest(token), self.clock())
        if person is None or (person.community, person.environment) != (community, self.environment.value):
            return None
        return person

    async def log_out(self, token: str) -> None:
        async with self.database.write() as connection:
            await people.end_session(connection, _digest(token))


def read_joining(typed: Joining) -> str | JoinProblem:
    """Return the name of a person who joins."""
    if not is_name(typed.name):
        return JoinProblem.name
    return " ".join(typed.name.split()) if typed.consented else JoinProblem.consent


async def add_member(connection: Connection, seal: PersonSeal, new: NewMember, now: datetime) -> Person:
    """Raises StoreCollision if the number joins at the same moment."""
    id_, active = new_id(), PersonState.active
    person = Person(
        id_,
        new.community,
        new.environment,
        active,
        new.number_hash,
        seal.seal.fingerprint,
        seal.close(id_, Contact(new.name, new.mobile)),
        now,
        new.language.value,
    )
    await people.add(connection, person)
    await people.add_consent(connection, person, CONSENT_PURPOSE, CONSENT_VERSION, new.how, now)
    await record(connection, StateChange(person.community, id_, RecordKind.person, active, id_, now))
    return person


async def forget(database: Database, now: datetime) -> None:
    """Delete codes after 24 hours, and ended sessions."""
    async with database.write() as connection:
        await one_time_codes.forget(connection, now - A_DAY)
        await people.forget_sessions(connection, now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
