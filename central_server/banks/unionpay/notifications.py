"""Check an authentic notification's facts, and select what of it may be stored."""

import re
from typing import NoReturn
from urllib.parse import urlencode

from central_server.banks.port import Movement, Notification, NotificationProblem, NotificationRefused
from central_server.banks.unionpay.beijing_time import read_time, read_trace_time
from central_server.banks.unionpay.signing import SIGNATURE, VERSION, Fields
from sync_contract.money import Money

FLAWED = "A6"
"""有缺陷的成功: paid, with a reservation of the bank."""
SUCCESS_CODES = ("00", FLAWED)
MOVEMENTS = {"01": Movement.payment, "04": Movement.refund, "31": Movement.refund}
"""By txnType: consume; refund, cancel."""
_ORDER = re.compile(r"[0-9a-f]{32}")
_QUERY_ID = re.compile(r"[0-9]{21}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_STORED_FIELDS = frozenset(
    (
        "version",
        "encoding",
        "signMethod",
        "signPubKeyCert",
        "certId",
        "merId",
        "accessType",
        "txnType",
        "txnSubType",
        "bizType",
        "orderId",
        "txnTime",
        "txnAmt",
        "currencyCode",
        "reqReserved",
        "queryId",
        "origQryId",
        "traceNo",
        "traceTime",
        "settleDate",
        "settleAmt",
        "settleCurrencyCode",
        "exchangeDate",
        "exchangeRate",
        "payType",
        "respCode",
        "respMsg",
    )
)
"""An allow-list: an unknown field may hold card data."""


def read_notification(fields: Fields, body: bytes, merchant: str) -> Notification:
    """Read authentic fields. Raises NotificationRefused."""
    if any(fields.get(name) != value for name, value in VERSION.items()):
        _refuse(NotificationProblem.version, "another version, encoding or signature method")
    if fields.get("merId") != merchant:
        _refuse(NotificationProblem.merchant, "addressed to another merchant")
    if fields.get("currencyCode") != "156":
        _refuse(NotificationProblem.currency, "another currency than CNY")
    movement = MOVEMENTS.get(fields.get("txnType", ""))
    # An answer to a query repeats the kind of the queried order, and its own 00 means only that it was answered.
    if movement is None or fields.get("bizType") != "000201" or "origRespCode" in fields:
        _refuse(NotificationProblem.kind, "neither a payment nor a refund of the gateway")
    if fields.get("respCode") not in SUCCESS_CODES:
        _refuse(NotificationProblem.state, "does not report success")
    order, at = fields.get("orderId", ""), read_time(fields.get("txnTime", ""))
    if not _ORDER.fullmatch(order) or at is None:
        _refuse(NotificationProblem.order, "names no order in our format")
    amount = money(fields)
    number = payment_number(fields)
    if amount is None or number is None:
        _refuse(NotificationProblem.content, "no amount or no payment number")
    return Notification(
        id=number,
        order=order,
        amount=amount,
        evidence=number,
        content=storable_content(fields, body),
        flawed=fields.get("respCode") == FLAWED,
        movement=movement,
        at=at,
        paid_at=read_trace_time(fields.get("traceTime", ""), at),
    )


def storable_content(fields: Fields, body: bytes) -> str:
    """Return the body word for word if nothing in it leads to a card; else only harmless fields, without the signature.

    Most digits of a card number are known or shown; with the signature over it, the rest could be found by trying.
    """
    harmless = {name: value for name, value in fields.items() if name in _STORED_FIELDS}
    if harmless.keys() | {SIGNATURE} >= fields.keys():
        return body.decode("ascii")
    return urlencode(harmless)


def money(fields: Fields) -> Money | None:
    """Return the amount, None if it is not a positive number of fen."""
    amount = fields.get("txnAmt", "")
    return Money(int(amount)) if _AMOUNT.fullmatch(amount) else None


def payment_number(fields: Fields) -> str | None:
    """Return the queryId, which identifies a payment for a refund; None if it is invalid."""
    number = fields.get("queryId", "")
    return number if _QUERY_ID.fullmatch(number) else None


def _refuse(problem: NotificationProblem, reason: str) -> NoReturn:
    raise NotificationRefused(problem, reason)
