"""What a webhook can be told of, and the body that it then gets."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from central_server.shake.shake_records import Documented
from daemonkit.i18n import marked as _
from sync_contract.project import ProjectId
from sync_contract.records import CONTRACT, Count
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import Id


class Event(StrEnum):
    donation_paid = "donation.paid"
    parcel_refused = "parcel.refused"
    parcel_conflict = "parcel.conflict"
    gateway_late = "gateway.late"
    beacon_silent = "beacon.silent"
    trial = "webhook.trial"
    """Staff pressed a button: whoever has a webhook gets it, asked for or not."""


EVENTS: Mapping[Event, str] = {
    Event.donation_paid: _("The bank confirmed a gift."),
    Event.parcel_refused: _("Something that a gateway delivered was refused."),
    Event.parcel_conflict: _("A gateway delivered a second, different record under one identity."),
    Event.gateway_late: _("A gateway has not been heard of for longer than it promised."),
    Event.beacon_silent: _("A beacon that should be on the air was not heard for hours."),
    Event.trial: _("A trial: nothing has happened."),
}
"""With the meaning as an English msgid."""


class PaidGift(Documented):
    """Nothing in it tells who gave."""

    gateway: str
    intent: Id
    environment: Environment
    """drill: no money moved."""
    project: ProjectId
    amount_minor: Count
    currency: str
    slip: str
    """The slip's number (憑條)."""


class TurnedAway(Documented):
    gateway: str
    parcel: str
    kind: str
    reason: str
    """A machine-readable word, and what it is about."""


class FellSilent(Documented):
    gateway: str
    """The gateway that is late, or that does not hear the beacon."""
    beacon: str
    """uuid/major/minor; empty where the gateway itself is late."""
    since: AwareDatetime | None
    """When it was last heard of, where that is known."""


class Trial(Documented):
    said: Literal["trial"] = "trial"


class WebhookBody(Documented):
    """The body of each delivery. The same delivery may come more than once: its `id` then is the same."""

    contract: Literal[1] = CONTRACT
    id: Id
    event: Event
    at: AwareDatetime
    """When it happened."""
    community: Annotated[str, Field(max_length=64)]
    data: PaidGift | TurnedAway | FellSilent | Trial
