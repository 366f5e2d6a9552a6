"""Seal a person's data, and derive the keyed hashes by which people and codes are found."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.store.engine.database import Database
from volunteering.store import people, pool
from volunteering.store.people import Person

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Contact:
    """What identifies a person. `mobile`: 11 digits."""

    name: str
    mobile: str


@dataclass(frozen=True, slots=True)
class MessageNumber:
    """The sealed content of a message to a number, whoever has it."""

    mobile: str


@dataclass(frozen=True, slots=True)
class _Number:
    mobile: str


@dataclass(frozen=True, slots=True)
class PersonSeal:
    """Uses the key of receipts.key. Its name in a seal is authenticated: data never open as another person's."""

    seal: Seal

    def number_hash(self, mobile: str) -> str:
        return self._hash(b"number", mobile)

    def code_hash(self, code_id: str, code: str) -> str:
        return self._hash(b"code", f"{code_id} {code}")

    def login_hash(self, code: str) -> str:
        return self._hash(b"login card", code)

    def close(self, person: str, contact: Contact) -> bytes:
        return self.seal.close(f"volunteer {person}", contact)

    def open(self, person: Person) -> Contact:
        """Raises SealBroken."""
        return self.seal.open(f"volunteer {person.id}", person.sealed, Contact)

    def close_request(self, request: str, content: object) -> bytes:
        """`content`: a dataclass."""
        return self.seal.close(f"volunteer request {request}", content)

    def open_request(self, request: str, sealed: bytes, kind: type[Content]) -> Content:
        """Raises SealBroken."""
        return self.seal.open(f"volunteer request {request}", sealed, kind)

    def close_message(self, message: str, content: object) -> bytes:
        """`content`: a dataclass."""
        return self.seal.close(f"volunteer message {message}", content)

    def open_message(self, message: str, sealed: bytes, kind: type[Content]) -> Content:
        """Raises SealBroken."""
        return self.seal.open(f"volunteer message {message}", sealed, kind)

    def close_membership(self, membership: str, content: object) -> bytes:
        """`content`: a dataclass."""
        return self.seal.close(f"volunteer membership {membership}", content)

    def open_membership(self, membership: str, sealed: bytes, kind: type[Content]) -> Content:
        """Raises SealBroken."""
        return self.seal.open(f"volunteer membership {membership}", sealed, kind)

    def close_number(self, code_id: str, mobile: str) -> bytes:
        return self.seal.close(f"volunteer code {code_id}", _Number(mobile))

    def open_number(self, code_id: str, sealed: bytes) -> str:
        """Raises SealBroken."""
        return self.seal.open(f"volunteer code {code_id}", sealed, _Number).mobile

    def _hash(self, purpose: bytes, text: str) -> str:
        key = hmac.new(self.seal.key, b"volunteers v1 " + purpose, sha256).digest()
        return hmac.new(key, text.encode(), sha256).hexdigest()


async def check_key(database: Database, seal: Seal) -> None:
    """Raise SealBroken if people's data were sealed with another key."""
    async with database.read() as connection:
        stored = [*(await people.keys(connection)).items(), *(await pool.keys(connection)).items()]
    if foreign := sum(count for key, count in stored if key != seal.fingerprint):
        raise SealBroken(f"{seal.file} is another key: the data of {foreign} volunteers are sealed with another one")
