"""What a proved notification says, and what of it may be kept."""

import re
from typing import NoReturn
from urllib.parse import urlencode

from central_server.banks.port import Movement, Notification, NotificationRefused
from central_server.banks.unionpay.beijing_time import read_time
from central_server.banks.unionpay.signing import SIGNATURE, VERSION, Fields
from sync_contract.money import Money

FLAWED = "A6"
"""有缺陷的成功: paid, but something about it is not as it should be."""
GOOD = ("00", FLAWED)
MOVEMENTS = {"01": Movement.payment, "04": Movement.refund, "31": Movement.refund}
"""By txnType: consume; refund, cancel."""
_ORDER = re.compile(r"[0-9a-f]{32}")
_QUERY_ID = re.compile(r"[0-9]{21}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_KEPT = frozenset(
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
"""By name: what we do not know may be somebody's card."""


def read_notification(fields: Fields, body: bytes, merchant: str) -> Notification:
    """Of fields that were proved to be UnionPay's. Raises NotificationRefused."""
    if any(fields.get(name) != value for name, value in VERSION.items()):
        _refuse("version", "another version, encoding or way of signing than agreed")
    if fields.get("merId") != merchant:
        _refuse("merchant", "meant for another merchant")
    if fields.get("currencyCode") != "156":
        _refuse("currency", "another currency than CNY")
    movement = MOVEMENTS.get(fields.get("txnType", ""))
    # An answer to a query repeats the kind of what was asked about, and says 00 for having been answered.
    if movement is None or fields.get("bizType") != "000201" or "origRespCode" in fields:
        _refuse("kind", "neither a payment nor a refund of the gateway")
    if fields.get("respCode") not in GOOD:
        _refuse("state", "does not say that it was done")
    order, at = fields.get("orderId", ""), read_time(fields.get("txnTime", ""))
    if not _ORDER.fullmatch(order) or at is None:
        _refuse("order", "names no order as ours are")
    amount = money(fields)
    number = payment_number(fields)
    if amount is None or number is None:
        _refuse("content", "names no amount, or no number of the payment")
    return Notification(
        id=number,
        order=order,
        amount=amount,
        evidence=number,
        content=keepable(fields, body),
        flawed=fields.get("respCode") == FLAWED,
        movement=movement,
        at=at,
    )


def keepable(fields: Fields, body: bytes) -> str:
    """Word for word when nothing in it leads to a card; else the harmless fields, without the signature.

    With the signature over a card's number, most digits of which are known or shown, the number could be found by
    trying.
    """
    harmless = {name: value for name, value in fields.items() if name in _KEPT}
    if harmless.keys() | {SIGNATURE} >= fields.keys():
        return body.decode("ascii")
    return urlencode(harmless)


def money(fields: Fields) -> Money | None:
    """None for anything but a positive number of fen."""
    amount = fields.get("txnAmt", "")
    return Money(int(amount)) if _AMOUNT.fullmatch(amount) else None


def payment_number(fields: Fields) -> str | None:
    """The queryId, by which a payment is refunded; None for anything else."""
    number = fields.get("queryId", "")
    return number if _QUERY_ID.fullmatch(number) else None


def _refuse(word: str, reason: str) -> NoReturn:
    raise NotificationRefused(word, reason)
