"""Settle open intents with the outcomes from the central server."""

from collections.abc import Iterable

from beacon_gateway.donations.ports import GiftState, IntentLog
from sync_contract.records import IntentState, Outcome

_MAX_OPEN = 500
_FINAL = {IntentState.paid, IntentState.closed}


class OpenIntents:
    """The open intents in memory, at most 500; the log stores all."""

    def __init__(self, known: dict[str, GiftState]) -> None:
        self._states = dict(reversed(known.items()))

    def add(self, intent: str) -> None:
        self.restore(intent, GiftState(IntentState.registered))

    def restore(self, intent: str, state: GiftState) -> None:
        """Remember the state unless one is known."""
        self._states.setdefault(intent, state)
        while len(self._states) > _MAX_OPEN:
            del self._states[next(iter(self._states))]

    def state(self, intent: str) -> GiftState:
        return self._states.get(intent, GiftState(IntentState.registered))

    def awaited(self, limit: int) -> dict[str, IntentState]:
        """Return the newest intents that are not final, with their known states."""
        newest = [(i, s.state) for i, s in reversed(self._states.items()) if s.state not in _FINAL]
        return dict(newest[:limit])

    def uncoded(self, limit: int) -> list[str]:
        """Return the awaited intents that no phone has opened and that have no code to be typed yet."""
        waiting = (IntentState.registered,)
        return [i for i in self.awaited(limit) if self._states[i].state in waiting and not self._states[i].code]

    def tried(self, limit: int) -> dict[str, bool]:
        """Return the awaited intents that a phone has opened, and whether all their attempts have ended."""
        opened = (i for i, state in self.awaited(limit).items() if state is IntentState.handed_off)
        return {intent: self._states[intent].ended for intent in opened}

    async def settle(self, outcomes: Iterable[Outcome], log: IntentLog) -> bool:
        """Record outcomes on disk, then in memory; return whether one changed. Raises StoreUnavailable."""
        changed = False
        for outcome in outcomes:
            known = self._states.get(outcome.intent)
            if known is None:
                continue
            new = GiftState(outcome.state, outcome.slip, outcome.code or known.code, outcome.ended)
            if new == known:
                continue
            if (new.state, new.slip) != (known.state, known.slip):  # code and ended matter only to the current visitor
                await log.settle(outcome.intent, new, cause="outcome from the central server")
            self._states[outcome.intent] = new
            changed = True
        return changed
