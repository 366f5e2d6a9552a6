"""Build the bank's messages about a transaction (5.1.0), unsigned."""

from central_server.bank_emulator.unionpay.clock import beijing, settlement_day
from central_server.bank_emulator.unionpay.codes import BY_CODE, FAILED, Code
from central_server.bank_emulator.unionpay.transactions import Transaction

MERCHANT_ID = "777290058110048"
"""The merchant number of UnionPay's test environment; the emulator has only this merchant."""
ENVELOPE = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01"}
ACCOUNT = "621626*********0018"
"""A card number as a bank masks it; it belongs to no real card."""
_UNSETTLED = ("03", "04", "05")
_UNSETTLED_FIELDS = ("txnType", "txnSubType", "txnAmt", "reqReserved", "reserved", "origQryId")
"""A real answer of 05 has no queryId and no settlement day yet."""


def code_of(transaction: Transaction) -> Code:
    return BY_CODE.get(transaction.code, FAILED)


def build_notification(transaction: Transaction, *, code: Code | None = None, more_fen: int = 0) -> dict[str, str]:
    """Return what is posted to backUrl and, by the donor's browser, to frontUrl. `more_fen`: added by a fault."""
    at = transaction.settled_at or transaction.accepted_at
    amount, code = str(transaction.amount + more_fen), code or code_of(transaction)
    fields = {
        **ENVELOPE,
        "merId": MERCHANT_ID,
        "accessType": "0",
        "txnType": transaction.kind,
        "txnSubType": "01" if transaction.kind == "01" else "00",
        "bizType": transaction.biz_type,
        "orderId": transaction.order_id,
        "txnTime": transaction.txn_time,
        "txnAmt": amount,
        "currencyCode": "156",
        "queryId": transaction.query_id,
        "traceNo": transaction.trace_no,
        "traceTime": f"{beijing(at):%m%d%H%M%S}",
        "settleDate": f"{settlement_day(at):%m%d}",
        "settleAmt": amount,
        "settleCurrencyCode": "156",
        "respCode": code.code,
        "respMsg": code.message,
        "accNo": ACCOUNT,
        "payType": transaction.pay_type,
        "payCardType": "01",
    }
    optional = {
        "reqReserved": transaction.req_reserved,
        "reserved": transaction.reserved,
        "origQryId": transaction.original,
    }
    return fields | {name: value for name, value in optional.items() if value}


def build_query_fields(transaction: Transaction, code: Code) -> dict[str, str]:
    """Return an answer's fields about a queried transaction, besides the answer's own respCode.

    `code`: the reported state.
    """
    state = {"origRespCode": code.code, "origRespMsg": code.message}
    fields = build_notification(transaction)
    if code.code in _UNSETTLED:
        return state | {name: fields[name] for name in _UNSETTLED_FIELDS if name in fields} | {"settleAmt": "0"}
    for name in ("respCode", "respMsg", "version", "encoding", "signMethod", "merId", "orderId", "txnTime"):
        del fields[name]
    return state | fields
