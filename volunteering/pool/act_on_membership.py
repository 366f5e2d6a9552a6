"""Carry out what a member, a unit or staff do with a membership of the talent pool."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from volunteering.rules.pool_states import Action, Actor, MembershipState, next_state
from volunteering.store import pool
from volunteering.store.people import Person
from volunteering.store.pool import Membership

MAX_POSTS = 3
"""Posts of one membership."""


class PoolProblem(StrEnum):
    changed = "changed"
    """It was changed meanwhile, or this actor may not do it."""
    post = "post"
    """The post is held already, not claimed before, or one too many."""


@dataclass(frozen=True, slots=True)
class By:
    """`id`: a staff account, or the id of a person."""

    actor: Actor
    id: str


async def act(
    connection: Connection, found: Membership, action: Action, by: By, now: datetime, *, post: str = ""
) -> MembershipState | PoolProblem:
    """`found`: locked. `post`: to claim or to give up. Return the new state."""
    state = next_state(MembershipState(found.state), by.actor, action)
    if state is None:
        return PoolProblem.changed
    posts = [each for membership, each in (await pool.posts_of(connection, [found.member])).get(found.member, ())
             if membership == found.id]  # fmt: skip
    if action is Action.claim:
        if post in posts or len(posts) >= MAX_POSTS:
            return PoolProblem.post
        await pool.hold_post(connection, found, post, now)
    elif action is Action.give_up:
        if post not in posts:
            return PoolProblem.post
        await pool.drop_post(connection, found.id, post)
        state = MembershipState.posted if len(posts) > 1 else state
    elif action is Action.stay and posts:
        state = MembershipState.posted
    await pool.change(connection, found, state, by.id, now)
    return state


async def link_person(connection: Connection, found: Membership, person: Person) -> None:
    """Link the member's entry with the person who reported by phone."""
    await pool.link(connection, found.member, person.id)


async def erase_member(connection: Connection, person: Person, now: datetime) -> None:
    """End the memberships of a person who erases their data."""
    if person.number_hash is not None:
        member = await pool.member_of(connection, person.community, person.environment, person.number_hash)
        if member is not None:
            await pool.erase(connection, member, now)
