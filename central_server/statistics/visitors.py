"""Different visitors at the doors of the phone: each leaves one register's rank, under the salt of the day."""

from datetime import datetime
from typing import Protocol

from central_server.statistics.hyperloglog import cell
from central_server.statistics.salts import Salts
from central_server.store.engine.connection import Connection
from central_server.store.statistics import visitors
from central_server.store.statistics.visitors import Register


class Visit(Protocol):
    """What was counted once more. `hour`: its beginning; `beacon`: empty for none; `kind`: shake or click."""

    @property
    def hour(self) -> datetime: ...
    @property
    def community(self) -> str: ...
    @property
    def beacon(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def door(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Visitors:
    def __init__(self, salts: Salts) -> None:
        self._salts = salts

    async def seen(self, connection: Connection, visit: Visit, octets: bytes) -> None:
        """`octets`: what tells this visitor from others today; they go no further than this."""
        salt = self._salts.at(visit.hour)
        if salt is None:
            return
        register, rank = cell(salt, octets)
        await visitors.note(
            connection,
            Register(
                visit.hour,
                visit.community,
                visit.beacon,
                visit.project,
                visit.door,
                visit.kind,
                register,
                rank,
            ),
        )
