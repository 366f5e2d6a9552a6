"""Decide what may happen to a request for help, by whom, and how much of the address each person sees when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

UNANSWERED_AFTER = timedelta(hours=24)
CONFIRMED_WITHIN = timedelta(days=7)
"""A request whose helper reports it as done is closed after this time, also if who asked says nothing."""
MAX_OPEN = 3
"""Requests of one person that are not finished."""


class RequestState(StrEnum):
    new = "new"
    """Waits until staff have checked it; nobody else sees it."""
    open = "open"
    claimed = "claimed"
    """Someone helps."""
    helped = "helped"
    """The helper says that it is done."""
    closed = "closed"
    """The person who asked says that it is done."""
    declined = "declined"
    withdrawn = "withdrawn"


UNFINISHED = frozenset((RequestState.new, RequestState.open, RequestState.claimed, RequestState.helped))


class Action(StrEnum):
    check = "check"
    decline = "decline"
    claim = "claim"
    give_up = "give_up"
    report_done = "report_done"
    confirm = "confirm"
    withdraw = "withdraw"
    close = "close"


class Actor(StrEnum):
    staff = "staff"
    requester = "requester"
    helper = "helper"
    member = "member"
    """Another member of the community."""
    desk = "desk"
    """Staff, for a neighbour without a phone for whom they asked."""
    clock = "clock"
    """Nobody: time has passed."""


_RULES: Mapping[tuple[RequestState, Actor, Action], RequestState] = {
    (RequestState.new, Actor.staff, Action.check): RequestState.open,
    (RequestState.new, Actor.staff, Action.decline): RequestState.declined,
    (RequestState.open, Actor.staff, Action.decline): RequestState.declined,
    (RequestState.open, Actor.member, Action.claim): RequestState.claimed,
    (RequestState.claimed, Actor.helper, Action.give_up): RequestState.open,
    (RequestState.claimed, Actor.helper, Action.report_done): RequestState.helped,
    (RequestState.claimed, Actor.requester, Action.confirm): RequestState.closed,
    (RequestState.helped, Actor.requester, Action.confirm): RequestState.closed,
    (RequestState.helped, Actor.clock, Action.close): RequestState.closed,
    (RequestState.claimed, Actor.desk, Action.confirm): RequestState.closed,
    (RequestState.helped, Actor.desk, Action.confirm): RequestState.closed,
    (RequestState.open, Actor.desk, Action.withdraw): RequestState.withdrawn,
    (RequestState.claimed, Actor.desk, Action.withdraw): RequestState.withdrawn,
    (RequestState.new, Actor.requester, Action.withdraw): RequestState.withdrawn,
    (RequestState.open, Actor.requester, Action.withdraw): RequestState.withdrawn,
    (RequestState.claimed, Actor.requester, Action.withdraw): RequestState.withdrawn,
}


def next_state(state: RequestState, actor: Actor, action: Action) -> RequestState | None:
    """Return the state after the action, None if this actor may not do it now."""
    return _RULES.get((state, actor, action))


def actions_of(state: RequestState, actor: Actor) -> frozenset[Action]:
    return frozenset(action for at, who, action in _RULES if (at, who) == (state, actor))


@dataclass(frozen=True, slots=True)
class Visible:
    """Parts of the address that a person may see. The grid is visible to everybody."""

    building: bool
    door: bool


def visible_address(state: RequestState, actor: Actor, wanted_on: date, today: date) -> Visible:
    """A helper sees the building after claiming, and the door from the day on which help is wanted."""
    if actor in (Actor.requester, Actor.staff, Actor.desk):
        return Visible(building=True, door=True)
    helping = actor is Actor.helper and state is RequestState.claimed
    return Visible(building=helping, door=helping and today >= wanted_on)


def is_unanswered(state: RequestState, asked_at: datetime, now: datetime) -> bool:
    """Whether staff should act: nobody has checked or claimed it for a day."""
    return state in (RequestState.new, RequestState.open) and now >= asked_at + UNANSWERED_AFTER
