"""Ask for help, and act on a request, each with a line in the history."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.people.sealed_person import PersonSeal
from volunteering.records.record_service import Service, record_service
from volunteering.requests.request_form import Address, NewRequest
from volunteering.rules.requests import (
    CONFIRMED_WITHIN,
    MAX_OPEN,
    Action,
    Actor,
    RequestState,
    next_state,
    visible_address,
)
from volunteering.rules.service_hours import Grade, Span
from volunteering.store import people, requests
from volunteering.store.people import Person
from volunteering.store.requests import Look, Request
from volunteering.store.service_records import ServiceKind


class RequestProblem(StrEnum):
    too_many = "too_many"
    """The person has `MAX_OPEN` unfinished requests."""
    changed = "changed"
    """It is not possible now: someone else was faster, or it is finished."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who acts, and how it went if they say so. `by`: the id of a person, or a staff account; "" for the clock."""

    actor: Actor
    by: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where staff write a request down."""

    community: str
    environment: str
    account: str


async def ask(
    connection: Connection, seal: PersonSeal, person: Person, new: NewRequest, now: datetime
) -> Request | RequestProblem:
    await people.get(connection, person.id, lock=True)
    if await requests.count_unfinished(connection, person.id) >= MAX_OPEN:
        return RequestProblem.too_many
    id_ = new_id()
    request = Request(
        id_,
        person.community,
        person.environment,
        person.id,
        new.category.value,
        new.grid,
        new.wanted_on.isoformat(),
        seal.close_request(id_, new.address),
        RequestState.new.value,
        None,
        "",
        "",
        "",
        now,
        now,
    )
    await requests.add(connection, request)
    return request


async def ask_at_the_desk(
    connection: Connection, seal: PersonSeal, desk: Desk, new: NewRequest, now: datetime
) -> Request:
    """Ask for a neighbour without a phone. Staff have checked it by writing it down."""
    id_ = new_id()
    request = Request(
        id_,
        desk.community,
        desk.environment,
        "",
        new.category.value,
        new.grid,
        new.wanted_on.isoformat(),
        seal.close_request(id_, new.address),
        RequestState.open.value,
        None,
        "",
        "",
        desk.account,
        now,
        now,
    )
    await requests.add(connection, request)
    return request


async def close_unconfirmed(database: Database, now: datetime) -> None:
    """Close requests that were reported as done a week ago. Raises StoreUnavailable."""

    async def work(connection: Connection) -> None:
        for each in await requests.unconfirmed(connection, now - CONFIRMED_WITHIN):
            await act(connection, each, Action.close, Outcome(Actor.clock, ""), now)

    await database.written(work)


async def act(
    connection: Connection, request: Request, action: Action, by: Outcome, now: datetime
) -> RequestState | RequestProblem:
    """`request`: locked. Return the new state."""
    state = next_state(RequestState(request.state), by.actor, action)
    if state is None:
        return RequestProblem.changed
    helper = {Action.claim: by.by, Action.give_up: None}.get(action, request.helper)
    helping = by.actor is Actor.helper
    await requests.change(
        connection,
        request,
        state,
        by.by,
        now,
        helper=helper,
        outcome=request.outcome if helping else by.outcome,
        helper_outcome=by.outcome if helping else request.helper_outcome,
    )
    if state is RequestState.closed and by.outcome == "well" and request.helper is not None:
        await _record_help(connection, request, request.helper, by.by, now)
    return state


async def _record_help(connection: Connection, request: Request, helper: str, confirmed_by: str, now: datetime) -> None:
    """Count a person served. No time was proved or stated, so no minute counts."""
    service = Service(
        request.community,
        request.environment,
        helper,
        ServiceKind.request,
        request.id,
        Span(now, now),
        Grade.claim,
        people_served=1,
        confirmed_by=confirmed_by,
    )
    await record_service(connection, service, now)


async def look_at_address(
    connection: Connection, seal: PersonSeal, request: Request, actor: Actor, by: str, now: datetime
) -> Address | None:
    """Return what this actor may see of the address, "" for the rest, and record the look; None for nothing.

    Raises SealBroken.
    """
    today = now.astimezone(OFFICIAL_TIME).date()
    wanted_on = date.fromisoformat(request.wanted_on)
    visible = visible_address(RequestState(request.state), actor, wanted_on, today)
    if not visible.building or not request.sealed:
        return None
    address = seal.open_request(request.id, request.sealed, Address)
    step = "door" if visible.door else "building"
    if actor is not Actor.requester:
        await requests.add_look(connection, Look(request.id, step, by, now))
    if visible.door:
        return address
    return replace(address, door="", mobile="")


async def erase_requests(connection: Connection, person: Person, now: datetime) -> None:
    """Withdraw the person's requests, give up those in which they help, and erase their addresses."""
    for each in await requests.unfinished_of(connection, person.id):
        mine = each.person == person.id
        by = Outcome(Actor.requester if mine else Actor.helper, person.id)
        finished = Action.confirm if each.state == RequestState.helped else Action.withdraw
        await act(connection, each, finished if mine else Action.give_up, by, now)
    await requests.erase_addresses(connection, person.id)


def actor_of(request: Request, person: Person | None) -> Actor | None:
    """Return None for a visitor who is not logged in."""
    if person is None:
        return None
    if request.person == person.id:
        return Actor.requester
    return Actor.helper if request.helper == person.id else Actor.member
