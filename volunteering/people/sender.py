"""Define how a one-time code gets into the outbox, and from there to a telephone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central_server.store.engine.connection import Connection


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """`id`: of the code. `mobile`: 11 digits. `guardian`: it proves a consent, not a login."""

    id: str
    community: str
    number_hash: str
    mobile: str
    code: str
    language: str
    sent_at: datetime
    valid_until: datetime
    guardian: bool = False


class CodeSender(Protocol):
    @property
    def on_screen(self) -> bool:
        """Whether nothing is sent, and the page shows the code: only in a drill."""
        ...

    async def has_room(self, connection: Connection, now: datetime) -> bool:
        """Whether one more code may be sent in this hour."""
        ...

    async def add_code(self, connection: Connection, message: CodeMessage) -> None:
        """Put the code into the outbox, in the caller's transaction."""
        ...

    async def deliver_now(self, code: str) -> None:
        """Try to send the message of this code at once; a failure is tried again later."""
        ...
