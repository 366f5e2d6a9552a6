"""A fake systemd manager on a private bus: jobs begin, end, and are announced by JobRemoved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

_PATH = "/org/freedesktop/systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"


class FakeSystemd:
    """`jobs`: verb, unit and mode; `result`: of a job, empty if it does not end; `errors`: unit to (name, text).

    `work`: what a job does before it ends, called with verb and unit.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.jobs: list[tuple[str, str, str]] = []
        self.result = "done"
        self.errors: dict[str, tuple[str, str]] = {}
        self.work: Callable[[str, str], Awaitable[None]] | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._bus = bus
        self._subscribed = False
        bus.add_message_handler(self._on_message)

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != _MANAGER:
            return None
        if message.member == "Subscribe":
            self._subscribed = True
            return Message.new_method_return(message)
        unit, mode = message.body
        if unit in self.errors:
            return Message.new_error(message, *self.errors[unit])
        self.jobs.append((message.member or "", unit, mode))
        job = f"{_PATH}/job/{len(self.jobs)}"
        self._end(f"{_PATH}/job/900", "other.service", "failed")  # other jobs end all the time, also before the answer
        self._bus.send(Message.new_method_return(message, "o", [job]))
        task = asyncio.create_task(self._run(message.member or "", unit, job))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return True

    async def _run(self, verb: str, unit: str, job: str) -> None:
        if self.work is not None:
            await self.work(verb, unit)
        if self.result:
            self._end(job, unit, self.result)

    def _end(self, job: str, unit: str, result: str) -> None:
        if self._subscribed:
            self._bus.send(Message.new_signal(_PATH, _MANAGER, "JobRemoved", "uoss", [1, job, unit, result]))


@asynccontextmanager
async def fake_systemd(address: str) -> AsyncIterator[FakeSystemd]:
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    fake = FakeSystemd(bus)
    await bus.request_name("org.freedesktop.systemd1")
    try:
        yield fake
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped
