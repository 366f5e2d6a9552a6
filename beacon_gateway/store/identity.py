"""The gateway's identity file: its id and its Ed25519 key, which never leaves the device.

A new key is on disk, as `next`, before it is sent, and replaces the old one only when the central server has accepted
it. So a power cut at any moment only means that the step is repeated.
"""

import fcntl
import json
import os
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import KeysInUse
from daemonkit.files import write_atomically

log = structlog.get_logger()
FILE = "identity.json"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where this device was enrolled. `catalogue_key`: pinned then; `code`: a hash of the enrolment code."""

    central: str
    catalogue_key: str
    community: str
    label: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """`gateway`: 16 hexadecimal digits, random until it is enrolled. `next`: a key not accepted yet.

    `bound`: restored from a backup and not enrolled since; the server knows records of `gateway`, so this device may
    enrol as no other one.
    """

    gateway: str
    key: Ed25519PrivateKey
    next: Ed25519PrivateKey | None = None
    enrolment: Enrolment | None = None
    bound: bool = False


def open_identity(path: Path) -> Identity:
    """Read the identity, or create it on the first start. Raises StoreUnavailable.

    A damaged file is moved aside and a new identity created; the central server refuses it until it is enrolled again.
    """
    try:
        if path.exists():
            try:
                return _read(path)
            except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
                aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
                path.rename(aside)
                log.error("identity.damaged", moved_to=aside.name, reason=type(error).__name__)
        created = Identity(secrets.token_hex(8), Ed25519PrivateKey.generate())
        _write(path, created)
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error
    return created


def stored_identity(state_dir: Path) -> Identity | None:
    """Return the stored identity; None when there is none or it cannot be read. Writes nothing."""
    try:
        return _read(state_dir / FILE)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def enrolment_of(state_dir: Path) -> Enrolment | None:
    """Return the stored enrolment; None when there is none or it cannot be read. Writes nothing."""
    identity = stored_identity(state_dir)
    return None if identity is None else identity.enrolment


def write_restored(folder: Path, gateway: str, *, bound: bool) -> None:
    """Write the identity of a restored gateway with a new key. Raises OSError."""
    _write(folder / FILE, Identity(gateway, Ed25519PrivateKey.generate(), bound=bound))


class Keys:
    """Changes the identity file; `locked` during a change. Port: sync.ports.Keys."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._path = state_dir / FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other programs from changing the file. A killed program releases the lock. Raises KeysInUse."""
        descriptor = os.open(self._path.with_name("identity.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise KeysInUse("another program is changing the key") from error
        finally:
            os.close(descriptor)

    def read(self) -> Identity:
        """Raises StoreUnavailable."""
        return open_identity(self._path)

    def prepare(self) -> Ed25519PrivateKey:
        """Return the next key, from the disk or newly generated and stored. Raises StoreUnavailable."""
        identity = self.read()
        if identity.next is not None:
            return identity.next
        upcoming = Ed25519PrivateKey.generate()
        self._store(replace(identity, next=upcoming))
        return upcoming

    def forget_next(self) -> None:
        """Delete the prepared key. Raises StoreUnavailable."""
        self._store(replace(self.read(), next=None))

    def adopt(self) -> Identity:
        """Replace the key by the prepared one, which was accepted. Raises StoreUnavailable."""
        identity = self.read()
        adopted = replace(identity, key=identity.next or identity.key, next=None)
        self._store(adopted)
        return adopted

    def store_enrolment(self, gateway: str, key: Ed25519PrivateKey, enrolment: Enrolment) -> None:
        """Store the result of an enrolment in one write. Raises StoreUnavailable."""
        self._store(Identity(gateway, key, None, enrolment))

    def change_mark(self) -> tuple[int, int]:
        """Return a value that differs after every change of the file by any program."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    def _store(self, identity: Identity) -> None:
        try:
            _write(self._path, identity)
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error


def _write(path: Path, identity: Identity) -> None:
    content: dict[str, Any] = {"gateway": identity.gateway, "key": _text(identity.key)}
    if identity.next is not None:
        content["next"] = _text(identity.next)
    if identity.enrolment is not None:
        content["enrolment"] = asdict(identity.enrolment)
    if identity.bound:
        content["bound"] = True
    write_atomically(path, json.dumps(content, ensure_ascii=False).encode(), mode=0o600)


def _read(path: Path) -> Identity:
    content = json.loads(path.read_text("utf-8"))
    gateway = content["gateway"]
    if len(bytes.fromhex(gateway)) != 8:
        raise ValueError("gateway id")
    upcoming, enrolment = content.get("next"), content.get("enrolment")
    if enrolment is not None and not all(isinstance(value, str) for value in enrolment.values()):
        raise ValueError("enrolment")
    return Identity(
        gateway,
        _key(content["key"]),
        None if upcoming is None else _key(upcoming),
        None if enrolment is None else Enrolment(**enrolment),
        content.get("bound") is True,
    )


def _text(key: Ed25519PrivateKey) -> str:
    return b64encode(key.private_bytes_raw()).decode()


def _key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b64decode(text, validate=True))
