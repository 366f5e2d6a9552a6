"""Store accounts of staff: passwords as hashes, second factors sealed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, literal, or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import accounts, grants, sessions
from central_server.store.engine.upsert import insert
from central_server.store.places.places import TOP, within

PAGE = 100


@dataclass(frozen=True, slots=True)
class Account:
    """`home`: the place to which it belongs. `one_time_until`: the password was set by another person and may be used
    once, until then. `factor_since` None with a `factor_secret`: not proved yet. `factor_step`: the newest time step
    whose code was accepted. `made_by`, `reset_by`: who made it and last reset it, "" for the machine's console;
    `confirmed_by`: who confirmed since then that another person uses it.
    """

    name: str
    password: str
    failures: int
    locked_until: datetime | None
    added_at: datetime
    home: str
    one_time_until: datetime | None
    disabled_at: datetime | None
    factor_secret: str | None
    factor_since: datetime | None
    factor_step: int
    made_by: str
    reset_by: str
    confirmed_by: str | None

    @property
    def has_factor(self) -> bool:
        return self.factor_since is not None


async def add(
    connection: Connection,
    name: str,
    password: str,
    now: datetime,
    *,
    home: str,
    until: datetime | None = None,
    by: str = "",
) -> bool:
    """Return False when the name is taken, or looks like another one. `until`: see `Account.one_time_until`;
    `by`: `made_by`.
    """
    values = {
        "name": name,
        "skeleton": _skeleton(name),
        "password": password,
        "failures": 0,
        "added_at": now,
        "home": home,
        "factor_step": 0,
        "made_by": by,
        "reset_by": "",
    }
    statement = insert(connection, accounts).values(**values, one_time_until=until)
    return bool((await connection.execute(statement.on_conflict_do_nothing())).rowcount)


def _skeleton(name: str) -> str:
    """Return a text that is equal for names that look alike (UTS 39, section 4)."""
    return name.casefold().translate(_LOOK_ALIKES).replace("rn", "m").replace("vv", "w")


_LOOK_ALIKES = str.maketrans("0i1", "oll")
"""In lower case, because an I looks like an l."""


async def get(connection: Connection, name: str, *, lock: bool = False) -> Account | None:
    """`lock`: no other transaction changes it before this one ends."""
    wanted = _ACCOUNTS.where(accounts.c.name == name)
    found = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return None if found is None else Account(*found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[Account, ...]:
    """Return accounts whose home, or a place of a role, is at or below `tops`; by name."""
    return tuple(Account(*row) for row in await connection.execute(_within(tops).order_by(accounts.c.name)))


async def page(
    connection: Connection, tops: Collection[str], words: str = "", after: str = "", limit: int = PAGE
) -> tuple[Account, ...]:
    """Return a part of `every`. `words`: in the name; `after`: the last name of the previous part."""
    wanted = _within(tops)
    if words:
        wanted = wanted.where(accounts.c.name.icontains(words, autoescape=True))
    if after:
        wanted = wanted.where(accounts.c.name > after)
    return tuple(Account(*row) for row in await connection.execute(wanted.order_by(accounts.c.name).limit(limit)))


async def set_password(
    connection: Connection, name: str, password: str, until: datetime | None = None, *, but: str = ""
) -> None:
    """Set a password; end all sessions except that of the token hash `but`, and any lock."""
    values = {"password": password, "failures": 0, "locked_until": None, "one_time_until": until}
    await connection.execute(update(accounts).where(accounts.c.name == name).values(values))
    await _end_sessions(connection, name, but)


async def record_reset(connection: Connection, name: str, by: str) -> None:
    """Record who reset the password or the second factor; an earlier confirmation no longer counts."""
    values = {"reset_by": by, "confirmed_by": None}
    await connection.execute(update(accounts).where(accounts.c.name == name).values(values))


async def confirm(connection: Connection, name: str, by: str | None) -> None:
    """`by` None: the confirmation no longer counts."""
    await connection.execute(update(accounts).where(accounts.c.name == name).values(confirmed_by=by))


async def disable(connection: Connection, name: str, at: datetime | None) -> None:
    """Disable an account and end its sessions; `at` None enables it again."""
    await connection.execute(update(accounts).where(accounts.c.name == name).values(disabled_at=at))
    await _end_sessions(connection, name)


async def count_failure(connection: Connection, name: str, most: int, locked_until: datetime) -> bool:
    """Count a failed login; at `most` in a row lock the account and return True."""
    last = accounts.c.failures >= most - 1
    values = {
        "failures": case((last, 0), else_=accounts.c.failures + 1),
        "locked_until": case(
            (last, literal(locked_until, accounts.c.locked_until.type)), else_=accounts.c.locked_until
        ),
    }
    statement = update(accounts).where(accounts.c.name == name).values(values).returning(accounts.c.failures)
    return bool((await connection.execute(statement)).scalar_one() == 0)


async def forget_failures(connection: Connection, name: str) -> None:
    """Clear the count and the lock."""
    await connection.execute(update(accounts).where(accounts.c.name == name).values(failures=0, locked_until=None))


async def set_factor(connection: Connection, name: str, sealed: str | None, since: datetime | None = None) -> None:
    """Set a second factor; without `since` it is not proved yet. None removes it."""
    values = {"factor_secret": sealed, "factor_since": since, "factor_step": 0}
    await connection.execute(update(accounts).where(accounts.c.name == name).values(values))


async def prove_factor(connection: Connection, name: str, now: datetime, *, but: str) -> None:
    """Require the second factor from now on. End all sessions except that of the token hash `but`."""
    await connection.execute(update(accounts).where(accounts.c.name == name).values(factor_since=now))
    await _end_sessions(connection, name, but)


async def take_step(connection: Connection, name: str, step: int) -> bool:
    """Return False when a code of this time step or a later one was used before."""
    mine = (accounts.c.name == name, accounts.c.factor_step < step)
    return bool((await connection.execute(update(accounts).where(*mine).values(factor_step=step))).rowcount)


async def grant(connection: Connection, name: str, place: str, role: str, now: datetime, *, by: str = "") -> None:
    """Set the account's role at a place; it replaces an earlier one. `by`: who granted it, "" for the console."""
    statement = insert(connection, grants).values(account=name, place=place, role=role, granted_at=now, granted_by=by)
    again = {column: statement.excluded[column] for column in ("role", "granted_at", "granted_by")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[grants.c.account, grants.c.place], set_=again)
    )


