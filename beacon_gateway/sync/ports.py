"""What syncing needs of the store, and the two ways in which the central server fails us."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.parcels import WaitingParcel
from sync_contract.catalogue import SignedCatalogue
from sync_contract.records import ParcelReceipt


class CentralUnreachable(GatewayError):
    """No usable answer: keep everything, wait, try again. `retry_after_s` is what the server asked for, clamped."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class CentralRefusedUs(CentralUnreachable):
    """The server answers but does not accept this gateway (unknown key, revoked): keep everything, tell staff."""


class Outbox(Protocol):
    """Parcels that wait. Every method raises StoreUnavailable when the disk refuses."""

    async def waiting(self, *, parcels: int, octets: int) -> Sequence[WaitingParcel]:
        """The oldest, at most so many and about so long as JSON."""

    async def settle(self, receipts: Iterable[ParcelReceipt]) -> None: ...

    async def counts(self) -> Mapping[str, int]:
        """Parcels by state."""

    async def note(self, event: str, detail: str = "") -> None:
        """A line of the sync log that is about no single parcel."""


class CatalogueStore(Protocol):
    async def newest(self) -> SignedCatalogue | None: ...

    async def keep(self, version: int, signed: SignedCatalogue) -> None: ...
