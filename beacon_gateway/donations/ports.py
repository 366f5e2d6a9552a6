"""What the kiosk needs of donations: the projects on offer, and the way of a gift."""

from dataclasses import dataclass
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.donations import Intent
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.permit import PermitJudgement, PermitReason
from sync_contract.project import Project
from sync_contract.records import ClockReading, Door, HandoffKind, IntentState


class ProjectUnknown(GatewayError):
    """No project of that id is on offer here: show the page that says so."""


class PermitClosed(GatewayError):
    """The permit does not hold now: show the project as information only."""

    def __init__(self, project: Project, reason: PermitReason) -> None:
        super().__init__(f"{project.id}: {reason}")
        self.project = project
        self.reason = reason


class AmountOutOfRange(GatewayError):
    """Below the project's least or above its greatest amount: ask for another."""

    def __init__(self, project: Project, minor: int) -> None:
        super().__init__(f"{project.id}: {minor} is not within {project.min_fen} to {project.max_fen}")
        self.project = project


class KeyReused(GatewayError):
    """The idempotency key came before with another project or amount: refuse, nothing is recorded."""


class StoreUnavailable(GatewayError):
    """The intent could not be put on disk, so nothing is handed over: ask the donor to try later."""


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
    """What is known of an intent here; `slip` is empty until it is paid, `code` until the server knows the intent.

    `ended`: the phone was at the bank, nothing was paid there, and the code opens the bank's page anew.
    """

    state: IntentState
    slip: str = ""
    code: str = ""
    ended: bool = False


class Projects(Protocol):
    """The projects on offer: from the catalogue once one is held, else from the TOML."""

    @property
    def version(self) -> int:
        """The catalogue's version; 0 for the TOML's own projects."""

    def all(self) -> tuple[Project, ...]: ...

    def get(self, project: str) -> Project | None: ...

    def judge(self, project: Project) -> PermitJudgement:
        """By the later of the clock and the last trusted time."""


class Giving(Protocol):
    """The way of a gift, as the kiosk uses it."""

    async def begin(self, project: str, amount: Money, *, door: Door, beacon: BeaconId | None, key: str) -> Gift:
        """Record, then hand over. The same `key` gives the same gift again.

        Raises ProjectUnknown, PermitClosed, AmountOutOfRange, KeyReused, StoreUnavailable.
        """

    def state(self, intent: str) -> GiftState:
        """Known from memory, without waiting; `registered` while nothing else is known."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An intent as it stands on disk, with the URL that was made for it."""

    intent: Intent
    url: str


class IntentLog(Protocol):
    """Where intents are recorded, each in one transaction with the parcel that will tell the central server."""

    async def record(self, intent: Intent, *, key: str, url: str, clock: ClockReading) -> Recorded:
        """Commit intent and parcel to disk. A `key` that came before gives what was recorded then.

        Raises KeyReused when it came with another project or amount, StoreUnavailable when the disk refuses.
        """

    async def settle(self, intent: str, state: GiftState, *, cause: str) -> None:
        """Append the change of state. Raises StoreUnavailable."""

    async def unsettled(self) -> dict[str, GiftState]:
        """Intents whose outcome may still change, newest first, at most 200. Raises StoreUnavailable."""


class HandoffMaker(Protocol):
    """Makes the URL that carries an intent to the donor's phone."""

    @property
    def kind(self) -> HandoffKind: ...

    def url(self, intent: Intent, clock: ClockReading) -> str:
        """Pure: it may be called before the intent is on disk, but shown only afterwards."""
