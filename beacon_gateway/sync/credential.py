"""With which key this gateway speaks, while that is rolled here or by another program."""

import asyncio
from collections.abc import Callable

import structlog

from beacon_gateway.errors import KeysInUse
from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import CentralUnreachable, Keys
from sync_contract.enrolment import EnrolmentRefusal, KeyRoll
from sync_contract.keys import public_text
from sync_contract.request_signature import Signer

log = structlog.get_logger()
LOOK_S = 2.0
_DAY_S = 86_400


class Credential:
    """`signer` is asked for anew with each request and each ticket."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._mark = keys.mark()  # before reading: what is changed meanwhile is seen as a change
        held = keys.read()
        self._began_as = (held.gateway, held.enrolment)
        self._signer = Signer(held.gateway, held.key)

    def signer(self) -> Signer:
        return self._signer

    async def roll_when_due(self, central: Central, age_s: int, days: int) -> None:
        """`age_s`: of the key, by the server's clock; `days`: how old it may grow, 0: for ever.

        What broke off half-way is done again. Raises CentralUnreachable, StoreUnavailable.
        """
        if self._keys.read().next is None and (days == 0 or age_s < days * _DAY_S):
            return
        try:
            self._signer = await roll(central, self._signer.gateway, self._keys)
        except KeysInUse:
            return  # somebody enrols this device just now

    async def watch(self, *, progress: Callable[[], None], look_s: float = LOOK_S) -> None:
        """Take over what another program changes; ends when this device was enrolled as another gateway, or elsewhere.

        Raises StoreUnavailable.
        """
        while True:
            progress()
            await asyncio.sleep(look_s)
            mark = self._keys.mark()
            if mark == self._mark:
                continue
            self._mark, held = mark, self._keys.read()
            if (held.gateway, held.enrolment) != self._began_as:
                return
            self._signer = Signer(held.gateway, held.key)


async def roll(central: Central, gateway: str, keys: Keys) -> Signer:
    """A new key takes over from the old one, which signs for it.

    Raises CentralUnreachable, StoreUnavailable, KeysInUse.
    """
    with keys.held():
        upcoming = keys.prepare()
        try:
            await central.roll(KeyRoll(gateway=gateway, public=public_text(upcoming.public_key())).signed(upcoming))
        except CentralUnreachable as error:
            if error.word == EnrolmentRefusal.key_known:  # it never will be accepted: another one next time
                keys.forget_next()
            raise
        key = keys.adopt().key
    log.info("key.rolled", gateway=gateway)
    return Signer(gateway, key)
