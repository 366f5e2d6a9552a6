"""What the bank has to do later by its clock: notify, complete late payments, give them back."""

import asyncio
from dataclasses import dataclass, replace

import aiohttp
import structlog

from central_server.bank_emulator.unionpay import transaction_states
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, beijing
from central_server.bank_emulator.unionpay.faults import Switches
from central_server.bank_emulator.unionpay.message_format import form_octets
from central_server.bank_emulator.unionpay.replies import spoken
from central_server.bank_emulator.unionpay.reports import notification_of
from central_server.bank_emulator.unionpay.transactions import Book, Transaction

_log = structlog.get_logger()
_CONTENT_TYPE = "application/x-www-form-urlencoded;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Pace:
    """`gaps_min`: minutes between notifications. `patience_s`: for how long an answer is awaited."""

    gaps_min: tuple[float, ...] = transaction_states.GAPS_MIN
    patience_s: float = 10.0


class Diary:
    """One task does what is due; all of it stands in the book, so a restart goes on where it was."""

    def __init__(self, authority: Authority, book: Book, switches: Switches, clock: Clock, pace: Pace) -> None:
        self._authority = authority
        self._book = book
        self._switches = switches
        self._clock = clock
        self._pace = pace
        self._woken = asyncio.Event()
        self._quiet = asyncio.Event()
        self._sending: set[str] = set()
        clock.on_turned(self.look)

    def look(self) -> None:
        """Something has changed: the clock or the book."""
        self._quiet.clear()
        self._woken.set()

    async def caught_up(self) -> None:
        """Returns when nothing is due that was not done."""
        self.look()
        await self._quiet.wait()

    async def run(self) -> None:
        """Until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._pace.patience_s)
        # The merchant closes connections that are idle for long: each notification makes its own.
        fresh = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=fresh) as session, asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                self._turn()
                for transaction in self._due():
                    self._sending.add(transaction.order_id)
                    tasks.create_task(self._notify(transaction.order_id, session))
                if not self._sending and not self._woken.is_set():
                    self._quiet.set()
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
            self._quiet.clear()

    def _turn(self) -> None:
        """Late payments that have come in, and those that go back."""
        for known in self._book.waiting():
            now = self._clock.now()
            if known.completes_at is not None and known.completes_at <= now:
                known = transaction_states.completed(known, self._switches.among(known.faults))
                self._book.keep(known)
            if known.returns_at is not None and known.returns_at <= now:
                self._return(known)

    def _return(self, payment: Transaction) -> None:
        assert payment.returns_at is not None
        rest = self._book.rest(payment)
        if rest:
            self._book.keep(transaction_states.returned(payment, rest, f"{beijing(payment.returns_at):%Y%m%d%H%M%S}"))
        self._book.keep(replace(payment, returns_at=None))

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
        faults = self._switches.among(known.faults)
        fields = notification_of(known, more_fen=1 if "wrong-amount" in faults else 0)
        body = form_octets(spoken(fields, self._authority, faults))
        try:
            answered = await self._post(known, body, session)
            current = self._book.order(order_id)
            assert current is not None
            self._book.keep(
                transaction_states.told(
                    current, answered=answered, due=known.notify_at, gaps=self._pace.gaps_min, faults=faults
                )
            )
        finally:
            self._sending.discard(order_id)
            self.look()

    async def _post(self, known: Transaction, body: bytes, session: aiohttp.ClientSession) -> bool:
        headers = {"Content-Type": _CONTENT_TYPE}
        try:
            async with session.post(known.back_url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: no such address
            _log.warning("notification.unanswered", order=known.order_id, error=type(error).__name__)
            return False
        if status not in (200, 302):
            _log.warning("notification.refused", order=known.order_id, status=status)
        return status in (200, 302)
