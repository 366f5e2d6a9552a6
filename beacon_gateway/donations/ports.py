"""The ports of donations: projects on offer, beginning a gift, recording it, making its handoff."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.donations import Intent
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.permit import PermitJudgement, PermitReason
from sync_contract.project import Project
from sync_contract.records import ClockReading, Door, HandoffKind, IntentState


class ProjectUnknown(GatewayError):
    """No project of that id is on offer: show the page about it."""


class PermitClosed(GatewayError):
    """The permit is not valid now: show the project as information only."""

    def __init__(self, project: Project, reason: PermitReason) -> None:
        super().__init__(f"{project.id}: {reason}")
        self.project = project
        self.reason = reason


class AmountOutOfRange(GatewayError):
    """The amount is outside the project's limits: ask for another."""

    def __init__(self, project: Project, minor: int) -> None:
        super().__init__(f"{project.id}: {minor} is not within {project.min_fen} to {project.max_fen}")
        self.project = project


class KeyReused(GatewayError):
    """The idempotency key was used with another project or amount: refuse; nothing is recorded."""


MIN_FREE_BYTES = 50_000_000
"""With less space on the disk no gift is registered."""


class StoreFault(StrEnum):
    """Why the store records nothing."""

    disk_refuses = "disk_refuses"
    disk_full = "disk_full"
    backlog_full = "backlog_full"
    """Too many intents wait for delivery."""


class StoreUnavailable(GatewayError):
    """Nothing was recorded, so there is no handoff: ask the donor to try later, and state the fault."""

    def __init__(self, message: str, fault: StoreFault = StoreFault.disk_refuses) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Gift:
    """A recorded intent together with its handoff: `url` is what the QR and the link carry."""

    intent: str
    project: Project
    amount: Money
    handoff: HandoffKind
    url: str


@dataclass(frozen=True, slots=True)
class GiftState:
    """The known state of an intent; `slip` is empty until it is paid, `code` until the server knows the intent.

    `ended`: all attempts at the bank ended unpaid; the code opens the bank's page again.
    """

    state: IntentState
    slip: str = ""
    code: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class RecalledGift:
    """A gift from the store. `age_s`: seconds since it was recorded."""

    gift: Gift
    age_s: float


class Projects(Protocol):
    """The projects on offer, from the catalogue or else from the TOML."""

    @property
    def version(self) -> int:
        """The catalogue's version; 0 for the TOML's own projects."""

    def all(self) -> tuple[Project, ...]: ...

    def get(self, project: str) -> Project | None: ...

    def judge(self, project: Project) -> PermitJudgement:
        """Judge by the later of the clock and the last trusted time."""


class Giving(Protocol):
    """Begins gifts and knows their states."""

    async def begin(self, project: str, amount: Money, *, door: Door, beacon: BeaconId | None, key: str) -> Gift:
        """Record the intent, then make the handoff. A repeated `key` returns the same gift.

        Raises ProjectUnknown, PermitClosed, AmountOutOfRange, KeyReused, StoreUnavailable.
        """

    def state(self, intent: str) -> GiftState:
        """Return the state from memory; `registered` when nothing else is known."""

    async def recall(self, intent: str) -> RecalledGift | None:
        """Return a recorded gift and restore its state; None if it cannot be read or its project has gone."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An intent on disk, when it was recorded by the gateway's clock, and whether the clock was trusted."""

    intent: Intent
    at: datetime
    clock_trusted: bool


@dataclass(frozen=True, slots=True)
class StoredIntent:
    """An intent as it is on disk now, with its state."""

    recorded: Recorded
    state: GiftState


class IntentLog(Protocol):
    """Records intents, each in one transaction with its parcel for the central server."""

    async def record(self, intent: Intent, *, key: str, clock: ClockReading) -> Recorded:
        """Commit intent and parcel to disk; a repeated `key` returns the first record.

        Raises KeyReused when it was used with another project or amount, StoreUnavailable when the disk refuses.
        """

    async def settle(self, intent: str, state: GiftState, *, cause: str) -> None:
        """Append the change of state. Raises StoreUnavailable."""

    async def find(self, intent: str) -> StoredIntent | None:
        """Return an intent; None if it is unknown or damaged. Raises StoreUnavailable."""

    async def unsettled(self) -> dict[str, GiftState]:
        """Return the intents whose outcome may still change, newest first, at most 200. Raises StoreUnavailable."""


class HandoffMaker(Protocol):
    """Makes the URL that carries an intent to the donor's phone."""

    @property
    def kind(self) -> HandoffKind: ...

    def url(self, recorded: Recorded) -> str:
        """Return the URL, without effects; show it only after the intent is on disk."""
