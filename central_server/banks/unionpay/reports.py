"""What the answer to a query means. Before its time is over, whatever is not paid is still on its way."""

from datetime import datetime, timedelta

from central_server.banks.port import BankUnavailable, Movement, OrderId, OrderReport, OrderState
from central_server.banks.unionpay.beijing_time import PAY_WITHIN
from central_server.banks.unionpay.notifications import FLAWED, GOOD, money, payment_number
from central_server.banks.unionpay.signing import Fields

PENDING = ("03", "04", "05")
UNKNOWN = "34"
_CLOCKS = timedelta(minutes=1)
"""By which UnionPay's clock and ours may differ."""
_LAST_QUERY = timedelta(hours=2)
"""The last of UnionPay's own times for queries; a payment that is pending then is told by the day's file alone."""


def report_of(fields: Fields, order: OrderId, asked_at: datetime) -> OrderReport:
    """Of a proved answer about this order. Raises BankUnavailable when the query itself failed."""
    age = asked_at - order.at
    over = order.movement is Movement.payment and age > PAY_WITHIN + _CLOCKS
    code = fields.get("respCode", "")
    if code == UNKNOWN:
        return OrderReport(order.id, OrderState.expired if over else OrderState.unknown, None, f"respCode {UNKNOWN}")
    if code != "00":
        raise BankUnavailable(f"the query was answered with {shown(code)}")
    told, amount = fields.get("origRespCode", ""), money(fields)
    if not told:  # no state is no end: a refund that is taken for refused may be asked for again
        raise BankUnavailable("the query was answered without a state")
    if told in GOOD:
        number = payment_number(fields)
        if amount is None or number is None or fields.get("currencyCode") != "156":
            raise BankUnavailable("the query was answered without amount or number of the payment")
        return OrderReport(order.id, OrderState.paid, amount, number, flawed=told == FLAWED)
    if told in PENDING:
        ended = order.movement is Movement.payment and age > _LAST_QUERY
        state = OrderState.failed if ended else OrderState.pending
    else:
        state = OrderState.failed if over or order.movement is Movement.refund else OrderState.open
    return OrderReport(order.id, state, amount, f"origRespCode {shown(told)}")


def shown(code: str) -> str:
    """A code as it may stand in a log: two letters or digits, or that it is none."""
    return code if len(code) == 2 and code.isascii() and code.isalnum() else "no code"
