"""What a donor gives for a receipt, sealed by a key that lies outside of the database."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central_server.state_files import RECEIPTS_KEY, StateRefused
from central_server.store.donations import receipts
from central_server.store.engine.database import Database
from daemonkit.files import write_atomically

FILE = RECEIPTS_KEY
_OCTETS, _NONCE = 32, 12


class SealBroken(StateRefused):
    """What is kept was sealed with another key, or altered. The message names the key's file."""


@dataclass(frozen=True, slots=True)
class Donor:
    """As typed on the gift's own page; empty where nothing was. `tax_id`: of a person or a company."""

    name: str
    tax_id: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """AES-256-GCM. The attempt is authenticated too: data of one gift never opens as another's. `file`: the key's."""

    key: bytes
    file: Path

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(b"receipts v1\0" + self.key).hexdigest()[:16]

    def close(self, attempt: str, donor: Donor) -> bytes:
        nonce = os.urandom(_NONCE)
        told = json.dumps(asdict(donor), ensure_ascii=False).encode()
        # Padded, so that its length tells nothing of a name or an address.
        padded = told + b" " * (-len(told) % 256)
        return nonce + AESGCM(self.key).encrypt(nonce, padded, attempt.encode())

    def open(self, attempt: str, sealed: bytes) -> Donor:
        """Raises SealBroken."""
        try:
            told = AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], attempt.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{self.file} does not open what was given for the receipt of {attempt}") from error
        return Donor(**json.loads(told))


async def open_seal(database: Database, state: Path, credentials: Path | None) -> Seal:
    """The key, from `credentials` where it lies there, else from the state folder; made when nothing is sealed yet.

    Raises StateRefused, naming the file, when data are kept that only another key opens: then nobody may be told that
    all is well.
    """
    file = state / FILE
    if credentials is not None and (credentials / FILE).exists():
        file = credentials / FILE
    async with database.read() as connection:
        held = await receipts.keys(connection)
    if not file.exists():
        if held:
            raise StateRefused(f"{file} is missing: {sum(held.values())} donors' data are sealed with it")
        _make(file)
    key = file.read_bytes()
    if len(key) != _OCTETS:
        raise StateRefused(f"{file}: {_OCTETS} octets are expected, {len(key)} are there")
    seal = Seal(key, file)
    if strange := sum(count for fingerprint, count in held.items() if fingerprint != seal.fingerprint):
        raise StateRefused(f"{file} is another key: {strange} donors' data are sealed with one that is not here")
    return seal


def _make(file: Path) -> None:
    """Of processes that start together one makes it, and all use that one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
    write_atomically(own, os.urandom(_OCTETS))
    try:
        os.link(own, file)
    except FileExistsError:
        pass
    finally:
        own.unlink()
