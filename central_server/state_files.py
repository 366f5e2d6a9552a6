"""Secrets that the server makes for itself on its first start, in its state folder, readable by it alone."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.errors import CentralError
from daemonkit.files import write_atomically

_CATALOGUE, _FORMS, _FACTORS, _PROGRAMS = "catalogue.key", "form.secret", "factors.key", "programs.secret"
OWN_FILES = (_CATALOGUE, _FORMS, _FACTORS, _PROGRAMS)
"""What a backup holds beside the database."""
RECEIPTS_KEY = "receipts.key"
"""Opens what donors gave for their receipts (receipts/sealing.py): in a backup only when somebody asks for it."""


class StateRefused(CentralError):
    """A file of the state folder is not what it should be. The message names it."""


def catalogue_key(state: Path) -> Ed25519PrivateKey:
    """Signs catalogues. Gateways pin its public half: losing it means enrolling them all again. Raises StateRefused."""
    return Ed25519PrivateKey.from_private_bytes(_secret(state / _CATALOGUE))


def form_secret(state: Path) -> bytes:
    """Guards forms against other sites; shared by all processes of this state folder. Raises StateRefused."""
    return _secret(state / _FORMS)


def factor_key(state: Path) -> bytes:
    """Seals the secrets of the staff's second factors. Losing it means setting them up anew. Raises StateRefused."""
    return _secret(state / _FACTORS)


def program_secret(state: Path) -> bytes:
    """Presence passes and the secrets of webhooks are made from it. Losing it means new ones. Raises StateRefused."""
    return _secret(state / _PROGRAMS)


def _secret(file: Path) -> bytes:
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(file, os.urandom(32))
    octets = file.read_bytes()
    if len(octets) != 32:
        raise StateRefused(f"{file}: 32 octets are expected, {len(octets)} are there")
    return octets
