"""Define the events of webhooks and the body of a delivery."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from central_server.shake.shake_records import Documented
from daemonkit.i18n import marked as _
from sync_contract.project import ProjectId
from sync_contract.records import CONTRACT
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import Id
from sync_contract.wire_record import Count


class Event(StrEnum):
    donation_paid = "donation.paid"
    parcel_refused = "parcel.refused"
    parcel_conflict = "parcel.conflict"
    gateway_late = "gateway.late"
    beacon_silent = "beacon.silent"
    trial = "webhook.trial"
    """Sent to one webhook when staff press a button."""


EVENTS: Mapping[Event, str] = {
    Event.donation_paid: _("The bank confirmed a gift."),
    Event.parcel_refused: _("A record from a gateway was refused."),
    Event.parcel_conflict: _("A gateway delivered a second, different record with the same id."),
    Event.gateway_late: _("There has been no contact with a gateway for longer than agreed."),
    Event.beacon_silent: _("A beacon that should be on the air was not received for hours."),
    Event.trial: _("A trial: nothing has happened."),
}
"""With the meaning as an English msgid."""


class PaidGift(Documented):
    """It does not identify the donor."""

    gateway: str
    intent: Id
    environment: Environment
    """drill: no money moved."""
    project: ProjectId
    amount_minor: Count
    currency: str
    slip: str
    """The slip's number (憑條)."""


class RejectedParcel(Documented):
    gateway: str
    parcel: str
    kind: str
    reason: str
    """A machine-readable reason, with its subject."""


class FellSilent(Documented):
    gateway: str
    """The gateway that is late, or that does not hear the beacon."""
    beacon: str
    """uuid/major/minor; empty where the gateway itself is late."""
    since: AwareDatetime | None
    """The last contact, if known."""


class Trial(Documented):
    kind: Literal["trial"] = "trial"


class WebhookBody(Documented):
    """The body of a delivery. A delivery may arrive more than once, always with the same `id`."""

    contract: Literal[1] = CONTRACT
    id: Id
    event: Event
    at: AwareDatetime
    """When it happened."""
    community: Annotated[str, Field(max_length=64)]
    data: PaidGift | RejectedParcel | FellSilent | Trial
