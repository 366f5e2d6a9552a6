"""Scheduled work by the bank's clock: send notifications, complete late payments, return them."""

import asyncio
from dataclasses import dataclass, replace

import aiohttp
import structlog

from central_server.bank_emulator.unionpay import transaction_states
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, beijing
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.message_format import encode_form
from central_server.bank_emulator.unionpay.messages import build_notification
from central_server.bank_emulator.unionpay.replies import sign_with_faults
from central_server.bank_emulator.unionpay.transactions import Transaction, TransactionBook

_log = structlog.get_logger()
_CONTENT_TYPE = "application/x-www-form-urlencoded;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class SendTimings:
    """`gaps_min`: minutes between notifications. `patience_s`: how long an answer is awaited."""

    gaps_min: tuple[float, ...] = transaction_states.GAPS_MIN
    patience_s: float = 10.0


class Scheduler:
    """Runs due work in one task; all of it is in the transaction book, so a restart continues it."""

    def __init__(
        self, authority: Authority, book: TransactionBook, switches: FaultSwitches, clock: Clock, timings: SendTimings
    ) -> None:
        self._authority = authority
        self._book = book
        self._switches = switches
        self._clock = clock
        self._timings = timings
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._sending: set[str] = set()
        clock.on_advance(self.wake)

    def wake(self) -> None:
        """Check for due work: the clock or the book has changed."""
        self._idle.clear()
        self._woken.set()

    async def wait_idle(self) -> None:
        """Return when no due work is left."""
        self.wake()
        await self._idle.wait()

    async def run(self) -> None:
        """Run until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._timings.patience_s)
        # The merchant closes idle connections, so each notification opens its own.
        fresh = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=fresh) as session, asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                self._complete_late()
                for transaction in self._due():
                    self._sending.add(transaction.order_id)
                    tasks.create_task(self._notify(transaction.order_id, session))
                if not self._sending and not self._woken.is_set():
                    self._idle.set()
                await self._sleep()

    async def _sleep(self) -> None:
        upcoming = [
            at
            for known in self._book.waiting()
            if known.order_id not in self._sending
            for at in (known.notify_at, known.completes_at, known.returns_at)
            if at is not None
        ]
        wait = max(0.0, min(upcoming) - self._clock.now()) if upcoming else None
        try:
            async with asyncio.timeout(wait):
                await self._woken.wait()
        except TimeoutError:
            self._idle.clear()

    def _complete_late(self) -> None:
        """Complete late payments that are due, and return those whose time has come."""
        for known in self._book.waiting():
            now = self._clock.now()
            if known.completes_at is not None and known.completes_at <= now:
                known = transaction_states.completed(known, self._switches.active_for(known.faults))
                self._book.save(known)
            if known.returns_at is not None and known.returns_at <= now:
                self._return_late(known)

    def _return_late(self, payment: Transaction) -> None:
        assert payment.returns_at is not None
        rest = self._book.rest(payment)
        if rest:
            self._book.save(transaction_states.returned(payment, rest, f"{beijing(payment.returns_at):%Y%m%d%H%M%S}"))
        self._book.save(replace(payment, returns_at=None))

    def _due(self) -> list[Transaction]:
        now = self._clock.now()
        return [
            known
            for known in self._book.waiting()
            if known.notify_at is not None and known.notify_at <= now and known.order_id not in self._sending
        ]

    async def _notify(self, order_id: str, session: aiohttp.ClientSession) -> None:
        known = self._book.order(order_id)
        assert known is not None
        assert known.notify_at is not None
        faults = self._switches.active_for(known.faults)
        fields = build_notification(known, more_fen=1 if "wrong-amount" in faults else 0)
        body = encode_form(sign_with_faults(fields, self._authority, faults))
        try:
            answered = await self._post(known, body, session)
            current = self._book.order(order_id)
            assert current is not None
            self._book.save(
                transaction_states.after_notification(
                    current, answered=answered, due=known.notify_at, gaps=self._timings.gaps_min, faults=faults
                )
            )
        finally:
            self._sending.discard(order_id)
            self.wake()

    async def _post(self, known: Transaction, body: bytes, session: aiohttp.ClientSession) -> bool:
        headers = {"Content-Type": _CONTENT_TYPE}
        try:
            async with session.post(known.back_url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: an invalid address
            _log.warning("notification.unanswered", order=known.order_id, error=type(error).__name__)
            return False
        if status not in (200, 302):
            _log.warning("notification.refused", order=known.order_id, status=status)
        return status in (200, 302)
