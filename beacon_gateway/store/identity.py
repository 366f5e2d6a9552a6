"""Who this gateway is: an id and an Ed25519 key made here; the private half never leaves.

A new key is on disk, as `next`, before anybody is told of it, and takes the place of the old one only when the central
server has accepted it. So whatever a power cut interrupts is simply done again.
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
    """Where this device was enrolled. `catalogue_key`: pinned then; `code`: a hash that knows the code again."""

    central: str
    catalogue_key: str
    community: str
    label: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """`gateway`: 16 hexadecimal digits; its own invention until it is enrolled. `next`: a key not accepted yet."""

    gateway: str
    key: Ed25519PrivateKey
    next: Ed25519PrivateKey | None = None
    enrolment: Enrolment | None = None


def open_identity(path: Path) -> Identity:
    """Read it, or make it on the first start. Raises StoreUnavailable.

    A damaged file is kept aside and a new identity made: the central server refuses it until it is enrolled again.
    """
    try:
        if path.exists():
            try:
                return _read(path)
            except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
                kept = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
                path.rename(kept)
                log.error("identity.damaged", kept_as=kept.name, reason=type(error).__name__)
        made = Identity(secrets.token_hex(8), Ed25519PrivateKey.generate())
        _write(path, made)
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error
    return made


def enrolment_of(state_dir: Path) -> Enrolment | None:
    """What an enrolment left here; None where there was none, or it cannot be read. Makes nothing."""
    try:
        return _read(state_dir / FILE).enrolment
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Keys:
    """Changes of the identity's file; `held` while one is going on. Port: sync.ports.Keys."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE

    @contextmanager
    def held(self) -> Iterator[None]:
        """No other program changes it meanwhile; a killed one lets go by itself. Raises KeysInUse."""
        descriptor = os.open(self._path.with_name("identity.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise KeysInUse("another program is changing the key just now") from error
        finally:
            os.close(descriptor)

    def read(self) -> Identity:
        """Raises StoreUnavailable."""
        return open_identity(self._path)

    def prepare(self) -> Ed25519PrivateKey:
        """The next key, on disk: a new one, unless one was prepared and not accepted yet. Raises StoreUnavailable."""
        identity = self.read()
        if identity.next is not None:
            return identity.next
        made = Ed25519PrivateKey.generate()
        self._keep(replace(identity, next=made))
        return made

    def forget_next(self) -> None:
        """The prepared key will not be accepted by anybody."""
        self._keep(replace(self.read(), next=None))

    def adopt(self) -> Identity:
        """The prepared key was accepted: from now on it is the key. Raises StoreUnavailable."""
        identity = self.read()
        adopted = replace(identity, key=identity.next or identity.key, next=None)
        self._keep(adopted)
        return adopted

    def enrolled(self, gateway: str, key: Ed25519PrivateKey, enrolment: Enrolment) -> None:
        """All that an enrolment gave, in one write. Raises StoreUnavailable."""
        self._keep(Identity(gateway, key, None, enrolment))

    def mark(self) -> tuple[int, int]:
        """Another one after every change of the file, whoever made it."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    def _keep(self, identity: Identity) -> None:
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
    )


def _text(key: Ed25519PrivateKey) -> str:
    return b64encode(key.private_bytes_raw()).decode()


def _key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b64decode(text, validate=True))
