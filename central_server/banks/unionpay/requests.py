"""Build requests to UnionPay, unsigned. Source: the official samples, Form_6_2, 6_4, 6_5 and 6_6."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from central_server.banks.port import BankRefused, Order, OrderId, Refund
from central_server.banks.unionpay.beijing_time import PAYMENT_TIME, txn_time
from sync_contract.money import NUMERIC

_PROJECT = re.compile(r"[a-z0-9-]{1,16}")
_NOT_PLAIN = re.compile(r"[^\w \-.,:;!?()（）《》、。，：；！？·]+")
_MAX_URL = 256
_MAX_SUBJECT = 60
_MAX_DESCRIPTION = 32


@dataclass(frozen=True, slots=True)
class Merchant:
    """`id`: fifteen digits. `issuer`: short code of the bank whose e-bank a PC opens directly; "" for none."""

    id: str
    issuer: str = ""

    def front_consume(self, order: Order) -> dict[str, str]:
        """Return the form that a donor's browser posts. Raises BankRefused for an order that UnionPay cannot accept."""
        if order.amount.currency != "CNY" or not 0 < order.amount.minor < 10**12:
            raise BankRefused(f"order {order.id}: an amount in fen of at most twelve digits is expected")
        if max(len(order.return_url), len(order.notify_url)) > _MAX_URL or "?" in order.notify_url:
            raise BankRefused(f"order {order.id}: our own addresses are too long, or hold a query")
        subject = " ".join(_NOT_PLAIN.sub(" ", order.subject).split())[:_MAX_SUBJECT]
        return self._fields("01", "01", "000201") | {
            "channelType": "08" if order.phone else "07",
            "orderId": order.id,
            "txnTime": txn_time(order.at),
            "txnAmt": str(order.amount.minor),
            "currencyCode": str(NUMERIC[order.amount.currency]),
            "frontUrl": order.return_url,
            "backUrl": order.notify_url,
            "payTimeout": txn_time(order.at + PAYMENT_TIME),
            "reqReserved": order.project if _PROJECT.fullmatch(order.project) else "",
            "orderDesc": subject[:_MAX_DESCRIPTION],
            "riskRateInfo": f"{{commodityName={subject}}}" if subject else "",
            "issInsCode": "" if order.phone else self.issuer,
        }

    def query(self, order: OrderId) -> dict[str, str]:
        return self._fields("00", "00", "000201") | {"orderId": order.id, "txnTime": txn_time(order.at)}

    def refund(self, refund: Refund) -> dict[str, str]:
        """Return a refund (04, in part or whole) or a cancellation (31, the whole payment on its own day)."""
        return self._fields("31" if refund.whole else "04", "00", "000201") | {
            "channelType": "07",
            "orderId": refund.id,
            "txnTime": txn_time(refund.at),
            "txnAmt": str(refund.amount.minor),
            "currencyCode": str(NUMERIC[refund.amount.currency]),
            "origQryId": refund.payment,
            "backUrl": refund.notify_url,
        }

    def file(self, day: date, now: datetime) -> dict[str, str]:
        """Request the file of a settlement day, which is named without its year."""
        return self._fields("76", "01", "000000") | {
            "settleDate": day.strftime("%m%d"),
            "txnTime": txn_time(now),
            "fileType": "00",
        }

    def _fields(self, kind: str, sub: str, business: str) -> dict[str, str]:
        return {"txnType": kind, "txnSubType": sub, "bizType": business, "accessType": "0", "merId": self.id}
