"""What syncing needs of the store, and how the central server may fail."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.parcels import WaitingParcel
from sync_contract.bulletin import SignedBulletin
from sync_contract.catalogue import Picture, SignedCatalogue
from sync_contract.ledger_heads import Head, HeadRefusal, Heads, SignedHead
from sync_contract.records import ParcelReceipt
from sync_contract.strict_model import Environment


class CentralUnreachable(GatewayError):
    """No usable answer: wait and try again. `retry_after_s`: the server's request, clamped; `word`: its fault code."""

    def __init__(self, reason: str, retry_after_s: float | None = None, word: str = "") -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.word = word


class CentralRefusedUs(CentralUnreachable):
    """The server does not accept this gateway (unknown or revoked key): keep everything, notify staff."""


class Outbox(Protocol):
    """Waiting parcels. Every method raises StoreUnavailable when the disk refuses."""

    async def waiting(self, *, parcels: int, size: int) -> Sequence[WaitingParcel]:
        """Return the oldest: at most `parcels`, of about `size` bytes of JSON."""

    async def settle(self, sent: Sequence[WaitingParcel], receipts: Iterable[ParcelReceipt]) -> None:
        """Store the receipts of the parcels just sent."""

    async def log_event(self, event: str, detail: str = "") -> None:
        """Append a line about no single parcel to the sync log."""


class CatalogueStore(Protocol):
    async def newest(self) -> SignedCatalogue | None: ...

    async def store(self, version: int, signed: SignedCatalogue) -> None: ...


class BulletinStore(Protocol):
    """Raises StoreUnavailable when the disk refuses."""

    async def newest(self) -> SignedBulletin | None: ...

    async def store(self, signed: SignedBulletin) -> None: ...

    async def delete(self) -> None: ...


class PictureStore(Protocol):
    """Raises StoreUnavailable when the disk refuses."""

    def missing(self) -> Sequence[Picture]: ...

    def store(self, picture: Picture, content: bytes) -> bool:
        """Return False when the content is not the signed one."""


class HeadStore(Protocol):
    """Published heads of the ledger. Every method raises StoreUnavailable when the disk refuses."""

    async def community(self) -> str:
        """Return the community whose heads are followed; empty before the first answer."""

    async def newest(self, community: str, environment: Environment) -> Mapping[str, SignedHead]:
        """Return the last accepted head of each chain, by project."""

    async def digest(self, head: Head) -> str | None:
        """Return the stored digest of the head's chain and step; None when there is none."""

    async def store_head(self, head: Head, signed: SignedHead) -> None: ...

    async def store_refusal(self, community: str, refusal: HeadRefusal, signed: SignedHead | None) -> bool:
        """Return False when it is stored already."""

    async def store_status(self, answer: Heads) -> None: ...

    async def unreported(
        self, community: str, limit: int
    ) -> tuple[Sequence[Head], Sequence[str], Sequence[HeadRefusal]]:
        """Return accepted heads, their digests, and refusals that were not sent to the server yet."""

    async def mark_reported(self, community: str, heads: Iterable[Head], refusals: Iterable[HeadRefusal]) -> None: ...


class DeviceIdentity(Protocol):
    """`next`: a key that was not accepted yet; `enrolment`: where the device is enrolled, if anywhere."""

    @property
    def gateway(self) -> str: ...

    @property
    def key(self) -> Ed25519PrivateKey: ...

    @property
    def next(self) -> Ed25519PrivateKey | None: ...

    @property
    def enrolment(self) -> object: ...


class Keys(Protocol):
    """The device's key and its successor. Raises StoreUnavailable when the disk refuses."""

    def read(self) -> DeviceIdentity: ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep other programs from changing the keys. Raises KeysInUse."""

    def prepare(self) -> Ed25519PrivateKey:
        """Return the next key, which is on disk before it is sent."""

    def forget_next(self) -> None: ...

    def adopt(self) -> DeviceIdentity:
        """Replace the key by the next one, which was accepted."""

    def change_mark(self) -> object:
        """Return a value that differs after every change by any program."""


class Acceptance(Protocol):
    """Whether the central server accepts this gateway."""

    async def record(self, code: str) -> None:
        """Store key_revoked or key_unknown; empty: accepted. Raises StoreUnavailable when the disk refuses."""
