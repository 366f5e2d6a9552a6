"""Record changes of state; rows are only added, in the transaction of the change."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from volunteering.store.tables import state_changes


class RecordKind(StrEnum):
    activity = "activity"
    shift = "shift"
    person = "person"
    sign_up = "sign_up"
    request = "request"
    card = "card"
    highlight = "highlight"
    invitation = "invitation"
    merge = "merge"
    proposal = "proposal"
    membership = "membership"


@dataclass(frozen=True, slots=True)
class StateChange:
    """`by`: a staff account, or the id of a person."""

    community: str
    record: str
    kind: RecordKind
    state: str
    by: str
    at: datetime


async def record(connection: Connection, *changes: StateChange) -> None:
    await connection.execute(state_changes.insert(), [{**asdict(each), "kind": each.kind.value} for each in changes])
