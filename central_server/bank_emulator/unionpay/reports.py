"""The facts of a transaction as fields of a message."""

from central_server.bank_emulator.unionpay.clock import beijing, settlement_day
from central_server.bank_emulator.unionpay.codes import BY_CODE, FAILED, Code
from central_server.bank_emulator.unionpay.messages import notification
from central_server.bank_emulator.unionpay.transactions import Transaction

ACCOUNT = "621626*********0018"
"""As a bank masks a card; nobody's."""
_UNSETTLED = ("03", "04", "05")
_KNOWN_EARLY = ("txnType", "txnSubType", "txnAmt", "reqReserved", "reserved", "origQryId")
"""A real answer of 05 has no queryId yet, nor a day."""


def code_of(transaction: Transaction) -> Code:
    return BY_CODE.get(transaction.code, FAILED)


def notification_of(transaction: Transaction, *, code: Code | None = None, more_fen: int = 0) -> dict[str, str]:
    """What backUrl and frontUrl are told, unsigned. `more_fen`: as a fault has it."""
    at = transaction.settled_at or transaction.accepted_at
    amount = transaction.amount + more_fen
    more = {
        "accNo": ACCOUNT,
        "payType": transaction.pay_type,
        "payCardType": "01",
        "bizType": transaction.biz_type,
        "reqReserved": transaction.req_reserved or None,
        "reserved": transaction.reserved or None,
        "origQryId": transaction.original or None,
    }
    return notification(
        order_id=transaction.order_id,
        txn_time=transaction.txn_time,
        amount=amount,
        query_id=transaction.query_id,
        trace_no=transaction.trace_no,
        trace_time=f"{beijing(at):%m%d%H%M%S}",
        settle_date=f"{settlement_day(at):%m%d}",
        txn_type=transaction.kind,
        code=code or code_of(transaction),
        changes=more,
    )


def report_of(transaction: Transaction, code: Code) -> dict[str, str]:
    """What the answer to a query says of a transaction besides its respCode. `code`: how it is said to stand."""
    told = {"origRespCode": code.code, "origRespMsg": code.message}
    fields = notification_of(transaction)
    if code.code in _UNSETTLED:
        return told | {name: fields[name] for name in _KNOWN_EARLY if name in fields} | {"settleAmt": "0"}
    for name in ("respCode", "respMsg", "version", "encoding", "signMethod", "merId", "orderId", "txnTime"):
        del fields[name]
    return told | fields
