"""Write and read UnionPay's times: Beijing time without a zone."""

import re
from datetime import UTC, datetime, timedelta

from sync_contract.permit import OFFICIAL_TIME

PAYMENT_TIME = timedelta(minutes=15)
"""From the order's time; later the gateway accepts no payment. UnionPay returns a later e-bank payment itself."""
_FORM = "%Y%m%d%H%M%S"


def txn_time(at: datetime) -> str:
    """Format as YYYYMMDDhhmmss; fractions of a second are cut off."""
    return at.astimezone(OFFICIAL_TIME).strftime(_FORM)


def read_trace_time(text: str, ordered_at: datetime) -> datetime | None:
    """Return the time of a payment, written MMDDhhmmss, in the year that brings it next to its order's time."""
    year = ordered_at.astimezone(OFFICIAL_TIME).year
    found = [at for at in (read_time(f"{each}{text}") for each in (year - 1, year, year + 1)) if at is not None]
    return min(found, key=lambda at: abs(at - ordered_at), default=None)


def read_time(text: str) -> datetime | None:
    """Return an aware time, None if the text is not a valid one."""
    if not re.fullmatch(r"20\d{12}", text, re.ASCII):
        return None
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=OFFICIAL_TIME).astimezone(UTC)
    except ValueError:
        return None
