"""Read the answer to a query. Until the payment time ends, an unpaid order counts as open."""

from datetime import datetime, timedelta

from central_server.banks.port import BankUnavailable, Movement, OrderId, OrderReport, OrderState
from central_server.banks.unionpay.beijing_time import PAYMENT_TIME, read_trace_time
from central_server.banks.unionpay.notifications import FLAWED, SUCCESS_CODES, money, payment_number
from central_server.banks.unionpay.signing import Fields

PENDING = ("03", "04", "05")
UNKNOWN = "34"
_CLOCK_TOLERANCE = timedelta(minutes=1)
"""Maximum difference between UnionPay's clock and ours."""
_LAST_QUERY = timedelta(hours=2)
"""The last of UnionPay's own query times; only the day's file reports a payment that is pending then."""


def read_query_result(fields: Fields, order: OrderId, queried_at: datetime) -> OrderReport:
    """Read an authentic answer about this order. Raises BankUnavailable if the query itself failed."""
    age = queried_at - order.at
    time_is_over = order.movement is Movement.payment and age > PAYMENT_TIME + _CLOCK_TOLERANCE
    code = fields.get("respCode", "")
    if code == UNKNOWN:
        return OrderReport(
            order.id, OrderState.expired if time_is_over else OrderState.unknown, None, f"respCode {UNKNOWN}"
        )
    if code != "00":
        raise BankUnavailable(f"the query was answered with {safe_code(code)}")
    state_code, amount = fields.get("origRespCode", ""), money(fields)
    if not state_code:  # not final: a refund taken for refused could be requested twice
        raise BankUnavailable("the query was answered without a state")
    if state_code in SUCCESS_CODES:
        number = payment_number(fields)
        if amount is None or number is None or fields.get("currencyCode") != "156":
            raise BankUnavailable("the query was answered without amount or number of the payment")
        paid_at = read_trace_time(fields.get("traceTime", ""), order.at)
        return OrderReport(order.id, OrderState.paid, amount, number, state_code == FLAWED, paid_at)
    if state_code in PENDING:
        ended = order.movement is Movement.payment and age > _LAST_QUERY
        state = OrderState.failed if ended else OrderState.pending
    else:
        state = OrderState.failed if time_is_over or order.movement is Movement.refund else OrderState.open
    return OrderReport(order.id, state, amount, f"origRespCode {safe_code(state_code)}")


def safe_code(code: str) -> str:
    """Return a code that may appear in a log: two letters or digits, else `no code`."""
    return code if len(code) == 2 and code.isascii() and code.isalnum() else "no code"
