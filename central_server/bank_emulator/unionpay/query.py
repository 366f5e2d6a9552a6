"""Querying a transaction (00), and fetching the file of a settlement day (76)."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority
from central_server.bank_emulator.unionpay.clock import Clock, day_ends, day_of
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import Switches
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.replies import Replies
from central_server.bank_emulator.unionpay.reports import code_of, report_of
from central_server.bank_emulator.unionpay.requests import Refused, read_request, reading_of
from central_server.bank_emulator.unionpay.statement import zipped
from central_server.bank_emulator.unionpay.transactions import Book, Transaction


class Inquiry:
    def __init__(self, authority: Authority, book: Book, switches: Switches, clock: Clock) -> None:
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
            asked = await read_request(request, self._merchant, ("00",))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, self._switches.everywhere)
        known = self._book.order(asked["orderId"])
        if known is None or known.txn_time != asked["txnTime"]:
            return self._replies.answer(asked, codes.NOT_FOUND, self._switches.everywhere)
        faults = self._switches.among(known.faults)
        code = self._now(known, faults)
        if code is codes.NOT_FOUND:
            return self._replies.answer(asked, code, faults)
        report = report_of(known, code) | self._origin(known) | {"bizType": asked["bizType"]}
        return self._replies.answer(asked, codes.SUCCESS, faults, **report)

    def _now(self, known: Transaction, faults: Mapping[str, str]) -> Code:
        """How the transaction is said to stand; counts the queries where a fault does."""
        if known.state == "open":
            return codes.NOT_FOUND
        if known.state == "pending":
            return codes.ACCEPTED
        hidden = int(faults.get("query-34", "0"))
        told_first = [codes.NOT_FOUND] * hidden
        if "query-03-04-00" in faults:
            told_first += [codes.TIMED_OUT, codes.UNCLEAR]
        if known.polls < len(told_first):
            self._book.keep(replace(known, polls=known.polls + 1))
            return told_first[known.polls]
        return code_of(known)

    def _origin(self, known: Transaction) -> dict[str, str]:
        payment = self._book.payment(known.original) if known.original else None
        return {} if payment is None else {"origOrderId": payment.order_id, "origTxnTime": payment.txn_time}

    async def _file(self, request: web.Request) -> web.Response:
        faults = self._switches.everywhere
        try:
            asked = await read_request(request, self._merchant, ("76",))
        except Refused as refused:
            return self._replies.answer(refused.fields, refused.code, faults)
        day = day_of(asked["settleDate"], self._clock.now())
        if reading_of(asked["txnTime"], self._clock) is None:
            return self._replies.answer(asked, codes.STALE, faults)
        if day is None:
            return self._replies.answer(asked, codes.MALFORMED, faults)
        repeated = {"settleDate": asked["settleDate"], "fileType": asked["fileType"]}
        content = zipped(day, self._book, self._switches) if day_ends(day) <= self._clock.now() else None
        if content is None:
            return self._replies.answer(asked, codes.NO_FILE, faults, **repeated)
        return self._replies.answer(
            asked,
            codes.SUCCESS,
            faults,
            fileName=f"{MERCHANT_ID}_{day:%Y%m%d}.zip",
            fileContent=base64.b64encode(zlib.compress(content)).decode("ascii"),
            **repeated,
        )
