"""Store sessions of staff by the hash of their token, and failed logins by network address."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import login_peers, sessions
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class Session:
    """`ends_at`: at the latest. `factor_given`: a code of the second factor was given. `agent`: the browser."""

    token_hash: str
    account: str
    started_at: datetime
    ends_at: datetime
    used_at: datetime
    factor_given: bool
    agent: str

    @property
    def id(self) -> str:
        """Return a public name of the session that does not reveal the token."""
        return self.token_hash[:16]


async def begin(connection: Connection, session: Session, idle_before: datetime) -> None:
    """Add a session; delete the account's sessions that have ended or were last used before `idle_before`."""
    over = or_(sessions.c.ends_at <= session.used_at, sessions.c.used_at <= idle_before)
    await connection.execute(delete(sessions).where(sessions.c.account == session.account, over))
    await connection.execute(
        sessions.insert().values(
            token_hash=session.token_hash,
            account=session.account,
            started_at=session.started_at,
            ends_at=session.ends_at,
            used_at=session.used_at,
            factor_given=session.factor_given,
            agent=session.agent,
        )
    )


async def get(connection: Connection, token_hash: str) -> Session | None:
    found = (await connection.execute(_SESSIONS.where(sessions.c.token_hash == token_hash))).one_or_none()
    return None if found is None else Session(*found)


async def of_account(connection: Connection, account: str) -> tuple[Session, ...]:
    """Return the account's sessions, the newest first."""
    wanted = _SESSIONS.where(sessions.c.account == account).order_by(sessions.c.started_at.desc())
    return tuple(Session(*row) for row in await connection.execute(wanted))


async def use(connection: Connection, token_hash: str, now: datetime) -> None:
    await connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(used_at=now))


async def end(connection: Connection, token_hash: str) -> bool:
    """Return False when it had ended before."""
    gone = await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
    return bool(gone.rowcount)


async def end_named(connection: Connection, account: str, session: str) -> bool:
    """End the account's session of that id; return False when there is none."""
    mine = sessions.c.account == account, func.substr(sessions.c.token_hash, 1, 16) == session
    return bool((await connection.execute(delete(sessions).where(*mine))).rowcount)


async def end_all(connection: Connection, account: str, but: str = "") -> int:
    """Return the number of ended sessions; `but`: the token hash of a session that stays."""
    mine = sessions.c.account == account, sessions.c.token_hash != but
    return (await connection.execute(delete(sessions).where(*mine))).rowcount


async def failures(connection: Connection, peer: str, since: datetime) -> tuple[int, datetime] | None:
    """Return the number of failed logins of an address and when they began, if after `since`."""
    wanted = select(login_peers.c.failures, login_peers.c.since).where(
        login_peers.c.peer == peer, login_peers.c.since > since
    )
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else (found.failures, found.since)


async def count_failure(connection: Connection, peer: str, now: datetime, since: datetime) -> int:
    """Count a failed login and return the number; delete all counts that began before `since`."""
    await connection.execute(delete(login_peers).where(login_peers.c.since <= since, login_peers.c.peer != peer))
    statement = insert(connection, login_peers).values(peer=peer, failures=1, since=now)
    old = login_peers.c.since <= since
    again = {
        "failures": case((old, 1), else_=login_peers.c.failures + 1),
        "since": case((old, statement.excluded.since), else_=login_peers.c.since),
    }
    counted = statement.on_conflict_do_update(index_elements=[login_peers.c.peer], set_=again)
    return int((await connection.execute(counted.returning(login_peers.c.failures))).scalar_one())


_SESSIONS = select(
    sessions.c.token_hash,
    sessions.c.account,
    sessions.c.started_at,
    sessions.c.ends_at,
    sessions.c.used_at,
    sessions.c.factor_given,
    sessions.c.agent,
)
