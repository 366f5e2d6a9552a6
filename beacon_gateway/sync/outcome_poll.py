"""Long-poll the central server for the outcomes of open intents."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Protocol

from beacon_gateway.sync.central_client import CentralClient
from daemonkit.event_wait import wait_for_event
from sync_contract.records import IntentState, Outcome

_WAIT_S = 25
_MAX_AWAITED = 20
_MAX_UNCODED = 10


class AwaitedIntents(Protocol):
    """The open intents; `limit` bounds each answer."""

    def awaited(self, limit: int) -> Mapping[str, IntentState]:
        """Return the newest intents that are not final, with their known states."""

    def uncoded(self, limit: int) -> Collection[str]:
        """Return those of the awaited ones that have no code to be typed yet."""

    def tried(self, limit: int) -> Mapping[str, bool]:
        """Return those opened on a phone, and whether all their attempts have ended."""


async def poll_outcomes(
    central: CentralClient,
    intents: AwaitedIntents,
    *,
    settle: Callable[[Iterable[Outcome]], Awaitable[None]],
    recorded: asyncio.Event,
    progress: Callable[[], None],
) -> None:
    """Run until cancelled. `recorded` is set for each new intent; it restarts the poll. Raises CentralUnreachable."""
    while True:
        progress()
        recorded.clear()
        known = intents.awaited(_MAX_AWAITED)
        if not known:
            await wait_for_event(recorded, _WAIT_S)
            continue
        uncoded, tried = intents.uncoded(_MAX_UNCODED), intents.tried(_MAX_AWAITED)
        poll = asyncio.create_task(central.poll_outcomes(known, _WAIT_S, uncoded, tried))
        new_intent = asyncio.create_task(recorded.wait())
        try:
            await asyncio.wait({poll, new_intent}, return_when=asyncio.FIRST_COMPLETED)
            if poll.done():
                await settle((await poll).outcomes)
        finally:
            for task in (poll, new_intent):
                task.cancel()
            await asyncio.gather(poll, new_intent, return_exceptions=True)
