"""What a donor may say about the receipt of a gift, on the gift's own page; and what staff do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from central_server.errors import CentralError
from central_server.receipts.sealed_data import Donor, Seal, SealBroken
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.donations import attempts, receipts
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.receipts import DONOR, ITSELF, Receipt, ReceiptState, SealedDonor
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database

UNATTENDED = timedelta(days=365)
"""So long data are kept for a receipt that nobody issues."""
MOST = {"name": 80, "tax_id": 40, "email": 120, "phone": 30, "address": 200}
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"\+?[0-9][0-9 \-]{4,28}")
_TAX_ID = re.compile(r"[0-9A-Za-z\-]+")


class ReceiptRefused(CentralError):
    """Tell whoever asked. `word`: not_paid, issued, not_due, number or taken."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it came, and what is wrong with it, by field: needed, too_long, unreadable, or how_to_reach."""

    values: Mapping[str, str]
    faults: Mapping[str, str]


def read_donor(form: Mapping[str, str]) -> Donor | Typed:
    """Consent is a field of its own: without it nothing is kept."""
    values = {name: " ".join(form.get(name, "").split()) for name in MOST}
    faults: dict[str, str] = {}
    for name, most in MOST.items():
        if len(values[name]) > most:
            faults[name] = "too_long"
        elif not values[name].isprintable():
            faults[name] = "unreadable"
    if not values["name"]:
        faults["name"] = "needed"
    if not (values["email"] or values["phone"] or values["address"]):
        faults["email"] = "how_to_reach"
    for name, pattern in (("email", _EMAIL), ("phone", _PHONE), ("tax_id", _TAX_ID)):
        if values[name] and name not in faults and not pattern.fullmatch(values[name]):
            faults[name] = "unreadable"
    if form.get("consent") != "yes":
        faults["consent"] = "needed"
    return Typed(values, faults) if faults else Donor(**values)


@dataclass(frozen=True, slots=True)
class Receipts:
    """`kept_for`: how long a donor's data are kept after the receipt was issued."""

    database: Database
    seal: Seal
    kept_for: timedelta

    async def say(self, attempt: str, state: ReceiptState, now: datetime) -> None:
        """The donor wants none, or nothing to be known; what was given is deleted. Raises ReceiptRefused."""
        assert state in (ReceiptState.anonymous, ReceiptState.waived)
        async with self.database.write() as connection:
            paid = await self._open(connection, attempt)
            await receipts.put(connection, Receipt(paid.id, paid.community, state.value, "", now, DONOR))
            await receipts.forget_donor(connection, attempt)

    async def ask(self, attempt: str, donor: Donor, now: datetime) -> None:
        """The official receipt is wanted; asked again, with what is given now. Raises ReceiptRefused, SealBroken."""
        async with self.database.write() as connection:
            paid = await self._open(connection, attempt)
            if (await receipts.keys(connection)).keys() - {self.seal.fingerprint}:
                raise SealBroken(f"{self.seal.file} is not the key that another server of this database uses")
            sealed = self.seal.close(paid.id, donor)
            due = Receipt(paid.id, paid.community, ReceiptState.due.value, "", now, DONOR)
            await receipts.put(connection, due)
            kept = SealedDonor(paid.id, paid.community, self.seal.fingerprint, sealed, now, now + UNATTENDED)
            await receipts.put_donor(connection, kept)

    async def forget(self, attempt: str, now: datetime) -> bool:
        """The donor takes back what was given. A receipt that is issued stays issued; one that is due is waived."""
        async with self.database.write() as connection:
            held = await receipts.hold(connection, attempt)
            if held is not None and held.state == ReceiptState.due:
                waived = replace(held, state=ReceiptState.waived.value, changed_at=now, changed_by=DONOR)
                await receipts.put(connection, waived)
            return await receipts.forget_donor(connection, attempt)

    async def issued(self, connection: Connection, attempt: str, number: str, by: str, now: datetime) -> Receipt:
        """Within a write. Raises ReceiptRefused."""
        held = await receipts.hold(connection, attempt)
        number = " ".join(number.split())
        if held is None or held.state != ReceiptState.due:
            raise ReceiptRefused("issued" if held is not None and held.state == ReceiptState.issued else "not_due")
        if not number or len(number) > 64 or not number.isprintable():
            raise ReceiptRefused("number")
        await connection.alone(f"receipts of {held.community}")
        if await receipts.number_taken(connection, held.community, number, attempt):
            raise ReceiptRefused("taken")
        made = replace(held, state=ReceiptState.issued.value, number=number, changed_at=now, changed_by=by)
        await receipts.put(connection, made)
        await receipts.delete_at(connection, attempt, now + self.kept_for)
        return made

    async def forget_due(self, now: datetime) -> int:
        """Delete what has been kept long enough, and say so in the audit trail; how many."""
        async with self.database.write() as connection:
            due = await receipts.donors_due(connection, now)
            for each in due:
                if await receipts.forget_donor(connection, each.attempt):
                    line = AuditLine(ITSELF, each.community, "receipt.forget", each.attempt, "", now)
                    await audit_trail.record(connection, line)
        return len(due)

    async def _open(self, connection: Connection, attempt_id: str) -> Attempt:
        """The paid attempt whose receipt was not issued yet, which nobody else changes. Raises ReceiptRefused."""
        held = await receipts.hold(connection, attempt_id)
        attempt = await attempts.get(connection, attempt_id)
        if attempt is None or not attempt.paid:
            raise ReceiptRefused("not_paid")
        if held is not None and held.state == ReceiptState.issued:
            raise ReceiptRefused("issued")
        return attempt
