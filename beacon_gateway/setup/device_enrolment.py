"""Enrol this device with an invitation: choose the key, send the code, store the result."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Coroutine
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.store.identity import Enrolment, Identity, Keys
from beacon_gateway.store.inspection import has_numbered_parcels
from beacon_gateway.store.restored_state import finish_restore
from beacon_gateway.sync.enrol import REQUEST_PAUSES, EnrolmentRefused, request_enrolment
from sync_contract.enrolment import EnrolmentAnswer, EnrolmentRefusal, Invitation


def mark_of(code: str) -> str:
    """Return the short hash by which an enrolment is recognised as that of a code."""
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def enrol_device(
    state_dir: Path,
    keys: Keys,
    invitation: Invitation,
    certificate: str = "",
    *,
    pauses: tuple[float, ...] = REQUEST_PAUSES,
) -> EnrolmentAnswer:
    """Return the checked answer after the result is stored. The same code can be sent again after a power cut.

    `certificate`, `pauses`: see `request_enrolment`.

    Raises KeysInUse, StoreUnavailable, EnrolmentRefused, OtherServer, CentralUnreachable.
    """
    with keys.locked():
        finish_restore(state_dir)
        identity = keys.read()
        mark = mark_of(invitation.code)
        repeated = identity.enrolment is not None and identity.enrolment.code == mark
        # another enrolment uses a new key, because the old one may be on a copied card
        key = identity.key if identity.enrolment is None or repeated else keys.prepare()
        only_as = _only_as(identity, state_dir / "gateway.db")

        def request(own: Ed25519PrivateKey) -> Coroutine[None, None, EnrolmentAnswer]:
            return request_enrolment(invitation, own, only_as, pauses=pauses, certificate=certificate)

        try:
            answer = asyncio.run(request(key))
        except EnrolmentRefused as refused:
            if refused.refusal is not EnrolmentRefusal.key_known:
                raise
            if key is not identity.key:
                keys.forget_next()
            key = keys.prepare()
            answer = asyncio.run(request(key))
        enrolment = Enrolment(invitation.url, answer.catalogue_key, answer.community, answer.label, mark)
        keys.store_enrolment(answer.gateway, key, enrolment)
    return answer


def _only_as(identity: Identity, store: Path) -> str | None:
    """Return the gateway to which the records of this device belong; None if it may enrol as any.

    Raises StoreUnavailable.
    """
    if not (identity.enrolment or identity.bound) or not store.exists():
        return None
    try:
        return identity.gateway if has_numbered_parcels(store) else None
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{store}: {error}") from error
