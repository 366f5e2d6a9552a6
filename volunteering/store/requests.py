"""Store requests for help, and the looks at their addresses."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.places.places import within
from volunteering.rules.requests import UNFINISHED, RequestState
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.tables import address_looks, requests

_UNFINISHED = tuple(sorted(state.value for state in UNFINISHED))
_MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Request:
    """`wanted_on`: an ISO date. `sealed`: building, door and note. `helper` None: nobody helps yet.

    `person`, `asked_by`, `helper_outcome`: see `volunteering.store.tables.requests`.
    """

    id: str
    community: str
    environment: str
    person: str
    category: str
    grid: str
    wanted_on: str
    sealed: bytes
    state: str
    helper: str | None
    outcome: str
    helper_outcome: str
    asked_by: str
    asked_at: datetime
    changed_at: datetime

    @property
    def at_the_desk(self) -> bool:
        """Staff asked, for a neighbour without a phone."""
        return not self.person


@dataclass(frozen=True, slots=True)
class Look:
    request: str
    step: str
    by: str
    at: datetime


_REQUEST, _LOOK = columns_of(requests, Request), columns_of(address_looks, Look)


async def add(connection: Connection, request: Request) -> None:
    await connection.execute(requests.insert().values(asdict(request)))
    await _record(connection, request, request.state, request.person or request.asked_by, request.asked_at)


async def get(
    connection: Connection, request: str, environment: str, *, community: str = "", lock: bool = False
) -> Request | None:
    """`community`: "" for any. `lock`: until the write ends."""
    wanted = select(*_REQUEST).where(requests.c.id == request, requests.c.environment == environment)
    if community:
        wanted = wanted.where(requests.c.community == community)
    return await fetch_one(connection, Request, wanted.with_for_update() if lock else wanted)


async def open_in(connection: Connection, community: str, environment: str) -> tuple[Request, ...]:
    """Return the requests that wait for a helper, by day."""
    wanted = select(*_REQUEST).where(
        requests.c.community == community,
        requests.c.environment == environment,
        requests.c.state == RequestState.open.value,
    )
    chosen = wanted.order_by(requests.c.wanted_on, requests.c.asked_at).limit(_MAX_LISTED)
    return await fetch_all(connection, Request, chosen)


async def unfinished_of(connection: Connection, person: str) -> tuple[Request, ...]:
    """Return the person's unfinished requests, and those in which they help."""
    mine = (requests.c.person == person) | (requests.c.helper == person)
    wanted = select(*_REQUEST).where(mine, requests.c.state.in_(_UNFINISHED))
    return await fetch_all(connection, Request, wanted.order_by(requests.c.wanted_on))


async def every_of(connection: Connection, person: str) -> tuple[Request, ...]:
    wanted = select(*_REQUEST).where(requests.c.person == person).order_by(requests.c.asked_at)
    return await fetch_all(connection, Request, wanted)


async def count_unfinished(connection: Connection, person: str) -> int:
    counted = select(func.count()).where(requests.c.person == person, requests.c.state.in_(_UNFINISHED))
    return int((await connection.execute(counted)).scalar_one())


async def unfinished_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Request, ...]:
    """Return the unfinished requests at and below `tops`, the unchecked ones first."""
    wanted = select(*_REQUEST).where(
        within(requests.c.community, tops),
        requests.c.environment == environment,
        requests.c.state.in_(_UNFINISHED),
    )
    chosen = wanted.order_by(requests.c.state != RequestState.new.value, requests.c.asked_at).limit(_MAX_LISTED)
    return await fetch_all(connection, Request, chosen)


async def unconfirmed(connection: Connection, helped_before: datetime) -> tuple[Request, ...]:
    """Return the oldest requests that were reported as done by then, locked, and that nobody has confirmed."""
    done = select(*_REQUEST).where(
        requests.c.state == RequestState.helped.value, requests.c.changed_at <= helped_before
    )
    return await fetch_all(connection, Request, done.order_by(requests.c.changed_at).limit(100).with_for_update())


async def went_badly(
    connection: Connection, tops: Collection[str], environment: str, since: datetime
) -> tuple[Request, ...]:
    """Return the requests that went badly by either person and were changed since then, the newest first."""
    badly = (requests.c.outcome == "badly") | (requests.c.helper_outcome == "badly")
    wanted = select(*_REQUEST).where(
        within(requests.c.community, tops),
        requests.c.environment == environment,
        badly,
        requests.c.changed_at >= since,
    )
    return await fetch_all(connection, Request, wanted.order_by(requests.c.changed_at.desc()).limit(_MAX_LISTED))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """How many requests of a community wait since `since` or later."""

    community: str
    count: int
    since: datetime


async def unanswered(
    connection: Connection, tops: Collection[str], environment: str, asked_before: datetime
) -> tuple[Unanswered, ...]:
    """Count by community the requests that nobody has checked or claimed, of those asked by then."""
    count, since = func.count().label("requests"), func.min(requests.c.asked_at).label("since")
    wanted = select(requests.c.community, count, since).where(
        within(requests.c.community, tops),
        requests.c.environment == environment,
        requests.c.state.in_((RequestState.new.value, RequestState.open.value)),
        requests.c.asked_at <= asked_before,
    )
    rows = await connection.execute(wanted.group_by(requests.c.community).order_by(requests.c.community))
    return tuple(Unanswered(row.community, row.requests, row.since) for row in rows)


async def change(
    connection: Connection,
    request: Request,
    state: RequestState,
    by: str,
    now: datetime,
    *,
    helper: str | None,
    outcome: str = "",
    helper_outcome: str = "",
) -> None:
    values = {
        "state": state.value,
        "helper": helper,
        "outcome": outcome,
        "helper_outcome": helper_outcome,
        "changed_at": now,
    }
    await connection.execute(update(requests).where(requests.c.id == request.id).values(values))
    await _record(connection, request, state, by, now)


async def erase_addresses(connection: Connection, person: str) -> None:
    """Delete address and note of every request of the person."""
    await connection.execute(update(requests).where(requests.c.person == person).values(sealed=b"", grid=""))


async def add_look(connection: Connection, look: Look) -> None:
    await connection.execute(address_looks.insert().values(asdict(look)))


async def looks_at(connection: Connection, request: str) -> tuple[Look, ...]:
    wanted = select(*_LOOK).where(address_looks.c.request == request).order_by(address_looks.c.id)
    return await fetch_all(connection, Look, wanted)


async def _record(connection: Connection, request: Request, state: str, by: str, now: datetime) -> None:
    await record(connection, StateChange(request.community, request.id, RecordKind.request, state, by, now))
