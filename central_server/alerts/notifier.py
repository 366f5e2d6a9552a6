"""Alerts reach people: each channel gets one message with everything that is new to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import structlog

from central_server.alerts.place_names import place_names
from central_server.alerts.tasks import ABOUT_MONEY, Matter
from central_server.errors import CentralError
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert, Channel
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_log = structlog.get_logger()
SETTLES = timedelta(minutes=1)
"""What happens together is told together, and what is over within a minute is not told at all."""
AGAIN = timedelta(days=1)
"""What nobody took on is told again."""
_LONGEST_WAIT = timedelta(minutes=30)


class TellingFailed(CentralError):
    """The channel did not take the message: try again later. The message names no secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """`subject`: one line; `lines`: a paragraph each, the most urgent first."""

    subject: str
    lines: tuple[str, ...]


class Sender(Protocol):
    """One kind of channel."""

    async def send(self, address: str, message: Message) -> None:
        """Raises TellingFailed."""


class Writer(Protocol):
    """From what is new and what is over to a message in the reader's language."""

    def __call__(
        self,
        language: Language,
        new: Sequence[Alert],
        over: Sequence[Alert],
        now: datetime,
        names: Mapping[str, Texts] = MappingProxyType({}),
        here: str = "",
    ) -> Message:
        """`names`: of the places of which the channel hears; `here`: the one that is told."""


@dataclass(frozen=True, slots=True)
class Telling:
    """`senders` by the kind of channel."""

    database: Database
    senders: Mapping[str, Sender]
    write: Writer

    async def tell(self, now: datetime, *, alive: Callable[[], None] = lambda: None) -> int:
        """Tell every channel what is new to it; how many messages were taken. For one process at a time.

        `alive` is called after each of them: a dead mail server takes its time.
        """
        async with self.database.read() as connection:
            every = await alerts.channels(connection, [TOP])
        taken = 0
        for channel in every:
            if channel.next_try_at is None or channel.next_try_at <= now:
                taken += await self._tell(channel, now)
                alive()
        return taken

    async def try_out(self, channel: Channel, message: Message, now: datetime) -> str:
        """Send a message now; what went wrong, or nothing."""
        try:
            await self._send(channel, message)
        except TellingFailed as error:
            return str(error)
        async with self.database.write() as connection:
            await alerts.arrived(connection, channel.id, now)
        return ""

    async def _send(self, channel: Channel, message: Message) -> None:
        """Raises TellingFailed, also for a kind that the settings do not name any more."""
        sender = self.senders.get(channel.kind)
        if sender is None:
            raise TellingFailed(f"{channel.kind} is not set up on this server")
        await sender.send(channel.address, message)

    async def _tell(self, channel: Channel, now: datetime) -> bool:
        async with self.database.read() as connection:
            new = _heard_by(channel, await alerts.untold(connection, channel, now - SETTLES, now - AGAIN))
            over = _heard_by(channel, await alerts.over(connection, channel))
            around = await places.every(connection, [channel.place]) if new or over else ()
        if not new and not over:
            return False
        names = place_names(place for place in around if place.id != TOP)
        message = self.write(Language(channel.language), new, over, now, names, channel.place)
        try:
            await self._send(channel, message)
        except TellingFailed as error:
            wait = min(_LONGEST_WAIT, timedelta(seconds=30) * 2 ** min(channel.failures, 10))
            _log.warning("alert.untold", channel=channel.id, kind=channel.kind, reason=str(error))
            async with self.database.write() as connection:
                await alerts.failed(connection, channel.id, str(error), now + wait)
            return False

        async def keep(connection: Connection) -> None:
            if await alerts.channel(connection, channel.id) is None:  # removed meanwhile
                return
            await alerts.told(connection, channel.id, [alert.id for alert in new], now, ended=False)
            await alerts.told(connection, channel.id, [alert.id for alert in over], now, ended=True)
            await alerts.arrived(connection, channel.id, now)

        await self.database.written(keep)
        return True


def _heard_by(channel: Channel, found: Sequence[Alert]) -> list[Alert]:
    """The gravest first. What a newer program noted, and we have no words for, it tells itself."""
    order = list(Matter)
    known = [alert for alert in found if alert.matter in order]
    heard = [alert for alert in known if channel.money or Matter(alert.matter) not in ABOUT_MONEY]
    return sorted(heard, key=lambda alert: order.index(Matter(alert.matter)))
