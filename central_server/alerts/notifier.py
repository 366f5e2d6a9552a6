"""Send alerts to people: each channel gets one message with everything that is new to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import structlog

from central_server.accounts.access import Right
from central_server.alerts.place_names import place_names
from central_server.alerts.task_kinds import TaskKind, right_to_see
from central_server.errors import CentralError
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert, Channel
from central_server.store.alerts.quarantine import RecordKey, quarantining
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_log = structlog.get_logger()
DELAY = timedelta(minutes=1)
"""Alerts of one minute go out in one message; an alert that ends within it is not sent."""
_MAX_RETRY_WAIT = timedelta(minutes=30)


class SendFailed(CentralError):
    """The channel did not take the message: try again later. The text contains no secret."""


class RecipientRefused(SendFailed):
    """The recipient does not exist: further tries are useless."""


@dataclass(frozen=True, slots=True)
class Message:
    """`subject`: one line; `lines`: a paragraph each, the most urgent first. `reference`: the same for each try of a
    message, "" if it does not matter; mailboxes show such a message once.
    """

    subject: str
    lines: tuple[str, ...]
    reference: str = ""


class Sender(Protocol):
    """Sends messages over one kind of channel."""

    async def send(self, address: str, message: Message) -> None:
        """Raises SendFailed."""


class MessageWriter(Protocol):
    """Words new and ended alerts in the reader's language."""

    def __call__(
        self,
        language: Language,
        new: Sequence[Alert],
        ended: Sequence[Alert],
        now: datetime,
        names: Mapping[str, Texts] = MappingProxyType({}),
        place: str = "",
    ) -> Message:
        """`place`: the channel's own; `names`: of the places at and below it."""


@dataclass(frozen=True, slots=True)
class AlertNotifier:
    """`senders` by kind of channel."""

    database: Database
    senders: Mapping[str, Sender]
    write: MessageWriter

    async def notify_channels(self, now: datetime, *, alive: Callable[[], None] = lambda: None) -> int:
        """Send to every channel what is new to it; return the number of messages. Only one process may run it.

        `alive` is called after each channel: a mail server that does not answer takes long.
        """
        async with self.database.read() as connection:
            every = await alerts.channels(connection, [TOP])
        sent = 0
        for channel in every:
            if channel.next_try_at is None or channel.next_try_at <= now:
                async with quarantining(self.database, RecordKey("alerts", channel.id, channel.place), now):
                    sent += await self._notify(channel, now)
                alive()
        return sent

    async def send_test(self, channel: Channel, message: Message, now: datetime) -> str:
        """Send a message now; return the failure, "" for success."""
        try:
            await self._send(channel, message)
        except SendFailed as error:
            return str(error)
        async with self.database.write() as connection:
            await alerts.record_sent(connection, channel.id, now)
        return ""

    async def deliver(self, channel: Channel, message: Message, now: datetime) -> bool:
        """Send a message; store a failure with the time of the next try."""
        try:
            await self._send(channel, message)
        except SendFailed as error:
            wait = min(_MAX_RETRY_WAIT, timedelta(seconds=30) * 2 ** min(channel.failures, 10))
            _log.warning("alert.send_failed", channel=channel.id, kind=channel.kind, reason=str(error))
            async with self.database.write() as connection:
                await alerts.record_failure(connection, channel.id, str(error), now + wait)
            return False
        return True

    async def _send(self, channel: Channel, message: Message) -> None:
        """Raises SendFailed, also for a kind that the settings no longer contain."""
        sender = self.senders.get(channel.kind)
        if sender is None:
            raise SendFailed(f"{channel.kind} is not set up on this server")
        await sender.send(channel.address, message)

    async def _notify(self, channel: Channel, now: datetime) -> bool:
        async with self.database.read() as connection:
            new = visible(channel, await alerts.unsent(connection, channel, now - DELAY))
            ended = visible(channel, await alerts.unsent_ends(connection, channel))
            around = await places.every(connection, [channel.place]) if new or ended else ()
        if not new and not ended:
            return False
        names = place_names(place for place in around if place.id != TOP)
        message = self.write(Language(channel.language), new, ended, now, names, channel.place)
        if not await self.deliver(channel, message, now):
            return False

        async def mark(connection: Connection) -> None:
            if await alerts.channel(connection, channel.id) is None:  # removed meanwhile
                return
            await alerts.mark_sent(connection, channel.id, [alert.id for alert in new], now, ended=False)
            await alerts.mark_sent(connection, channel.id, [alert.id for alert in ended], now, ended=True)
            await alerts.record_sent(connection, channel.id, now)

        await self.database.written(mark)
        return True


def visible(channel: Channel, found: Sequence[Alert]) -> list[Alert]:
    """Omit alerts about money and families where the channel gets none. The most urgent first."""
    order = list(TaskKind)
    seen = {Right.see: True, Right.money: channel.money, Right.families: channel.families}
    visible = [alert for alert in found if seen[right_to_see(TaskKind(alert.kind))]]
    return sorted(visible, key=lambda alert: order.index(TaskKind(alert.kind)))
