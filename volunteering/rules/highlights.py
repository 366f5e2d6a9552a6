"""Decide when a highlight may be shown: everybody on the picture agrees, and two members of staff have approved it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

APPROVALS = 2


class HighlightState(StrEnum):
    drafted = "drafted"
    published = "published"
    withdrawn = "withdrawn"


class ConsentState(StrEnum):
    """Of a person who can be recognised on the picture."""

    asked = "asked"
    agreed = "agreed"
    declined = "declined"
    withdrawn = "withdrawn"


class PictureFault(StrEnum):
    unreadable = "unreadable"
    """No complete JPEG, PNG or WebP."""
    too_large = "too_large"
    """More bytes, pixels, time or memory than a photograph needs."""


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEGs without metadata. `small`: for the screen."""

    large: bytes
    small: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """`faceless`: this member of staff states that nobody can be recognised on the picture."""

    account: str
    faceless: bool


def may_be_shown(approvals: Collection[Approval], consents: Collection[ConsentState]) -> bool:
    """Two different accounts have approved it, and each person has agreed and not changed their mind."""
    accounts = {each.account for each in approvals}
    return len(accounts) >= APPROVALS and all(each is ConsentState.agreed for each in consents)


def picture_may_be_on_a_screen(approvals: Collection[Approval], people: int) -> bool:
    """A hall's device gets a picture only if nobody is on it, by the statement of everyone who approved it."""
    return people == 0 and len(approvals) >= APPROVALS and all(each.faceless for each in approvals)
