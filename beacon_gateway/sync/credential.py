"""The key with which this gateway signs; it is rolled here or replaced by another program."""

import asyncio
from collections.abc import Callable

import structlog

from beacon_gateway.errors import KeysInUse
from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import CentralUnreachable, Keys
from sync_contract.enrolment import EnrolmentRefusal, KeyRoll
from sync_contract.keys import public_text
from sync_contract.request_signature import Signer

log = structlog.get_logger()
_DAY_S = 86_400


class Credential:
    """Callers take `signer` for each request and each ticket, because the key changes."""

    def __init__(self, keys: Keys, *, check_s: float = 2.0) -> None:
        self._keys = keys
        self._check_s = check_s
        self._mark = keys.change_mark()  # before reading, so that a change in between is noticed
        identity = keys.read()
        self._started_as = (identity.gateway, identity.enrolment)
        self._signer = Signer(identity.gateway, identity.key)

    def signer(self) -> Signer:
        return self._signer

    async def roll_when_due(self, central: CentralClient, age_s: int, days: int) -> None:
        """Replace the key when it is old, or complete an interrupted roll.

        `age_s`: the key's age by the server's clock; `days`: its maximum age, 0 for no limit.
        Raises CentralUnreachable, StoreUnavailable.
        """
        if self._keys.read().next is None and (days == 0 or age_s < days * _DAY_S):
            return
        try:
            self._signer = await roll_key(central, self._signer.gateway, self._keys)
        except KeysInUse:
            return  # the device is being enrolled

    async def watch(self, *, progress: Callable[[], None]) -> None:
        """Follow changes by other programs; return when this device was enrolled as another gateway, or elsewhere.

        Raises StoreUnavailable.
        """
        while True:
            progress()
            await asyncio.sleep(self._check_s)
            mark = self._keys.change_mark()
            if mark == self._mark:
                continue
            self._mark, identity = mark, self._keys.read()
            if (identity.gateway, identity.enrolment) != self._started_as:
                return
            self._signer = Signer(identity.gateway, identity.key)


async def roll_key(central: CentralClient, gateway: str, keys: Keys) -> Signer:
    """Replace the key by a new one; the old one signs the request.

    Raises CentralUnreachable, StoreUnavailable, KeysInUse.
    """
    with keys.locked():
        upcoming = keys.prepare()
        try:
            await central.roll_key(KeyRoll(gateway=gateway, public=public_text(upcoming.public_key())).signed(upcoming))
        except CentralUnreachable as error:
            if error.word == EnrolmentRefusal.key_known:  # never accepted; the next attempt uses another key
                keys.forget_next()
            raise
        key = keys.adopt().key
    log.info("key.rolled", gateway=gateway)
    return Signer(gateway, key)
