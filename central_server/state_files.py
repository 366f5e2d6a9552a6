"""Create and read the server's own secrets in its state folder, readable only by the server."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.errors import CentralError
from daemonkit.files import write_atomically

_CATALOGUE, _FORMS, _FACTORS, _PROGRAMS = "catalogue.key", "form.secret", "factors.key", "programs.secret"
OWN_FILES = (_CATALOGUE, _FORMS, _FACTORS, _PROGRAMS)
"""Part of every backup."""
_ENVIRONMENT = "environment"
"""Not in a backup: the database in it belongs to an environment too."""
RECEIPTS_KEY = "receipts.key"
"""Opens donors' data (receipts/sealed_data.py); part of a backup only on request."""


class StateRefused(CentralError):
    """A file of the state folder is invalid. The message names it."""


def claim_state(state: Path, environment: str) -> None:
    """Bind a new state folder to the environment. Raises StateRefused if it belongs to the other one."""
    file = state / _ENVIRONMENT
    if not file.exists():
        write_atomically(file, f"{environment}\n".encode())
    check_state(state, environment)


def check_state(state: Path, environment: str) -> None:
    """Raises StateRefused if the state folder belongs to the other environment."""
    file = state / _ENVIRONMENT
    found = file.read_text("utf-8").strip() if file.exists() else environment
    if found != environment:
        raise StateRefused(
            f"{file}: this folder belongs to the environment {found!r}, and site.environment is {environment}: "
            "use another state folder"
        )


def catalogue_key(state: Path) -> Ed25519PrivateKey:
    """Return the key that signs catalogues; gateways pin it at enrolment. Raises StateRefused."""
    return Ed25519PrivateKey.from_private_bytes(_secret(state / _CATALOGUE))


def form_secret(state: Path) -> bytes:
    """Return the secret of CSRF tokens, shared by all processes of this state folder. Raises StateRefused."""
    return _secret(state / _FORMS)


def factor_key(state: Path) -> bytes:
    """Return the key that seals second factors; without it they must be set up again. Raises StateRefused."""
    return _secret(state / _FACTORS)


def program_secret(state: Path) -> bytes:
    """Return the secret from which presence passes and webhook secrets derive. Raises StateRefused."""
    return _secret(state / _PROGRAMS)


def _secret(file: Path) -> bytes:
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(file, os.urandom(32))
    content = file.read_bytes()
    if len(content) != 32:
        raise StateRefused(f"{file}: expected 32 bytes, found {len(content)}")
    return content
