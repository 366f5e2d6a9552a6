"""From the outbox to the receivers, at least once each: signed, tried again for a day, told to staff when in vain."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import structlog

from central_server.api.webhooks.event_collector import collect
from central_server.api.webhooks.receiver_addresses import AddressRefused, AddressRules, GuardedResolver
from central_server.api.webhooks.signature import headers, secret_of
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditLine
from central_server.store.api import deliveries, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.database import Database
from central_server.store.engine.leases import Lease
from daemonkit.health import Health

_log = structlog.get_logger()
TRIED_FOR = timedelta(days=1)
STOPPED_AFTER = timedelta(days=5)
"""Of nothing but failures."""
KEPT_FOR = timedelta(days=30)
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_CONNECT_S, _WHOLE_S = 5.0, 15.0
_HOOKS, _FOR_EACH = 8, 4
_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Try:
    """`status` None: there was no answer, and `trouble` says why."""

    status: int | None
    ms: int
    trouble: str

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Sender:
    database: Database
    rules: AddressRules
    secret: bytes
    client: aiohttp.ClientSession

    async def send_due(self, now: datetime) -> int:
        """One try for each delivery that is due; how many there were."""
        async with self.database.read() as connection:
            waiting = await deliveries.due(connection, now, _HOOKS, _FOR_EACH)
            told = {webhook.id: webhook for webhook in await webhooks.active(connection)}
        tries = [self._send(told[each.webhook], each, now) for each in waiting if each.webhook in told]
        for ended in await asyncio.gather(*tries, return_exceptions=True):
            if ended is not None:  # the store's trouble by its own name, so that the stage starts again
                raise ended
        return len(tries)

    async def _send(self, webhook: Webhook, delivery: Delivery, now: datetime) -> None:
        async with self.database.write() as connection:  # counted before it is made: no crash makes it endless
            if not await deliveries.claim(connection, delivery, now + next_wait(delivery.tries)):
                return
        made = await self._try(webhook, delivery, now)
        if made.good:
            assert made.status is not None
            async with self.database.write() as connection:
                await deliveries.delivered(connection, delivery, now, made.status, made.ms)
            return
        final = now - delivery.made_at >= TRIED_FOR
        async with self.database.write() as connection:
            since = await deliveries.failed(connection, delivery, now, made.status, made.ms, made.trouble, final=final)
            if now - since >= STOPPED_AFTER and await webhooks.stop(connection, webhook.id, now, "failing"):
                await audit_trail.record(
                    connection, AuditLine(COMMAND_LINE, webhook.place, "webhook.stop", webhook.id, made.trouble, now)
                )
        _log.info("webhook.failed", webhook=webhook.id, status=made.status, final=final)

    async def _try(self, webhook: Webhook, delivery: Delivery, now: datetime) -> _Try:
        begun = time.monotonic()
        body = delivery.body.encode()
        status: int | None = None
        try:
            self.rules.check(webhook.url)
            sent = headers(secret_of(self.secret, webhook.salt), delivery.id, now, body)
            async with self.client.post(webhook.url, data=body, headers=sent, allow_redirects=False) as answer:
                status = answer.status  # what else it says is not read
            trouble = "" if 200 <= status < 300 else f"answered {status}"
        except AddressRefused as error:
            trouble = f"{error.word}: {error}"
        except TimeoutError:
            trouble = f"no answer within {_WHOLE_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            trouble = type(error).__name__
        return _Try(status, round((time.monotonic() - begun) * 1000), trouble)


def next_wait(tries: int) -> timedelta:
    """Full jitter, and a second at least: many webhooks that failed together do not come back together."""
    most = min(_LONGEST, _FIRST * 2 ** min(tries, 12))
    return timedelta(seconds=1 + most.total_seconds() * random.random())  # noqa: S311  (no secret)


@asynccontextmanager
async def open_sender(database: Database, rules: AddressRules, secret: bytes) -> AsyncIterator[Sender]:
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(rules), use_dns_cache=False, limit=_HOOKS * _FOR_EACH, force_close=True
    )
    client = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_WHOLE_S, sock_connect=_CONNECT_S),
        auto_decompress=False,
    )
    async with client:
        yield Sender(database, rules, secret, client)


async def deliver(
    sender: Sender, *, holder: str, clock: Callable[[], datetime], health: Health, every_s: float = 2.0
) -> None:
    """Collect and send, in one process at a time. Until cancelled; raises StoreUnavailable."""
    forgotten = clock()
    lease = Lease(sender.database, "webhooks", holder, forgotten, _LEASE)
    while True:
        now = clock()
        held = await lease.held(now)
        if held:
            await collect(sender.database, now)
            await sender.send_due(now)
            if now >= forgotten:
                forgotten = now + timedelta(hours=1)
                async with sender.database.write() as connection:
                    await deliveries.forget(connection, now - KEPT_FOR)
        health.progress("webhooks")
        await asyncio.sleep(every_s if held else every_s * 5)
