"""Seal people's data with a key stored outside the database: donors' for receipts, and households'."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central_server.state_files import RECEIPTS_KEY, StateRefused
from central_server.store.engine.database import Database
from central_server.store.families import sealed_keys
from daemonkit.files import write_atomically

FILE = RECEIPTS_KEY
_KEY_BYTES, _NONCE = 32, 12
Content = TypeVar("Content")


class SealBroken(StateRefused):
    """Sealed data was sealed with another key, or was altered. The message names the key's file."""


@dataclass(frozen=True, slots=True)
class Donor:
    """As typed on the gift's own page; empty where nothing was typed. `tax_id`: of a person or a company."""

    name: str
    tax_id: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """AES-256-GCM. The name of the gift or case is authenticated too: its data never open as those of another.

    `file`: the key's.
    """

    key: bytes
    file: Path

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(b"receipts v1\0" + self.key).hexdigest()[:16]

    def close(self, record: str, content: object) -> bytes:
        """`content`: a dataclass."""
        nonce = os.urandom(_NONCE)
        plain = msgspec.json.encode(content)
        # Padding hides the length of a name or an address.
        padded = plain + b" " * (-len(plain) % 256)
        return nonce + AESGCM(self.key).encrypt(nonce, padded, record.encode())

    def open(self, record: str, sealed: bytes, kind: type[Content]) -> Content:
        """Raises SealBroken."""
        try:
            plain = AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], record.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{self.file} does not open the data of {record}") from error
        return msgspec.json.decode(plain, type=kind)


async def open_seal(database: Database, state: Path, credentials: Path | None) -> Seal:
    """Read the key from `credentials` if it is there, else from the state folder; create it if nothing is sealed yet.

    Raises StateRefused, naming the file, if stored data needs another key.
    """
    file = state / FILE
    if credentials is not None and (credentials / FILE).exists():
        file = credentials / FILE
    async with database.read() as connection:
        stored = await sealed_keys.counts(connection)
    if not file.exists():
        if stored:
            raise StateRefused(f"{file} is missing: {sum(stored.values())} people's data are sealed with it")
        _make(file)
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise StateRefused(f"{file}: {_KEY_BYTES} bytes are expected, the file has {len(key)}")
    seal = Seal(key, file)
    if foreign := sum(count for fingerprint, count in stored.items() if fingerprint != seal.fingerprint):
        raise StateRefused(f"{file} is another key: {foreign} people's data are sealed with another one")
    return seal


def _make(file: Path) -> None:
    """Create the key file: of processes that start together one creates it, and all use it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
    write_atomically(own, os.urandom(_KEY_BYTES))
    try:
        os.link(own, file)
    except FileExistsError:
        pass
    finally:
        own.unlink()
