"""What syncing needs of the store, and the two ways in which the central server fails us."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.parcels import WaitingParcel
from sync_contract.catalogue import Picture, SignedCatalogue
from sync_contract.ledger_heads import Head, HeadRefusal, Heads, SignedHead
from sync_contract.records import ParcelReceipt
from sync_contract.strict_model import Environment


class CentralUnreachable(GatewayError):
    """No usable answer: keep everything, wait, try again. `retry_after_s` is what the server asked for, clamped;
    `word` its own word for the fault, empty when it gave none."""

    def __init__(self, reason: str, retry_after_s: float | None = None, word: str = "") -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.word = word


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


class PictureStore(Protocol):
    """Raises StoreUnavailable when the disk refuses."""

    def missing(self) -> Sequence[Picture]: ...

    def keep(self, picture: Picture, octets: bytes) -> bool:
        """False when the octets are not the ones that were signed."""


class HeadStore(Protocol):
    """Published heads of the ledger. Every method raises StoreUnavailable when the disk refuses."""

    async def community(self) -> str:
        """Whose heads are followed; empty before the first answer."""

    async def newest(self, community: str, environment: Environment) -> Mapping[str, SignedHead]:
        """Of each chain the last head that was accepted, by project."""

    async def digest(self, head: Head) -> str | None:
        """Of what is kept at that step of that chain; None when there is nothing."""

    async def keep(self, head: Head, signed: SignedHead) -> None: ...

    async def refuse(self, community: str, refusal: HeadRefusal, signed: SignedHead | None) -> bool:
        """False when it is kept already."""

    async def note(self, told: Heads) -> None: ...

    async def untold(self, community: str, limit: int) -> tuple[Sequence[Head], Sequence[str], Sequence[HeadRefusal]]:
        """Accepted heads with their digests, and refusals, of which the server has not heard."""

    async def mark_told(self, community: str, heads: Iterable[Head], refusals: Iterable[HeadRefusal]) -> None: ...


class Held(Protocol):
    """Who this device is. `next`: a key that was not accepted yet; `enrolment`: where it was enrolled, if anywhere."""

    @property
    def gateway(self) -> str: ...

    @property
    def key(self) -> Ed25519PrivateKey: ...

    @property
    def next(self) -> Ed25519PrivateKey | None: ...

    @property
    def enrolment(self) -> object: ...


class Keys(Protocol):
    """The device's key and the one that is to follow. Raises StoreUnavailable when the disk refuses."""

    def read(self) -> Held: ...

    def held(self) -> AbstractContextManager[None]:
        """No other program changes them meanwhile. Raises KeysInUse."""

    def prepare(self) -> Ed25519PrivateKey:
        """The next key, on disk before anybody is told of it."""

    def forget_next(self) -> None: ...

    def adopt(self) -> Held:
        """The next key was accepted."""

    def mark(self) -> object:
        """Another one after every change, whoever made it."""


class Welcome(Protocol):
    """Whether the central server takes this gateway's word. Raises StoreUnavailable when the disk refuses."""

    async def begin(self) -> None: ...

    async def end(self, word: str) -> None:
        """`word`: key_revoked or key_unknown."""
