"""Refunds (04) and cancels of the same settlement day (31)."""

from aiohttp import web

from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, settlement_day
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import Switches
from central_server.bank_emulator.unionpay.replies import Replies
from central_server.bank_emulator.unionpay.requests import Refused, read_request, reading_of
from central_server.bank_emulator.unionpay.schedule import Diary
from central_server.bank_emulator.unionpay.transaction_states import undone
from central_server.bank_emulator.unionpay.transactions import CANCEL, REFUND, Book, Transaction, new_numbers

_ELEVEN_MONTHS_S = 334 * 24 * 3600


class Refunds:
    def __init__(self, authority: Authority, book: Book, switches: Switches, clock: Clock, diary: Diary) -> None:
        self._merchant = authority.merchant
        self._replies = Replies(authority)
        self._book = book
        self._switches = switches
        self._clock = clock
        self._diary = diary

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/gateway/api/backTransReq.do", self._ask)]

    async def _ask(self, request: web.Request) -> web.Response:
        everywhere = self._switches.everywhere
        try:
            asked = await read_request(request, self._merchant, (REFUND, CANCEL))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, everywhere)
        amount, now = int(asked["txnAmt"]), self._clock.now()
        code = self._judge(asked, amount, now)
        more = {"origQryId": asked["origQryId"], "txnAmt": asked["txnAmt"]}
        if code is not None:
            return self._replies.answer(asked, code, everywhere, **more)
        query_id, trace_no = new_numbers(asked["txnTime"])
        accepted = Transaction(
            order_id=asked["orderId"],
            kind=asked["txnType"],
            txn_time=asked["txnTime"],
            amount=amount,
            query_id=query_id,
            trace_no=trace_no,
            accepted_at=now,
            biz_type=asked["bizType"],
            channel=asked["channelType"],
            back_url=asked["backUrl"],
            req_reserved=asked.get("reqReserved", ""),
            reserved=asked.get("reserved", ""),
            original=asked["origQryId"],
            faults=self._switches.take(),
        )
        faults = self._switches.among(accepted.faults)
        self._book.keep(undone(accepted, now, faults))
        self._diary.look()
        return self._replies.answer(asked, codes.SUCCESS, faults, queryId=query_id, **more)

    def _judge(self, asked: dict[str, str], amount: int, now: float) -> Code | None:
        if reading_of(asked["txnTime"], self._clock) is None:
            return codes.STALE
        if self._book.order(asked["orderId"]) is not None:
            return codes.REUSED
        payment = self._book.payment(asked["origQryId"])
        if payment is None or payment.settled_at is None or payment.code not in ("00", "A6"):
            return codes.WRONG_ORIGINAL
        before = self._book.undone(payment)
        if asked["txnType"] == CANCEL:
            if before:
                return codes.UNDONE_ALREADY
            if settlement_day(payment.settled_at) != settlement_day(now):
                return codes.OTHER_DAY
            return codes.NOT_THE_WHOLE if amount != payment.amount else None
        if any(known.kind == CANCEL for known in before) or now > payment.settled_at + _ELEVEN_MONTHS_S:
            return codes.WRONG_ORIGINAL
        return codes.NOT_AS_ORIGINAL if amount > self._book.rest(payment) else None
