"""Deliver the outbox of webhooks at least once: signed, tried again for a day, stopped after days of failures."""

import asyncio
import random
import time
from collections import Counter
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
from central_server.store.accounts.audit_actions import WebhookStopped
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.alerts.quarantine import RecordKey, quarantining
from central_server.store.api import deliveries, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.database import Database
from central_server.store.engine.leases import Lease
from daemonkit.health import Health

_log = structlog.get_logger()
RETRY_PERIOD = timedelta(days=1)
STOPPED_AFTER = timedelta(days=5)
"""Without any success."""
_LOG_LIFETIME = timedelta(days=30)
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_CONNECT_TIMEOUT_S, _TIMEOUT_S = 5.0, 15.0
_MAX_HOOKS, _MAX_PER_HOOK = 8, 4
_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Try:
    """`status` None: there was no response, for the reason `trouble`."""

    status: int | None
    ms: int
    trouble: str

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Sender:
    database: Database
    rules: AddressRules
    secret: bytes
    client: aiohttp.ClientSession

    async def send_due(self, now: datetime) -> int:
        """Try the first due deliveries once, past damaged ones. Return how many there were."""
        failed = Counter[str]()
        tried = 0
        while True:
            before = failed.total()
            async with self.database.read() as connection:
                waiting = await deliveries.due(connection, now, _MAX_HOOKS, _MAX_PER_HOOK, failed)
                hooks = {webhook.id: webhook for webhook in await webhooks.active(connection)}
            tries = [self._send(hooks[each.webhook], each, now, failed) for each in waiting if each.webhook in hooks]
            for ended in await asyncio.gather(*tries, return_exceptions=True):
                if ended is not None:  # raise a store error by its own type, so that the stage restarts
                    raise ended
            tried += len(tries)
            if failed.total() == before:
                return tried

    async def _send(self, webhook: Webhook, delivery: Delivery, now: datetime, failed: Counter[str]) -> None:
        async with quarantining(self.database, RecordKey("webhooks", delivery.id, webhook.place), now):
            failed[webhook.id] += 1
            await self._try_claimed(webhook, delivery, now)
            failed[webhook.id] -= 1

    async def _try_claimed(self, webhook: Webhook, delivery: Delivery, now: datetime) -> None:
        async with self.database.write() as connection:  # count before trying: a crash cannot cause endless tries
            if not await deliveries.claim(connection, delivery, now + next_wait(delivery.tries)):
                return
        made = await self._try(webhook, delivery, now)
        if made.succeeded:
            assert made.status is not None
            async with self.database.write() as connection:
                await deliveries.delivered(connection, delivery, now, made.status, made.ms)
            return
        final = now - delivery.made_at >= RETRY_PERIOD
        async with self.database.write() as connection:
            since = await deliveries.failed(connection, delivery, now, made.status, made.ms, made.trouble, final=final)
            if now - since >= STOPPED_AFTER and await webhooks.stop(connection, webhook.id, now, "failing"):
                action = WebhookStopped(webhook.id, webhook.url, made.trouble)
                await audit_trail.record(connection, AuditEntry(COMMAND_LINE, webhook.place, action, now))
        _log.info("webhook.failed", webhook=webhook.id, status=made.status, final=final)

    async def _try(self, webhook: Webhook, delivery: Delivery, now: datetime) -> _Try:
        started = time.monotonic()
        body = delivery.body.encode()
        status: int | None = None
        try:
            self.rules.check(webhook.url)
            sent = headers(secret_of(self.secret, webhook.salt), delivery.id, now, body)
            async with self.client.post(webhook.url, data=body, headers=sent, allow_redirects=False) as answer:
                status = answer.status  # the body is not read
            trouble = "" if 200 <= status < 300 else f"answered {status}"
        except AddressRefused as error:
            trouble = f"{error.word}: {error}"
        except TimeoutError:
            trouble = f"no answer within {_TIMEOUT_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            trouble = type(error).__name__
        return _Try(status, round((time.monotonic() - started) * 1000), trouble)


def next_wait(tries: int) -> timedelta:
    """Return a wait of at least 1 s with full jitter, so that webhooks that failed together do not retry together."""
    most = min(_LONGEST, _FIRST * 2 ** min(tries, 12))
    return timedelta(seconds=1 + most.total_seconds() * random.random())  # noqa: S311  (no secret)


@asynccontextmanager
async def open_sender(database: Database, rules: AddressRules, secret: bytes) -> AsyncIterator[Sender]:
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(rules), use_dns_cache=False, limit=_MAX_HOOKS * _MAX_PER_HOOK, force_close=True
    )
    client = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S, sock_connect=_CONNECT_TIMEOUT_S),
        auto_decompress=False,
    )
    async with client:
        yield Sender(database, rules, secret, client)


async def deliver(
    sender: Sender,
    *,
    environment: str,
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 2.0,
) -> None:
    """Collect and send until cancelled, in one process at a time. Raises StoreUnavailable."""
    forgotten = clock()
    lease = Lease(sender.database, "webhooks", holder, forgotten, _LEASE)
    while True:
        now = clock()
        locked = await lease.is_ours(now)
        if locked:
            await collect(sender.database, environment, now)
            await sender.send_due(now)
            if now >= forgotten:
                more = await deliveries.forget(sender.database, now - _LOG_LIFETIME)
                forgotten = now if more else now + timedelta(hours=1)
        health.progress("webhooks")
        await asyncio.sleep(every_s if locked else every_s * 5)
