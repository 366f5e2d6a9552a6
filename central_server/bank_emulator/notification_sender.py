"""Notify the merchant of payments and refunds, with retries until it answers 200."""

import asyncio
import json
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import aiohttp
import structlog

from central_server.bank_emulator.keys import BankKeys
from central_server.bank_emulator.orders import Order, OrderBook, Refund, RefundBook

_log = structlog.get_logger()
GAPS_MIN = (0.0, 1.0, 2.0, 4.0)
"""Minutes before each attempt; after the last the bank gives up, and the merchant has to query."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)


def build_notification(order: Order | Refund, keys: BankKeys) -> tuple[dict[str, str], bytes]:
    """Return headers and body; the same bytes at each attempt."""
    content = {
        "id": "N" + sha256(f"{order.id} {order.payment}".encode()).hexdigest()[:24].upper(),
        "order": order.id,
        "status": "refunded" if isinstance(order, Refund) else "paid",
        "amount_minor": order.amount_minor,
        "currency": order.currency,
        "payment": order.payment,
    }
    body = json.dumps(content).encode()
    signature = b64encode(keys.signing.sign(b"sandbox notification v1\0" + body)).decode()
    return {"Content-Type": "application/json", "Sandbox-Signature": signature}, body


class NotificationSender:
    """Runs one task for each paid order and refund; after a restart, for those that were not answered."""

    def __init__(
        self, keys: BankKeys, orders: OrderBook, refunds: RefundBook, *, gaps_min: tuple[float, ...] = GAPS_MIN
    ) -> None:
        self._keys = keys
        self._orders = orders
        self._refunds = refunds
        self._gaps_min = gaps_min
        self._pending: asyncio.Queue[Order | Refund] = asyncio.Queue()

    def begin(self, order: Order | Refund) -> None:
        self._pending.put_nowait(order)

    async def run(self) -> None:
        """Run until cancelled."""
        for order in self._orders.paid_but_not_notified():
            self.begin(order)
        for refund in self._refunds.not_notified():
            self.begin(refund)
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, asyncio.TaskGroup() as tries:
            while True:
                tries.create_task(self._notify(await self._pending.get(), session))

    async def _notify(self, order: Order | Refund, session: aiohttp.ClientSession) -> None:
        headers, body = build_notification(order, self._keys)
        for gaps_min in self._gaps_min:
            await asyncio.sleep(60 * gaps_min)
            try:
                async with session.post(
                    order.notify_url, data=body, headers=headers, allow_redirects=False
                ) as response:
                    status = response.status
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _log.warning("notification.unanswered", order=order.id, error=type(error).__name__)
                continue
            if status == 200:
                self._mark_notified(order)
                return
            _log.warning("notification.refused", order=order.id, status=status)

    def _mark_notified(self, order: Order | Refund) -> None:
        if isinstance(order, Refund):
            self._refunds.save(replace(order, notified=True))
        else:
            self._orders.save(replace(order, notified=True))
