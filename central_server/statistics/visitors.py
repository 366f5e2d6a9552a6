"""Count shakes and opened pages by hour and door, and estimate different visitors with the salt of the day."""

from central_server.statistics.hyperloglog import cell
from central_server.statistics.salts import Salts
from central_server.store.engine.connection import Connection
from central_server.store.statistics import visitors
from central_server.store.statistics.visitors import PhoneVisit


class VisitCounter:
    """Without `salts`, different visitors are not estimated."""

    def __init__(self, salts: Salts | None = None) -> None:
        self._salts = salts

    async def count(self, connection: Connection, visit: PhoneVisit, identity: bytes) -> None:
        """`identity` distinguishes the visitors of a day; only its hashed register and rank are stored."""
        await visitors.count_visit(connection, visit)
        salt = None if self._salts is None else self._salts.at(visit.hour)
        if salt is not None:
            await visitors.add_register(connection, visit, *cell(salt, identity))
