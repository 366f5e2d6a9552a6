"""Times as UnionPay writes them: Beijing's, without a sign of it."""

import re
from datetime import UTC, datetime, timedelta

from sync_contract.permit import OFFICIAL_TIME

PAY_WITHIN = timedelta(minutes=15)
"""From the order's time: later the gateway takes no payment. (An e-bank's may still arrive; UnionPay gives it back.)"""
_FORM = "%Y%m%d%H%M%S"


def txn_time(at: datetime) -> str:
    """YYYYMMDDhhmmss; parts of a second are cut off."""
    return at.astimezone(OFFICIAL_TIME).strftime(_FORM)


def read_time(text: str) -> datetime | None:
    """Aware; None for anything that is not such a time."""
    if not re.fullmatch(r"20\d{12}", text, re.ASCII):
        return None
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=OFFICIAL_TIME).astimezone(UTC)
    except ValueError:
        return None
