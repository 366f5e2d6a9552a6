"""Make the check-in code of the screen: no network is needed, and nothing about anybody is in it."""

from collections.abc import Callable
from dataclasses import dataclass

from beacon_gateway.model.check_in import ShownCode
from sync_contract.check_in_code import PATH, code_at, encode, remaining
from sync_contract.code_address import in_capitals
from sync_contract.records import ClockReading
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class CheckInHandoff:
    """`server`: the URL for phones, https://give.example. `signer` is called each time, because the key is rolled.

    `barred`: returns whether the central server does not accept this gateway.
    """

    server: str
    environment: Environment
    signer: Callable[[], Signer]
    read_clock: Callable[[], ClockReading]
    barred: Callable[[], bool]

    def shown(self) -> ShownCode | None:
        """Return the code of this period; None while the server would refuse it."""
        if self.barred():
            return None
        signer, reading = self.signer(), self.read_clock()
        text = encode(code_at(self.environment, signer.gateway, reading), signer.key)
        url = in_capitals(f"{self.server.rstrip('/')}{PATH}{text}")
        return ShownCode(url, remaining(reading).total_seconds())
