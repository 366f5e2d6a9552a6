"""Search for tasks record by record: a record that cannot be read does not hide the tasks of the others."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from central_server.alerts.task_kinds import Task
from central_server.store.alerts.quarantine import RecordKey
from central_server.store.engine.database import StoreUnavailable
from central_server.store.places.places import TOP

_JOB = "alerts"
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """`failed`: what could not be read, with its error. `missed`: sources of which no task could be read at all."""

    failed: dict[RecordKey, Exception] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    async def all_of(self, source: str, search: Callable[[], Awaitable[Iterable[Task]]]) -> Iterable[Task]:
        """Return the tasks of a source, none if it fails. Raises StoreUnavailable."""
        try:
            return await search()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (any fault of one source; the caller quarantines it)
            self.missed.append(source)
            self.failed[RecordKey(_JOB, f"all {source}", TOP)] = error
            return ()

    def each(
        self,
        records: Iterable[Found],
        build: Callable[[Found], Iterable[Task]],
        name: Callable[[Found], tuple[str, str, str]],
    ) -> list[Task]:
        """Return the tasks of the records that can be read. `name`: a record's id, community and gateway."""
        found: list[Task] = []
        for record in records:
            try:
                found += build(record)
            except Exception as error:  # noqa: BLE001  (any fault of one record; the caller quarantines it)
                id_, community, gateway = name(record)
                self.failed[RecordKey(_JOB, id_[:80], community, gateway)] = error
        return found
