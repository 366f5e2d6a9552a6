"""Begin a donation: check permit and amount, record the intent, then make the handoff."""

from collections.abc import Callable

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Gift,
    GiftState,
    HandoffMaker,
    IntentLog,
    PermitClosed,
    Projects,
    ProjectUnknown,
    RecalledGift,
    StoreUnavailable,
)
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.model.donations import Intent
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id


class Donations:
    """Port: ports.Giving. `recorded` is called after each commit, to wake the sync."""

    def __init__(
        self,
        *,
        environment: Environment,
        projects: Projects,
        log: IntentLog,
        handoff: HandoffMaker,
        open_intents: OpenIntents,
        read_clock: Callable[[], ClockReading],
        recorded: Callable[[], None],
    ) -> None:
        self._environment = environment
        self._projects = projects
        self._log = log
        self._handoff = handoff
        self._open = open_intents
        self._read_clock = read_clock
        self._recorded = recorded

    async def begin(self, project: str, amount: Money, *, door: Door, beacon: BeaconId | None, key: str) -> Gift:
        """Record before the handoff: a crash may lose a page, never an intent."""
        found = self._projects.get(project)
        if found is None:
            raise ProjectUnknown(project)
        judgement = self._projects.judge(found)
        if not judgement.open:
            raise PermitClosed(found, judgement.reason)
        if not found.accepts(amount):
            raise AmountOutOfRange(found, amount.minor)
        intent = Intent(
            id=new_id(),
            environment=self._environment,
            project=found.id,
            amount=amount,
            beacon=beacon,
            door=door,
            handoff=self._handoff.kind,
            catalogue_version=self._projects.version,
        )
        recorded = await self._log.record(intent, key=key, clock=self._read_clock())
        intent, url = recorded.intent, self._handoff.url(recorded)
        self._open.add(intent.id)
        self._recorded()
        return Gift(intent.id, found, intent.amount, intent.handoff, url)

    def state(self, intent: str) -> GiftState:
        return self._open.state(intent)

    async def recall(self, intent: str) -> RecalledGift | None:
        try:
            stored = await self._log.find(intent)
        except StoreUnavailable:
            return None
        project = self._projects.get(stored.recorded.intent.project) if stored else None
        if stored is None or project is None:
            return None
        self._open.restore(intent, stored.state)
        known, url = stored.recorded.intent, self._handoff.url(stored.recorded)
        gift = Gift(known.id, project, known.amount, known.handoff, url)
        age_s = (self._read_clock().wall - stored.recorded.at).total_seconds()
        return RecalledGift(gift, max(0.0, age_s))
