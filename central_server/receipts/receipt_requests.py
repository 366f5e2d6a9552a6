"""Record a donor's receipt request on the gift's own page, issue the receipt, and delete the donor's data in time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.errors import CentralError
from central_server.receipts.sealed_data import Donor, Seal, SealBroken
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_money_actions import DonorForgotten
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.donations import attempts, receipts
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.receipts import DONOR, SCHEDULE, Receipt, ReceiptState, SealedDonor
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.families import sealed_keys

UNATTENDED = timedelta(days=365)
"""Storage time of a donor's data if no receipt is issued."""
MAX_LENGTHS = {"name": 80, "tax_id": 40, "email": 120, "phone": 30, "address": 200}
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"\+?[0-9][0-9 \-]{4,28}")
_TAX_ID = re.compile(r"[0-9A-Za-z\-]+")


class ReceiptProblem(StrEnum):
    not_paid = "not_paid"
    issued = "issued"
    not_due = "not_due"
    number = "number"
    """Empty, too long or not printable."""
    taken = "taken"
    """Another receipt has the number."""


class ReceiptRefused(CentralError):
    def __init__(self, problem: ReceiptProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class FieldProblem(StrEnum):
    needed = "needed"
    too_long = "too_long"
    unreadable = "unreadable"
    how_to_reach = "how_to_reach"
    """E-mail, phone or address: at least one is needed."""


@dataclass(frozen=True, slots=True)
class FaultyForm:
    """A form as it was sent, and its problems by field."""

    values: Mapping[str, str]
    faults: Mapping[str, FieldProblem]


def read_donor(form: Mapping[str, str]) -> Donor | FaultyForm:
    """Read the form; without the donor's consent nothing is stored."""
    values = {name: " ".join(form.get(name, "").split()) for name in MAX_LENGTHS}
    faults: dict[str, FieldProblem] = {}
    for name, longest in MAX_LENGTHS.items():
        if len(values[name]) > longest:
            faults[name] = FieldProblem.too_long
        elif not values[name].isprintable():
            faults[name] = FieldProblem.unreadable
    if not values["name"]:
        faults["name"] = FieldProblem.needed
    if not (values["email"] or values["phone"] or values["address"]):
        faults["email"] = FieldProblem.how_to_reach
    for name, pattern in (("email", _EMAIL), ("phone", _PHONE), ("tax_id", _TAX_ID)):
        if values[name] and name not in faults and not pattern.fullmatch(values[name]):
            faults[name] = FieldProblem.unreadable
    if form.get("consent") != "yes":
        faults["consent"] = FieldProblem.needed
    return FaultyForm(values, faults) if faults else Donor(**values)


def is_email(text: str) -> bool:
    return text.isprintable() and _EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Receipts:
    """`storage_time`: how long a donor's data are stored after the receipt was issued."""

    database: Database
    seal: Seal
    storage_time: timedelta

    async def decline(self, attempt: str, state: ReceiptState, now: datetime) -> None:
        """Record that the donor wants no receipt or stays anonymous; stored data are deleted. Raises ReceiptRefused."""
        assert state in (ReceiptState.anonymous, ReceiptState.waived)
        async with self.database.write() as connection:
            paid = await self._lock(connection, attempt)
            await receipts.save(connection, Receipt(paid.id, paid.community, state.value, "", now, DONOR))
            await receipts.delete_donor(connection, attempt)

    async def request(self, attempt: str, donor: Donor, now: datetime) -> None:
        """Record a request; a further one replaces the donor's data. Raises ReceiptRefused, SealBroken."""
        async with self.database.write() as connection:
            paid = await self._lock(connection, attempt)
            if (await sealed_keys.counts(connection)).keys() - {self.seal.fingerprint}:
                raise SealBroken(f"{self.seal.file} is not the key that another server of this database uses")
            sealed = self.seal.close(paid.id, donor)
            due = Receipt(paid.id, paid.community, ReceiptState.due.value, "", now, DONOR)
            await receipts.save(connection, due)
            stored = SealedDonor(paid.id, paid.community, self.seal.fingerprint, sealed, now, now + UNATTENDED)
            await receipts.save_donor(connection, stored)

    async def withdraw(self, attempt: str, now: datetime) -> bool:
        """Delete the donor's data at the donor's request. A due receipt is waived; an issued one stays issued."""
        async with self.database.write() as connection:
            receipt = await receipts.lock(connection, attempt)
            if receipt is not None and receipt.state == ReceiptState.due:
                waived = replace(receipt, state=ReceiptState.waived.value, changed_at=now, changed_by=DONOR)
                await receipts.save(connection, waived)
            return await receipts.delete_donor(connection, attempt)

    async def issue(self, connection: Connection, attempt: str, number: str, by: str, now: datetime) -> Receipt:
        """Record the official receipt's number, within a write. Raises ReceiptRefused."""
        receipt = await receipts.lock(connection, attempt)
        number = " ".join(number.split())
        if receipt is None or receipt.state != ReceiptState.due:
            issued = receipt is not None and receipt.state == ReceiptState.issued
            raise ReceiptRefused(ReceiptProblem.issued if issued else ReceiptProblem.not_due)
        if not number or len(number) > 64 or not number.isprintable():
            raise ReceiptRefused(ReceiptProblem.number)
        await connection.alone(f"receipts of {receipt.community}")
        if await receipts.number_taken(connection, receipt.community, number, attempt):
            raise ReceiptRefused(ReceiptProblem.taken)
        issued_receipt = replace(receipt, state=ReceiptState.issued.value, number=number, changed_at=now, changed_by=by)
        await receipts.save(connection, issued_receipt)
        await receipts.delete_at(connection, attempt, now + self.storage_time)
        return issued_receipt

    async def delete_due(self, now: datetime) -> int:
        """Delete donor data whose storage time is over, with an audit entry each; return their number."""
        return await process_due(self.database, receipts.donors_due, _record_of_donor, self._delete_donor, now)

    async def _delete_donor(self, donor: SealedDonor, now: datetime) -> bool:
        async with self.database.write() as connection:
            deleted = await receipts.delete_donor(connection, donor.attempt)
            if deleted:
                line = AuditEntry(SCHEDULE, donor.community, DonorForgotten(donor.attempt), now)
                await audit_trail.record(connection, line)
        return deleted

    async def _lock(self, connection: Connection, attempt_id: str) -> Attempt:
        """Lock the receipt and return its paid attempt. Raises ReceiptRefused: not paid, or issued already."""
        receipt = await receipts.lock(connection, attempt_id)
        attempt = await attempts.get(connection, attempt_id)
        if attempt is None or not attempt.paid:
            raise ReceiptRefused(ReceiptProblem.not_paid)
        if receipt is not None and receipt.state == ReceiptState.issued:
            raise ReceiptRefused(ReceiptProblem.issued)
        return attempt


def _record_of_donor(donor: SealedDonor) -> RecordKey:
    return RecordKey("donors", donor.attempt, donor.community)
