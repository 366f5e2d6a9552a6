"""Answer queries of a transaction (00) and requests for the file of a settlement day (76)."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, day_ends, day_of
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID, build_query_fields, code_of
from central_server.bank_emulator.unionpay.replies import Replies
from central_server.bank_emulator.unionpay.requests import Refused, clock_offset, read_request
from central_server.bank_emulator.unionpay.statement import build_file
from central_server.bank_emulator.unionpay.transactions import Transaction, TransactionBook


class QueryHandlers:
    def __init__(self, authority: Authority, book: TransactionBook, switches: FaultSwitches, clock: Clock) -> None:
        self._merchant = authority.merchant
        self._replies = Replies(authority)
        self._book = book
        self._switches = switches
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/gateway/api/queryTrans.do", self._query),
            web.post("/file", self._file),
            web.post("/file/", self._file),
        ]

    async def _query(self, request: web.Request) -> web.Response:
        try:
            fields = await read_request(request, self._merchant, ("00",))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, self._switches.everywhere)
        known = self._book.order(fields["orderId"])
        if known is None or known.txn_time != fields["txnTime"]:
            return self._replies.answer(fields, codes.NOT_FOUND, self._switches.everywhere)
        faults = self._switches.active_for(known.faults)
        code = self._reported_code(known, faults)
        if code is codes.NOT_FOUND:
            return self._replies.answer(fields, code, faults)
        report = build_query_fields(known, code) | self._original_fields(known) | {"bizType": fields["bizType"]}
        return self._replies.answer(fields, codes.SUCCESS, faults, **report)

    def _reported_code(self, known: Transaction, faults: Mapping[str, str]) -> Code:
        """Return the reported state; count the queries if a fault needs it."""
        if known.state == "open":
            return codes.NOT_FOUND
        if known.state == "pending":
            return codes.ACCEPTED
        hidden = int(faults.get("query-34", "0"))
        first_codes = [codes.NOT_FOUND] * hidden
        if "query-03-04-00" in faults:
            first_codes += [codes.TIMED_OUT, codes.UNCLEAR]
        if known.polls < len(first_codes):
            self._book.save(replace(known, polls=known.polls + 1))
            return first_codes[known.polls]
        return code_of(known)

    def _original_fields(self, known: Transaction) -> dict[str, str]:
        payment = self._book.payment(known.original) if known.original else None
        return {} if payment is None else {"origOrderId": payment.order_id, "origTxnTime": payment.txn_time}

    async def _file(self, request: web.Request) -> web.Response:
        faults = self._switches.everywhere
        try:
            fields = await read_request(request, self._merchant, ("76",))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, faults)
        day = day_of(fields["settleDate"], self._clock.now())
        if clock_offset(fields["txnTime"], self._clock) is None:
            return self._replies.answer(fields, codes.STALE, faults)
        if day is None:
            return self._replies.answer(fields, codes.MALFORMED, faults)
        repeated = {"settleDate": fields["settleDate"], "fileType": fields["fileType"]}
        content = build_file(day, self._book, self._switches) if day_ends(day) <= self._clock.now() else None
        if content is None:
            return self._replies.answer(fields, codes.NO_FILE, faults, **repeated)
        return self._replies.answer(
            fields,
            codes.SUCCESS,
            faults,
            fileName=f"{MERCHANT_ID}_{day:%Y%m%d}.zip",
            fileContent=base64.b64encode(zlib.compress(content)).decode("ascii"),
            **repeated,
        )
