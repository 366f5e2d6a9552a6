"""Thank a giver who left an address: one message when the money of the gift was spent, then the address is erased."""

import hashlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import structlog

from central_server.alerts.notifier import Message, Sender, SendFailed
from central_server.ledger.help_figures import month_number
from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.catalogue import projects
from central_server.store.donations import thanks
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.thanks import Thanks, ThanksState
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.families import sealed_keys
from central_server.store.ledger import ledger_lines, money_uses, project_terms
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from kiosk_ui.number_format import money, year_month
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_log = structlog.get_logger()
STORAGE_TIME = timedelta(days=730)
"""The address is erased then, even if the money was not spent."""
MAX_TRIES = 10
_FIRST_WAIT = timedelta(minutes=30)
_STUCK = timedelta(hours=1)
_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the message goes; the only content that is sealed. `language`: the giver's."""

    email: str
    language: str


@dataclass(frozen=True, slots=True)
class ThankYou:
    """`mail` None: no mail server, then nobody can ask for a message. `page`: the address of a path of this server."""

    database: Database
    seal: Seal
    mail: Sender | None
    environment: Environment
    page: Callable[[str], str]

    async def ask(self, attempt: Attempt, address: Address, now: datetime) -> bool:
        """Store the address; a further one replaces it. False if the message was sent or is on its way.

        Raises SealBroken.
        """
        async with self.database.write() as connection:
            before = await thanks.lock(connection, attempt.id)
            if before is not None and before.state in (ThanksState.sending, ThanksState.sent):
                return False
            if (await sealed_keys.counts(connection)).keys() - {self.seal.fingerprint}:
                raise SealBroken(f"{self.seal.file} is not the key that another server of this database uses")
            row = Thanks(
                attempt=attempt.id,
                community=attempt.community,
                state=ThanksState.waiting.value,
                key=self.seal.fingerprint,
                sealed=self.seal.close(_record(attempt.id), address),
                changed_at=now,
                next_at=now,
                delete_at=now + STORAGE_TIME,
            )
            await thanks.save(connection, row)
        return True

    async def withdraw(self, attempt: str, now: datetime) -> None:
        """Erase the address at the giver's request; a message that is being sent is not tried again."""
        async with self.database.write() as connection:
            row = await thanks.lock(connection, attempt)
            if row is not None and row.state in (ThanksState.waiting, ThanksState.sending):
                await thanks.end(connection, row, ThanksState.ended, now)

    async def send_due(self, now: datetime) -> int:
        """Send what is due and erase what is over, in any process; return the number of messages."""
        await process_due(self.database, partial(thanks.over, stuck=_STUCK), _record_of, self._end, now)
        due = partial(thanks.due, environment=self.environment.value)
        return await process_due(self.database, due, _record_of, self._send, now)

    async def _end(self, row: Thanks, now: datetime) -> bool:
        state = ThanksState.sent if row.state == ThanksState.sending else ThanksState.ended
        async with self.database.write() as connection:
            await thanks.end(connection, row, state, now)
        return True

    async def _send(self, row: Thanks, now: datetime) -> bool:
        async with self.database.read() as connection:
            line = await ledger_lines.get(connection, f"received:{row.attempt}")
            refunded = await ledger_lines.refunded_minor(connection, row.attempt)
            address = self.seal.open(_record(row.attempt), row.sealed or b"", Address)
            language = Language(address.language)
            message = (
                None if line is None else await write_message(connection, line, self.environment, language, self.page)
            )
        if line is not None and refunded >= line.amount_minor:
            async with self.database.write() as connection:
                await thanks.end(connection, row, ThanksState.ended, now)
            return False
        if message is None or self.mail is None:
            async with self.database.write() as connection:  # behind those that were not tried yet
                await thanks.postpone(connection, row.attempt, now + _FIRST_WAIT)
            return False
        async with self.database.write() as connection:
            if not await thanks.claim(connection, row.attempt, now):
                return False
        return await self._deliver(self.mail, row, address.email, _for_mail(message, language), now)

    async def _deliver(self, mail: Sender, row: Thanks, email: str, message: Message, now: datetime) -> bool:
        try:
            await mail.send(email, message)
        except SendFailed:
            _log.warning("thanks.send_failed", tries=row.failures + 1)  # the reason may contain the address
            again = replace(row, failures=row.failures + 1, next_at=now + _FIRST_WAIT * 2**row.failures, changed_at=now)
            async with self.database.write() as connection:
                current = await thanks.lock(connection, row.attempt)
                if current is None or current.state != ThanksState.sending:
                    return False  # withdrawn meanwhile
                if again.failures < MAX_TRIES:
                    await thanks.save(connection, again)
                else:
                    await thanks.end(connection, again, ThanksState.ended, now)
            return False
        async with self.database.write() as connection:
            await thanks.end(connection, row, ThanksState.sent, now)
        return True


async def write_message(
    connection: Connection, line: LedgerLine, environment: Environment, language: Language, page: Callable[[str], str]
) -> Message | None:
    """Return the thanks for a gift, as for a letter; None while money of it is left or a refund of it is not published,
    and if nothing of it was spent: it was refunded, moved, or only paid fees.
    """
    path = await money_uses.path(connection, line.identity)
    refunded = await ledger_lines.refunded_minor(connection, line.attempt or "")
    if path is None or path.left_minor or refunded != path.refunded_minor or path.spent_minor <= 0:
        return None
    months = sorted({month_number(use.at) for use in path.uses if use.kind == LineKind.disbursed})
    terms = await project_terms.get(connection, line.terms)
    project = await projects.known(connection, line.community, line.project) if terms is None else terms
    facts = {
        "project": line.project if project is None else project.title[language],
        "amount": money(Money(path.spent_minor, line.currency), language),
        "months": ", ".join(year_month(each // 12, each % 12 + 1, language) for each in months),
        "page": page(f"/v/{line.secret}"),
    }
    words = _words()
    drill = words["drill"][0][language] if environment is Environment.drill else ""
    return Message(
        subject=drill + words["subject"][0][language].format(**facts),
        lines=tuple(each[language].format(**facts) for each in words["lines"]),
        reference="thanks." + hashlib.sha256(line.secret.encode()).hexdigest()[:32],
    )


def _for_mail(message: Message, language: Language) -> Message:
    return replace(message, lines=(*message.lines, _words()["mail_only"][0][language]))


@cache
def _words() -> dict[str, tuple[Texts, ...]]:
    content: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        name: tuple(Texts.model_validate(each) for each in (texts if isinstance(texts, list) else [texts]))
        for name, texts in content.items()
    }


def _record_of(row: Thanks) -> RecordKey:
    return RecordKey("thanks", row.attempt, row.community)


def _record(attempt: str) -> str:
    """Return what the address is sealed for: never the same as a receipt's data of the gift."""
    return f"thanks {attempt}"
