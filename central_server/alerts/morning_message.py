"""Send one message each morning: all is well, or at most three things to do, the most urgent first."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

from central_server.alerts.notifier import AlertNotifier, Message, visible
from central_server.alerts.place_names import place_names
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert, Channel
from central_server.store.alerts.quarantine import RecordKey, quarantining
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Language

MOST = 3
_FROM, _UNTIL = time(7, 30), time(12)
"""Official time. A server that was down in the morning sends none in the afternoon."""


@dataclass(frozen=True, slots=True)
class MorningItem:
    """`open_days`: whole days since the alert began. `again`: the message of the day before contained it too."""

    alert: Alert
    open_days: int
    again: bool


class MorningWriter(Protocol):
    """Words the message in the reader's language."""

    def __call__(
        self,
        language: Language,
        items: Sequence[MorningItem],
        more: int,
        now: datetime,
        names: Mapping[str, Texts],
        place: str,
    ) -> Message:
        """`more`: alerts that wait and are not among the items; `names`: of the places at and below `place`."""


@dataclass(frozen=True, slots=True)
class MorningMessages:
    database: Database
    notifier: AlertNotifier
    write: MorningWriter

    async def send_due(self, now: datetime, *, alive: Callable[[], None] = lambda: None) -> int:
        """Send to each channel that got none today; return the number of messages. Only one process may run it.

        `alive` is called after each channel, as in AlertNotifier.
        """
        local = now.astimezone(OFFICIAL_TIME)
        if not _FROM <= local.time() < _UNTIL:
            return 0
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        async with self.database.read() as connection:
            every = await alerts.channels(connection, [TOP])
        sent = 0
        for channel in every:
            waits = channel.next_try_at is not None and channel.next_try_at > now
            if not waits and (channel.morning_at is None or channel.morning_at < start):
                async with quarantining(self.database, RecordKey("morning", channel.id, channel.place), now):
                    sent += await self._send(channel, now, start)
                alive()
        return sent

    async def _send(self, channel: Channel, now: datetime, start: datetime) -> bool:
        async with self.database.read() as connection:
            waiting = visible(channel, await alerts.unacknowledged(connection, channel))
            around = await places.every(connection, [channel.place])
        yesterday = channel.morning_at is not None and channel.morning_at >= start - timedelta(days=1)
        before: list[int] = json.loads(channel.morning_alerts) if yesterday else []
        items = choose(waiting, before, now)
        names = place_names(place for place in around if place.id != TOP)
        message = self.write(Language(channel.language), items, len(waiting) - len(items), now, names, channel.place)
        if not await self.notifier.deliver(channel, message, now):
            return False
        async with self.database.write() as connection:
            await alerts.record_morning(connection, channel.id, now, json.dumps([item.alert.id for item in items]))
        return True


def choose(waiting: Sequence[Alert], before: Sequence[int], now: datetime) -> tuple[MorningItem, ...]:
    """Return the first `MOST` of `waiting`, which is sorted. `before`: ids of the previous day's items."""
    return tuple(MorningItem(alert, (now - alert.opened_at).days, alert.id in before) for alert in waiting[:MOST])
