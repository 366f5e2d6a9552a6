"""The emulator's keys, created in its state folder on the first start."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemonkit.files import write_atomically
from sync_contract.keys import public_text


@dataclass(frozen=True, slots=True)
class BankKeys:
    """`signing`: the bank's key. `merchant`: the secret shared with its only merchant."""

    signing: Ed25519PrivateKey
    merchant: bytes


def open_keys(folder: Path) -> BankKeys:
    """Create bank.key and merchant.secret (0600) if missing, and bank.pub for merchants to pin."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, public, merchant = folder / "bank.key", folder / "bank.pub", folder / "merchant.secret"
    if not key.exists():
        write_atomically(key, os.urandom(32))
    signing = Ed25519PrivateKey.from_private_bytes(key.read_bytes())
    write_atomically(public, f"{public_text(signing.public_key())}\n".encode(), mode=0o644)
    if not merchant.exists():
        write_atomically(merchant, f"{secrets.token_hex(32)}\n".encode())
    return BankKeys(signing, bytes.fromhex(merchant.read_text().strip()))