async def revoke(connection: Connection, name: str, place: str) -> bool:
    """Return False when the account had no role there."""
    gone = await connection.execute(delete(grants).where(grants.c.account == name, grants.c.place == place))
    return bool(gone.rowcount)


async def roles(connection: Connection, name: str) -> dict[str, str]:
    """Return the account's roles by place."""
    found = await connection.execute(select(grants.c.place, grants.c.role).where(grants.c.account == name))
    return {row.place: row.role for row in found}


async def granted_by(connection: Connection, name: str, roles_: Collection[str]) -> frozenset[str]:
    """Return who granted the account these roles."""
    found = select(grants.c.granted_by).where(grants.c.account == name, grants.c.role.in_(roles_))
    return frozenset((await connection.execute(found)).scalars())


async def roles_within(connection: Connection, tops: Collection[str], of: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the roles of these accounts at and below `tops`, by account and place."""
    wanted = select(grants.c.account, grants.c.place, grants.c.role).where(within(grants.c.place, tops))
    wanted = wanted.where(grants.c.account.in_(of))
    found: dict[str, dict[str, str]] = {}
    for row in await connection.execute(wanted.order_by(grants.c.account, grants.c.place)):
        found.setdefault(row.account, {})[row.place] = row.role
    return found


async def others_at_top(connection: Connection, roles_: Collection[str], name: str) -> int:
    """Count the other accounts that have one of the roles at the top and are not disabled."""
    wanted = (
        select(func.count())
        .select_from(grants.join(accounts, accounts.c.name == grants.c.account))
        .where(
            grants.c.place == TOP, grants.c.role.in_(roles_), grants.c.account != name, accounts.c.disabled_at.is_(None)
        )
    )
    return int((await connection.execute(wanted)).scalar_one())


async def _end_sessions(connection: Connection, name: str, but: str = "") -> None:
    await connection.execute(delete(sessions).where(sessions.c.account == name, sessions.c.token_hash != but))


_ACCOUNTS = select(
    accounts.c.name,
    accounts.c.password,
    accounts.c.failures,
    accounts.c.locked_until,
    accounts.c.added_at,
    accounts.c.home,
    accounts.c.one_time_until,
    accounts.c.disabled_at,
    accounts.c.factor_secret,
    accounts.c.factor_since,
    accounts.c.factor_step,
    accounts.c.made_by,
    accounts.c.reset_by,
    accounts.c.confirmed_by,
)


def _within(tops: Collection[str]) -> Select[Any]:
    with_role = select(grants.c.account).where(within(grants.c.place, tops))
    return _ACCOUNTS.where(or_(within(accounts.c.home, tops), accounts.c.name.in_(with_role)))
