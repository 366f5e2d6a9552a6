"""Who this gateway is: an id and an Ed25519 key, both made here on the first start; the private half never leaves."""

import json
import secrets
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.ports import StoreUnavailable
from daemonkit.files import write_atomically

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """`gateway`: 16 hexadecimal digits."""

    gateway: str
    key: Ed25519PrivateKey


def open_identity(path: Path) -> Identity:
    """Read it, or make it on the first start. Raises StoreUnavailable.

    A damaged file is kept aside and a new identity made: the central server refuses it until staff register it.
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
        content = {"gateway": made.gateway, "key": b64encode(made.key.private_bytes_raw()).decode()}
        write_atomically(path, json.dumps(content).encode(), mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error
    return made


def _read(path: Path) -> Identity:
    content = json.loads(path.read_text("utf-8"))
    gateway = content["gateway"]
    if len(bytes.fromhex(gateway)) != 8:
        raise ValueError("gateway id")
    return Identity(gateway, Ed25519PrivateKey.from_private_bytes(b64decode(content["key"], validate=True)))
