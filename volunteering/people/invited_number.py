"""The sealed content of an invitation, and the event of its message."""

from dataclasses import dataclass

from volunteering.people.sealed_person import PersonSeal
from volunteering.store.invitations import Invitation
from volunteering.store.messages import Message


@dataclass(frozen=True, slots=True)
class InvitedNumber:
    """`mobile`: 11 digits."""

    mobile: str
    code: str


def open_number(seal: PersonSeal, invitation: Invitation) -> InvitedNumber:
    """Raises SealBroken."""
    return seal.open_message(invitation.id, invitation.sealed, InvitedNumber)


def event_of(invitation: str) -> str:
    return f"invited {invitation}"


def invitation_of(message: Message) -> str:
    """Return the id of the invitation that a message is about."""
    return message.event.rpartition(" ")[2]
