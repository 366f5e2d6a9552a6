"""Accept refunds (04) and cancels of the same settlement day (31)."""

from aiohttp import web

from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, settlement_day
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.replies import Replies
from central_server.bank_emulator.unionpay.requests import Refused, clock_offset, read_request
from central_server.bank_emulator.unionpay.schedule import Scheduler
from central_server.bank_emulator.unionpay.transaction_states import carry_out
from central_server.bank_emulator.unionpay.transactions import CANCEL, REFUND, Transaction, TransactionBook, new_numbers

_ELEVEN_MONTHS_S = 334 * 24 * 3600


class Refunds:
    def __init__(
        self, authority: Authority, book: TransactionBook, switches: FaultSwitches, clock: Clock, scheduler: Scheduler
    ) -> None:
        self._merchant = authority.merchant
        self._replies = Replies(authority)
        self._book = book
        self._switches = switches
        self._clock = clock
        self._scheduler = scheduler

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/gateway/api/backTransReq.do", self._accept)]

    async def _accept(self, request: web.Request) -> web.Response:
        everywhere = self._switches.everywhere
        try:
            fields = await read_request(request, self._merchant, (REFUND, CANCEL))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, everywhere)
        amount, now = int(fields["txnAmt"]), self._clock.now()
        code = self._check(fields, amount, now)
        more = {"origQryId": fields["origQryId"], "txnAmt": fields["txnAmt"]}
        if code is not None:
            return self._replies.answer(fields, code, everywhere, **more)
        query_id, trace_no = new_numbers(fields["txnTime"])
        accepted = Transaction(
            order_id=fields["orderId"],
            kind=fields["txnType"],
            txn_time=fields["txnTime"],
            amount=amount,
            query_id=query_id,
            trace_no=trace_no,
            accepted_at=now,
            biz_type=fields["bizType"],
            channel=fields["channelType"],
            back_url=fields["backUrl"],
            req_reserved=fields.get("reqReserved", ""),
            reserved=fields.get("reserved", ""),
            original=fields["origQryId"],
            faults=self._switches.take_upcoming(),
        )
        faults = self._switches.active_for(accepted.faults)
        self._book.save(carry_out(accepted, now, faults))
        self._scheduler.wake()
        return self._replies.answer(fields, codes.SUCCESS, faults, queryId=query_id, **more)

    def _check(self, fields: dict[str, str], amount: int, now: float) -> Code | None:
        if clock_offset(fields["txnTime"], self._clock) is None:
            return codes.STALE
        if self._book.order(fields["orderId"]) is not None:
            return codes.REUSED
        payment = self._book.payment(fields["origQryId"])
        if payment is None or payment.settled_at is None or payment.code not in ("00", "A6"):
            return codes.WRONG_ORIGINAL
        before = self._book.undone(payment)
        if fields["txnType"] == CANCEL:
            if before:
                return codes.UNDONE_ALREADY
            if settlement_day(payment.settled_at) != settlement_day(now):
                return codes.OTHER_DAY
            return codes.NOT_THE_WHOLE if amount != payment.amount else None
        if any(known.kind == CANCEL for known in before) or now > payment.settled_at + _ELEVEN_MONTHS_S:
            return codes.WRONG_ORIGINAL
        return codes.NOT_AS_ORIGINAL if amount > self._book.rest(payment) else None
