"""What a set-up does to the device and its surroundings: the interface that the flow calls."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.setup.site_file import SiteFacts
from beacon_gateway.setup.wizard.questions import SetupFault
from beacon_gateway.store.identity import Enrolment
from sync_contract.beacon_identity import BeaconId
from sync_contract.enrolment import EnrolmentAnswer, Invitation
from sync_contract.site_offer import SiteOffer


class StepRefused(GatewayError):
    """A step was not done and changed nothing. `facts`: values of the worded fault."""

    def __init__(self, fault: SetupFault, **facts: str) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.facts = facts


class SetupEnded(GatewayError):
    """Nobody answers any more: the input ended or the time is over."""


@dataclass(frozen=True, slots=True)
class SiteDraft:
    """`site` and its time zone, as the installer decided. `hall`: its name at the server."""

    site: SiteFacts
    time_zone: str
    hall: str


@dataclass(frozen=True, slots=True)
class HeardTag:
    """The loudest beacon of others. `rssi` in dBm."""

    beacon: BeaconId
    rssi: int


class AdvertState(StrEnum):
    """What the running gateway knows of our own advert."""

    proved = "proved"
    not_proved = "not_proved"
    simulated = "simulated"
    off_air = "off_air"
    none = "none"


class Actions(Protocol):
    """Every method may raise StepRefused."""

    async def find_network(self) -> str:
        """Return the name of the interface with a default route."""

    async def find_adapter(self) -> str:
        """Return the names of the Bluetooth adapters; `simulated` for a simulated radio."""

    def enrolment(self) -> Enrolment | None: ...

    async def enrol(self, invitation: Invitation) -> EnrolmentAnswer: ...

    async def fetch_offer(self) -> SiteOffer: ...

    async def hear_tag(self, draft: SiteDraft) -> HeardTag | None:
        """Listen until a tag is close; None when none came."""

    async def write(self, draft: SiteDraft) -> tuple[str, str]:
        """Write settings and time zone; return the paths of the file and of the previous one, which may be empty."""

    async def start(self) -> None:
        """Start gateway and kiosk, and wait until the gateway uses the written settings."""

    async def wait_started(self) -> None:
        """Wait once more."""

    async def undo(self) -> None:
        """Put the previous settings back."""

    async def read_advert(self) -> tuple[AdvertState, str]:
        """Return the state of our advert, and the adapter that received it, if any."""
