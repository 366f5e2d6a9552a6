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
from volunteering.people.guardian import add_guardian
from volunteering.people.number_change import is_same_name, release_number
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.people.sender import CodeMessage, CodeSender
from volunteering.rules.invitations import MAX_NAME as MAX_NAME
from volunteering.rules.invitations import is_name
from volunteering.rules.minors import AgeBand
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
from volunteering.rules.phone_number import read_mobile
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
    age = "age"
    """An invitation is for adults; who is younger joins on the page of an activity."""
    guardian = "guardian"
    """Under 18, the number of an adult other than the person is needed."""
    guardian_consent = "guardian_consent"
    guardian_wrong = "guardian_wrong"
    guardian_ended = "guardian_ended"


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
class GuardianNeeded:
    """Somebody under 18 joins: the guardian's number gets a code. `mobile`: 11 digits."""

    mobile: str


@dataclass(frozen=True, slots=True)
class GuardianTyped:
    """What was typed about the guardian. `ticket`, `code`: "" before a code was sent to `number`."""

    number: str
    ticket: str = ""
    code: str = ""
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class Joining:
    """What a person typed on the page of the code. `holder`: they have the number now, and are not that member."""

    ticket: str
    code: str
    name: str
    consented: bool
    language: Language
    holder: bool = False
    age: AgeBand = AgeBand.adult
    guardian: GuardianTyped = GuardianTyped("")


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
    birth_band: str = AgeBand.adult.value


@dataclass(frozen=True, slots=True)
class Membership:
    database: Database
    seal: PersonSeal
    sender: CodeSender
    environment: Environment
    clock: Callable[[], datetime]

    async def send_code(
        self, community: str, mobile: str, language: Language, *, guardian: bool = False
    ) -> SentCode | CodeProblem:
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

        message = CodeMessage(ticket, community, number_hash, mobile, code, language.value, now, now + VALID, guardian)

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

    async def join(self, community: str, typed: Joining) -> Joined | GuardianNeeded | CodeProblem | JoinProblem:
        """Log in the person of the code's number, who joins if they are new.

        Raises SealBroken.
        """
        return await self.database.written(partial(self._join, community=community, typed=typed))

    async def _join(
        self, connection: Connection, *, community: str, typed: Joining
    ) -> Joined | GuardianNeeded | CodeProblem | JoinProblem:
        environment = self.environment.value
        stored = await one_time_codes.lock(connection, typed.ticket)
        if stored is None or (stored.community, stored.environment) != (community, environment):
            return CodeProblem.ended
        if problem := await self._judge(connection, stored, typed.code):
            return problem
        person = await people.find(connection, community, environment, stored.number_hash)
        if person is None or not is_same_name(self.seal.open(person).name, typed.name):
            if person is not None and not typed.holder:
                await one_time_codes.count_try(connection, stored.id)  # so that nobody guesses names
                return JoinProblem.other
            added = await self._add(connection, stored, typed, person)
            if not isinstance(added, Person):
                return added
            person = added
        await one_time_codes.end(connection, stored.id)
        return await self.begin_session(connection, person)

    async def _add(
        self, connection: Connection, stored: StoredCode, typed: Joining, former: Person | None
    ) -> Person | GuardianNeeded | JoinProblem:
        """Add a new person, after the number left its former holder."""
        name, now = read_joining(typed), self.clock()
        if isinstance(name, JoinProblem):
            return name
        mobile = self.seal.open_number(stored.id, stored.sealed_number)
        guardian = ""
        if typed.age is not AgeBand.adult:
            checked = await self._check_guardian(connection, stored.community, mobile, typed.guardian)
            if not isinstance(checked, str) or isinstance(checked, JoinProblem):
                return checked
            guardian = checked
        if former is not None:
            await release_number(connection, self.seal, former, now)
        place, number, band = (stored.community, stored.environment), stored.number_hash, typed.age.value
        new = NewMember(*place, number, mobile, name, typed.language, "phone", band)
        person = await add_member(connection, self.seal, new, now)
        if guardian:
            await add_guardian(connection, self.seal, person, guardian, now)
        return person

    async def _check_guardian(
        self, connection: Connection, community: str, mobile: str, typed: GuardianTyped
    ) -> str | GuardianNeeded | JoinProblem:
        """Return the guardian's number, proved by a code. `mobile`: of the person who joins."""
        number = read_mobile(typed.number)
        if number is None or number == mobile:
            return JoinProblem.guardian
        member = await people.find(connection, community, self.environment.value, self.seal.number_hash(number))
        if member is not None and member.birth_band != AgeBand.adult:
            return JoinProblem.guardian
        if not typed.ticket:
            return GuardianNeeded(number)
        if not typed.agrees:
            return JoinProblem.guardian_consent
        proved = await self.take_number(connection, community, typed.ticket, typed.code)
        if isinstance(proved, CodeProblem):
            return JoinProblem.guardian_wrong if proved is CodeProblem.wrong else JoinProblem.guardian_ended
        return number if proved == number else JoinProblem.guardian

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
        birth_band=new.birth_band,
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
