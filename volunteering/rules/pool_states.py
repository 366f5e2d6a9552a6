"""Decide what may happen to a membership of the talent pool (人才庫), and by whom.

A unit's member takes a slip (報到單), reports, is accepted, and claims a post. Leaving needs both the unit and the
community.
"""

from collections.abc import Mapping
from enum import StrEnum


class MembershipState(StrEnum):
    invited = "invited"
    """On the unit's list; the person has no account by this."""
    printed = "printed"
    """The slip is printed."""
    reported = "reported"
    accepted = "accepted"
    posted = "posted"
    """Has a post."""
    leaving = "leaving"
    """Someone asked to end it."""
    left_by_unit = "left_by_unit"
    """Only the unit has agreed."""
    left_by_community = "left_by_community"
    """Only the community has agreed."""
    ended = "ended"
    declined = "declined"
    """Never began: the member or the community said no, or the unit took the name back."""


BEFORE_ACCEPTANCE = frozenset((MembershipState.invited, MembershipState.printed, MembershipState.reported))
CURRENT = frozenset(
    (
        MembershipState.accepted,
        MembershipState.posted,
        MembershipState.leaving,
        MembershipState.left_by_unit,
        MembershipState.left_by_community,
    )
)
"""The member belongs to the pool."""
OVER = frozenset((MembershipState.ended, MembershipState.declined))


class Actor(StrEnum):
    member = "member"
    unit = "unit"
    staff = "staff"
    """Of the community; also for a member without a phone, at the desk."""


class Action(StrEnum):
    print = "print"
    report = "report"
    accept = "accept"
    refuse = "refuse"
    decline = "decline"
    claim = "claim"
    give_up = "give_up"
    """The last post."""
    ask_leave = "ask_leave"
    stay = "stay"
    agree_leave = "agree_leave"


_S, _W, _A = MembershipState, Actor, Action
_EVERYBODY = tuple(Actor)
_TABLE: tuple[tuple[tuple[MembershipState, ...], tuple[Actor, ...], Action, MembershipState], ...] = (
    ((_S.invited, _S.printed), _EVERYBODY, _A.print, _S.printed),
    ((_S.printed,), (_W.member, _W.staff), _A.report, _S.reported),
    ((_S.reported,), (_W.staff,), _A.accept, _S.accepted),
    ((_S.reported,), (_W.staff,), _A.refuse, _S.declined),
    ((_S.invited, _S.printed, _S.reported), (_W.member,), _A.decline, _S.declined),
    ((_S.invited, _S.printed), (_W.unit,), _A.decline, _S.declined),
    ((_S.accepted, _S.posted), (_W.member, _W.staff), _A.claim, _S.posted),
    ((_S.posted,), (_W.member, _W.staff), _A.give_up, _S.accepted),
    ((_S.accepted, _S.posted), _EVERYBODY, _A.ask_leave, _S.leaving),
    ((_S.leaving,), (_W.member,), _A.stay, _S.accepted),
    ((_S.leaving,), (_W.unit,), _A.agree_leave, _S.left_by_unit),
    ((_S.leaving,), (_W.staff,), _A.agree_leave, _S.left_by_community),
    ((_S.left_by_unit,), (_W.staff,), _A.agree_leave, _S.ended),
    ((_S.left_by_community,), (_W.unit,), _A.agree_leave, _S.ended),
)
"""States before, who, action, state after."""
_RULES: Mapping[tuple[MembershipState, Actor, Action], MembershipState] = {
    (before, actor, action): after for states, actors, action, after in _TABLE for before in states for actor in actors
}


def next_state(state: MembershipState, actor: Actor, action: Action) -> MembershipState | None:
    """Return the state after the action, None if this actor may not do it now."""
    return _RULES.get((state, actor, action))


def actions_of(state: MembershipState, actor: Actor) -> frozenset[Action]:
    return frozenset(action for at, who, action in _RULES if (at, who) == (state, actor))
