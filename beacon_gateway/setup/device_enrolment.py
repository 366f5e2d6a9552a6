"""Enrol this device with an invitation: choose the key, send the code, store the result."""

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from beacon_gateway.store.identity import Enrolment, Identity, Keys
from beacon_gateway.sync.enrol import EnrolmentRefused, request_enrolment
from sync_contract.enrolment import EnrolmentAnswer, EnrolmentRefusal, Invitation


def mark_of(code: str) -> str:
    """Return the short hash by which an enrolment is recognised as that of a code."""
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def enrol_device(state_dir: Path, keys: Keys, invitation: Invitation, certificate: str = "") -> EnrolmentAnswer:
    """Return the checked answer after the result is stored. The same code can be sent again after a power cut.

    Raises KeysInUse, StoreUnavailable, EnrolmentRefused, OtherServer, CentralUnreachable.
    """
    with keys.locked():
        identity = keys.read()
        mark = mark_of(invitation.code)
        repeated = identity.enrolment is not None and identity.enrolment.code == mark
        # another enrolment uses a new key, because the old one may be on a copied card
        key = identity.key if identity.enrolment is None or repeated else keys.prepare()
        only_as = identity.gateway if has_numbered_parcels(state_dir / "gateway.db", identity) else None
        try:
            answer = asyncio.run(request_enrolment(invitation, key, only_as, certificate=certificate))
        except EnrolmentRefused as refused:
            if refused.refusal is not EnrolmentRefusal.key_known:
                raise
            if key is not identity.key:
                keys.forget_next()
            key = keys.prepare()
            answer = asyncio.run(request_enrolment(invitation, key, only_as, certificate=certificate))
        enrolment = Enrolment(invitation.url, answer.catalogue_key, answer.community, answer.label, mark)
        keys.store_enrolment(answer.gateway, key, enrolment)
    return answer


def has_numbered_parcels(store: Path, identity: Identity) -> bool:
    """Return whether the store contains parcels that the server may know as this gateway's."""
    if not store.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as database:
            states = [str(row[0]) for row in database.execute("SELECT DISTINCT state FROM outbox")]
    except sqlite3.Error:
        return False  # damaged: the service starts a new store with a new epoch
    return bool(states) and (identity.enrolment is not None or states != ["waiting"])
