"""Gifts that begin on a phone (poster, tag or shake): this server registers their intents itself."""

from dataclasses import dataclass
from datetime import datetime

from central_server.errors import CentralError
from central_server.store.donations.intents import Intent
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door, HandoffKind, IntentState
from sync_contract.strict_model import Environment


class GiftDiffers(CentralError):
    """The id belongs to another gift: the donor starts again under a new id."""


@dataclass(frozen=True, slots=True)
class PhoneIntent:
    """`id`: made by us for the page on which the donor pressed. `gateway`: the community's gateway of this server."""

    id: str
    gateway: str
    community: str
    environment: Environment
    project: str
    amount: Money
    beacon: BeaconId | None
    door: Door

    @property
    def cause(self) -> str:
        return "page"

    @property
    def evidence(self) -> str:
        return "" if self.beacon is None else str(self.beacon)

    def intent(self, now: datetime) -> Intent:
        return Intent(
            gateway=self.gateway,
            id=self.id,
            community=self.community,
            environment=self.environment.value,
            project=self.project,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            beacon=None if self.beacon is None else str(self.beacon),
            catalogue_version=0,
            handoff=HandoffKind.ticket.value,
            door=self.door.value,
            first_seen_at=now,
            first_seen_in="page",
            state=IntentState.registered.value,
        )

    def check(self, known: Intent | None, now: datetime) -> None:
        """Raise GiftDiffers if the donor went back to the page and chose another amount."""
        if known is not None and (differing := known.differing(self.intent(now))):
            raise GiftDiffers(" ".join(differing))
