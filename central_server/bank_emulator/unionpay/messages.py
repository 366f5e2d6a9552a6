"""The fields of the bank's messages about a transaction (5.1.0)."""

from collections.abc import Mapping

from central_server.bank_emulator.unionpay.codes import SUCCESS, Code

MERCHANT_ID = "777290058110048"
"""The merchant number of UnionPay's test environment; the emulator has this merchant only."""
ENVELOPE = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01"}


def notification(
    *,
    order_id: str,
    txn_time: str,
    amount: int,
    query_id: str,
    trace_no: str,
    trace_time: str,
    settle_date: str,
    txn_type: str = "01",
    code: Code = SUCCESS,
    changes: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """What the bank posts to backUrl and, by the donor's browser, to frontUrl; unsigned.

    `amount`: fen. `txn_time`: the order's, YYYYMMDDhhmmss. `trace_time`: MMDDhhmmss. `settle_date`: MMDD. `changes`:
    fields to put instead or, with None, to leave out.
    """
    fields: dict[str, str | None] = {
        **ENVELOPE,
        "merId": MERCHANT_ID,
        "accessType": "0",
        "txnType": txn_type,
        "txnSubType": "01" if txn_type == "01" else "00",
        "bizType": "000201",
        "orderId": order_id,
        "txnTime": txn_time,
        "txnAmt": str(amount),
        "currencyCode": "156",
        "queryId": query_id,
        "traceNo": trace_no,
        "traceTime": trace_time,
        "settleDate": settle_date,
        "settleAmt": str(amount),
        "settleCurrencyCode": "156",
        "respCode": code.code,
        "respMsg": code.message,
    }
    return {name: value for name, value in (fields | dict(changes or {})).items() if value is not None}
